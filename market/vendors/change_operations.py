"""What a vendor in the market changes is looked at again by an operator within two working days."""

import json
from collections.abc import Mapping

from sqlalchemy import true

from market import clock
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.errors import Conflict, Invalid, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.record.operations import record
from market.transaction import transactional
from market.vendors import events, licence_operations, queries, rules
from market.vendors.models import ChangeKind, LegalForm, Vendor, VendorChange
from market.vendors.names import pinyin_of, representative_hash
from market.vendors.states import CHANGE_TRANSITIONS, ChangeState


@transactional
def open_change(
    vendor: Vendor,
    kind: ChangeKind,
    values: Mapping[str, str],
    *,
    subject: str | None = None,
    fields: list[str] | None = None,
    by: Actor,
) -> VendorChange | None:
    """Put a change of a vendor (locked by the caller) into the operator's queue; a newer one takes the place of an open one.

    `values` are the new values by field, kept sealed until accepted; none and no `fields`: the vendor took an open change of this
    kind back, and nothing is opened.
    """
    drop_open(vendor, kind=kind, subject=subject, by=by)
    if not values and not fields:
        return None
    db.session.flush()  # the dropped one leaves the index of open changes first
    now = clock.now()
    change = VendorChange(
        code=new_code("G"), vendor=vendor, kind=kind, subject=subject, fields=fields or sorted(values),
        values=json.dumps(dict(values), ensure_ascii=False) if values else None, state=ChangeState.OPEN, given_at=now,
        due_at=queries.due_at(now),
    )  # fmt: skip
    db.session.add(change)
    # new values may be personal data: the record only says which fields change
    record(events.VendorChanged(vendor.code, {field: [] for field in change.fields}), by=by)
    return change


@transactional
def drop_open(vendor: Vendor, *, kind: ChangeKind | None = None, subject: str | None = None, by: Actor) -> None:
    """Take open changes of a vendor (locked by the caller) out of the queue: of a kind, about a subject, or all."""
    of_kind = VendorChange.kind == kind if kind else true()
    about = VendorChange.subject.is_not_distinct_from(subject) if kind or subject else true()
    for change in lock_where(
        VendorChange, VendorChange.vendor_id == vendor.id, VendorChange.state == ChangeState.OPEN, of_kind, about
    ):
        change.state = next_state(CHANGE_TRANSITIONS, change.state, "drop")
        change.decided_at = clock.now()


@transactional
def settle(vendor: Vendor, subject: str, *, by: Actor) -> None:
    """The registry confirmed what an open change is about: no operator needs to look any more."""
    for change in lock_where(
        VendorChange,
        VendorChange.vendor_id == vendor.id,
        VendorChange.state == ChangeState.OPEN,
        VendorChange.subject == subject,
    ):
        _accepted(change, by)


@transactional
def decide_change(code: str, answer: rules.Answer, *, by: Actor) -> bool:
    """Accept a change, or return it with its exact reason; True when accepted.

    Refused: a "no" without a reason, a reason that rests on place, size, age or turnover (`Invalid`); a change that was decided
    or taken back meanwhile (`WrongState`); a credit code that another vendor holds by now (`Conflict`).
    """
    vendor = lock(Vendor, queries.change(code).vendor.code)
    change = queries.change(code)
    db.session.refresh(change)  # decided under the vendor's lock: what was read before it may be old
    if change.state is not ChangeState.OPEN:
        raise WrongState(
            N_("This change has been decided already, or was taken back."),
            remedy=N_("Open the queue for the next one."),
        )
    if fault := rules.reason_fault(answer, must=not answer.yes):
        raise Invalid({"answer": [fault]})
    reason = {"code": answer.code or "other", "text": answer.text.strip()}
    DECIDE[change.kind](vendor, change, answer.yes, reason, by)
    lock(VendorChange, code)
    if answer.yes:
        _accepted(change, by)
    else:
        change.state = next_state(CHANGE_TRANSITIONS, change.state, "return")
        change.decided_at, change.reason = clock.now(), reason
        record(events.VendorChangeReturned(vendor.code, code, str(change.kind), clock.now() < change.due_at), by=by)
    return answer.yes


def _accepted(change: VendorChange, by: Actor) -> None:
    change.state = next_state(CHANGE_TRANSITIONS, change.state, "accept")
    change.decided_at = clock.now()
    on_time = clock.now() < change.due_at
    record(events.VendorChangeAccepted(change.vendor.code, change.code, str(change.kind), on_time), by=by)


def _decide_firm(vendor: Vendor, change: VendorChange, yes: bool, reason: dict[str, str], by: Actor) -> None:
    if not yes:
        return
    values = dict(queries.change_values(change))
    if code := values.get("credit_code"):
        if queries.holder_of(code, except_id=vendor.id) is not None:
            raise Conflict(N_("Another vendor in the market holds this credit code."))
        verdict = rules.code_verdict(code, clock.today())
        vendor.credit_code_override = reason["text"] if rules.needs_operator(verdict) else None
        if rules.needs_operator(verdict) and len(reason["text"]) < 4:
            what = N_("Please say what shows that this code is genuine; it is kept in the record.")
            raise Invalid.field("answer", what)
        vendor.credit_code = code
    if name := values.get("name"):
        vendor.name, vendor.name_pinyin, vendor.organisation.name = name, pinyin_of(name), name
    if form := values.get("legal_form"):
        vendor.legal_form = LegalForm(form)
    vendor.updated_at = clock.now()


def _decide_representative(vendor: Vendor, change: VendorChange, yes: bool, reason: dict[str, str], by: Actor) -> None:
    if yes:
        vendor.representative = queries.change_values(change)["representative"]
        vendor.representative_hash = representative_hash(vendor.representative)
        vendor.updated_at = clock.now()


def _decide_licence(vendor: Vendor, change: VendorChange, yes: bool, reason: dict[str, str], by: Actor) -> None:
    if yes:
        licence_operations.confirm(change.subject or "", by=by)
    else:
        licence_operations.refuse(change.subject or "", reason, by=by)


def _decide_practitioner(vendor: Vendor, change: VendorChange, yes: bool, reason: dict[str, str], by: Actor) -> None:
    if yes:
        licence_operations.confirm_practitioner(change.subject or "", by=by)
    else:
        licence_operations.refuse_practitioner(change.subject or "", reason, by=by)


#: what a decision does, by kind
DECIDE = {
    ChangeKind.FIRM: _decide_firm,
    ChangeKind.REPRESENTATIVE: _decide_representative,
    ChangeKind.LICENCE: _decide_licence,
    ChangeKind.PRACTITIONER: _decide_practitioner,
}
