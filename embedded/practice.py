"""The outside world of a demonstration: practice bank, data hub, departments, licence registry, each a small server of its own.

bin/run keeps them up beside the market and tells the market where they are; a command of bin/market that needs the bank uses the
one that runs, or starts it for its own time on the same books. None of them runs where the market is in production, or where the
environment names another server in its place.
"""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from embedded import processes, secret, services
from embedded.prepare import ROOT, VAR, Trouble
from embedded.supervisor import Program


@dataclass(frozen=True, slots=True)
class Server:
    """A practice server: its module, the setting that names its address, and the one that holds its secret, if it has one."""

    module: str
    address: str
    secret: str = ""
    keeps_data: bool = True


SERVERS: Mapping[str, Server] = {
    "bank": Server("practice.bank", "PRACTICE_BANK_URL", "PRACTICE_BANK_KEY"),
    "data_hub": Server("practice.data_hub", "DATA_HUB_URL", "DATA_HUB_SECRET"),
    "departments": Server("practice.departments", "DEPARTMENTS_URL", "DEPARTMENTS_SECRET"),
    "licence_registry": Server("practice.licence_registry", "WEST_MARKET_LICENCE_REGISTRY", keeps_data=False),
}
#: what runs where, for commands beside a running market
NOTE = VAR / "practice.json"
#: seconds until the bank of a command must answer
WITHIN = 15.0


def wanted() -> list[str]:
    """The servers that belong here: none in production, none in whose place the environment names another one."""
    if os.environ.get("WEST_MARKET_MODE", "practice").strip() != "practice":
        return []
    names = [name for name, one in SERVERS.items() if not os.environ.get(one.address, "").strip()]
    # Stripe takes the bank's place
    return [name for name in names if name != "bank" or not _has_stripe()]


def arrange(folder: Path = VAR) -> list[Program]:
    """The servers as programs for the supervisor; names their addresses and secrets to all programs that start after this."""
    programs, addresses = [], {}
    for name in wanted():
        port = services.free_port(services.usual_port(f"practice {name}", folder))
        one = SERVERS[name]
        programs.append(Program(f"practice-{name.replace('_', '-')}", _command(name, port, folder)))
        addresses[one.address] = f"http://127.0.0.1:{port}"
        os.environ |= _secret(name, folder)
    os.environ.update(addresses)
    NOTE.write_text(json.dumps(addresses))
    return programs


def forget() -> None:
    """Nothing of it runs any more."""
    NOTE.unlink(missing_ok=True)


def bank_answers() -> bool:
    """True when the practice bank that programs are told of answers, and where none is named."""
    address = os.environ.get(SERVERS["bank"].address, "").strip()
    return not address or _answers(address)


@contextlib.contextmanager
def reached(names: frozenset[str], folder: Path = VAR) -> Iterator[dict[str, str]]:
    """The settings for a command: the addresses of what runs beside a running market; the bank, when it is among `names` and
    does not run, for the time of the block."""
    found = {name: address for name, address in _noted().items() if _answers(address) and not os.environ.get(name)}
    bank = SERVERS["bank"]
    with contextlib.ExitStack() as stack:
        if "bank" in names and "bank" in wanted() and bank.address not in found:
            found[bank.address] = stack.enter_context(_bank(folder))
        if bank.address in found:
            found |= _secret("bank", folder)
        yield found


@contextlib.contextmanager
def _bank(folder: Path) -> Iterator[str]:
    port = services.free_port(services.usual_port("practice bank", folder))
    env = {**os.environ, **_secret("bank", folder)}
    log = folder / "log" / "practice-bank.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(
            _command("bank", port, folder),
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=processes.dies_with_parent,
        )
    try:
        until = time.monotonic() + WITHIN
        while not _answers(address := f"http://127.0.0.1:{port}"):
            if child.poll() is not None or time.monotonic() > until:
                raise Trouble(f"The practice bank did not start. The end of its log:\n  {processes.tail(log)}")
            time.sleep(0.05)
        yield address
    finally:
        child.terminate()
        child.wait(10)


def _command(name: str, port: int, folder: Path) -> list[str]:
    one = SERVERS[name]
    data = ["--data", str(folder / "practice" / name)] if one.keeps_data else []
    return [sys.executable, "-m", one.module, "--port", str(port), *data]


def _secret(name: str, folder: Path) -> dict[str, str]:
    """The server's secret as a setting: the market makes and keeps it under the same name."""
    variable = SERVERS[name].secret
    if not variable:
        return {}
    return {variable: os.environ.get(variable) or secret.once(folder, variable.lower())}


def _noted() -> dict[str, str]:
    try:
        return dict(json.loads(NOTE.read_text()))
    except (OSError, ValueError):
        return {}


def _answers(address: str) -> bool:
    where = urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=2)) as connection:
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return True
        except (OSError, http.client.HTTPException):
            return False


def _has_stripe() -> bool:
    return any(os.environ.get(name, "").strip() for name in ("STRIPE_API_KEY", "STRIPE_API_KEY_FILE"))
