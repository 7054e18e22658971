"""The embedded servers keep what they were given, whatever is killed, and never stand in each other's way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from embedded import postgres, processes, secret, services
from embedded.prepare import ROOT, Trouble
from embedded.processes import Process


@pytest.fixture
def any_name(tmp_path: Path) -> Iterator[Path]:
    """A folder of services with all kinds of characters in its name."""
    place = tmp_path / "西 市 'quoted\" $HOME" / "var"
    yield place
    services.discard(place)


def kill(name: str, folder: Path) -> Process:
    """Kill a server with -9, as a power cut would."""
    process = services.running(folder)[name].process
    os.kill(process.pid, signal.SIGKILL)
    assert processes.gone(process, 5)
    return process


def rows(address: str, *statements: str) -> list[tuple]:
    """Run `statements`, each committed at once; the rows of the last."""
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_what_was_committed_to_postgresql_survives_kill_9(folder: Path) -> None:
    address = services.ensure("postgresql", folder)
    rows(address, "CREATE TABLE kept (n int)", "INSERT INTO kept SELECT generate_series(1, 1000)")
    before = kill("postgresql", folder)

    again = services.ensure("postgresql", folder)

    assert again == address, "the port and the password must stay: running programs know this address"
    assert rows(again, "SELECT count(*) FROM kept") == [(1000,)]
    assert services.running(folder)["postgresql"].process != before


def test_what_valkey_was_told_survives_kill_9(folder: Path) -> None:
    address = services.ensure("valkey", folder)
    redis.from_url(address).rpush("jobs", *range(1000))
    kill("valkey", folder)

    again = services.ensure("valkey", folder)

    assert again == address
    assert redis.from_url(again).llen("jobs") == 1000


def test_what_elasticsearch_confirmed_survives_kill_9_in_a_folder_with_any_name(any_name: Path) -> None:
    folder = any_name
    address = services.ensure("elasticsearch", folder)
    httpx.put(f"{address}/kept").raise_for_status()
    httpx.put(f"{address}/kept/_doc/1", json={"name": "环境影响报告表编制"}).raise_for_status()
    kill("elasticsearch", folder)

    again = services.ensure("elasticsearch", folder)

    assert again == address
    assert httpx.get(f"{again}/kept/_doc/1").json()["_source"] == {"name": "环境影响报告表编制"}


def test_asking_twice_gives_the_same_server(folder: Path) -> None:
    first = services.ensure("valkey", folder), services.running(folder)["valkey"].process
    second = services.ensure("valkey", folder), services.running(folder)["valkey"].process
    assert first == second


def test_two_processes_that_ask_at_once_get_the_same_server(folder: Path) -> None:
    asks = (
        "import sys, pathlib; from embedded import services; f = pathlib.Path(sys.argv[1]);"
        "print(services.ensure('postgresql', f, durable=False)); sys.stdout.flush(); sys.stdin.read()"
    )
    command = [sys.executable, "-c", asks, str(folder)]
    two = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
        )
        for _ in range(2)
    ]
    try:
        answers = {process.stdout.readline().strip() for process in two if process.stdout}
    finally:
        for process in two:
            process.communicate()
    assert len(answers) == 1
    assert answers.pop().startswith("postgresql+psycopg://")


def test_servers_of_two_folders_have_their_own_ports_and_data(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    try:
        addresses = [services.ensure("valkey", folder) for folder in folders]
        redis.from_url(addresses[0]).set("whose", "one")
        assert len({address.rpartition("@")[2] for address in addresses}) == 2
        assert redis.from_url(addresses[1]).get("whose") is None
    finally:
        for folder in folders:
            services.discard(folder)


def test_a_taken_port_is_passed_over(folder: Path, tmp_path: Path) -> None:
    usual = services.usual_port("valkey", folder)
    command = [sys.executable, "-m", "http.server", str(usual), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    stranger = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while services.port_is_free(usual):
            time.sleep(0.02)
        assert redis.from_url(services.ensure("valkey", folder)).ping()
        assert services.running(folder)["valkey"].port > usual
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda entry: entry["process"].update(pid=999_999_999), id="the process is gone"),
        pytest.param(lambda entry: entry["process"].update(pid=os.getpid()), id="its number belongs to another process now"),
        pytest.param(lambda entry: entry["process"].update(born="another boot/1"), id="it was written before a restart"),
        pytest.param(lambda entry: entry.pop("port"), id="a line is incomplete"),
    ],
)  # fmt: skip
def test_a_stale_register_is_mended(folder: Path, damage) -> None:
    address = services.ensure("valkey", folder)
    redis.from_url(address).set("kept", "yes")
    kill("valkey", folder)
    path = folder / "services.json"
    register = json.loads(path.read_text())
    damage(register["valkey"])
    path.write_text(json.dumps(register))

    assert redis.from_url(services.ensure("valkey", folder)).get("kept") == b"yes"


def test_a_register_that_cannot_be_read_counts_as_empty(folder: Path) -> None:
    (folder / "services.json").write_text('{"valkey": {"pro')
    assert redis.from_url(services.ensure("valkey", folder)).ping()


def test_a_pid_file_that_names_a_stranger_does_not_hinder_postgresql(folder: Path) -> None:
    address = services.ensure("postgresql", folder, durable=False)
    rows(address, "CREATE TABLE kept (n int)")
    kill("postgresql", folder)
    user = postgres.USER if os.geteuid() == 0 else None
    note = postgres.data_folder(folder, user) / "postmaster.pid"
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **processes.as_user(user))
    try:
        lines = note.read_text().splitlines()
        note.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert rows(services.ensure("postgresql", folder, durable=False), "SELECT count(*) FROM kept") == [(0,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_database_whose_password_is_gone_is_set_aside_and_not_lost(folder: Path) -> None:
    services.ensure("postgresql", folder, durable=False)
    services.stop("postgresql", folder)
    user = postgres.USER if os.geteuid() == 0 else None
    data = postgres.data_folder(folder, user)
    (folder / "secrets" / "postgresql").unlink()

    address = services.ensure("postgresql", folder, durable=False)

    assert rows(address, "SELECT 1") == [(1,)]
    aside = list(data.parent.glob(f"{data.name}.before-*"))
    assert len(aside) == 1
    assert (aside[0] / "PG_VERSION").exists()
    services.stop("postgresql", folder)
    subprocess.run(["rm", "-rf", str(aside[0])], check=True)


def test_a_database_of_another_version_is_named_and_left_alone(folder: Path) -> None:
    services.ensure("postgresql", folder, durable=False)
    services.stop("postgresql", folder)
    data = postgres.data_folder(folder, postgres.USER if os.geteuid() == 0 else None)
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(Trouble, match="was made by PostgreSQL 12"):
        services.ensure("postgresql", folder, durable=False)


@pytest.mark.parametrize("name", ["postgresql", "valkey"])
def test_a_server_asks_everybody_for_its_password(folder: Path, name: str) -> None:
    address = services.ensure(name, folder, durable=False).replace(secret.once(folder, name), "guessed")
    with pytest.raises((psycopg.OperationalError, redis.AuthenticationError)):
        rows(address, "SELECT 1") if name == "postgresql" else redis.from_url(address).ping()


def test_passwords_can_be_read_by_their_owner_only(folder: Path) -> None:
    services.ensure("valkey", folder)
    for path in (folder / "secrets" / "valkey", folder / "valkey" / "valkey.conf", folder / "services.json"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_last_to_let_go_stops_the_server(folder: Path) -> None:
    services.ensure("valkey", folder)
    other = subprocess.Popen(
        [sys.executable, "-c", "import sys, pathlib; from embedded import services;"
         "services.ensure('valkey', pathlib.Path(sys.argv[1])); print(); sys.stdout.flush(); sys.stdin.read();"
         "services.release(pathlib.Path(sys.argv[1]))", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert other.stdout is not None
    other.stdout.readline()
    process = services.running(folder)["valkey"].process

    services.release(folder)
    assert process.alive, "another process still holds it"
    other.communicate()
    assert not process.alive


def test_a_holder_that_is_killed_lets_go_through_the_keeper(folder: Path) -> None:
    asks = (
        "import sys, pathlib, time; from embedded import services;"
        "services.ensure('valkey', pathlib.Path(sys.argv[1])); print(1, flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", asks, str(folder)], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout is not None
    holder.stdout.readline()
    process = services.running(folder)["valkey"].process
    holder.kill()
    holder.wait()
    assert processes.gone(process, 5)


def test_servers_end_when_their_folder_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    services.ensure("valkey", folder)
    process = services.running(folder)["valkey"].process
    while services.is_unkept(folder):
        time.sleep(0.02)
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    assert processes.gone(process, 5)


def test_given_addresses_are_used_and_nothing_is_started(
    folder: Path, no_given_services: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, variable in services.VARIABLES.items():
        monkeypatch.setenv(variable, f"given-{name}")
    with services.held(services.KINDS, folder) as addresses:
        assert addresses == {}
        assert services.running(folder) == {}


def test_a_server_that_is_not_needed_is_named_but_not_started(folder: Path, no_given_services: None) -> None:
    with services.held(["valkey"], folder) as addresses:
        assert set(addresses) == set(services.VARIABLES.values())
        assert list(services.running(folder)) == ["valkey"]
    assert services.running(folder) == {}


def test_a_folder_with_spaces_and_chinese_in_its_name_is_fine(any_name: Path) -> None:
    assert rows(services.ensure("postgresql", any_name, durable=False), "SELECT 1") == [(1,)]
    assert redis.from_url(services.ensure("valkey", any_name)).ping()


def test_data_of_a_closed_folder_lies_where_its_server_may_go_and_goes_with_the_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    folder = closed / "nested" / "var"
    closed.mkdir(mode=0o700)
    address = services.ensure("postgresql", folder, durable=False)
    as_root = os.geteuid() == 0
    data = postgres.data_folder(folder, postgres.USER if as_root else None)
    assert rows(address, "SELECT 1") == [(1,)]
    assert data.parent == (postgres.OPEN_PLACE if as_root else folder)
    services.stop("postgresql", folder)

    services.discard(closed)

    assert not data.exists()
    assert not closed.exists()
