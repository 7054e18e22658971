"""Three practice witnesses of the public record for a demonstration, as one small server (witness.py).

In earnest each witness is run by somebody else, on a machine of its own, or the record is only as honest as its operator.
"""

import os
import subprocess
import sys
from pathlib import Path

from embedded import services
from embedded.prepare import ROOT, VAR, Trouble
from embedded.supervisor import Program

NAMES = ("practice-authority", "practice-chamber", "practice-university")
#: what the market is told of them, and where it leaves its log's key for them
WITNESSES, PUBLIC = "WEST_MARKET_WITNESSES", "WEST_MARKET_RECORD_PUBLIC"


def arrange(folder: Path = VAR) -> list[Program]:
    """The witnesses as a program for the supervisor; names them to all programs that start after this. Nothing in production,
    and where the environment names others."""
    practice = os.environ.get("WEST_MARKET_MODE", "practice").strip() == "practice"
    if not practice or any(os.environ.get(name, "").strip() for name in (WITNESSES, f"{WITNESSES}_FILE")):
        return []
    own = folder / "witnesses"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    port = services.free_port(services.usual_port("practice witnesses", folder))
    command = [sys.executable, "witness.py", "--folder", str(own), *(f"--name={name}" for name in NAMES)]
    keys = subprocess.run([*command, "--keys"], cwd=ROOT, check=False, text=True, capture_output=True)
    if keys.returncode:
        raise Trouble(f"The practice witnesses have no keys: {keys.stderr.strip()[-500:]}")
    lines = [line.split() for line in keys.stdout.splitlines()]
    os.environ[WITNESSES] = ",".join(f"{name} {vkey} http://127.0.0.1:{port}/{name}" for name, vkey in lines)
    os.environ[PUBLIC] = str(own / "logs")
    return [Program("practice-witnesses", [*command, "--port", str(port)])]
