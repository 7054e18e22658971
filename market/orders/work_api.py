"""Contract, work and disputes for programs: the same operations as the pages, on the blueprint of orders (api.py).

Tokens need the scope orders:read or orders:write. Signing takes the password of the person whose token it is: a token alone
signs nothing.
"""

from typing import Any

from market import limits
from market.accounts import guessing
from market.accounts import queries as accounts
from market.http import allow, current_actor
from market.kernel.errors import NotFound
from market.orders import contract_operations, dispute_operations, queries, work_operations, work_queries, work_schemas
from market.orders.api import READ, WRITE, blp
from market.orders.contract_text import Stage
from market.orders.models import Contract, Dispute, Order


@blp.route("/orders/<code>/work")
@allow(scope=READ)
@blp.response(200, work_schemas.WorkOut)
def work(code: str) -> Any:
    """Where the work stands: stages with deadlines, versions of the contract, what is waited for."""
    return _work(queries.order_for(code, current_actor())[0])


@blp.route("/orders/<code>/contract")
@allow(scope=READ)
@blp.response(200, work_schemas.ContractOut)
def contract(code: str) -> Any:
    """The version to be signed, else the one that binds, with its content; `digest`: SHA-256 of its RFC 8785 JSON."""
    return _contract(queries.order_for(code, current_actor())[0])


@blp.route("/orders/<code>/contract/sign", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.SignIn)
@blp.response(200, work_schemas.WorkOut)
def sign(data: dict[str, Any], code: str) -> Any:
    """Sign the version that waits, with the password that opens the person's key. Guesses count as at sign-in."""
    actor = current_actor()
    order, _party = queries.order_for(code, actor)
    found, me = work_queries.contract_offered(order), accounts.person(actor.person)
    if found is None or me is None:
        raise NotFound()
    guessing.check_own_password(me, data["password"], peer=limits.peer(), field="password")
    contract_operations.sign_contract(found.code, password=data["password"], by=actor)
    return _work(queries.order(code))


@blp.route("/orders/<code>/contract/changes", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.AmendIn)
@blp.response(201, work_schemas.ContractOut)
def amend(data: dict[str, Any], code: str) -> Any:
    """Propose other stages, days or amounts; both sides sign them."""
    order, _party = queries.order_for(code, current_actor())
    before = work_queries.contract_in_force(order)
    conditions = [one["condition"] for one in before.content["milestones"]] if before else []
    stages = [
        Stage(
            one["title"],
            one["days"],
            one["price"].fen,
            conditions[place] if place < len(conditions) else work_schemas.CONDITION,
        )
        for place, one in enumerate(data["stages"])
    ]
    return contract_operations.propose_amendment(code, stages, data["reason"], by=current_actor())


@blp.route("/orders/<code>/contract/changes/drop", methods=["POST"])
@allow(scope=WRITE)
@blp.response(200, work_schemas.WorkOut)
def drop_change(code: str) -> Any:
    """Take back or refuse the change that waits for signatures."""
    order, _party = queries.order_for(code, current_actor())
    found = work_queries.contract_offered(order)
    if found is None:
        raise NotFound()
    contract_operations.drop_amendment(found.code, by=current_actor())
    return _work(order)


@blp.route("/orders/<code>/start", methods=["POST"])
@allow(scope=WRITE)
@blp.response(200, work_schemas.WorkOut)
def start(code: str) -> Any:
    """The vendor begins; only with the money held."""
    work_operations.start_work(code, by=current_actor())
    return _work(queries.order(code))


@blp.route("/orders/<code>/pause", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.PauseIn)
@blp.response(200, work_schemas.WorkOut)
def pause(data: dict[str, Any], code: str) -> Any:
    """Stop the clock of the running stage."""
    work_operations.pause_work(code, data["cause"], data["words"], by=current_actor())
    return _work(queries.order(code))


@blp.route("/orders/<code>/resume", methods=["POST"])
@allow(scope=WRITE)
@blp.response(200, work_schemas.WorkOut)
def resume(code: str) -> Any:
    """Let the clock go on."""
    work_operations.resume_work(code, by=current_actor())
    return _work(queries.order(code))


@blp.route("/orders/<code>/extension", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.ExtensionIn)
@blp.response(200, work_schemas.WorkOut)
def ask_extension(data: dict[str, Any], code: str) -> Any:
    """The vendor asks for more working days."""
    work_operations.ask_extension(code, data["days"], data["words"], by=current_actor())
    return _work(queries.order(code))


@blp.route("/orders/<code>/extension/answer", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.ExtensionAnswerIn)
@blp.response(200, work_schemas.WorkOut)
def answer_extension(data: dict[str, Any], code: str) -> Any:
    """The buyer agrees to more days, or not."""
    work_operations.answer_extension(code, agreed=data["agreed"], by=current_actor())
    return _work(queries.order(code))


@blp.route("/orders/<code>/deliver", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.DeliverIn)
@blp.response(200, work_schemas.WorkOut)
def deliver(data: dict[str, Any], code: str) -> Any:
    """Hand over the running stage with documents given before; the same ones again change nothing."""
    work_operations.deliver(code, data["documents"], data["note"], by=current_actor())
    return _work(queries.order(code))


@blp.route("/orders/<code>/accept", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.LookedAtIn)
@blp.response(200, work_schemas.WorkOut)
def accept(data: dict[str, Any], code: str) -> Any:
    """Accept what was handed over; `number` and `round` say which result was looked at."""
    work_operations.accept_milestone(code, number=data["number"], round=data["round"], by=current_actor())
    return _work(queries.order(code))


@blp.route("/orders/<code>/rework", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.ReworkIn)
@blp.response(200, work_schemas.WorkOut)
def rework(data: dict[str, Any], code: str) -> Any:
    """Send a result back with reasons."""
    work_operations.ask_rework(
        code, data["reasons"], data["words"], number=data["number"], round=data["round"], by=current_actor()
    )
    return _work(queries.order(code))


@blp.route("/orders/<code>/messages")
@allow(scope=READ)
@blp.response(200, work_schemas.OrderMessageOut(many=True))
def messages(code: str) -> Any:
    """What both sides wrote, the oldest first."""
    return work_queries.messages_of(queries.order_for(code, current_actor())[0])


@blp.route("/orders/<code>/messages", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.MessageIn)
@blp.response(201, work_schemas.OrderMessageOut)
def send_message(data: dict[str, Any], code: str) -> Any:
    """Write to the other side; the same `form_key` again is the same message."""
    return work_operations.send_message(
        code, data["text"], data["documents"], form_key=data["form_key"], by=current_actor()
    )


@blp.route("/orders/<code>/disputes")
@allow(scope=READ)
@blp.response(200, work_schemas.DisputeOut(many=True))
def disputes(code: str) -> Any:
    """All disputes of an order, the oldest first."""
    return work_queries.disputes_of(queries.order_for(code, current_actor())[0])


@blp.route("/orders/<code>/disputes", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.DisputeIn)
@blp.response(201, work_schemas.DisputeOut)
def open_dispute(data: dict[str, Any], code: str) -> Any:
    """Open a dispute: releases wait for the operator's decision."""
    return dispute_operations.open_dispute(
        code, data["claim"].fen, data["words"], data["documents"], by=current_actor()
    )


@blp.route("/orders/<code>/disputes/answer", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(work_schemas.DisputeAnswerIn)
@blp.response(200, work_schemas.DisputeOut)
def answer_dispute(data: dict[str, Any], code: str) -> Any:
    """Write to the open dispute."""
    return dispute_operations.answer_dispute(_open(code).code, data["text"], data["documents"], by=current_actor())


@blp.route("/orders/<code>/disputes/withdraw", methods=["POST"])
@allow(scope=WRITE)
@blp.response(200, work_schemas.DisputeOut)
def withdraw_dispute(code: str) -> Any:
    """Take one's open dispute back."""
    return dispute_operations.withdraw_dispute(_open(code).code, by=current_actor())


def _work(order: Order) -> dict[str, Any]:
    return {
        "order": order.code,
        "state": str(order.state),
        "waiting_for": order.waiting_for,
        "waiting_on": str(order.waiting_on) if order.waiting_on else None,
        "due_at": order.due_at,
        "milestones": work_queries.milestones_of(order),
        "contracts": [one for one in work_queries.contracts_of(order) if one.number > 0],
    }


def _contract(order: Order) -> Contract:
    found = work_queries.contract_offered(order) or work_queries.contract_in_force(order)
    if found is None:
        raise NotFound()
    return found


def _open(code: str) -> Dispute:
    order, _party = queries.order_for(code, current_actor())
    found = work_queries.open_dispute(order)
    if found is None:
        raise NotFound()
    return found
