"""Payments with the practice bank in the test's own process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.integration.factories.payments import Play, assert_sound, played


@pytest.fixture
def play(app: Flask, tmp_path: Path) -> Iterator[Play]:
    """The practice bank; at the end of each test the ledger must be sound."""
    with played(app, tmp_path) as found:
        yield found
        assert_sound()
