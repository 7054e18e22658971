"""The market's time: real until somebody moves it in practice mode, the same for all processes, never back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask

from market import clock
from market.db import db
from market.kernel.errors import RuleBroken
from market.transaction import transactional

SECOND = timedelta(seconds=2)


@pytest.fixture
def running(app: Flask) -> Iterator[None]:
    """The clock as it runs in the market, not standing as in other tests."""
    token = clock._frozen.set(None)
    clock._seen = None
    yield
    clock._frozen.reset(token)
    clock._seen = None


def move(**how: object) -> None:
    transactional(lambda: clock.move(practice=True, **how))()


def test_unmoved_it_is_the_machines_time(running: None) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < SECOND


def test_it_can_be_moved_forward_and_the_real_clock_stays(running: None) -> None:
    move(skip=timedelta(days=3))
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=3)) < SECOND
    assert abs(clock.real() - datetime.now(UTC)) < SECOND
    move(skip=timedelta(days=4))
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=7)) < SECOND


def test_it_can_run_faster(running: None) -> None:
    move(factor=60)
    row = db.session.get(clock.ShownClock, 1)
    row.real_start -= timedelta(minutes=1)  # a minute ago
    db.session.flush()
    clock._seen = None
    assert abs(clock.now() - datetime.now(UTC) - timedelta(minutes=59)) < timedelta(minutes=3)


@pytest.mark.parametrize(
    "how",
    [
        {"practice": False, "skip": timedelta(days=1)}, {"practice": True, "skip": timedelta(seconds=-1)},
        {"practice": True, "factor": 0}, {"practice": True, "factor": 61},
    ],
)  # fmt: skip
def test_it_is_refused_in_production_backwards_and_too_fast(running: None, how: dict) -> None:
    with pytest.raises(RuleBroken):
        clock.move(**how)


def test_the_command_explains_a_wrong_step(app: Flask) -> None:
    from market.clock_commands import cli

    result = CliRunner().invoke(cli, ["--skip", "soon"])
    assert result.exit_code == 2
    assert "3d" in result.output
