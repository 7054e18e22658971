"""The checking program as one file, verify.pyz: market/verification.py with all files of the market that it loads.

`python verify.pyz --policy POLICY FILE...` needs Python and the packages cryptography and py_ecc, and nothing of the market. The
same files give the same bytes, so that anybody can compare what he was handed with what the source gives.
"""

import ast
import io
import zipfile
from functools import lru_cache
from pathlib import Path

from market.config import ROOT

ENTRY = "market.verification"
START = b"import sys\n\nfrom market.verification import main\n\nsys.exit(main(sys.argv[1:]))\n"
#: the earliest time that a zip file can carry
EPOCH = (1980, 1, 1, 0, 0, 0)


@lru_cache(maxsize=1)
def packed() -> bytes:
    """The program's bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [("__main__.py", START), *((path, (ROOT / path).read_bytes()) for path in parts())]:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return b"#!/usr/bin/env python3\n" + out.getvalue()


def parts() -> list[str]:
    """The paths of all files that the program loads, in order."""
    found: set[Path] = set()
    waiting = [ENTRY]
    while waiting:
        path = _file(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _imports(path)
        waiting += [".".join(parent.parts) for parent in path.relative_to(ROOT).parents if parent.parts]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def _file(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _imports(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name == "market" or name.startswith("market.")]
