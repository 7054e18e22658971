"""Days and times as a page shows them: always Asia/Shanghai, whatever zone they come in."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from market import formats as f

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("when", "chinese", "english"),
    [
        (date(2026, 11, 27), "11月27日", "Nov 27"),
        (date(2025, 3, 1), "2025年3月1日", "Mar 1, 2025"),
        (date(2027, 1, 1), "2027年1月1日", "Jan 1, 2027"),
        # 16:00 UTC is midnight in Shanghai: the next day, here the next year
        (datetime(2026, 11, 26, 16, 0, tzinfo=UTC), "11月27日", "Nov 27"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027年1月1日", "Jan 1, 2027"),
        (datetime(2026, 11, 26, 12, 0, tzinfo=timezone(timedelta(hours=-8))), "11月27日", "Nov 27"),
    ],
)
def test_a_day_is_that_of_shanghai_and_carries_its_year_when_it_is_another(
    when: date, chinese: str, english: str
) -> None:
    assert f.date_words(when, TODAY, chinese=True) == chinese
    assert f.date_words(when, TODAY, chinese=False) == english


@pytest.mark.parametrize(
    ("when", "chinese", "english"),
    [
        (datetime(2026, 11, 27, 9, 0, tzinfo=UTC), "11月27日 17:00", "Nov 27, 17:00"),
        (datetime(2025, 2, 28, 16, 5, tzinfo=UTC), "2025年3月1日 00:05", "Mar 1, 2025, 00:05"),
    ],
)
def test_a_moment_is_a_day_and_a_time_of_shanghai(when: datetime, chinese: str, english: str) -> None:
    assert f.moment_words(when, TODAY, chinese=True) == chinese
    assert f.moment_words(when, TODAY, chinese=False) == english


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        f.date_words(datetime(2026, 11, 27, 9, 0), TODAY, chinese=True)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("days", "done", "state"),
    [
        (3, False, ""),
        (2, False, "is-soon"),
        (0, False, "is-soon"),
        (-1, False, "is-over"),
        (None, False, ""),
        (-1, True, "is-done"),
        (5, True, "is-done"),
    ],
)
def test_a_deadline_is_soon_from_two_working_days_on(days: int | None, done: bool, state: str) -> None:
    assert f.clock_state(days, done=done) == state
