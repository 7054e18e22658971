"""Translations for commands that run without Flask: the .po files themselves, in the reader's language."""

from functools import cache
from pathlib import Path

from market.catalogue.tariff_words import Translate

FOLDER = Path(__file__).parents[2] / "translations" / "zh_Hans_CN" / "LC_MESSAGES"


def translator(lang: str) -> Translate:
    """A function from message id to text: Chinese for "zh" (the id itself where there is none yet), the id for "en"."""
    return (lambda message: message) if lang == "en" else (lambda message: _chinese().get(message, message))


@cache
def _chinese() -> dict[str, str]:
    from babel.messages.pofile import read_po  # only where Chinese is asked for: it takes a moment to load

    found: dict[str, str] = {}
    for domain in ("shared", "catalogue"):
        path = FOLDER / f"{domain}.po"
        if path.is_file():
            with path.open("rb") as file:
                found |= {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string and not m.fuzzy}
    return found
