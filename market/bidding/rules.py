"""What decides about a tender beside its method: terms of a notice, periods, who may take part, who is connected. Pure.

Periods are working days; amounts are integer fen; times are aware UTC. No formula here decides who wins: that is methods.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from market.bidding.scoring import FORMULAS
from market.kernel.calendar import Period, Unit
from market.kernel.errors import Invalid, Refusal, RuleBroken
from market.kernel.words import N_

W = Unit.WORKING_DAYS


@dataclass(frozen=True, slots=True)
class DatedPeriod:
    """A period of tenders with the day from which it holds, its source and certainty mark (D: a choice of this market)."""

    valid_from: date
    period: Period
    source: str
    mark: str


SINCE = date(2020, 1, 1)
#: from the notice to the closing, at least; the day of the notice does not count
NOTICE_PERIODS = (DatedPeriod(SINCE, Period(3, W), "", "M"),)
URGENT_PERIODS = (DatedPeriod(SINCE, Period(1, W), "", "M"),)
#: an amendment or answer that changes what a bid must be leaves at least so long to the closing
AMENDED_PERIODS = (DatedPeriod(SINCE, Period(2, W), "", "D"),)
#: once, when too few took part
EXTENSION_PERIODS = (DatedPeriod(SINCE, Period(3, W), "", "D"),)
#: from the proposal of the award to the award: 招标投标法实施条例第五十四条 has three days for results
STANDSTILL_PERIODS = (DatedPeriod(SINCE, Period(3, W), "招标投标法实施条例第五十四条", "C"),)
#: an objection is answered within three days and suspends what it is about (same regulation, art. 54)
OBJECTION_PERIODS = (DatedPeriod(SINCE, Period(3, W), "招标投标法实施条例第五十四条", "C"),)
#: connected bidders reply; a low price is explained
REPLY_PERIODS = (DatedPeriod(SINCE, Period(1, W), "", "D"),)
EXPLANATION_PERIODS = (DatedPeriod(SINCE, Period(2, W), "", "D"),)
#: experts mark; holders publish their keys; then bidders may reveal their bids themselves
MARKING_PERIODS = (DatedPeriod(SINCE, Period(5, W), "", "D"),)
KEY_PERIODS = (DatedPeriod(SINCE, Period(1, W), "", "D"),)
REVEAL_PERIODS = (DatedPeriod(SINCE, Period(2, W), "", "D"),)


def in_force(periods: Sequence[DatedPeriod], on: date) -> DatedPeriod:
    """The one of `periods` that holds on `on`: the latest that has begun. ValueError when none has."""
    begun = [one for one in periods if one.valid_from <= on]
    if not begun:
        raise ValueError(f"no period holds on {on}")
    return max(begun, key=lambda one: one.valid_from)


#: key holders of every tender, in the order in which the notice counts them
HOLDERS = ("buyer", "regulator", "operator")
#: fewer bidders than this, and there is no choice to make
LEAST_BIDDERS = 3
#: characters of a reason that says something, and of a question
LEAST_WORDS, LONGEST_WORDS = 10, 2000
#: questions of one vendor about one notice, answered or not
MOST_QUESTIONS = 20
#: envelopes of one bidder for one tender, all versions together
MOST_VERSIONS = 50
#: experts that mark: an odd number, so that trimming leaves one
LEAST_EXPERTS = 3
#: largest sealed envelope in bytes
LONGEST_ENVELOPE = 65_536

#: why somebody does not count, as the public reads it
EXCLUSIONS: Mapping[str, str] = {
    "suspended": N_("The vendor is not open for orders."),
    "unqualified": N_("A qualification that the law demands is missing."),
    "conflict": N_("The vendor declared a tie with the buyer."),
    "avoided": N_("The notice names the vendor as one that must not take part, with the reason."),
    "connected": N_("The vendor is connected with another bidder."),
    "low_price": N_("The low price was not explained."),
}

#: why nobody wins
FAILURES: Mapping[str, str] = {
    "too_few": N_("Fewer vendors took part than the notice asks for."),
    "none_valid": N_("No bid was valid."),
    "keys": N_("Key holders did not publish their keys, and not every bidder revealed its bid."),
    "withdrawn": N_("Everybody who could have been awarded withdrew."),
    "objection": N_("An objection was upheld."),
}

#: marks of one bid: the criteria's largest marks add up to this, in thousandths of 100 points
FULL_MARKS = 100_000


@dataclass(frozen=True, slots=True)
class Need:
    """What an order asks for, frozen: `bidding.operations.draft_tender` makes a tender of it. Amounts in fen.

    `order`, `person`, `organisation` are codes; `about` holds what the notice shows beside the terms: texts, facts of the project.
    """

    order: str
    person: str
    organisation: str | None
    item: str
    district: str
    title: str
    fund: str
    method: str
    ceiling_fen: int | None
    about: Mapping[str, Any] = field(default_factory=dict)


# Terms ------------------------------------------------------------------------------------------------------------------


def default_rules(method: str) -> dict[str, Any]:
    """The rules of a notice as they are proposed for a method."""
    return {
        "draw": {},
        "lowest": {},
        "best_value": {"formula": "F1", "price_points": 40, "quality_points": 60, "criteria": [FULL_MARKS]},
        "benchmark": {
            "formula": "F5", "price_points": 40, "quality_points": 60, "criteria": [FULL_MARKS], "k": 950, "e": 1000,
            "mandate": "",
        },
        "auction": {"variant": "rounds", "step": 10_000},
        "merit_draw": {"line": 80_000, "criteria": [FULL_MARKS]},
    }[method]  # fmt: skip


#: methods with two envelopes: technical first, the price only after the marks are locked
TWO_ENVELOPES = frozenset({"best_value", "benchmark"})
#: methods whose bids experts mark
MARKED = frozenset({"best_value", "benchmark", "merit_draw"})


def key_sets(method: str) -> tuple[str, ...]:
    """The key sets of a method's notice, in the order in which they are opened.

    A merit draw has two as well: the numbers for its seed stay locked until the marks are.
    """
    return ("technical", "price") if method in MARKED else ("bids",)


def check_terms(method: str, rules: Mapping[str, Any], *, ceiling: int | None, minimum: int) -> None:
    """Refuse, by field, terms that cannot be held. `rules` as in methods.Case, `ceiling` in fen.

    A notice has no floor, and a reference standard never voids a price (fair-competition rules): there is no field for either.
    """
    wrong: dict[str, list[Refusal | str]] = {}
    if minimum < LEAST_BIDDERS:
        wrong["minimum"] = [
            RuleBroken(N_("At least %(least)s vendors must take part, else there is no choice."), least=LEAST_BIDDERS)
        ]
    if method in ("best_value", "benchmark"):
        wrong |= _points_faults(rules, ceiling)
    if method == "benchmark" and len(str(rules.get("mandate", "")).strip()) < LEAST_WORDS:
        wrong["mandate"] = [
            RuleBroken(
                N_("A price formula around an average can be steered by bidders that agree. It needs the rule that demands it."),
                remedy=N_("Name the rule and its article, or choose the proportional formula."),
            )
        ]
    if method in MARKED and sum(rules.get("criteria", ())) != FULL_MARKS:
        wrong["criteria"] = [Refusal(N_("The criteria's marks must add up to 100 points."))]
    if method == "merit_draw" and not 0 < int(rules.get("line") or 0) <= FULL_MARKS:
        wrong["line"] = [Refusal(N_("The quality line lies above 0 and at most at 100 points."))]
    if method == "auction" and not 0 < int(rules.get("step") or 0) < (ceiling or 10**15):
        wrong["step"] = [Refusal(N_("The step lies above zero and below the ceiling."))]
    if method == "auction" and rules.get("variant") not in ("rounds", "soft_close"):
        wrong["variant"] = [Refusal(N_("An auction runs in rounds or with a soft close."))]
    if wrong:
        raise Invalid(wrong)


def _points_faults(rules: Mapping[str, Any], ceiling: int | None) -> dict[str, list[Refusal | str]]:
    wrong: dict[str, list[Refusal | str]] = {}
    if rules.get("formula") not in FORMULAS:
        wrong["formula"] = [Refusal(N_("This price formula does not exist."))]
    if rules.get("formula") == "F2" and ceiling is None:
        wrong["formula"] = [Refusal(N_("The linear formula needs a ceiling price."))]
    price, quality = int(rules.get("price_points") or 0), int(rules.get("quality_points") or 0)
    if price < 0 or quality < 0 or price + quality != 100:
        wrong["price_points"] = [Refusal(N_("Points for price and quality add up to 100."))]
    return wrong


def check_avoided(avoided: Mapping[str, str]) -> None:
    """Refuse vendors to be avoided without a reason of at least LEAST_WORDS characters: it is public with the notice."""
    if any(len(words.strip()) < LEAST_WORDS for words in avoided.values()):
        raise Invalid.field(
            "avoided",
            N_("Say for each vendor why it must not take part, in at least %(least)s characters: everybody reads it."),
            least=LEAST_WORDS,
        )


def check_words(field_name: str, words: str) -> str:
    """`words` without blanks around; `Invalid` unless they have LEAST_WORDS to LONGEST_WORDS characters."""
    words = words.strip()
    if not LEAST_WORDS <= len(words) <= LONGEST_WORDS:
        raise Invalid.field(
            field_name, N_("Write %(least)s to %(most)s characters."), least=LEAST_WORDS, most=LONGEST_WORDS
        )
    return words


def check_closing(closes: datetime, earliest: datetime) -> None:
    """Refuse a closing before `earliest`, the end of the shortest period (UTC)."""
    if closes < earliest:
        raise Invalid.field(
            "closes_at",
            N_("The notice must stand longer: the earliest closing is %(earliest)s."),
            remedy=N_("Choose a later one."),
            earliest=earliest,
        )


# Who takes part ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bidder:
    """A vendor as eligibility sees it: is it open, how many qualifications it lacks, is it tied to the buyer, is it avoided."""

    code: str
    is_open: bool
    lacks: int
    has_tie: bool = False
    is_avoided: bool = False
    #: what firms that compete do not share: ground -> keyed hash or normal form
    shared: Mapping[str, str] = field(default_factory=dict)


def exclusion_of(bidder: Bidder) -> str:
    """Why a vendor may not take part (a code of EXCLUSIONS), empty when it may. Where it sits is never asked."""
    if not bidder.is_open:
        return "suspended"
    if bidder.lacks:
        return "unqualified"
    if bidder.has_tie:
        return "conflict"
    return "avoided" if bidder.is_avoided else ""


def connected(bidders: Iterable[Bidder]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Groups of bidders that share something, each with the grounds: (codes, grounds), both sorted; by code of the first.

    Firms joined over several steps are one group: A shares a telephone with B, B an address with C.
    """
    by_value: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in bidders:
        for ground, value in one.shared.items():
            if value:
                by_value[ground, value].append(one.code)
    group: dict[str, set[str]] = {}
    grounds: dict[str, set[str]] = defaultdict(set)
    for (ground, _), codes in by_value.items():
        if len(set(codes)) < 2:
            continue
        joined = set(codes).union(*(group.get(code, set()) for code in codes))
        named = {ground}.union(*(grounds[code] for code in joined))
        for code in joined:
            group[code], grounds[code] = joined, named
    found = {tuple(sorted(codes)): tuple(sorted(grounds[min(codes)])) for codes in group.values()}
    return sorted(found.items())
