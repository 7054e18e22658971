"""What bin/check does once its packages are there: one check after the other, all of them even when one fails."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from embedded import locks
from embedded.prepare import ROOT

CODE = ("market", "search", "embedded", "practice")
PYTHON = [sys.executable, "-m"]
COMMANDS = ("bin/run", "bin/market", "bin/test", "bin/check")
CHECKS = {
    "format": [*PYTHON, "ruff", "format", "--check", "."],
    "style": [*PYTHON, "ruff", "check", "."],
    "format of bin/": [*PYTHON, "ruff", "format", "--check", *COMMANDS],
    "style of bin/": [*PYTHON, "ruff", "check", *COMMANDS],
    "types": [*PYTHON, "mypy", *CODE, "wsgi.py", "worker.py", "witness.py"],
    # what they import is checked above, and bin/market must not be taken for the package of that name
    "types of bin/": [
        *PYTHON,
        "mypy",
        "--follow-imports=skip",
        "--cache-dir=/dev/null",
        "--scripts-are-modules",
        *COMMANDS,
    ],
    "translations": ["bin/market", "translations", "check"],
    "migrations": ["bin/market", "database", "heads"],
}


def main(arguments: Sequence[str]) -> NoReturn:
    """Run all checks; ends with 1 when one of them found something."""
    parser = argparse.ArgumentParser("bin/check", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"names of checks: {', '.join([*CHECKS, 'locks'])}")
    only = parser.parse_args(arguments).only
    outcomes = {name: _runs(name, command) for name, command in CHECKS.items() if not only or name in only}
    if not only or "locks" in only:
        faults = locks.requirement_faults() + locks.jar_faults()
        print("\n".join(faults) or "locks: ok")
        outcomes["locks"] = not faults
    bad = [name for name, good in outcomes.items() if not good]
    print(f"\nbin/check: {'not in order: ' + ', '.join(bad) if bad else 'all in order'}")
    sys.exit(bool(bad))


def _runs(name: str, command: Sequence[str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    good = done.returncode == 0
    print(f"{name}: {'ok' if good else 'FAILED'} ({time.monotonic() - began:.0f} s)", flush=True)
    if not good:
        print("  " + done.stdout.strip().replace("\n", "\n  "), flush=True)
    return good
