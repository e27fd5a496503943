"""The sources as pages name them."""

from indexer.web.site import Site

SECONDS = 10
"""How long names are kept; new sources are rare."""


def source_names(site: Site) -> dict[str, str]:
    """Names by key."""
    return site.kept.get("names of sources", SECONDS, site.store.source_names)
