"""The first step of every file in bin/: a virtual environment with exactly the locked packages, then on in it.

Only the standard library is used here, in words that even Python 3.6 can read, so that a machine with an older Python
gets a sentence and not a syntax error. Nothing about pip is decided here: its settings, mirrors and proxies hold.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, NoReturn, Sequence  # noqa: UP035 (collections.abc cannot be indexed before Python 3.9)

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
VAR = ROOT / "var"
OLDEST = (3, 11, 2)
#: what the packages, the servers and a first database need, in bytes
NEEDED_SPACE = 1_500_000_000
LOCKS = ("requirements.txt",)
LOCKS_FOR_TESTS = ("requirements.txt", "requirements-dev.txt")


class Trouble(Exception):
    """Something is missing on this machine. The text is one or two sentences: what, and what to do."""


def enter(locks: Sequence[str] = LOCKS) -> None:
    """Go on in the virtual environment of this checkout, made or brought up to date first when that is needed.

    Returns when the running Python is the one in .venv and has the packages of `locks`; otherwise replaces this process.
    Ends the program with a sentence and exit code 1 when Python is too old or a piece is missing.
    """
    if sys.version_info < OLDEST:
        _go_on_in_newer_python()
    try:
        if not _is_current(locks):
            _make(locks)
    except Trouble as trouble:
        stop_with(trouble)
    except OSError as error:
        stop_with(explained(error))
    if Path(sys.prefix) != VENV:
        _replace_by(str(_python()))


def stop_with(trouble: BaseException) -> NoReturn:
    """End the program with exit code 1 and the sentence of `trouble` on standard error."""
    print("\n" + str(trouble), file=sys.stderr)
    sys.exit(1)


def explained(error: OSError) -> Trouble:
    """What a failed call to the system means for the person at the terminal."""
    where = error.filename or ROOT
    if error.errno == errno.ENOSPC:
        return Trouble(f"The disk is full ({where}). Free about {NEEDED_SPACE / 1e9:.1f} GB and start again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(
            f"{where} cannot be written. Use a checkout that belongs to you, or give yourself the right to write there."
        )
    return Trouble(f"The system refused a step: {error}.")


@contextlib.contextmanager
def locked(path: Path, waiting: str = "") -> Iterator[None]:
    """Hold the lock file `path` (made with its folder when missing); says `waiting` once if somebody else holds it."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                say(waiting)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    """One line for the person at the terminal, on standard error so that a command's own output stays clean."""
    with contextlib.suppress(OSError):  # the terminal may be closed already
        print(text, file=sys.stderr, flush=True)


class Progress:
    """One line that grows: rewritten in place on a terminal, said anew every few seconds elsewhere."""

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total, self.done = title, total, 0
        self.live = sys.stderr.isatty()
        self.last = 0.0
        self.began = time.monotonic()

    def step(self, done: int, note: str = "") -> None:
        """`done` of the total are done; `note` says at what we are."""
        self.done = done
        pause = 0.1 if self.live else 5.0
        if time.monotonic() - self.last >= pause:
            self.last = time.monotonic()
            self._write(f"{self.title}: {self._share()} {note}")

    def finish(self, note: str = "") -> None:
        """Close the line with the time it took."""
        self._write(f"{self.title}: {note or 'done'} ({time.monotonic() - self.began:.0f} s)")
        if self.live:
            sys.stderr.write("\n")
            sys.stderr.flush()

    def _share(self) -> str:
        return f"{min(100, 100 * self.done // self.total)} %" if self.total else ""

    def _write(self, text: str) -> None:
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\033[K" + text[:width])
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _python() -> Path:
    return VENV / "bin" / "python"


def _replace_by(python: str) -> NoReturn:
    """Run the same command again in another Python, with texts as UTF-8 whatever the locale says."""
    os.environ["PYTHONUTF8"] = "1"
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(python, [python, os.path.realpath(sys.argv[0]), *sys.argv[1:]])


def _go_on_in_newer_python() -> NoReturn:
    for minor in (14, 13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        asks = "import sys; sys.exit(sys.version_info < %r)" % (OLDEST,)  # noqa: UP031 (braces would hide the tuple)
        if found and subprocess.call([found, "-c", asks], stderr=subprocess.DEVNULL) == 0:
            _replace_by(found)
    wanted, present = ".".join(map(str, OLDEST)), ".".join(map(str, sys.version_info[:3]))
    said = f"West Market needs Python {wanted} or newer; this is {present}, and no newer one was found."
    stop_with(Trouble(f"{said} Install one, for instance Debian 12's python3, and start again."))


def _stamp(locks: Sequence[str]) -> str:
    """What .venv must hold: the version of Python and the digest of each list of packages."""
    lines = [f"python {sys.version_info[0]}.{sys.version_info[1]}"]
    lines += [f"{name} {hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}" for name in locks]
    return "\n".join(lines) + "\n"


def _is_current(locks: Sequence[str]) -> bool:
    """True when .venv holds at least `locks`, and an installation was not broken off in it."""
    try:
        stamp = (VENV / "stamp").read_text()
    except OSError:
        return False
    held = set(stamp.splitlines())
    wanted = set(_stamp(locks).splitlines()[1:])
    return wanted <= held and os.access(_python(), os.X_OK) and not (VENV / "unfinished").exists()


def _make(locks: Sequence[str]) -> None:
    """Make or mend .venv. Held under a lock: a second start waits for the first and then finds all in place."""
    with locked(VAR / "prepare.lock", "Another start is installing the packages; waiting for it."):
        if _is_current(locks):
            return
        _check_space()
        if (VENV / "unfinished").exists() or not _works():
            _make_folder()
        for name in LOCKS_FOR_TESTS:
            # what a test run has installed before stays in step with the new lists
            if name not in locks and (VENV / "stamp").exists() and name in (VENV / "stamp").read_text():
                locks = [*locks, name]
        unfinished = VENV / "unfinished"
        unfinished.touch()
        _install(locks)
        (VENV / "stamp").write_text(_stamp(locks))
        unfinished.unlink()


def _check_space() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_SPACE and not (VENV / "stamp").exists():
        raise Trouble(
            f"{ROOT} has {free / 1e9:.1f} GB of free disk, {NEEDED_SPACE / 1e9:.1f} GB are needed. Free some and start again."
        )


def _works() -> bool:
    """True when .venv has a Python with pip; a copied, half-made or outdated one does not."""
    asks = "import sys, pip; sys.exit(sys.version_info[:2] != %r)" % (tuple(sys.version_info[:2]),)  # noqa: UP031
    try:
        return subprocess.call([str(_python()), "-c", asks], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def _make_folder() -> None:
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    hint = (
        f"On Debian and Ubuntu install it as root with: apt-get install {package} (or python3-venv), and start again."
    )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Trouble(f"Python's venv module is missing. {hint}")
    say("Making the virtual environment .venv")
    if VENV.exists() or VENV.is_symlink():
        _remove(VENV)
    base = getattr(sys, "_base_executable", sys.executable) or sys.executable
    made = subprocess.run(
        [base, "-m", "venv", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if made.returncode:
        _remove(VENV)
        last = made.stdout.decode(errors="replace").strip().splitlines()[-1:]
        raise Trouble(f"The virtual environment could not be made ({' '.join(last)}). {hint}")


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path)


def _install(locks: Sequence[str]) -> None:
    """Install the packages of `locks`, each checked against its hash."""
    wanted = sum(
        len(re.findall(r"^[A-Za-z0-9].*==", (ROOT / name).read_text(encoding="utf-8"), re.M)) for name in locks
    )
    lists = [part for name in locks for part in ("-r", str(ROOT / name))]
    command = [
        str(_python()),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-user",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
        *lists,
    ]
    progress = Progress("Installing packages", wanted)
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    lines = []
    done = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as pip:
        assert pip.stdout is not None
        for raw in pip.stdout:
            line = raw.decode(errors="replace").strip()
            lines.append(line)
            seen = re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line)
            done += bool(seen)
            if seen or line.startswith(("Downloading", "Installing", "Using cached")):
                progress.step(min(done, wanted), line.split(" (from")[0][:60])
    progress.finish("failed" if pip.returncode else f"{wanted} packages")
    if pip.returncode:
        if pip.returncode > 0 and not any(line.startswith("Installing collected") for line in lines):
            (VENV / "unfinished").unlink()  # it ended before it changed anything
        raise _why_pip_failed(lines, pip.returncode)


#: words in pip's output, and what they mean for the person at the terminal; the first that occurs counts
PIP_FAILURES = (
    ("No space left on device", "The disk is full. Free about 1.5 GB and start again."),
    (
        "DO NOT MATCH THE HASHES",
        "A package is not the one this version was locked with. If you use a mirror, it serves altered files.",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "The certificate of the package index is not trusted here. Name the right one: pip config set global.cert FILE.",
    ),
    (
        "NewConnectionError|ConnectTimeout|Connection refused|name resolution|ProxyError|ReadTimeout|Network is unreachable",
        "The package index cannot be reached. Check the network; behind a proxy set HTTPS_PROXY, for a mirror use "
        "pip config set global.index-url ADDRESS.",
    ),
    (
        "No matching distribution",
        "The package index lacks a package or is away. If you use a mirror, bring it up to date; if not, this kind of "
        "machine may not be served (Linux with glibc on x86-64 or ARM is).",
    ),
)


def _why_pip_failed(lines: Sequence[str], code: int) -> Trouble:
    said = "\n".join(lines)
    errors = [line for line in lines if line.startswith("ERROR")][-3:] or list(lines[-3:])
    if code == -signal.SIGKILL:
        return Trouble("The installation was killed, perhaps for want of memory. Start again: it will be made anew.")
    for words, meaning in PIP_FAILURES:
        if re.search(words, said):
            return Trouble("The packages could not be installed. " + meaning + "\n  " + "\n  ".join(errors))
    return Trouble("The packages could not be installed; pip says:\n  " + "\n  ".join(errors))
