"""Awards one after the other: who follows, and what is refused."""

from fractions import Fraction

import pytest

from market.bidding import award_order
from market.bidding.award_order import Awards, NotPossible
from market.bidding.objection_fee import complaint_fee


def states(awards: Awards) -> list[tuple[str, str]]:
    return [(one.bid, one.state) for one in awards.awards]


def test_one_at_a_time_the_next_is_proposed_when_the_one_before_is_refused() -> None:
    awards = award_order.begun("abc", one_at_a_time=True)
    assert states(awards) == [("a", "pending")]
    awards = awards.done("reject", 1)
    assert states(awards) == [("a", "unsuccessful"), ("b", "pending")]
    awards = awards.done("activate", 2)
    assert states(awards)[1:] == [("b", "active")]
    awards = awards.done("cancel", 2)
    assert states(awards)[1:] == [("b", "cancelled"), ("b", "pending")]
    awards = awards.done("reject", 3).done("reject", 4)
    assert states(awards)[-1] == ("c", "unsuccessful")
    assert len(awards.awards) == 4


def test_a_refusal_that_was_wrong_opens_its_bid_again() -> None:
    awards = award_order.begun("ab", one_at_a_time=True).done("reject", 1).done("reject", 2).done("cancel", 1)
    assert states(awards) == [("a", "cancelled"), ("b", "unsuccessful"), ("a", "pending")]


@pytest.mark.parametrize(
    ("verbs", "words"),
    [
        ([("activate", 4)], "no award 4"),
        ([("activate", 0)], "no award 0"),
        ([("activate", 1), ("activate", 2)], "another award is active"),
        ([("reject", 1), ("activate", 1)], "cannot activate"),
        ([("cancel", 1), ("cancel", 1)], "cannot cancel"),
    ],
)
def test_what_is_not_possible_is_refused(verbs: list[tuple[str, int]], words: str) -> None:
    awards = award_order.begun("abc", one_at_a_time=False)
    for verb, number in verbs[:-1]:
        awards = awards.done(verb, number)
    with pytest.raises(NotPossible, match=words):
        awards.done(*verbs[-1])


def test_here_a_complaint_costs_nothing() -> None:
    assert complaint_fee(Fraction(1_000_000), Fraction(0), 2000, 85_000) == 0
