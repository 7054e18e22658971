"""`python -m market.verification --policy POLICY FILE...`: check receipts, checkpoints and tender bundles, offline.

The same as `bin/market record verify`, for somebody who has no market: it needs Python, `cryptography`, `py_ecc` (for the
signatures of a randomness beacon) and the pure files that `market/record/program.py` packs into one file, verify.pyz. It asks no
server and no database. One line per finding; exit 0 when everything holds, 1 when something does not, 2 when a file cannot be
read.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from market.record import policy, verifying
from market.record.findings import Finding, Unproven
from market.record.policy import Policy


def bundle(content: bytes, trusted: Policy) -> list[Finding]:
    """What is wrong with a tender bundle; its checker is loaded only when there is one."""
    from market.bidding import bundle_verifier

    return bundle_verifier.verify(content, trusted)


def main(arguments: Sequence[str], program: str = "verify") -> int:
    """The exit code for a command line; prints `ok FILE` or one `FAIL FILE: part: message` for each finding."""
    parser = argparse.ArgumentParser(program, description="Checks receipts, checkpoints and tender bundles, offline.")
    parser.add_argument("--policy", type=Path, required=True, help="keys of log and witnesses, from a place you trust")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    given = parser.parse_args(arguments)
    try:
        trusted = policy.read(given.policy.read_bytes())
        contents = [(str(path), path.read_bytes()) for path in given.files]
    except Unproven as fault:
        print(f"{given.policy}: {fault}", file=sys.stderr)
        return 2
    except OSError as fault:
        print(fault, file=sys.stderr)
        return 2
    results = verifying.check_all(contents, trusted, bundle)
    for line in verifying.lines(results):
        print(line)
    return 1 if any(found for _, found in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
