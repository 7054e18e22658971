"""Marking texts for translation in files that may not load Flask."""


def N_(message: str) -> str:
    """Return `message` unchanged: it marks a message id that is translated where it is shown."""
    return message
