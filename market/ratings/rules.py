"""Who may rate what, when a rating is revealed, what may be reported, and what a level means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from market.kernel.errors import Conflict, Forbidden, Invalid, Refusal, RuleBroken, WrongState
from market.kernel.money import half_up
from market.kernel.words import N_

#: the five dimensions of a rating (domain notes 1.2), as the buyer reads them and as the vendor does
DIMENSIONS: Mapping[str, tuple[str, str]] = {
    "quality": (N_("Quality of the work"), N_("Clear about what is wanted")),
    "timeliness": (N_("Timeliness"), N_("Papers and answers in time")),
    "attitude": (N_("Attitude"), N_("Attitude")),
    "charge": (N_("Charges"), N_("Paid as agreed")),
    "norms": (N_("Keeping to the rules"), N_("Asked for nothing against the rules")),
}
#: what each dimension is about, under its name
HINTS: Mapping[str, str] = {
    "quality": N_("Is the result correct and complete; did it pass?"),
    "timeliness": N_("Were the agreed days kept?"),
    "attitude": N_("Were they polite, reachable and clear?"),
    "charge": N_("Was it charged as agreed, with nothing on top?"),
    "norms": N_("Did they work by the law and the standard, under their own name?"),
}
#: five levels (national good-or-bad rating, domain notes 5), each with its anchor so that everybody means the same
LEVELS: Mapping[int, tuple[str, str]] = {
    5: (N_("Very satisfied"), N_("clearly more than agreed")),
    4: (N_("Satisfied"), N_("all as agreed, and done with care")),
    3: (N_("Basically satisfied"), N_("as agreed, with small things missing")),
    2: (N_("Not satisfied"), N_("a part was not as agreed")),
    1: (N_("Very unsatisfied"), N_("what matters was not as agreed")),
}
MOST_WORDS = 2000
LEAST_REASONS = 20

#: names of dated terms (models.RatingTerm)
TERMS = (
    "reveal_days", "rate_days", "call_back_days", "review_days", "appeal_days", "appeal_review_days", "proposal_days",
    "least_for_mean",
)  # fmt: skip

#: why an author is tied to the vendor, so that the rating weighs nothing; the first two may not rate at all
LINKS: Mapping[str, str] = {
    "own": N_("buyer and vendor are the same firm"),
    "member": N_("the author works or worked for the vendor at the time"),
    "tie": N_("the vendor declared a tie with the buyer"),
    "representative": N_("both have the same legal representative"),
    "phone": N_("both gave the same telephone"),
}
OWN_LINKS = frozenset({"own", "member"})


@dataclass(frozen=True, slots=True)
class Ties:
    """Who is tied to a vendor: its organisation (code) and credit code, its people with the end of their membership (none:
    running), folded names of bodies it declared, and those who share its representative or telephone (codes of organisations
    and people, credit codes).
    """

    organisation: str
    credit_code: str | None
    people: Mapping[str, datetime | None]
    bodies: frozenset[str]
    representative: frozenset[str]
    phone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Client:
    """Who stands on the buyer's side of an order: codes of people, organisation (code, credit code, folded name) or none."""

    people: frozenset[str]
    organisation: str | None
    credit_code: str | None
    name: str | None
    #: when the order was begun
    since: datetime


def link(client: Client, ties: Ties) -> str | None:
    """Why a buyer is tied to the vendor (a name of LINKS), or None.

    Who left the vendor before the order was begun is none of its people any more.
    """
    firm = {client.organisation, client.credit_code} - {None}
    if firm & {ties.organisation, ties.credit_code}:
        return "own"
    ended = [ties.people[code] for code in client.people & ties.people.keys()]
    if any(end is None or end > client.since for end in ended):
        return "member"
    if client.name is not None and client.name in ties.bodies:
        return "tie"
    known = client.people | firm
    for name, others in (("representative", ties.representative), ("phone", ties.phone)):
        if known & others:
            return name
    return None


REPORT_CAUSES: Mapping[str, str] = {
    "untrue": N_("It says something untrue that can be shown"),
    "not_about_the_work": N_("It is not about this order"),
    "insult": N_("It insults or threatens"),
    "private_data": N_("It shows somebody's personal data or a secret"),
    "bought": N_("It was bought, traded or extorted"),
    "linked": N_("Its author is tied to the vendor, or to a competitor"),
}
CALL_BACK_OUTCOMES: Mapping[str, str] = {
    "solved": N_("Solved"),
    "explained": N_("Explained"),
    "not_reached": N_("Not reached on three different days"),
}


class Order(StrEnum):
    """What matters of an order's state here."""

    FINISHED = "finished"
    DISPUTED = "disputed"
    ENDED = "ended"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides whether one side of an order may rate it now.

    `before`: state of the rating that this side gave already. `paid`: money was paid in; `kept`: not all of it went back.
    `link`: a name of LINKS or none. `revealed`: a vendor rates and the buyer's rating is public. `rate_until`: the first instant
    after the time for ratings.
    """

    order: Order
    paid: bool
    kept: bool
    link: str | None
    before: str | None
    revealed: bool
    rate_until: datetime | None
    now: datetime


RULE = N_("One rating for each accepted and paid order and side")


def why_not(facts: Facts) -> Refusal | None:
    """Why this side cannot rate the order now, with the reason and what to do; None when it can."""
    if facts.link in OWN_LINKS:
        return Forbidden(
            N_("People and firms of the vendor cannot rate its work."),
            rule=N_("No rating by the vendor's own side"),
            remedy=N_("Nothing to do: the order itself is not touched."),
        )
    if facts.before is not None:
        return _given(facts.before)
    if facts.order is Order.ENDED:
        return RuleBroken(
            N_("This order was called off or came to nothing, so there is no finished work to rate."),
            rule=RULE,
            remedy=N_("If something went wrong, write to the operator from the order page."),
        )
    if facts.order is Order.DISPUTED:
        return RuleBroken(
            N_("The order is disputed; it can be rated once the dispute is decided."),
            rule=RULE,
            remedy=N_("Wait for the decision; the time for rating begins with it."),
        )
    if not facts.paid or facts.order is Order.RUNNING:
        return RuleBroken(
            N_("An order can be rated once its work is accepted and paid."),
            rule=RULE,
            remedy=N_("Accept the result on the order page first."),
        )
    if not facts.kept:
        return RuleBroken(
            N_("All the money of this order was given back, so it does not count as finished work."),
            rule=RULE,
            remedy=N_("If something went wrong, write to the operator from the order page."),
        )
    if facts.revealed:
        return RuleBroken(
            N_("The buyer's rating is public already, so yours would not be written unseen."),
            rule=N_("Both sides write without seeing what the other wrote"),
            remedy=N_("You can reply to the buyer's rating in public, once."),
        )
    if facts.rate_until is not None and facts.now >= facts.rate_until:
        return RuleBroken(
            N_("The time for rating this order is over."),
            rule=N_("An order can be rated for a stated time after its acceptance"),
            remedy=N_("The order's history keeps what happened."),
        )
    return None


def _given(before: str) -> Refusal:
    if before == "hidden":
        return Conflict(
            N_("This order has been rated by your side already."),
            rule=RULE,
            remedy=N_("Until it is shown you can correct that rating."),
        )
    if before == "removed":
        return Conflict(
            N_("The rating of this order was removed by a decision; no other can take its place."),
            rule=RULE,
            remedy=N_("You can appeal against the decision on the rating's page."),
        )
    if before == "withdrawn":
        return Conflict(
            N_("You took your rating of this order back; no other can take its place."),
            rule=RULE,
            remedy=N_("Nothing to do."),
        )
    return Conflict(
        N_("This order has been rated by your side already."),
        rule=RULE,
        remedy=N_("A rating that is shown is not changed any more."),
    )


def check_levels(levels: Mapping[str, int]) -> None:
    """Refuse (`Invalid` by dimension) levels that are missing or not 1 to 5."""
    wrong = {
        name: [N_("Please choose one of the five levels.")] for name in DIMENSIONS if levels.get(name) not in LEVELS
    }
    if wrong:
        raise Invalid(wrong)


def check_text(text: str, field: str, *, least: int = 0) -> None:
    """Refuse (`Invalid` on `field`) what is too short or too long."""
    if len(text) < least:
        raise Invalid.field(field, N_("Say it in at least %(least)s characters."), least=least)
    if len(text) > MOST_WORDS:
        raise Invalid.field(field, N_("At most %(most)s characters, please."), most=MOST_WORDS)


def level_of(levels: Mapping[str, int]) -> Fraction:
    """The level of a rating: the mean of its five dimensions, in fifths."""
    return Fraction(sum(levels[name] for name in DIMENSIONS), len(DIMENSIONS))


def whole_level(level: Fraction) -> int:
    """The level as one of the five labels, half up."""
    return half_up(level)


def is_bad(level: Fraction) -> bool:
    """Whether the operator calls back: the level reads 1 or 2."""
    return whole_level(level) <= 2


def reveal_at(*, buyer: bool, given_at: datetime, rate_until: datetime, days: int) -> datetime:
    """The first instant at which a rating is shown though the other side wrote none.

    The buyer's: `days` times 24 hours after it was given. The vendor's, which only the buyer reads: when the buyer's time to
    rate is over, so that no vendor shortens that time or colours what the buyer writes.
    """
    return given_at + timedelta(days=days) if buyer else rate_until


def check_operator(first: str | None, second: str) -> None:
    """Refuse an appeal that would be decided by who decided first."""
    if first == second:
        raise Forbidden(
            N_("You made the first decision, so somebody else decides the appeal."),
            rule=N_("An appeal is decided by another operator"),
            remedy=N_("Leave it in the queue for a colleague."),
        )


def check_in_time(until: datetime | None, now: datetime) -> None:
    """Refuse an appeal after its time."""
    if until is None or now >= until:
        raise WrongState(
            N_("The time for an appeal is over."), remedy=N_("The decision stands; a court can still be asked.")
        )
