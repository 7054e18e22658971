"""Services and matters by their names alone: what answers while search is away or still getting ready. Pure."""

from collections.abc import Iterable, Sequence

from search.text import normalise

#: names shorter than this say too little
LEAST = 2


def named(text: str, things: Iterable[tuple[str, Sequence[str]]], most: int = 12) -> list[tuple[str, str]]:
    """Of `things` (code, names) those one of whose names holds what was typed or stands in it: (code, that name), the longest
    name within the text first. Nothing for less than two characters.
    """
    text = normalise(text)
    if len(text) < LEAST:
        return []
    found: list[tuple[int, str, str]] = []
    for code, names in things:
        fits = [name for name in names if len(plain := normalise(name)) >= LEAST and (plain in text or text in plain)]
        if fits:
            best = max(fits, key=lambda name: (normalise(name) in text, len(name)))
            found.append((len(best) if normalise(best) in text else 0, code, best))
    return [(code, name) for _, code, name in sorted(found, key=lambda one: -one[0])][:most]
