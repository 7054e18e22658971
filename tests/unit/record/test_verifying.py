"""`record verify` and verify.pyz: one line per finding, and the exit code."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from market import verification
from market.commands import cli, services_needed
from market.record import merkle, policy
from market.record.findings import Finding

from .test_proofs import HASHES, checkpoint, receipt, trusted


@pytest.fixture
def files(tmp_path: Path) -> Path:
    leaves = [{"event": "a", "n": number} for number in range(5)]
    good = receipt(leaves, 2)
    for name, content in {
        "policy.json": policy.write_json(trusted()).decode(),
        "policy": policy.write(trusted()),
        "good.tlog-proof": good,
        "bad.tlog-proof": good.replace("index 2", "index 3"),
        "note": checkpoint(7, merkle.root(HASHES[:7])),
        "forked": checkpoint(7, merkle.root(HASHES[1:8])),
        "nothing": "nothing\n",
        "bundle.json": '{"tender": 1}',
    }.items():
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "code", "says"),
    [
        (["good.tlog-proof", "note"], 0, ["ok good.tlog-proof", "ok note"]),
        (["bad.tlog-proof"], 1, ["FAIL bad.tlog-proof: proof: it does not lead from leaf 3"]),
        (["note", "forked"], 1, ["ok note", "FAIL forked: checkpoint: fork: "]),
        (["nothing"], 1, ["FAIL nothing: checkpoint: "]),
        (["good.tlog-proof", "bundle.json"], 1, ["ok good.tlog-proof", "FAIL bundle.json: "]),
    ],
)
@pytest.mark.parametrize("trusts", ["policy.json", "policy"])
def test_each_file_is_checked_by_its_form(
    files: Path, monkeypatch: pytest.MonkeyPatch, trusts: str, names: list[str], code: int, says: list[str]
) -> None:
    monkeypatch.chdir(files)
    done = CliRunner().invoke(cli, ["record", "verify", "--policy", trusts, *names])

    assert done.exit_code == code, done.output
    lines = done.output.splitlines()
    assert len(lines) >= len(says)
    for line, start in zip(lines, says, strict=False):
        assert line.startswith(start), done.output
    assert services_needed(["record", "verify", "--policy", trusts, *names]) == frozenset()


def test_a_bundle_s_findings_stand_one_on_a_line(files: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(files)
    findings = [Finding("leaf 17", "it is another one"), Finding("award", "the winner is not the first")]
    monkeypatch.setattr(verification, "bundle", lambda content, trusted: findings)
    assert verification.main(["--policy", "policy", "bundle.json"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAIL bundle.json: leaf 17: it is another one", "FAIL bundle.json: award: the winner is not the first",
    ]  # fmt: skip


def test_what_cannot_be_read_is_said_and_is_no_finding(files: Path, capsys) -> None:
    assert verification.main(["--policy", str(files / "policy"), str(files / "missing")]) == 2
    assert verification.main(["--policy", str(files / "nothing"), str(files / "note")]) == 2
    assert "missing" in capsys.readouterr().err
