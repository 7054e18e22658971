"""The outside world of a demonstration: which servers belong to it, that they start, and how commands find them."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from embedded import practice
from embedded.prepare import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own, and an environment that names no outside world."""
    for one in practice.SERVERS.values():
        for name in (one.address, one.secret, "WEST_MARKET_MODE", "STRIPE_API_KEY"):
            monkeypatch.delenv(name or "STRIPE_API_KEY", raising=False)
    monkeypatch.setattr(practice, "NOTE", tmp_path / "practice.json")
    before = dict(os.environ)
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, set()),
        ({"STRIPE_API_KEY": "sk_test_x"}, {"bank"}),
        ({"DATA_HUB_URL": "https://hub.example.org"}, {"data_hub"}),
        ({"WEST_MARKET_MODE": "production"}, set(practice.SERVERS)),
    ],
)
def test_what_the_environment_names_or_production_forbids_is_not_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], missing: set[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert set(practice.wanted()) == set(practice.SERVERS) - missing


def test_all_of_them_start_and_a_command_finds_them(folder: Path) -> None:
    programs = practice.arrange(folder)
    assert {one.name for one in programs} == {
        "practice-bank", "practice-data-hub", "practice-departments", "practice-licence-registry",
    }  # fmt: skip
    running = [
        subprocess.Popen(list(one.command), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for one in programs
    ]
    try:
        addresses = [os.environ[one.address] for one in practice.SERVERS.values()]
        until = time.monotonic() + 40
        while not all(map(practice._answers, addresses)):
            assert time.monotonic() < until
            time.sleep(0.1)
        for one in practice.SERVERS.values():
            os.environ.pop(one.address)
        with practice.reached(frozenset()) as found:
            assert {found[one.address] for one in practice.SERVERS.values()} == set(addresses)
            assert len(found["PRACTICE_BANK_KEY"]) > 32
    finally:
        for child in running:
            child.terminate()
            child.wait(10)


def test_a_command_that_needs_the_bank_starts_it_on_the_same_books(folder: Path) -> None:
    for expected in (0, 1):
        with practice.reached(frozenset({"bank"}), folder) as found:
            url, key = found["PRACTICE_BANK_URL"], found["PRACTICE_BANK_KEY"]
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as bank:
                assert len(bank.get("/v1/endpoints").json()["data"]) == expected
                bank.post("/v1/endpoints", json={"url": "http://127.0.0.1:9/none"})
        assert not practice._answers(url)


def test_a_command_that_needs_no_bank_starts_none(folder: Path) -> None:
    with practice.reached(frozenset({"postgresql"}), folder) as found:
        assert found == {}
