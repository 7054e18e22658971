"""`python -m market.bidding.verify FILE... --policy POLICY`: check bundles without Flask, database or network.

Needs Python, `cryptography`, `py_ecc` and these files of the market, nothing of whose server is asked:
market/__init__.py, market/kernel, market/bidding and market/record (docs/verification.md). One line per finding; exit
0 when everything follows, 1 when something does not, 2 when a file cannot be read.
"""

import argparse
import sys
from pathlib import Path

from market.bidding.bundle_verifier import verify
from market.record import policy
from market.record.findings import Unproven


def main(arguments: list[str]) -> int:
    """The exit code for a command line without the program's name."""
    parser = argparse.ArgumentParser(prog="verify", description="Derive the results of tenders again from their files.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--policy", required=True, type=Path, help="keys of the log and its witnesses, from a place you trust"
    )
    given = parser.parse_args(arguments)
    try:
        trusted = policy.read(given.policy.read_bytes())
        contents = [(path, path.read_bytes()) for path in given.files]
    except (OSError, Unproven) as error:
        print(error, file=sys.stderr)
        return 2
    sound = True
    for path, content in contents:
        found = verify(content, trusted)
        sound = sound and not found
        for line in map(str, found) if found else ["ok"]:
            print(f"{path}: {line}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
