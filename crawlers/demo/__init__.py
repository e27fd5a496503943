"""A small made-up news portal, for trying and testing everything without a network."""
