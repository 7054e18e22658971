"""Pages of contract, work and disputes. The order page itself, with its buttons, is market/pages/order_views.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import marshmallow as ma
from flask import Response, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import clock, http, limits
from market.accounts import guessing, signing
from market.accounts import queries as accounts
from market.documents import operations as documents
from market.documents import queries as document_queries
from market.documents.rules import Purpose
from market.http import allow, current_actor, form, page, public
from market.kernel.actor import Role
from market.kernel.errors import Invalid, NotFound
from market.kernel.words import N_
from market.orders import (
    contract_operations,
    contract_pdf,
    contract_text,
    dispute_operations,
    qualified,
    queries,
    work_operations,
    work_queries,
    work_rules,
    work_schemas,
)
from market.orders.blueprint import bp
from market.orders.models import Contract, Dispute, Order, SignMethod
from market.orders.states import ContractState, DisputeState, Party
from market.record import log_queries
from market.schemas import Nothing
from market.vendors import queries as vendors

#: files of one person
RATES = ("60/minute", "600/hour")

CONTRACT_STATES = {
    ContractState.OFFERED: N_("waits for signatures"),
    ContractState.IN_FORCE: N_("in force"),
    ContractState.REPLACED: N_("replaced by a later version"),
    ContractState.DROPPED: N_("not signed"),
}
METHODS = {
    SignMethod.ACCOUNT_KEY: N_("account key"),
    SignMethod.QUALIFIED: N_("qualified certificate"),
    SignMethod.PAPER: N_("on paper"),
}
PARTIES = {
    Party.BUYER: N_("Buyer"),
    Party.VENDOR: N_("Vendor"),
    Party.OPERATOR: N_("Operator"),
    Party.MARKET: N_("The market"),
}
DISPUTE_STATES = {
    DisputeState.OPEN: N_("open"),
    DisputeState.DECIDED: N_("decided"),
    DisputeState.WITHDRAWN: N_("withdrawn"),
}
bp.app_context_processor(
    lambda: {
        "contract_states": CONTRACT_STATES, "party_words": PARTIES, "sign_methods": METHODS,
        "dispute_states": DISPUTE_STATES, "pause_causes": work_rules.PAUSES, "rework_reasons": work_rules.REWORKS,
        "dispute_outcomes": work_rules.OUTCOMES,
    }
)  # fmt: skip


# Files of a form --------------------------------------------------------------------------------------------------------


def taken(data: Mapping[str, Any], purpose: Purpose) -> list[str]:
    """Codes of the files of a checked form: those given before, and those sent now, which are taken in here.

    What was taken in is shown again when the form is refused afterwards (`given_files`).
    """
    actor = current_actor()
    codes = list(data["documents"])
    g.given_files = codes
    for sent in data["files"]:
        if sent.filename:
            limits.count("upload", actor.person, *RATES)
            codes.append(documents.give(sent.stream, sent.filename, purpose, by=actor, field="files").code)
    return codes


def given_files() -> list[Any]:
    """The files that the form has already, for its page."""
    return document_queries.documents_with(g.get("given_files", []))


# The contract -----------------------------------------------------------------------------------------------------------


@bp.route("/orders/contracts/<code>")
@public
def contract_public(code: str) -> Any:
    """What anybody may know of a contract: code, digest, states and times of the signatures, and its entry in the public
    record. No party, no price."""
    found = work_queries.contract(code)
    leaves = log_queries.leaves_about(found.code, "contract.concluded")
    return render_template(
        "orders/contract_public.html",
        contract=found,
        whole=contract_text.digest(found.content) == found.digest,
        signed={one.party: one for one in found.signatures},
        sides=(Party.BUYER, Party.VENDOR),
        leaf=leaves[0] if leaves else None,
    )


@bp.route("/orders/<code>/contract")
@allow()
def contract_of(code: str) -> Any:
    """The version that waits for signatures, else the one that binds, else the last one."""
    order, _party = queries.order_for(code, current_actor())
    versions = work_queries.contracts_of(order)
    if not versions:
        raise NotFound()
    found = work_queries.contract_offered(order) or work_queries.contract_in_force(order) or versions[-1]
    return redirect(url_for("orders.contract", code=code, contract=found.code))


def _contract_page(code: str, contract: str) -> dict[str, Any]:
    found, order, party = _contract(code, contract)
    signed = {one.party: one for one in found.signatures}
    mine = party in (Party.BUYER, Party.VENDOR)
    waits = found.state is ContractState.OFFERED and mine and party not in signed and clock.now() < found.sign_by
    return {
        "order": order,
        "contract": found,
        "content": found.content,
        "party": party,
        "signed": signed,
        "valid": {one.party: _is_valid(found, one) for one in found.signatures},
        "sides": (("buyer", Party.BUYER), ("vendor", Party.VENDOR)),
        "can_sign": waits,
        "on_behalf": bool(current_actor().on_behalf_of),
        "can_drop": found.state is ContractState.OFFERED and found.number > 1 and mine,
        "facts": contract_pdf.facts(found.content),
        "qr": contract_pdf.qr(contract_pdf.public_address(_public_url(), found.code)),
        "service": qualified.of(current_app.extensions["settings"]) is not None,
        "versions": [one for one in work_queries.contracts_of(order) if one.number > 0],
    }


@bp.route("/orders/<code>/contracts/<contract>", methods=["GET", "POST"])
@allow()
@form(work_schemas.SignForm, "orders/contract.html", page=_contract_page)
def contract(data: Mapping[str, Any], code: str, contract: str) -> Any:
    """The contract in full; signing it with one's password."""
    found, order, party = _contract(code, contract)
    actor = current_actor()
    if party not in (Party.BUYER, Party.VENDOR):
        raise NotFound()
    me = accounts.person(actor.person)
    if me is None:
        raise NotFound()
    guessing.check_own_password(me, data["password"], peer=limits.peer(), field="password")
    signed = contract_operations.sign_contract(found.code, password=data["password"], by=actor)
    if signed.state is ContractState.IN_FORCE:
        flash(_("Signed. Both sides have signed: the contract is in force."))
    else:
        flash(_("Signed. The other side signs next."))
    return redirect(url_for("pages.order", code=order.code))


@bp.route("/orders/<code>/contracts/<contract>.pdf")
@allow()
def contract_file(code: str, contract: str) -> Response:
    """The contract as a PDF, made from its text: the same bytes as the one that is kept with the order's documents."""
    found, _order, _party = _contract(code, contract)
    body = contract_pdf.render(found.content, found.digest, contract_pdf.public_address(_public_url(), found.code))
    answer = Response(body, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{found.code}.pdf")
    return answer


def _paper_page(code: str, contract: str) -> dict[str, Any]:
    found, order, party = _contract(code, contract)
    if party is not Party.BUYER:
        raise NotFound()
    return {"order": order, "contract": found, "files": given_files()}


@bp.route("/orders/<code>/contracts/<contract>/paper", methods=["GET", "POST"])
@allow(Role.COUNTER)
@form(work_schemas.PaperForm, "orders/contract_paper.html", page=_paper_page)
def contract_paper(data: Mapping[str, Any], code: str, contract: str) -> Any:
    """Counter staff attach the scan of what the buyer signed on paper."""
    given = taken(data, Purpose.CONTRACT)
    contract_operations.sign_contract(
        contract, method=SignMethod.PAPER, document=given[-1] if given else None, by=current_actor()
    )
    flash(_("The signature on paper is recorded."))
    return redirect(url_for("pages.order", code=code))


@bp.route("/orders/<code>/contracts/<contract>/qualified", methods=["GET", "POST"])
@allow()
@form(work_schemas.QualifiedForm, "orders/contract_qualified.html", page=lambda **at: _qualified_page(**at))
def contract_qualified(data: Mapping[str, Any], code: str, contract: str) -> Any:
    """Take over the signature that the person made at the signature service."""
    found, order, party = _contract(code, contract)
    service = qualified.of(current_app.extensions["settings"])
    if service is None:
        raise NotFound()
    text = contract_text.signed_text(order.code, found.code, found.digest, str(party))
    made = service.result(data["request"], text)
    if made is None:
        raise Invalid.field("request", N_("The signature service has not signed yet."))
    contract_operations.sign_contract(
        found.code, method=SignMethod.QUALIFIED, qualified=(made.serial, made.signature), by=current_actor()
    )
    flash(_("Signed with your certificate."))
    return redirect(url_for("pages.order", code=order.code))


def _qualified_page(code: str, contract: str) -> dict[str, Any]:
    found, order, party = _contract(code, contract)
    service = qualified.of(current_app.extensions["settings"])
    if service is None or party not in (Party.BUYER, Party.VENDOR):
        raise NotFound()
    asked = request.form.get("request") or request.args.get("request")
    begun = None
    if not asked:
        text = contract_text.signed_text(order.code, found.code, found.digest, str(party))
        back = f"{_public_url()}{url_for('orders.contract_qualified', code=code, contract=contract)}"
        begun = service.begin(f"{found.code}/{party}", text, back)
    return {"order": order, "contract": found, "begun": begun, "asked": asked or (begun.request if begun else "")}


def _amend_page(code: str) -> dict[str, Any]:
    order, party = queries.order_for(code, current_actor())
    rows = work_queries.milestones_of(order)
    values: dict[str, Any] = {}
    for row in rows:
        values |= {
            f"title_{row.number}": row.title, f"days_{row.number}": row.days,
            f"amount_{row.number}": f"{row.fen // 100}.{row.fen % 100:02d}",
        }  # fmt: skip
    if party not in (Party.BUYER, Party.VENDOR) or not rows:
        raise NotFound()
    return {"order": order, "rows": rows, "party": party, "values": values, "most": len(rows) + 2}


@bp.route("/orders/<code>/amend", methods=["GET", "POST"])
@allow()
@form(work_schemas.AmendForm, "orders/amend.html", page=_amend_page)
def amend(data: dict[str, Any], code: str) -> Any:
    """Propose a change of stages, days or amounts."""
    order, _party = queries.order_for(code, current_actor())
    contract = work_queries.contract_in_force(order)
    conditions = [one["condition"] for one in contract.content["milestones"]] if contract else []
    try:
        stages = work_schemas.stages_of(data, conditions)
    except ma.ValidationError as error:
        raise http.invalid(error) from None
    made = contract_operations.propose_amendment(code, stages, data["reason"], by=current_actor())
    flash(_("Proposed. It counts when both sides have signed it."))
    return redirect(url_for("orders.contract", code=code, contract=made.code))


# The work ---------------------------------------------------------------------------------------------------------------


def _work_page(code: str) -> dict[str, Any]:
    order, party = queries.order_for(code, current_actor())
    if party not in (Party.BUYER, Party.VENDOR):
        raise NotFound()
    row = work_queries.running(order)
    return {
        "order": order,
        "party": party,
        "row": row,
        "last": work_queries.last_delivery(row) if row is not None else None,
        "files": given_files(),
    }


@bp.route("/orders/<code>/pause", methods=["GET", "POST"])
@allow()
@form(work_schemas.PauseForm, "orders/work_pause.html", page=_work_page)
def pause(data: Mapping[str, Any], code: str) -> Any:
    """Stop the clock, with cause and words."""
    work_operations.pause_work(code, data["cause"], data["words"], by=current_actor())
    flash(_("The clock stands. The due day moves by the working days until you resume."))
    return redirect(url_for("pages.order", code=code))


@bp.route("/orders/<code>/extension", methods=["GET", "POST"])
@allow()
@form(work_schemas.ExtensionForm, "orders/work_extension.html", page=_work_page)
def extension(data: Mapping[str, Any], code: str) -> Any:
    """Ask for more working days."""
    work_operations.ask_extension(code, data["days"], data["words"], by=current_actor())
    flash(_("The buyer is asked. Until the answer the old due day holds."))
    return redirect(url_for("pages.order", code=code))


@bp.route("/orders/<code>/deliver", methods=["GET", "POST"])
@allow()
@form(work_schemas.DeliverForm, "orders/work_deliver.html", page=_work_page)
def deliver(data: Mapping[str, Any], code: str) -> Any:
    """Hand over the result of the running stage with its files."""
    work_operations.deliver(code, taken(data, Purpose.RESULT), data["note"], by=current_actor())
    flash(_("Handed over. The buyer's time for acceptance has begun."))
    return redirect(url_for("pages.order", code=code))


@bp.route("/orders/<code>/rework", methods=["GET", "POST"])
@allow()
@form(work_schemas.ReworkForm, "orders/work_rework.html", page=_work_page)
def rework(data: Mapping[str, Any], code: str) -> Any:
    """Send a result back with reasons."""
    work_operations.ask_rework(
        code, data["reasons"], data["words"], number=data["number"], round=data["round"], by=current_actor()
    )
    flash(_("Sent back with your reasons. The vendor hands it over again."))
    return redirect(url_for("pages.order", code=code))


@bp.route("/desk/deliveries")
@allow(Role.VENDOR)
def deliveries() -> Any:
    """What the vendor works on, by deadline."""
    vendor = vendors.vendor_of(current_actor().organisation)
    if vendor is None:
        raise NotFound()
    return render_template(
        "orders/work_deliveries.html", page=page(work_queries.deliveries_of(vendor.id)), vendor=vendor
    )


# Disputes ---------------------------------------------------------------------------------------------------------------


def _open_page(code: str) -> dict[str, Any]:
    order, party = queries.order_for(code, current_actor())
    if party not in (Party.BUYER, Party.VENDOR):
        raise NotFound()
    return {
        "order": order, "party": party, "files": given_files(), "paid_fen": work_queries.paid_for(order),
        "days": queries.term("dispute_days", item=order.item, region=order.district),
        "until": work_queries.dispute_until(order),
    }  # fmt: skip


@bp.route("/orders/<code>/dispute", methods=["GET", "POST"])
@allow()
@form(work_schemas.DisputeForm, "orders/dispute_open.html", page=_open_page)
def open_dispute(data: Mapping[str, Any], code: str) -> Any:
    """Open a dispute; releases wait."""
    made = dispute_operations.open_dispute(
        code, data["claim"].fen, data["words"], taken(data, Purpose.PROOF), by=current_actor()
    )
    flash(_("The dispute is open. Money that is held stays where it is until it is over."))
    return redirect(url_for("orders.dispute", code=made.code))


def _dispute_page(code: str) -> dict[str, Any]:
    found, order, party = _dispute(code)
    texts = [{"documents": found.documents}, *found.answers]
    return {
        "dispute": found,
        "answers": [one | {"at": datetime.fromisoformat(one["at"])} for one in found.answers],
        "order": order,
        "party": party,
        "files": given_files(),
        "paid_fen": work_queries.paid_for(order),
        "documents": {
            one.code: one for one in document_queries.documents_with([c for t in texts for c in t["documents"]])
        },
        "may_decide": current_actor().role is Role.OPERATOR and found.state is DisputeState.OPEN,
    }


@bp.route("/disputes/<code>", methods=["GET", "POST"])
@allow()
@form(work_schemas.AnswerForm, "orders/dispute.html", page=_dispute_page)
def dispute(data: Mapping[str, Any], code: str) -> Any:
    """A dispute with what both sides and the operator wrote; writing to it."""
    _dispute(code)
    dispute_operations.answer_dispute(code, data["text"], taken(data, Purpose.PROOF), by=current_actor())
    flash(_("Your words are added; the other side and the operator are told."))
    return redirect(url_for("orders.dispute", code=code))


@bp.route("/disputes/<code>/withdraw", methods=["POST"])
@allow()
@form(Nothing, "orders/dispute.html", page=_dispute_page)
def withdraw_dispute(data: Mapping[str, Any], code: str) -> Any:
    """Take one's dispute back."""
    found, order, _party = _dispute(code)
    dispute_operations.withdraw_dispute(found.code, by=current_actor())
    flash(_("The dispute is withdrawn; the order goes on where it stood."))
    return redirect(url_for("pages.order", code=order.code))


@bp.route("/disputes/<code>/decide", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(work_schemas.DecideForm, "orders/dispute_decide.html", page=_dispute_page)
def decide_dispute(data: Mapping[str, Any], code: str) -> Any:
    """The operator's decision with reasons and the division of the money."""
    dispute_operations.decide_dispute(
        code,
        outcome=data["outcome"],
        buyer_fen=data["buyer"].fen if data["buyer"] else 0,
        vendor_fen=data["vendor"].fen if data["vendor"] else 0,
        reasons=data["reasons"],
        by=current_actor(),
    )
    flash(_("Decided. Both sides are told, and the money follows."))
    return redirect(url_for("orders.dispute", code=code))


@bp.route("/desk/disputes")
@allow(Role.OPERATOR)
def disputes() -> Any:
    """The operator's queue of disputes, by deadline."""
    at = clock.now()
    waiting = page(work_queries.dispute_queue())
    return render_template(
        "orders/disputes.html",
        page=waiting,
        overdue=sum(at >= one.due_at for one in waiting.items),
        over=page(work_queries.decided_disputes(), per=10, number=1).items,
    )


# Parts ------------------------------------------------------------------------------------------------------------------


def _contract(code: str, contract: str) -> tuple[Contract, Order, Party]:
    order, party = queries.order_for(code, current_actor())
    found = work_queries.contract(contract)
    if found.order_id != order.id:
        raise NotFound()
    return found, order, party


def _dispute(code: str) -> tuple[Dispute, Order, Party]:
    found = work_queries.dispute(code)
    order, party = queries.order_for(found.order.code, current_actor())
    return found, order, party


def _is_valid(contract: Contract, one: Any) -> bool:
    """Whether an account key's signature fits the stored text; other methods were checked when they were made."""
    if one.method is not SignMethod.ACCOUNT_KEY:
        return True
    key = accounts.account_key(one.key or "")
    text = contract_text.signed_text(contract.order.code, contract.code, contract.digest, str(one.party))
    whole = contract_text.digest(contract.content) == contract.digest
    return key is not None and whole and signing.fits(key.public, one.signature or "", text)


def _public_url() -> str:
    return current_app.extensions["settings"].public_url


__all__: Sequence[str] = ("bp",)
