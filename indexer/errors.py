"""Errors that are told to people as one sentence."""


class PantauError(Exception):
    """Something the user or operator can understand and act on; its text is that sentence."""
