"""Refusals, states and actors: the words in which every domain says no, moves on and says who."""

import re
from enum import StrEnum

import pytest

from market.kernel import errors
from market.kernel.actor import OFFICIALS, Actor, Channel, Role, system
from market.kernel.errors import Invalid, NotFound, Refusal, RuleBroken, TooMany, WrongState, fill
from market.kernel.states import next_state, verbs_from
from market.kernel.words import N_


class Listing(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


TRANSITIONS = {
    (Listing.DRAFT, "publish"): Listing.PUBLISHED,
    (Listing.DRAFT, "withdraw"): Listing.WITHDRAWN,
    (Listing.PUBLISHED, "withdraw"): Listing.WITHDRAWN,
}


def every_refusal() -> list[type[Refusal]]:
    def below(kind: type[Refusal]) -> list[type[Refusal]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    return [kind for kind in below(Refusal) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", every_refusal(), ids=lambda kind: kind.__name__)
def test_the_tree_in_the_docstring_is_the_tree(kind: type[Refusal]) -> None:
    assert errors.__doc__
    assert re.search(rf"\b{kind.__name__} \({kind.status} {kind.code}\)", errors.__doc__)


def test_codes_are_stable_and_told_apart() -> None:
    codes = [kind.code for kind in every_refusal()]

    assert len(codes) == len(set(codes))
    assert all(400 <= kind.status < 600 for kind in every_refusal())


def test_a_refusal_says_what_with_its_parameters_and_keeps_rule_and_remedy() -> None:
    refused = RuleBroken(N_("Price %(price)s is above %(high)s."), rule="R1", remedy="Lower it.", price=3, high=2)

    assert str(refused) == "Price 3 is above 2."
    assert (refused.what, refused.params) == ("Price %(price)s is above %(high)s.", {"price": 3, "high": 2})
    assert (refused.rule, refused.remedy, refused.status) == ("R1", "Lower it.", 422)


def test_a_refusal_without_words_says_its_title() -> None:
    assert str(NotFound()) == "There is nothing at this address"


def test_a_text_without_parameters_may_hold_a_percent_sign() -> None:
    assert fill("100 %", {}) == "100 %"
    assert fill("%(share)s %%", {"share": 5}) == "5 %"


def test_wrong_fields_are_carried_by_name() -> None:
    refused = Invalid.field("price", "Price %(price)s is too low.", remedy="At least 5.", price=3)

    assert str(refused) == "price: Price 3 is too low."
    assert isinstance(refused.fields["price"][0], Refusal)
    assert str(Invalid({"a": ["x", "y"], "b": ["z"]})) == "a: x; a: y; b: z"


def test_too_many_says_when_to_come_back() -> None:
    assert TooMany(retry_after=90).retry_after == 90
    assert TooMany().retry_after > 0


def test_a_verb_of_the_table_leads_to_its_state() -> None:
    assert next_state(TRANSITIONS, Listing.DRAFT, "publish") is Listing.PUBLISHED


@pytest.mark.parametrize(
    ("state", "verb", "possible"),
    [
        (Listing.PUBLISHED, "publish", "withdraw"),
        (Listing.DRAFT, "pause", "publish, withdraw"),
        (Listing.WITHDRAWN, "publish", "-"),
    ],
)
def test_any_other_verb_is_refused_with_what_is_possible(state: Listing, verb: str, possible: str) -> None:
    with pytest.raises(WrongState) as refused:
        next_state(TRANSITIONS, state, verb)

    assert str(refused.value) == f"“{verb}” is not possible while this is “{state}”."
    assert fill(refused.value.remedy, refused.value.params) == f"Possible now: {possible}"


def test_the_verbs_of_a_state_come_in_the_tables_order() -> None:
    assert verbs_from(TRANSITIONS, Listing.DRAFT) == ["publish", "withdraw"]
    assert verbs_from(TRANSITIONS, Listing.WITHDRAWN) == []


def test_officials_are_everybody_who_acts_for_the_public() -> None:
    assert {Role.BUYER, Role.VENDOR, Role.EXPERT}.isdisjoint(OFFICIALS)
    assert set(Role) - OFFICIALS == {Role.BUYER, Role.VENDOR, Role.EXPERT}


def test_the_market_itself_is_an_actor_and_nobody_else_is_it() -> None:
    assert system().is_system
    assert system(Channel.COMMAND).channel is Channel.COMMAND
    assert not Actor(person="P-000000000", role=Role.OPERATOR).is_system
    assert Actor(person="P-000000000").channel is Channel.WEB


def test_marking_a_text_changes_nothing() -> None:
    assert N_("a %(b)s") == "a %(b)s"
