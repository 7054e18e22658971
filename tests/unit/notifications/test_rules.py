"""What may stand in a message, by which channels it goes and when, where webhooks may lead, which numbers there are."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from market.kernel.errors import Invalid
from market.kernel.money import Money
from market.notifications import rules
from market.notifications.rules import Wish, Word, check_texts, plan, quiet_until, to_store
from market.notifications.states import Importance, MailChoice, Medium, Topic

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(hour: int, minute: int = 0, day: int = 4) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


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


# Channels -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("importance", "choice", "mailed"),
    [
        (Importance.URGENT, MailChoice.SUGGESTED, True),
        (Importance.IMPORTANT, MailChoice.SUGGESTED, True),
        (Importance.ORDINARY, MailChoice.SUGGESTED, False),
        (Importance.URGENT, MailChoice.ALL, True),
        (Importance.IMPORTANT, MailChoice.ALL, True),
        (Importance.ORDINARY, MailChoice.ALL, True),
        (Importance.URGENT, MailChoice.URGENT, True),
        (Importance.IMPORTANT, MailChoice.URGENT, False),
        (Importance.ORDINARY, MailChoice.URGENT, False),
    ],
)
def test_what_is_mailed_at_once_follows_importance_and_choice(
    importance: Importance, choice: MailChoice, mailed: bool
) -> None:
    wish = Wish(mail={str(Topic.ORDERS): str(choice)})
    assert (Medium.MAIL in plan(Topic.ORDERS, importance, wish, phone=False, local=at(10))) is mailed
    # another topic is not touched by it
    usual = importance is not Importance.ORDINARY
    assert (Medium.MAIL in plan(Topic.MONEY, importance, wish, phone=False, local=at(10))) is usual


@pytest.mark.parametrize("importance", list(Importance))
@pytest.mark.parametrize("phone", [True, False])
@pytest.mark.parametrize("excepted", [True, False])
def test_a_text_message_is_only_for_what_is_urgent_and_only_to_a_confirmed_number(
    importance: Importance, phone: bool, excepted: bool
) -> None:
    wish = Wish(no_sms=[str(Topic.MONEY)] if excepted else [])
    found = plan(Topic.MONEY, importance, wish, phone=phone, local=at(10))
    assert (Medium.SMS in found) is (importance is Importance.URGENT and phone and not excepted)


def test_in_quiet_hours_everything_waits_but_an_urgent_mail() -> None:
    wish = Wish(quiet=(time(22), time(7, 30)))
    late, morning = at(23), at(7, 30, day=5)
    assert plan(Topic.ORDERS, Importance.URGENT, wish, phone=True, local=late) == {
        Medium.MAIL: late,
        Medium.SMS: morning,
    }
    assert plan(Topic.ORDERS, Importance.IMPORTANT, wish, phone=True, local=late) == {Medium.MAIL: morning}
    assert plan(Topic.DIGEST, Importance.ORDINARY, wish, phone=True, local=late) == {Medium.MAIL: morning}


@pytest.mark.parametrize(
    ("local", "quiet", "until"),
    [
        (at(21, 59), (time(22), time(7)), at(21, 59)),
        (at(22), (time(22), time(7)), at(7, day=5)),
        (at(3), (time(22), time(7)), at(7)),
        (at(6, 59), (time(22), time(7)), at(7)),
        (at(7), (time(22), time(7)), at(7)),
        (at(13), (time(12), time(14)), at(14)),
        (at(14), (time(12), time(14)), at(14)),
        (at(9), (time(9), time(9)), at(9)),
        (at(9), None, at(9)),
    ],
)
def test_quiet_hours_may_reach_over_midnight(local: datetime, quiet: tuple[time, time] | None, until: datetime) -> None:
    assert quiet_until(local, quiet) == until


def test_only_what_differs_from_the_suggestion_is_kept() -> None:
    mail, without = rules.wish_from(
        {"orders": "all", "money": "suggested"}, [t for t in Topic if t is not Topic.OFFERS]
    )
    assert (mail, without) == ({"orders": "all"}, ["offers"])


def test_the_waits_grow_and_end() -> None:
    waits = [rules.wait_after(tries) for tries in range(1, 10)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait]
    assert known == sorted(known)
    assert timedelta(hours=24) < sum(known, timedelta()) < timedelta(hours=48)


# Where webhooks may lead --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "outside", "practice"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("172.16.0.1", False, True),
        ("192.168.1.1", False, True),
        ("fd00::1", False, True),
        ("100.64.0.1", False, True),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::7f00:1", False, True),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:7f00:1::", False, True),
    ],
)
def test_only_public_addresses_are_called(address: str, outside: bool, practice: bool) -> None:
    assert rules.is_allowed(address, practice=False) is outside
    assert rules.is_allowed(address, practice=True) is practice


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org/", "https://", "https://user@example.org/", "https://u:p@example.org/",
        "https://example.org/#x", "https://example.org:99999/", "https://例子.example/", "javascript:alert(1)", "https://[::1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("practice", [True, False])
def test_what_is_no_address_of_a_web_service_is_refused(url: str, practice: bool) -> None:
    with pytest.raises(Invalid):
        rules.check_url(url, practice=practice)


@pytest.mark.parametrize(
    "url", ["http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/x", "https://localhost/"]
)
def test_plain_http_and_inner_addresses_are_for_practice_alone(url: str) -> None:
    assert rules.check_url(url, practice=True) == url
    with pytest.raises(Invalid):
        rules.check_url(url, practice=False)


def test_a_public_https_address_is_taken_as_it_is() -> None:
    assert rules.check_url("https://example.org:8443/a?b=c", practice=False) == "https://example.org:8443/a?b=c"


# Numbers ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "008613800138000",
        "１３８００１３８０００",
        "＋8613800138000",
    ],
)
def test_a_mobile_number_is_read_however_it_is_typed(typed: str) -> None:
    assert rules.normalise_phone(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    ["", "029-12345", "12800138000", "1380013800", "138001380001", "+1 202 555 0100", "13800138000;+86", "١٣٨٠٠١٣٨٠٠٠"],
)
def test_what_is_no_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        rules.normalise_phone(typed)


def test_a_number_is_shown_masked() -> None:
    assert rules.masked_phone("+8613800138000") == "138****8000"
