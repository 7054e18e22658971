"""From rows to documents of search, and the care that the index tells the truth."""


def index_listings(codes: list[str]) -> None:
    """Bring these listings in the index to their present state."""


def index_vendor(code: str) -> None:
    """Bring a vendor and its listings in the index to their present state."""


def mend() -> None:
    """Compare and mend."""
