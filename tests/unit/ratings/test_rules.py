"""Who may rate, and what a level means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from market.kernel.errors import Conflict, Forbidden, Invalid, RuleBroken, WrongState
from market.ratings import rules

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
FINE = rules.Facts(
    order=rules.Order.FINISHED, paid=True, kept=True, link=None, before=None, revealed=False,
    rate_until=NOW + timedelta(1), now=NOW,
)  # fmt: skip


def test_a_finished_and_paid_order_can_be_rated() -> None:
    assert rules.why_not(FINE) is None


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"link": "member"}, Forbidden, "cannot rate its work"),
        ({"link": "own"}, Forbidden, "cannot rate its work"),
        ({"order": rules.Order.ENDED}, RuleBroken, "called off"),
        ({"order": rules.Order.DISPUTED}, RuleBroken, "disputed"),
        ({"order": rules.Order.RUNNING}, RuleBroken, "accepted and paid"),
        ({"paid": False}, RuleBroken, "accepted and paid"),
        ({"kept": False}, RuleBroken, "given back"),
        ({"rate_until": NOW}, RuleBroken, "time for rating"),
        ({"revealed": True}, RuleBroken, "unseen"),
        ({"before": "hidden"}, Conflict, "already"),
        ({"before": "public"}, Conflict, "already"),
        ({"before": "under_review"}, Conflict, "already"),
        ({"before": "removed"}, Conflict, "no other can take its place"),
        ({"before": "withdrawn"}, Conflict, "no other can take its place"),
    ],
)
def test_each_refusal_says_its_reason_rule_and_remedy(changes: dict[str, object], kind: type, words: str) -> None:
    """KF-RAT-01, KF-RAT-02: one row each."""
    refusal = rules.why_not(replace(FINE, **changes))  # type: ignore[arg-type]
    assert type(refusal) is kind
    assert words in refusal.what
    assert refusal.rule
    assert refusal.remedy


@pytest.mark.parametrize("link", ["tie", "representative", "phone"])
def test_ties_that_are_not_the_vendors_own_side_may_rate_and_weigh_nothing(link: str) -> None:
    assert rules.why_not(replace(FINE, link=link)) is None


def levels(*numbers: int) -> dict[str, int]:
    return dict(zip(rules.DIMENSIONS, numbers, strict=True))


@pytest.mark.parametrize(
    ("numbers", "level", "whole", "bad"),
    [
        ((5, 5, 5, 5, 5), "5", 5, False), ((4, 2, 4, 4, 4), "18/5", 4, False), ((3, 3, 2, 2, 2), "12/5", 2, True),
        ((3, 3, 3, 2, 2), "13/5", 3, False), ((1, 1, 1, 1, 1), "1", 1, True), ((2, 2, 2, 2, 2), "2", 2, True),
        ((1, 1, 2, 1, 2), "7/5", 1, True),
    ],
)  # fmt: skip
def test_the_level_is_the_mean_of_five_and_one_or_two_is_called_back(
    numbers: tuple[int, ...], level: str, whole: int, bad: bool
) -> None:
    found = rules.level_of(levels(*numbers))
    assert (found, rules.whole_level(found), rules.is_bad(found)) == (Fraction(level), whole, bad)


@pytest.mark.parametrize("wrong", [{}, levels(0, 5, 5, 5, 5), levels(5, 5, 5, 5, 6)])
def test_missing_and_impossible_levels_are_refused_by_dimension(wrong: dict[str, int]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_levels(wrong)
    assert set(refused.value.fields) == {name for name in rules.DIMENSIONS if wrong.get(name) not in range(1, 6)}


def test_the_buyers_rating_is_shown_after_its_days_the_vendors_when_the_buyers_time_is_over() -> None:
    until = NOW + timedelta(days=90)
    assert rules.reveal_at(buyer=True, given_at=NOW, rate_until=until, days=14) == NOW + timedelta(days=14)
    assert rules.reveal_at(buyer=False, given_at=NOW, rate_until=until, days=14) == until


def test_who_decided_first_does_not_decide_the_appeal() -> None:
    rules.check_operator("P-1", "P-2")
    with pytest.raises(Forbidden):
        rules.check_operator("P-1", "P-1")


def test_an_appeal_comes_in_time() -> None:
    rules.check_in_time(NOW + timedelta(microseconds=1), NOW)
    for until in (NOW, None):
        with pytest.raises(WrongState):
            rules.check_in_time(until, NOW)


@pytest.mark.parametrize(("text", "fits"), [("", False), ("a" * 19, False), ("a" * 20, True), ("a" * 2001, False)])
def test_reasons_have_a_length(text: str, fits: bool) -> None:
    if fits:
        rules.check_text(text, "words", least=20)
    else:
        with pytest.raises(Invalid):
            rules.check_text(text, "words", least=20)


# Ties -------------------------------------------------------------------------------------------------------------------

TIES = rules.Ties(
    organisation="O-vendor", credit_code="CODE", people={"P-now": None, "P-left": NOW}, bodies=frozenset({"office"}),
    representative=frozenset({"O-twin", "TWIN"}), phone=frozenset({"P-phone"}),
)  # fmt: skip


def client(**changes: object) -> rules.Client:
    given = {
        "people": frozenset({"P-1"}),
        "organisation": None,
        "credit_code": None,
        "name": None,
        "since": NOW,
        **changes,
    }
    return rules.Client(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "link"),
    [
        ({}, None),
        ({"organisation": "O-1", "credit_code": "C-1", "name": "shop"}, None),
        ({"organisation": "O-vendor"}, "own"),
        ({"organisation": "O-1", "credit_code": "CODE"}, "own"),
        ({"people": frozenset({"P-1", "P-now"})}, "member"),
        ({"people": frozenset({"P-left"})}, None),
        ({"people": frozenset({"P-left"}), "since": NOW - timedelta(seconds=1)}, "member"),
        ({"organisation": "O-1", "name": "office"}, "tie"),
        ({"organisation": "O-twin"}, "representative"),
        ({"organisation": "O-1", "credit_code": "TWIN"}, "representative"),
        ({"people": frozenset({"P-phone"})}, "phone"),
        ({"people": frozenset({"P-phone", "P-now"})}, "member"),
    ],
)
def test_who_is_tied_to_a_vendor(changes: dict[str, object], link: str | None) -> None:
    assert rules.link(client(**changes), TIES) == link


def test_without_a_credit_code_nobody_is_the_same_firm() -> None:
    assert rules.link(client(organisation="O-1"), replace(TIES, credit_code=None)) is None
