"""The price standards that ship with the market: one JSON file each under data/standards/, read and checked on first use."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from market.catalogue.standard import Standard
from market.catalogue.standard_schema import FaultyStandard, parse_standard, resolve
from market.kernel.errors import NotFound
from market.kernel.words import N_

DATA = Path(__file__).parent / "data"
FOLDER = DATA / "standards"
SHARED = DATA / "shared-inputs.json"


def shipped_documents(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Every shipped document by id, resolved so that each stands alone, as a row would hold it.

    FaultyStandard when one leans on something that is not there.
    """
    return {str(document["id"]): document for document in map(_document, sorted(folder.glob("*.json")))}


@cache
def shipped_standards() -> Mapping[str, Standard]:
    """Every shipped standard by id; FaultyStandard naming file and key when one is not in order, or two share a name."""
    standards: dict[str, Standard] = {}
    for path in sorted(FOLDER.glob("*.json")):
        standard = read_standard(path)
        for name in (standard.id, *standard.aliases):
            if any(name in (other.id, *other.aliases) for other in standards.values()):
                raise FaultyStandard(path.name, "id", f"{name} is taken by another file")
        standards[standard.id] = standard
    return standards


def shipped_standard(name: str) -> Standard:
    """The shipped standard of this id or alias; NotFound naming the ids there are. Reads no other file when the id is plain."""
    # found among the files there are, so that a name from outside never becomes a path
    for path in FOLDER.glob("*.json"):
        if path.stem == name:
            return read_standard(path)
    for standard in shipped_standards().values():
        if name in (standard.id, *standard.aliases):
            return standard
    raise NotFound(
        N_("There is no price standard “%(name)s”."),
        remedy=N_("There are: %(ids)s."),
        name=name[:60],
        ids=", ".join(shipped_standards()),
    )


def read_standard(path: Path) -> Standard:
    """The standard in one file; FaultyStandard naming file and key, also when its id is not the file's name."""
    standard = parse_standard(_document(path), path.name)
    if standard.id != path.stem:
        raise FaultyStandard(path.name, "id", f"the file of {standard.id} must be called {standard.id}.json")
    return standard


def _document(path: Path) -> dict[str, Any]:
    return resolve(_json(path), _json(SHARED), path.name)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=_no_floats, object_pairs_hook=_no_doubles)
    except ValueError as error:
        raise FaultyStandard(path.name, "", str(error)) from None


def _no_floats(text: str) -> None:
    raise ValueError(f'write {text} as "{text}": numbers are texts, so that they stay exact')


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"{', '.join(twice)} stands twice in one object")
    return dict(pairs)
