"""The rules of accounts, on plain data."""

from datetime import UTC, datetime, timedelta

import pytest

from market.accounts import rules
from market.accounts.rules import ALL_NETWORKS, ONE_NETWORK, GuessCount, Member
from market.kernel.actor import Role
from market.kernel.errors import RuleBroken

AT = datetime(2026, 3, 4, 2, 0, 5, tzinfo=UTC)
#: RFC 6238, appendix B: the SHA-1 secret "12345678901234567890" in base32
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "eight"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, eight: str) -> None:
    """RFC 6238, appendix B; the six digits are the last six of its eight."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert rules.code_at(RFC_SECRET, at) == eight[2:]
    assert rules.matching_step(RFC_SECRET, eight[2:], at, None) == seconds // 30


@pytest.mark.parametrize("off", [-30, 0, 30])
def test_a_clock_may_be_off_by_one_step(off: int) -> None:
    code = rules.code_at(RFC_SECRET, AT + timedelta(seconds=off))
    assert rules.matching_step(RFC_SECRET, f" {code[:3]} {code[3:]} ", AT, None) == rules.step_of(AT) + off // 30


@pytest.mark.parametrize("off", [-60, 60])
def test_and_not_by_two(off: int) -> None:
    with pytest.raises(RuleBroken):
        rules.matching_step(RFC_SECRET, rules.code_at(RFC_SECRET, AT + timedelta(seconds=off)), AT, None)


def test_a_code_is_accepted_once_and_no_older_one_after_it() -> None:
    step = rules.matching_step(RFC_SECRET, rules.code_at(RFC_SECRET, AT), AT, None)
    for off in (-30, 0):
        with pytest.raises(RuleBroken, match="used already"):
            rules.matching_step(RFC_SECRET, rules.code_at(RFC_SECRET, AT + timedelta(seconds=off)), AT, step)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "é" * 6])
def test_what_is_no_code_is_refused_and_breaks_nothing(typed: str) -> None:
    with pytest.raises(RuleBroken):
        rules.matching_step(RFC_SECRET, typed, AT, None)


ABOUT = ("sunwukong@example.org", "孙测试")
COMMON = frozenset({"password", "1q2w3e4r5t", "woaini1314", "iloveyou"})


@pytest.mark.parametrize(
    "password",
    [
        "ninechars", "x" * 129, "1q2w3e4r5t", "Password2026!", "PASSWORD!!!", "woaini1314520", "ｐａｓｓｗｏｒｄ１２３",
        "aaaaaaaaaaaa", "abababababab", "1234567890", "0987654321", "qwertyuiopas", "abcdefghijkl",
        "sunwukong@example.org", "sunwukong2026", "SunWuKong!!",
    ],
)  # fmt: skip
def test_weak_passwords_are_refused(password: str) -> None:
    assert rules.password_faults(password, about=ABOUT, common=COMMON)


@pytest.mark.parametrize(
    "password",
    [
        "four plain words here",
        "tenletters",
        "一二三四五六七八九十",
        "correcthorse",
        "my sunwukong is gone today",
        "x" * 60 + "abcd efg",
    ],
)
def test_long_ones_are_allowed_whatever_they_are_made_of(password: str) -> None:
    assert rules.password_faults(password, about=ABOUT, common=COMMON) == []


def guesses(limit: rules.GuessLimit, times: int, every: timedelta = timedelta(seconds=1)) -> list[bool]:
    """Which of so many wrong guesses, one after the other, were looked at."""
    count, at, seen = GuessCount(0, AT), AT, []
    for _ in range(times):
        seen.append(rules.wait_of(count, at) == 0)
        if seen[-1]:
            count = rules.count_guess(count, at, limit)
        at += every
    return seen


@pytest.mark.parametrize(("limit", "most"), [(ONE_NETWORK, 5), (ALL_NETWORKS, 50)])
def test_after_so_many_wrong_guesses_none_is_looked_at(limit: rules.GuessLimit, most: int) -> None:
    assert guesses(limit, most + 20) == [True] * most + [False] * 20


def test_the_pause_ends_and_then_as_many_are_looked_at_again() -> None:
    assert guesses(ONE_NETWORK, 40, timedelta(minutes=1)) == ([True] * 5 + [False] * 14) * 2 + [True] * 2


def test_slow_guesses_begin_a_new_count() -> None:
    assert all(guesses(ONE_NETWORK, 20, timedelta(minutes=4)))


def members(*admins: bool, role: Role = Role.BUYER) -> list[Member]:
    return [Member(f"M-{n}", f"P-{n}", role, None, admin) for n, admin in enumerate(admins)]


@pytest.mark.parametrize(
    ("admins", "leaving", "allowed"),
    [
        ((True, False), 0, False),
        ((True, True), 0, True),
        ((True, False), 1, True),
        ((True,), 0, True),
        ((False, False), 0, True),
    ],
)
def test_the_last_administrator_stays_while_others_remain(
    admins: tuple[bool, ...], leaving: int, allowed: bool
) -> None:
    if allowed:
        rules.check_keeps_an_admin(members(*admins), f"M-{leaving}")
    else:
        with pytest.raises(RuleBroken):
            rules.check_keeps_an_admin(members(*admins), f"M-{leaving}")


def test_an_administrator_of_another_role_does_not_count() -> None:
    regulator = Member("M-9", "P-9", Role.REGULATOR, None, True)
    with pytest.raises(RuleBroken):
        rules.check_keeps_an_admin([*members(True, False, role=Role.OPERATOR), regulator], "M-0")


@pytest.mark.parametrize(
    ("actor", "target", "allowed"),
    [
        ((Role.BUYER, None, True), (Role.BUYER, None), True),
        ((Role.BUYER, None, False), (Role.BUYER, None), False),
        ((Role.OPERATOR, None, True), (Role.REGULATOR, None), False),
        ((Role.OPERATOR, None, True), (Role.OPERATOR, "610117"), True),
        ((Role.OPERATOR, "610117", True), (Role.OPERATOR, "610117"), True),
        ((Role.OPERATOR, "610117", True), (Role.OPERATOR, None), False),
        ((Role.OPERATOR, "610117", True), (Role.OPERATOR, "610113"), False),
    ],
)
def test_administrators_manage_their_own_role_and_district(
    actor: tuple[Role, str | None, bool], target: tuple[Role, str | None], allowed: bool
) -> None:
    one, other = Member("M-1", "P-1", *actor), Member("M-2", "P-2", *target, False)
    if allowed:
        rules.check_may_manage(one, other)
    else:
        with pytest.raises(RuleBroken):
            rules.check_may_manage(one, other)


@pytest.mark.parametrize(
    "path", ["/", "/account", "/search?q=环评&page=2", "/a//b", "/a?next=https://x.example/", "/面/%2F"]
)
def test_paths_of_the_market_are_gone_on_to(path: str) -> None:
    assert rules.safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None, "", "account", "//x.example", "///x.example", "/\\x.example", "\\\\x.example", "/\t/x.example", "/\n/x.example",
        "/a\r\nSet-Cookie: a=b", "https://x.example/", "http:x.example", "javascript:alert(1)", " /account", "/\u200b/x",
        "/" + "a" * 2000, "/a\\..\\b",
    ],
)  # fmt: skip
def test_other_places_are_not(path: str | None) -> None:
    assert rules.safe_path(path) is None


@pytest.mark.parametrize(
    ("email", "masked"),
    [("sun@example.org", "s***@example.org"), ("a@b.cn", "a***@b.cn"), ("wukong@b.cn", "wuk***@b.cn")],
)
def test_a_masked_address_is_known_to_its_owner_only(email: str, masked: str) -> None:
    assert rules.masked_email(email) == masked
