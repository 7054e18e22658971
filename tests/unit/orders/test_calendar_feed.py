"""The calendar that people subscribe to."""

from datetime import UTC, date, datetime

from icalendar import Calendar

from market.orders import calendar_feed
from market.orders.calendar_feed import Entry

AT = datetime(2026, 3, 4, 2, tzinfo=UTC)
ENTRY = Entry(
    "accept",
    "R-7K3M9Q2FX",
    date(2026, 3, 18),
    "等业主验收：测试；项目",
    "R-7K3M9Q2FX",
    "https://market.example/orders/R-7K3M9Q2FX",
)


def read(*entries: Entry) -> Calendar:
    return Calendar.from_ical(calendar_feed.feed("西市订单", entries, at=AT, host="market.example"))


def test_each_date_is_a_whole_day_with_a_name_of_its_own() -> None:
    found = read(ENTRY)
    [event] = found.walk("VEVENT")
    assert event.decoded("dtstart") == date(2026, 3, 18)
    assert event.decoded("dtend") == date(2026, 3, 19)
    assert str(event["uid"]) == "accept-R-7K3M9Q2FX@market.example"
    assert str(event["summary"]) == "等业主验收：测试；项目"
    assert str(found["version"]) == "2.0"
    assert str(found["x-wr-calname"]) == "西市订单"
    assert len(event.walk("VALARM")) == 1


def test_a_date_that_moves_keeps_its_name() -> None:
    moved = Entry(**{**{name: getattr(ENTRY, name) for name in ENTRY.__slots__}, "day": date(2026, 3, 20)})
    [before], [after] = read(ENTRY).walk("VEVENT"), read(moved).walk("VEVENT")
    assert before["uid"] == after["uid"]


def test_what_is_done_rings_no_bell() -> None:
    done = Entry("stage-1", "R-7K3M9Q2FX", date(2026, 3, 1), "初稿", "", "", is_done=True)
    [event] = read(done).walk("VEVENT")
    assert str(event["summary"]).startswith("✓")
    assert not event.walk("VALARM")


def test_lines_are_folded_and_ended_as_the_standard_wants() -> None:
    """RFC 5545, 3.1: at most 75 octets, CRLF."""
    raw = calendar_feed.feed("西市", [ENTRY], at=AT, host="market.example")
    lines = raw.split(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75


def test_the_token_belongs_to_one_person_one_order_and_one_secret() -> None:
    token = calendar_feed.token("secret", "P-1", "R-1")
    assert calendar_feed.is_token(token, "secret", "P-1", "R-1")
    for other in (
        ("secret", "P-1", "R-2"),
        ("secret", "P-2", "R-1"),
        ("other", "P-1", "R-1"),
        ("secret", "P-1", "all"),
    ):
        assert not calendar_feed.is_token(token, *other)
    assert not calendar_feed.is_token("", "secret", "P-1", "R-1")
    assert not calendar_feed.is_token("标记", "secret", "P-1", "R-1")
    assert len(token) == 27
