"""`bin/market documents`."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from market.documents import commands, operations, queries, store
from market.documents.rules import Purpose
from market.kernel.actor import Role
from tests.integration.factories.documents import given


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`run(*arguments)` in the test's own application and transaction."""
    monkeypatch.setattr("market.app.create_app", lambda *_: app)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(commands.cli, list(arguments), catch_exceptions=False)

    return command


def test_the_figures_are_printed(run, someone) -> None:
    assert run("figures").output == "asked 0  fetched 0  saved 0\n"
    buyer = someone(Role.BUYER)
    document = given(buyer.actor, purpose="paper")
    operations.use_again(document.code, "R-00000000X", Purpose.PAPER, by=buyer.actor)
    assert run("figures").output == "asked 0  fetched 0  saved 1\n"


def test_terms_are_shown_with_their_source_and_set(run) -> None:
    shown = run("terms").output
    assert len(shown.splitlines()) == len(Purpose)
    assert re.search(r"^result +15 years from the end .*资产评估法", shown, re.MULTILINE)
    assert run("term", "paper", "5", "years", "--from", "2026-04-01", "--source", "decision").exit_code == 0
    assert queries.terms_of(Purpose.PAPER)[0].length == 5
    assert run("term", "nothing", "5", "years", "--from", "2026-04-01", "--source", "decision").exit_code == 2


def test_a_document_is_erased_after_a_question(run, someone) -> None:
    document = given(someone(Role.BUYER).actor, purpose="paper")
    assert run("erase", document.code).exit_code == 1, "nobody said yes"
    assert queries.document(document.code) is not None
    done = run("erase", document.code, "--yes")
    assert document.file.digest in done.output
    assert queries.document(document.code) is None
    assert run("erase", document.code, "--yes").exit_code == 1


def test_what_is_stored_is_compared_with_its_digest(run, someone) -> None:
    """KF-FIL-04"""
    document = given(someone(Role.BUYER).actor, purpose="paper")
    assert "wrong 0" in run("check").output
    store.path_of(document.file.digest).write_bytes(b"changed")
    wrong = run("check")
    assert wrong.exit_code == 1
    assert document.file.digest in wrong.output


def test_the_nightly_work_can_be_done_now(run) -> None:
    assert "erased 0" in run("keep-terms").output
    assert run("scan").output == "scanned 0\n"
