"""Translations in the form that gettext reads: made from the .po files where those are newer. None is kept in git."""

import os
from pathlib import Path

from embedded.prepare import ROOT

FOLDER = ROOT / "translations"


def compile_stale() -> int:
    """Compile each .po file whose .mo file is missing or older; returns how many. ValueError names a file that is no .po."""
    stale = [po for po in FOLDER.rglob("*.po") if _is_stale(po)]
    for po in stale:
        _compile(po)
    return len(stale)


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime_ns <= po.stat().st_mtime_ns


def _compile(po: Path) -> None:
    from babel.messages import mofile, pofile

    with po.open("rb") as source:
        try:
            catalog = pofile.read_po(source, abort_invalid=True)
        except pofile.PoFileError as error:
            raise ValueError(f"{po}: {error}") from None
    half = po.with_suffix(f".{os.getpid()}")
    with half.open("wb") as target:
        mofile.write_mo(target, catalog)
    half.replace(po.with_suffix(".mo"))


if __name__ == "__main__":
    compile_stale()
