"""A checkout prepares itself on whatever Python there is, and what is missing is said in a sentence."""

import ast
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embedded import prepare
from embedded.prepare import ROOT, Trouble

SCRIPTS = ("run", "market", "test", "check")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of bin/ and embedded/ that needs no package, with a command that says where it runs."""
    return new_checkout(tmp_path)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared checkout, to be copied."""
    place = new_checkout(tmp_path_factory.mktemp("made"))
    where(place)
    return place


@pytest.fixture
def prepared(made_once: Path, tmp_path: Path) -> Path:
    """A checkout that was prepared before."""
    return Path(shutil.copytree(made_once, tmp_path / "西 市", symlinks=True))


def new_checkout(folder: Path) -> Path:
    place = folder / "西 市"
    (place / "bin").mkdir(parents=True)
    shutil.copytree(ROOT / "embedded", place / "embedded", ignore=shutil.ignore_patterns("__pycache__"))
    (place / "requirements.txt").write_text("# none\n")
    (place / "requirements-dev.txt").write_text("# none\n")
    script = (ROOT / "bin" / "market").read_text(encoding="utf-8").partition("    from embedded import command")[0]
    (place / "bin" / "where").write_text(script + "    print(sys.prefix, *sys.argv[1:])\n", encoding="utf-8")
    return place


def where(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the command of `checkout` with the Python that made .venv's."""
    python = getattr(sys, "_base_executable", sys.executable)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [python, str(checkout / "bin" / "where"), *arguments]
    return subprocess.run(
        command, env={**kept, **environment}, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_the_first_steps_can_be_read_by_an_old_python() -> None:
    for path in [
        ROOT / "embedded" / "prepare.py",
        ROOT / "embedded" / "__init__.py",
        *(ROOT / "bin" / name for name in SCRIPTS),
    ]:
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
        assert "__future__" not in [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)], path


def test_the_first_steps_need_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "embedded" / "prepare.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_command_can_be_executed_and_stands_on_python_alone(name: str) -> None:
    path = ROOT / "bin" / name
    assert os.access(path, os.X_OK)
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n")


def test_a_new_checkout_prepares_itself_and_goes_on_in_its_own_environment(checkout: Path) -> None:
    first = where(checkout, "a b", "市", LC_ALL="C")
    assert first.stdout == f"{checkout / '.venv'} a b 市\n", first.stderr
    began = time.monotonic()
    second = where(checkout, "again")
    assert second.stdout == f"{checkout / '.venv'} again\n"
    assert second.stderr == ""
    assert time.monotonic() - began < 2


def test_an_environment_whose_making_was_killed_is_made_anew(prepared: Path) -> None:
    (prepared / ".venv" / "unfinished").touch()
    (prepared / ".venv" / "half").touch()
    assert where(prepared).returncode == 0
    assert not (prepared / ".venv" / "half").exists()
    assert not (prepared / ".venv" / "unfinished").exists()


def test_an_environment_without_a_working_python_is_made_anew(prepared: Path) -> None:
    (prepared / ".venv" / "bin" / "python").unlink()
    (prepared / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    assert where(prepared, "fine").stdout.endswith(" fine\n")


def test_changed_requirements_are_noticed(prepared: Path) -> None:
    (prepared / "requirements.txt").write_text("# other\n")
    assert "Installing packages" in where(prepared).stderr
    assert hashlib.sha256(b"# other\n").hexdigest() in (prepared / ".venv" / "stamp").read_text()


def test_two_starts_at_once_do_not_meet(checkout: Path) -> None:
    command = [getattr(sys, "_base_executable", sys.executable), str(checkout / "bin" / "where")]
    two = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    outcomes = [process.communicate() for process in two]
    assert [process.returncode for process in two] == [0, 0], outcomes
    assert sum("Making the virtual environment" in said for _, said in outcomes) == 1


def test_an_old_python_is_told_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "OLDEST", (99, 1, 0))
    monkeypatch.setattr(prepare.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as end:
        prepare.enter()
    assert end.value.code == 1
    assert "needs Python 99.1.0 or newer; this is" in capsys.readouterr().err


def test_a_missing_venv_module_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Trouble, match=r"apt-get install python3\.\d+-venv"):
        prepare._make_folder()


def test_a_full_disk_is_noticed_before_anything_is_made(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "VENV", checkout / ".venv")
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 2_000_000}))
    with pytest.raises(Trouble, match=r"0\.0 GB of free disk, 1\.5 GB are needed"):
        prepare._check_space()


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one this version was locked with"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] ...", "global.cert"),
        ("NewConnectionError('...: [Errno -3] Temporary failure in name resolution')", "HTTPS_PROXY"),
        ("ERROR: No matching distribution found for flask==3.1.3", "index lacks a package or is away"),
        ("ERROR: something nobody foresaw", "pip says:\n  ERROR: something nobody foresaw"),
    ],
)  # fmt: skip
def test_a_failed_installation_is_explained(said: str, means: str) -> None:
    assert means in str(prepare._why_pip_failed(["Collecting flask", said], 1))


def test_no_network_is_one_sentence_at_the_terminal(prepared: Path) -> None:
    (prepared / "requirements.txt").write_text("surely-not-there==1.0 --hash=sha256:" + "0" * 64 + "\n")
    failed = where(prepared, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1", PIP_CONFIG_FILE="/dev/null")
    assert failed.returncode == 1
    assert "The package index cannot be reached" in failed.stderr
    assert "Traceback" not in failed.stderr

    (prepared / "requirements.txt").write_text("# none\n")
    again = where(prepared, "fine")
    assert again.stdout.endswith(" fine\n")
    assert "Making the virtual environment" not in again.stderr, "nothing was changed, so nothing must be made anew"


def test_a_start_that_is_killed_while_installing_hinders_nothing(prepared: Path) -> None:
    (prepared / "requirements.txt").write_text("surely-not-there==1.0 --hash=sha256:" + "0" * 64 + "\n")
    command = [getattr(sys, "_base_executable", sys.executable), str(prepared / "bin" / "where")]
    environment = {
        **os.environ,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "9",
        "PIP_CONFIG_FILE": "/dev/null",
    }
    started = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while not (prepared / ".venv" / "unfinished").exists():
        time.sleep(0.02)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()

    (prepared / "requirements.txt").write_text("# none\n")
    assert where(prepared, "fine").stdout.endswith(" fine\n")
