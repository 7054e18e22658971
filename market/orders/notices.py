"""The need of an order as a published notice: its texts, whose money it is, and the way through the review's gate.

What a public buyer needs, or what fiscal money pays for, is published with everything the review found in it. A private need with
the buyer's own money goes to the one vendor whose offer he chose: nobody publishes it, so the findings are shown to him as
warnings and kept nowhere (rule catalogue, section 1).
"""

from collections.abc import Mapping
from fractions import Fraction

from market import clock
from market.kernel.actor import Actor
from market.kernel.errors import RuleBroken
from market.kernel.words import N_
from market.orders import queries
from market.orders.models import Fund, Order
from market.review import gate_rules
from market.review import operations as review
from market.review import queries as review_queries
from market.review.gate_rules import Kind, NewNotice
from market.review.rules import Context, Finding
from market.review.rules import Fund as Money

#: field of the notice -> column of the order
FIELDS: Mapping[str, str] = {
    "title": "title", "content": "description", "qualifications": "requirements", "terms": "conditions",
}  # fmt: skip
FUNDS: Mapping[Fund, Money] = {Fund.FISCAL: Money.FISCAL, Fund.PRIVATE: Money.PRIVATE}


def is_published(row: Order) -> bool:
    """Whether the need is public: fiscal money pays, as it always does for a public body."""
    return row.fund is Fund.FISCAL


def texts_of(row: Order) -> dict[str, str]:
    """The texts of the need by field of the notice, in their order; empty ones too."""
    return {name: getattr(row, column) for name, column in FIELDS.items()}


def context_of(row: Order) -> Context:
    """Whose money, and the sum in yuan to which deposits and past contracts are compared: the most the buyer can pay."""
    fen = row.ceiling_fen if row.ceiling_fen is not None else row.price_fen
    return Context(fund=FUNDS[row.fund], contract_sum=Fraction(fen, 100) if fen else None)


def findings(row: Order, texts: Mapping[str, str] | None = None) -> list[Finding]:
    """What the review finds in the need (or in `texts`, as they are being typed), with the severities that hold for it."""
    found = review_queries.findings(texts_of(row) if texts is None else texts, context_of(row))
    return found if is_published(row) else gate_rules.softened(found)


def note(row: Order, *, by: Actor) -> None:
    """Count what is found in a draft that will be published."""
    if is_published(row):
        review.note_clauses(Kind.ORDER, row.code, findings(row), by=by)


def hold(row: Order) -> None:
    """Lock the notice that the need has already, before anything of orders is locked."""
    review.hold_notice(Kind.ORDER, row.code)


def publish(row: Order, *, by: Actor) -> None:
    """Through the gate: refuses a clause that blocks and one without its reason (review.operations.gate), publishes the rest.

    Nothing for a need that nobody publishes.
    """
    if not is_published(row):
        return
    days = queries.term("objection_days", item=row.item, region=row.district)
    notice = NewNotice(
        kind=Kind.ORDER,
        subject=row.code,
        title=row.title,
        publisher=row.organisation.code if row.organisation is not None else None,
        district=row.district,
        item=row.item,
        fund=FUNDS[row.fund],
        object_by=queries.end_of_term(clock.now(), days),
    )
    review.gate(texts_of(row), context_of(row), row.reasons, notice=notice, by=by)


def need_in_words(row: Order) -> str:
    """What the need says beside its title, for the contract: what is asked of the vendor and the buyer's terms bind."""
    parts = [row.description]
    parts += [f"资格要求：{row.requirements}"] if row.requirements else []
    parts += [f"合同条件：{row.conditions}"] if row.conditions else []
    return "\n".join(part for part in parts if part)


def check_goes_on(row: Order) -> None:
    """Refuse what an objection to the notice stops: confirming, clearing, signing."""
    if row.stopped_at is not None:
        raise RuleBroken(
            N_("The regulator objects to a clause of this need: nothing goes on until it is changed or he withdraws."),
            rule=N_(
                "公平竞争审查条例 and the rules of this market: an objection within two working days stops the selection."
            ),
            remedy=N_("The buyer takes the order back and changes the clause; the notice says which one."),
        )
