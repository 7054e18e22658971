"""What counter staff do for a citizen after it was read back: what is shown of it, its digest, and how it is done.

One row of the tables for each `Deed`. The digest covers all that was shown: when anything of it has changed meanwhile, what was
found right is no longer what would be done.
"""

from collections.abc import Callable, Mapping
from typing import Any

from market.centres.states import Deed
from market.kernel import canonical
from market.kernel.actor import Actor
from market.kernel.errors import Invalid, WrongState
from market.kernel.words import N_
from market.orders import placing_operations, work_operations, work_queries
from market.orders.models import Order
from market.orders.states import OrderState

#: in which states of the order a deed is open
POSSIBLE: Mapping[Deed, frozenset[OrderState]] = {
    Deed.PLACE: frozenset({OrderState.DRAFT}),
    Deed.ACCEPT: frozenset({OrderState.DELIVERED}),
    Deed.REWORK: frozenset({OrderState.DELIVERED}),
    Deed.MESSAGE: frozenset(OrderState) - {OrderState.DRAFT, OrderState.IN_REVIEW},
}
#: characters that sending a result back needs (work_operations.ask_rework)
LEAST_WORDS = 10


def open_to(order: Order) -> list[Deed]:
    """The deeds that the order is open to, in the order of `Deed`."""
    return [deed for deed in Deed if order.state in POSSIBLE[deed] and (deed is not Deed.MESSAGE or order.vendor_id)]


def check(deed: Deed, order: Order, said: Mapping[str, Any]) -> None:
    """Refused: a deed that the order's state does not allow, an answer where no result waits (`WrongState`), a message without
    words, a result sent back without reasons or words (`Invalid`)."""
    if deed not in open_to(order):
        raise WrongState(
            N_("This cannot be done while the order stands where it is."),
            remedy=N_("The order page says what is waited for."),
        )
    if deed in (Deed.ACCEPT, Deed.REWORK) and not _result(order):
        raise WrongState(N_("No result waits for an answer."))
    words = str(said.get("words") or "").strip()
    if deed is Deed.MESSAGE and not words:
        raise Invalid.field("words", N_("Please write what the citizen says."))
    if deed is Deed.REWORK:
        if not said.get("reasons"):
            raise Invalid.field("reasons", N_("Please choose at least one reason."))
        if len(words) < LEAST_WORDS:
            raise Invalid.field(
                "words",
                N_("Sending a result back needs the reason in words, at least %(least)s characters."),
                least=LEAST_WORDS,
            )


def shown(deed: Deed, order: Order, said: Mapping[str, Any]) -> dict[str, Any]:
    """All that is read back, as plain data: what the order says, the result that is judged (none once it is answered), and the
    citizen's words."""
    content: dict[str, Any] = {
        "deed": str(deed),
        "order": order.code,
        "title": order.title,
        "item": order.item,
        "district": order.district,
        "said": {name: said.get(name) for name in ("words", "reasons") if said.get(name)},
    }
    return content | PARTS[deed](order)


def digest(deed: Deed, order: Order, said: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of `shown`."""
    return canonical.digest(shown(deed, order, said))


def do(deed: Deed, order: Order, said: Mapping[str, Any], *, by: Actor) -> None:
    """Do it through the order's own operation, in the citizen's name (`by` acts on behalf)."""
    DO[deed](order, said, by)


def _need(order: Order) -> dict[str, Any]:
    return {
        "matter": order.matter,
        "description": order.description,
        "facts": {name: str(value) for name, value in sorted(order.facts.items())},
        "fund": str(order.fund),
        "needed_by": order.needed_by.isoformat() if order.needed_by else None,
        "ceiling_fen": order.ceiling_fen,
        "way": str(order.way) if order.way else None,
        "listing": order.listing,
        "publication": order.publication,
        "plan": str(order.plan),
        "papers": [[paper.name, str(paper.source)] for paper in order.papers],
    }


def _result(order: Order) -> dict[str, Any]:
    stage = work_queries.running(order)
    delivery = work_queries.last_delivery(stage) if stage is not None else None
    if stage is None or delivery is None:
        return {}
    return {
        "stage": stage.number,
        "stage_title": stage.title,
        "round": delivery.round,
        "fen": stage.fen,
        "digests": list(delivery.digests),
    }


def _nothing(order: Order) -> dict[str, Any]:
    return {}


def _place(order: Order, said: Mapping[str, Any], by: Actor) -> None:
    placing_operations.place_order(order.code, by=by)


def _accept(order: Order, said: Mapping[str, Any], by: Actor) -> None:
    result = _result(order)
    _tell(order, said, by)
    work_operations.accept_milestone(order.code, number=result["stage"], round=result["round"], by=by)


def _rework(order: Order, said: Mapping[str, Any], by: Actor) -> None:
    result = _result(order)
    work_operations.ask_rework(
        order.code, said["reasons"], said["words"], number=result["stage"], round=result["round"], by=by
    )


def _tell(order: Order, said: Mapping[str, Any], by: Actor) -> None:
    if said.get("words"):
        work_operations.send_message(order.code, said["words"], by=by)


PARTS: Mapping[Deed, Callable[[Order], dict[str, Any]]] = {
    Deed.PLACE: _need,
    Deed.ACCEPT: _result,
    Deed.REWORK: _result,
    Deed.MESSAGE: _nothing,
}
DO: Mapping[Deed, Callable[[Order, Mapping[str, Any], Actor], None]] = {
    Deed.PLACE: _place,
    Deed.ACCEPT: _accept,
    Deed.REWORK: _rework,
    Deed.MESSAGE: _tell,
}
