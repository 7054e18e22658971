"""Hours and quarter hours of a centre, and what can be booked of them."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.centres import rules
from market.centres.rules import Hours
from market.holidays import shipped
from market.kernel.errors import Invalid, RuleBroken

ALL = [
    Hours(None, None, time(9), time(12), 2, date(2024, 1, 1)),
    Hours(None, None, time(13), time(17), 2, date(2024, 1, 1)),
]
MONDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 7)
#: Spring Festival 2026: 15 to 23 February off, Saturdays 14 and 28 February worked instead (State Council's plan)
FESTIVAL, MAKE_UP = date(2026, 2, 17), date(2026, 2, 28)
X = "610117-01"


def spans(rows: list[Hours], day: date, centre: str = X) -> list[str]:
    return [rules.hours_line(row.opens, row.closes, row.places) for row in rules.hours_on(rows, centre, day, shipped())]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (MONDAY, ["09:00-12:00 x2", "13:00-17:00 x2"]),
        (SATURDAY, []),
        (FESTIVAL, []),
        (MAKE_UP, ["09:00-12:00 x2", "13:00-17:00 x2"]),
    ],
)
def test_centres_are_open_on_working_days_of_the_calendar(day: date, expected: list[str]) -> None:
    assert spans(ALL, day) == expected


def test_a_centre_s_own_hours_come_before_everybody_s_and_a_weekday_before_all_days() -> None:
    own = [*ALL, Hours(X, None, time(8), time(20), 4, date(2024, 1, 1))]
    assert spans(own, MONDAY) == ["08:00-20:00 x4"]
    assert spans(own, MONDAY, "610117-02") == ["09:00-12:00 x2", "13:00-17:00 x2"]
    tuesdays = [*own, Hours(X, 2, time(8), time(10), 1, date(2024, 1, 1))]
    assert spans(tuesdays, date(2026, 3, 3)) == ["08:00-10:00 x1"]
    assert spans(tuesdays, MONDAY) == ["08:00-20:00 x4"]


def test_a_row_for_a_weekday_opens_a_saturday_but_no_public_holiday() -> None:
    saturdays = [*ALL, Hours(X, 6, time(9), time(11), 1, date(2024, 1, 1))]
    assert spans(saturdays, SATURDAY) == ["09:00-11:00 x1"]
    assert spans(saturdays, date(2026, 2, 21)) == []


def test_no_places_means_closed_even_where_everybody_else_is_open() -> None:
    assert spans([*ALL, Hours(X, 1, time(0), time(23, 45), 0, date(2024, 1, 1))], MONDAY) == []


def test_hours_hold_from_and_to_their_days() -> None:
    rows = [
        Hours(None, None, time(9), time(12), 2, date(2024, 1, 1), MONDAY),
        Hours(None, None, time(10), time(12), 3, date(2026, 3, 3)),
    ]
    assert spans(rows, MONDAY) == ["09:00-12:00 x2"]
    assert spans(rows, date(2026, 3, 3)) == ["10:00-12:00 x3"]


def test_quarter_hours_end_with_closing_time_and_are_kept_in_utc() -> None:
    slots = rules.slots_of(rules.hours_on(ALL, X, MONDAY, shipped()), MONDAY)
    assert len(slots) == 12 + 16
    assert slots[0].starts_at == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert slots[11].starts_at == datetime(2026, 3, 2, 3, 45, tzinfo=UTC)
    assert slots[-1].starts_at == datetime(2026, 3, 2, 8, 45, tzinfo=UTC)


def test_a_time_off_the_quarter_is_no_place() -> None:
    slots = rules.slots_of(rules.hours_on(ALL, X, MONDAY, shipped()), MONDAY)
    with pytest.raises(RuleBroken):
        rules.slot_at(slots, datetime(2026, 3, 2, 1, 5, tzinfo=UTC))


NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "fits"),
    [
        (datetime(2026, 3, 4, 2, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 4, 2, 15, tzinfo=UTC), True),
        # 3 April in Shanghai is the thirtieth day
        (datetime(2026, 4, 3, 8, 45, tzinfo=UTC), True),
        (datetime(2026, 4, 3, 16, 0, tzinfo=UTC), False),
    ],
)
def test_places_lie_ahead_and_at_most_thirty_days(starts_at: datetime, fits: bool) -> None:
    if fits:
        rules.check_bookable(starts_at, NOW)
    else:
        with pytest.raises(RuleBroken):
            rules.check_bookable(starts_at, NOW)


def test_a_place_is_given_back_until_it_begins() -> None:
    rules.check_cancellable(NOW, datetime(2026, 3, 4, 1, 59, 59, tzinfo=UTC))
    with pytest.raises(RuleBroken):
        rules.check_cancellable(NOW, NOW)


def test_the_reminder_comes_the_day_before_at_four() -> None:
    assert rules.remind_from(datetime(2026, 3, 5, 1, 0, tzinfo=UTC)) == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


def test_nobody_has_come_when_quarter_hour_and_grace_are_over() -> None:
    assert rules.missed_before(NOW) == datetime(2026, 3, 4, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00-12:00 x2\n13:00-17:00 x3", [(time(9), time(12), 2), (time(13), time(17), 3)]),
        ("1300-1700 x 2\n9:00 – 12:00 ×2", [(time(9), time(12), 2), (time(13), time(17), 2)]),
        ("０９：００-12:00 x2", [(time(9), time(12), 2)]),
        ("  \n", []),
    ],
)
def test_hours_are_read_as_people_type_them(text: str, expected: list[tuple[time, time, int]]) -> None:
    assert rules.parse_hours(text) == expected


@pytest.mark.parametrize(
    "text", ["9 to 12", "09:00-12:00", "09:10-12:00 x2", "12:00-09:00 x2", "09:00-12:00 x0", "09:00-12:00 x51",
             "24:00-25:00 x1", "09:00-12:00 x2\n11:45-13:00 x2"],
)  # fmt: skip
def test_hours_of_another_shape_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.parse_hours(text)
    assert "09:00-12:00 x2" in refused.value.fields["hours"][0].remedy  # type: ignore[union-attr]


@given(st.integers(0, 95), st.integers(1, 95), st.integers(1, 50))
def test_what_is_written_of_hours_reads_back_the_same(start: int, length: int, places: int) -> None:
    end = min(95, start + length)
    if start >= end:
        return
    opens, closes = time(start // 4, start % 4 * 15), time(end // 4, end % 4 * 15)
    assert rules.parse_hours(rules.hours_line(opens, closes, places)) == [(opens, closes, places)]


@pytest.mark.parametrize(
    ("district", "first"),
    [
        ("610117", ["B-hall", "B-town", "city"]),
        ("610102", ["A-community", "city"]),
        (None, ["city"]),
        ("999999", ["city"]),
    ],
)
def test_the_nearest_centre_is_in_the_district_then_the_city_s(district: str | None, first: list[str]) -> None:
    window = frozenset({"window"})
    places = [
        rules.Place("Z-hall", "610104", "hall", window),
        rules.Place("city", "610100", "city-hall", window),
        rules.Place("A-community", "610102", "community", window),
        rules.Place("A-machine", "610102", "community", frozenset({"self-service"})),
        rules.Place("B-town", "610117", "township", window),
        rules.Place("B-hall", "610117", "hall", window),
    ]
    found = [place.code for place in rules.nearest(places, district)]
    assert found[: len(first)] == first
    assert "A-machine" not in found
    assert sorted(found) == sorted(place.code for place in places if place.services == window)
