"""Processes of this machine, told apart even when a number is used again."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
#: the children of `spawn`, whose end nobody else fetches
_SPAWNED: set[int] = set()
#: a log that has grown beyond this many bytes is begun anew at the next start, one older copy is kept
LARGEST_LOG = 10_000_000


@dataclass(frozen=True, slots=True)
class Process:
    """A process by its number and its birth (boot and clock tick), so that a number given anew is not taken for it."""

    pid: int
    born: str

    @property
    def alive(self) -> bool:
        """True while it runs; a dead one that nobody has fetched yet (a zombie) is not alive."""
        return born(self.pid) == self.born


def this() -> Process:
    """The process that asks."""
    return of(os.getpid())


def of(pid: int) -> Process:
    """The process that has the number `pid` now; not alive when there is none."""
    return Process(pid, born(pid) or "")


def born(pid: int) -> str | None:
    """When the process `pid` was born, as boot and clock tick; None when there is none or only its remains."""
    if pid in _SPAWNED:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def working_in(folder: Path) -> list[int]:
    """The processes whose working folder is `folder`, as far as this user may see."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.path.samefile(entry / "cwd", folder):
                    found.append(int(entry.name))
    return found


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path | str = "/",
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Process:
    """Start `command` in a session of its own, writing to `log`, as `user` when one is named (only root can).

    It outlives this process: whoever needs it holds it through embedded/services.py, and the keeper ends it.
    """
    begin_anew_if_large(log)
    with log.open("ab") as out:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=cwd,
            env=None if env is None else dict(env),
            start_new_session=True,
            **as_user(user),
        )
    child.returncode = 0  # its end is fetched by `born`, not by subprocess, which would warn
    _SPAWNED.add(child.pid)
    return of(child.pid)


def begin_anew_if_large(log: Path) -> None:
    """Make the log's folder; set a log aside that has grown too large, in place of the one set aside before."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))


def as_user(user: str | None) -> dict:
    """The arguments with which subprocess gives up root for `user`; none when nobody is named."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def dies_with_parent(sign: int = signal.SIGTERM) -> None:
    """For `preexec_fn`: this process gets `sign` when the one that started it ends, however that happens."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, sign, 0, 0, 0)


def end(process: Process, sign: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask `process` to end by `sign`; after `patience` seconds it is killed."""
    if not process.alive:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, sign)
    if not gone(process, patience):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        gone(process, 5.0)


def gone(process: Process, seconds: float) -> bool:
    """Wait up to `seconds` for `process` to end; True when it has."""
    until = time.monotonic() + seconds
    while process.alive:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for a sentence about what went wrong."""
    try:
        text = log.read_bytes()[-4000:].decode(errors="replace")
    except OSError:
        return ""
    return "\n  ".join(text.strip().splitlines()[-lines:])


def age_of_this() -> float:
    """Seconds since this process was started, however often it has replaced its program since."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")
