"""All sayings of the catalogue: each item and matter with its names, aliases, sentences and the everyday phrases of data/.

A passage is what is compared with a query, by words in Elasticsearch and by meaning here; an entry is as near as the nearest of
its passages. The vectors of the shipped catalogue lie in data/vectors.npz (made by `python -m search.passages`, a minute); a
text that is not in it is turned into a vector when it is first needed, so a changed catalogue is never compared by old vectors.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search.meaning import E5, Meaning, Vectors
from search.text import normalise

DATA = Path(__file__).parent / "data"
VECTORS = DATA / "vectors.npz"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item or matter of the catalogue, as search knows it. `code` is its slug; `needs` (matters): (item, how far it is
    needed: always, conditional, optional) in order.
    """

    code: str
    kind: str
    name_zh: str
    name_en: str
    summary_zh: str = ""
    summary_en: str = ""
    aliases_zh: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()


class Source(StrEnum):
    """Where a passage comes from."""

    NAME = "name"
    ALIAS = "alias"
    SENTENCE = "sentence"
    FURTHER = "further"
    EVERYDAY = "everyday"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Passage:
    """One saying of one entry. `code` is empty for what no entry answers (data/elsewhere.json)."""

    code: str
    kind: str
    source: Source
    text: str


def entries(catalogue: Mapping[str, Any], matters: Mapping[str, Any]) -> tuple[Entry, ...]:
    """The entries of a catalogue in the shape of catalogue.json and matters.json."""
    found = [
        Entry(
            code=item["code"],
            kind="item",
            name_zh=item["name_zh"],
            name_en=item["name_en"],
            summary_zh=item["summary_zh"],
            summary_en=item["summary_en"],
            aliases_zh=tuple(item["aliases_zh"]),
            further=(
                item["approval_matter"] or "",
                item["deliverable"] or "",
                *(q["name"] for q in item["qualification"]),
            ),
        )
        for item in catalogue["items"]
    ]
    found += [
        Entry(
            code=matter["code"],
            kind="matter",
            name_zh=matter["name_zh"],
            name_en=matter["name_en"],
            needs=tuple((need["item"], need["need"]) for need in matter["intermediary_items"]),
        )
        for matter in matters["matters"]
    ]
    return tuple(found)


def everyday() -> dict[str, list[str]]:
    """What people say, by code of item or matter (data/everyday.json)."""
    data = _read("everyday.json")
    return {**data["items"], **data["matters"]}


def elsewhere() -> list[str]:
    """What people say that no entry answers (data/elsewhere.json)."""
    return list(_read("elsewhere.json")["phrases"])


def related() -> dict[str, list[str]]:
    """Items that are often needed beside an item (data/related.json)."""
    return dict(_read("related.json")["items"])


@cache
def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def passages(entries: Iterable[Entry], *, lexicon: bool = True) -> tuple[Passage, ...]:
    """Every passage of the entries, each text once per entry, normalised; then those of elsewhere. `lexicon=False` leaves out
    what data/ adds (for measuring).
    """
    said = everyday() if lexicon else {}
    found: dict[tuple[str, str], Passage] = {}
    for entry in entries:
        for source, text in _sayings(entry, said.get(entry.code, ())):
            text = normalise(text)
            if text:
                found.setdefault((entry.code, text), Passage(entry.code, entry.kind, source, text))
    if lexicon:
        for text in elsewhere():
            found.setdefault(("", normalise(text)), Passage("", "", Source.ELSEWHERE, normalise(text)))
    return tuple(found.values())


def _sayings(entry: Entry, said: Sequence[str]) -> Iterable[tuple[Source, str]]:
    yield Source.NAME, entry.name_zh
    yield Source.NAME, entry.name_en
    for alias in entry.aliases_zh:
        yield Source.ALIAS, alias
    for phrase in said:
        yield Source.EVERYDAY, phrase
    for sentence in entry.summary_zh.replace("；", "。").split("。"):
        yield Source.SENTENCE, sentence
    yield Source.SENTENCE, entry.summary_en
    for words in entry.further:
        yield Source.FURTHER, words


def digest(found: Iterable[Passage]) -> str:
    """Twelve hexadecimal digits that change whenever a passage does."""
    lines = "\n".join(f"{p.code}\t{p.kind}\t{p.source}\t{p.text}" for p in found)
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def vectors(found: Sequence[Passage], meaning: Meaning) -> Vectors:
    """One row per passage; shipped rows where the text is among them, made now where it is not."""
    texts = [p.text for p in found]
    shipped = _shipped(meaning.name)
    missing = sorted({t for t in texts if _key(t) not in shipped})
    made = dict(zip(missing, meaning.passages(missing), strict=True)) if missing else {}
    return np.stack([shipped[_key(t)] if t not in made else made[t] for t in texts])


def _key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


@cache
def _shipped(name: str) -> dict[int, Vectors]:
    """Vectors by text, kept as bytes: value = byte / 127 x the row's largest. Empty when made by another model."""
    if not VECTORS.exists():
        return {}
    with np.load(VECTORS, allow_pickle=False) as data:
        if str(data["model"]) != name:
            return {}
        rows = data["rows"].astype(np.float32) * data["scale"][:, None]
        return dict(
            zip((int(k) for k in data["keys"]), rows / np.linalg.norm(rows, axis=1, keepdims=True), strict=True)
        )


def ship(texts: Sequence[str], meaning: Meaning, path: Path = VECTORS) -> int:
    """Writes the vectors of `texts` to `path`; texts that are there already are not made again. Returns how many were made."""
    shipped = _shipped(meaning.name)
    unique = sorted(set(texts))
    missing = [t for t in unique if _key(t) not in shipped]
    made = dict(zip(missing, meaning.passages(missing), strict=True)) if missing else {}
    rows = np.stack([made[t] if t in made else shipped[_key(t)] for t in unique])
    scale = np.abs(rows).max(axis=1) / 127
    np.savez_compressed(
        path,
        model=np.str_(meaning.name),
        keys=np.array([_key(t) for t in unique], np.uint64),
        rows=np.round(rows / scale[:, None]).astype(np.int8),
        scale=scale.astype(np.float32),
    )
    return len(missing)


def main(catalogue: str, matters: str) -> str:
    """Makes data/vectors.npz for the catalogue in these two files; says how many vectors were new."""
    found = passages(
        entries(
            json.loads(Path(catalogue).read_text(encoding="utf-8")),
            json.loads(Path(matters).read_text(encoding="utf-8")),
        )
    )
    made = ship([p.text for p in found], E5())
    return f"{len(found)} passages, {made} vectors made, {VECTORS.stat().st_size // 1024} KiB"


if __name__ == "__main__":
    import sys

    print(main(*sys.argv[1:3]))
