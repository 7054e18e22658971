"""What may stand in a message, and to whom mail goes."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from market.kernel.money import Money
from market.notifications.rules import Word, check_texts, may_be_mailed, to_store


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("执照", "执照"),
        (0, 0),
        (True, True),
        (None, None),
        (Money(22_550_000), {"fen": 22_550_000}),
        (date(2026, 3, 4), {"day": "2026-03-04"}),
        (datetime(2026, 3, 4, 2, tzinfo=UTC), {"at": "2026-03-04T02:00:00+00:00"}),
        ({"zh": "测绘", "en": "Surveying"}, {"zh": "测绘", "en": "Surveying"}),
        (
            Word("until %(day)s", {"day": date(2026, 3, 4)}),
            {"word": "until %(day)s", "params": {"day": {"day": "2026-03-04"}}},
        ),
        (["a", Money(1)], {"list": ["a", {"fen": 1}]}),
    ],
)
def test_parameters_are_kept_so_that_each_reader_sees_his_own_form(value: object, kept: object) -> None:
    assert to_store(value) == kept


@pytest.mark.parametrize("value", [1.5, Fraction(1, 2), datetime(2026, 3, 4), {"zh": "x"}, object(), {"a", "b"}])  # noqa: DTZ001
def test_what_cannot_be_shown_rightly_is_not_taken(value: object) -> None:
    with pytest.raises(TypeError):
        to_store(value)


def test_a_missing_placeholder_is_found_when_the_message_is_written() -> None:
    check_texts(("For %(name)s", "100%% of %(name)s"), ["name", "more"])
    with pytest.raises(ValueError, match="day"):
        check_texts(("For %(name)s", "until %(day)s"), ["name"])


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("sent", [True, False])
def test_mail_goes_once_to_a_confirmed_address_of_an_open_account(confirmed: bool, closed: bool, sent: bool) -> None:
    expected = (confirmed, closed, sent) == (True, False, False)
    assert may_be_mailed(confirmed=confirmed, closed=closed, sent=sent) is expected
