"""The practice witnesses beside bin/run: the market and its sequencer are told of them, and they know the log's key."""

import contextlib
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from embedded import witnesses
from embedded.prepare import ROOT
from market.record import notes


def test_three_witnesses_are_named_to_the_market_and_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEST_MARKET_MODE", "practice")
    for name in (witnesses.WITNESSES, f"{witnesses.WITNESSES}_FILE", witnesses.PUBLIC):
        monkeypatch.setenv(name, "")  # what arrange sets is taken back after the test
    (program,) = witnesses.arrange(tmp_path)
    entries = [entry.split() for entry in witnesses.os.environ[witnesses.WITNESSES].split(",")]
    assert [name for name, _, _ in entries] == list(witnesses.NAMES)
    assert {notes.read_key(vkey).kind for _, vkey, _ in entries} == {notes.COSIGNATURE}
    assert witnesses.os.environ[witnesses.PUBLIC] == str(tmp_path / "witnesses" / "logs")

    child = subprocess.Popen(program.command, cwd=ROOT)
    try:
        address = entries[0][2].rpartition("/")[0]
        until = time.monotonic() + 20
        answer = None
        while answer is None and time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.get(f"{address}/", trust_env=False)
            time.sleep(0.05)
        assert answer is not None
        assert answer.text.split()[:2] == entries[0][:2]
    finally:
        child.terminate()
        child.wait(10)


@pytest.mark.parametrize("named", [{"WEST_MARKET_MODE": "production"}, {witnesses.WITNESSES: "a b http://c"}])
def test_none_is_started_in_production_or_where_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, str]
) -> None:
    for name in ("WEST_MARKET_MODE", witnesses.WITNESSES, f"{witnesses.WITNESSES}_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    assert witnesses.arrange(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
