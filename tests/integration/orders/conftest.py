"""Orders on real engines."""

import pytest

from market.orders import offers


@pytest.fixture(autouse=True)
def from_the_register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offers are matched from the register: what a test writes is rolled back and never indexed. Tests of the index ask for it
    (`indexed` in test_api.py)."""
    monkeypatch.setattr(offers, "_away_until", float("inf"))
