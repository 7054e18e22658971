"""Licences and professionals: given, confirmed, refused, lapsed, renewed.

A licence counts once the registry or an operator confirmed it, from its first day through the whole of its last. What listings
react to are LicenceConfirmed, LicenceLapsed, LicenceReplaced and the like; they ask `rules.missing_qualifications` anew.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from market import clock
from market.db import db, new_code
from market.documents import operations as documents
from market.kernel import identifiers
from market.kernel.actor import Actor
from market.kernel.calendar import local_date
from market.kernel.errors import Conflict, Invalid, WrongState
from market.kernel.names import display_name
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.personal_data import keyed_hash
from market.record.operations import record
from market.transaction import attempt, transactional
from market.vendors import change_operations, events, queries, rules
from market.vendors.access import ENTERED, check_writing, locked_own
from market.vendors.models import ChangeKind, ConfirmedBy, Licence, Practitioner, Vendor
from market.vendors.registry import Finding, Status
from market.vendors.states import LICENCE_TRANSITIONS, LicenceState

#: reasons that came from the registry: a later good answer lifts them
FROM_REGISTRY = frozenset({"registry_unknown", "revoked", "expired", "other_holder", "level_differs"})

# Given by the vendor -----------------------------------------------------------------------------------------------------


@transactional
def give_licence(
    vendor_code: str,
    *,
    kind: str,
    level: str | None = None,
    number: str,
    issuer: str,
    valid_from: date,
    valid_to: date | None = None,
    document: str | None = None,
    file_refused: Mapping[str, Any] | None = None,
    by: Actor,
) -> Licence:
    """Give a licence of a kind that the catalogue names; the registry is asked after the commit.

    `document` is the public code of its file; `file_refused` (name, what, remedy, params) keeps in the list that a file was not
    taken, and why. Refused: unknown kind or level, days that do not follow each other (`Invalid`), the same number twice
    (`Conflict`). For a vendor in the market an operator looks at it unless the registry confirms it.
    """
    file = documents.attach(document, vendor_code, by=by) if document else None  # documents are locked before vendors
    vendor = _locked_writable(vendor_code, by)
    values = _checked(kind, level, number, issuer, valid_from, valid_to)
    _refuse_twice(vendor, kind, number)
    licence = Licence(
        code=new_code("C"), vendor=vendor, state=LicenceState.GIVEN, document=file, file_refused=dict(file_refused or {}) or None,
        warned=[], created_at=clock.now(), **values,
    )  # fmt: skip
    db.session.add(licence)
    db.session.flush()  # the change below names its key
    _given(licence, by)
    return licence


@transactional
def correct_licence(
    code: str,
    *,
    kind: str,
    level: str | None = None,
    number: str,
    issuer: str,
    valid_from: date,
    valid_to: date | None = None,
    document: str | None = None,
    file_refused: Mapping[str, Any] | None = None,
    by: Actor,
) -> Licence:
    """Correct a licence that does not count yet, or add its file; it is then checked anew. Refusals as in `give_licence`.

    One that counts or has lapsed is not changed: a renewed one is given beside it (`WrongState`).
    """
    found = queries.licence(code)
    file = documents.attach(document, found.vendor.code, by=by) if document else None
    vendor = _locked_writable(found.vendor.code, by)
    licence = lock(Licence, code)
    if licence.state not in (LicenceState.GIVEN, LicenceState.REFUSED):
        raise WrongState(
            N_("A confirmed licence is not changed."),
            remedy=N_("Give the renewed one beside it; take the old one out later."),
        )
    values = _checked(kind, level, number, issuer, valid_from, valid_to)
    if (kind, number) != (licence.kind, licence.number):
        _refuse_twice(vendor, kind, number)
    for field, value in values.items():
        setattr(licence, field, value)
    licence.document = file or licence.document
    licence.file_refused = dict(file_refused) if file_refused else None if file else licence.file_refused
    if licence.state is LicenceState.REFUSED:
        licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "give")
    licence.reason = licence.registry_answer = licence.registry_checked_at = None
    _given(licence, by)
    return licence


@transactional
def remove_licence(code: str, *, by: Actor) -> None:
    """Take a licence out of the list. What was bound to it stays readable in the record."""
    vendor = _locked_writable(queries.licence(code).vendor.code, by)
    licence = lock(Licence, code)
    licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "replace")
    change_operations.drop_open(vendor, subject=code, by=by)
    record(events.LicenceReplaced(licence.code, vendor.code, None), by=by)


@transactional
def add_practitioner(
    vendor_code: str,
    *,
    name: str,
    id_number: str,
    profession: str,
    registration: str,
    valid_to: date | None = None,
    by: Actor,
) -> Practitioner:
    """Add a registered professional. Name and identity number are encrypted; a keyed hash finds the same person again.

    Refused (`Invalid`): a number that does not fit, with the exact reason and without repeating it; a registration that has
    ended; (`Conflict`) a person who is in the list already. For a vendor in the market an operator confirms it first.
    """
    vendor = _locked_writable(vendor_code, by)
    verdict = identifiers.resident_id(id_number, clock.today())
    if not verdict.accepted:
        raise Invalid({"id_number": [verdict.refusal()]})
    if valid_to is not None and valid_to < clock.today():
        raise Invalid.field("valid_to", N_("This registration has ended already."))
    person = Practitioner(
        code=new_code("E"), vendor_id=vendor.id, name=display_name(name), id_number=verdict.normalised,
        id_hash=keyed_hash(verdict.normalised), profession=display_name(profession, 120), registration=registration.strip(),
        valid_to=valid_to, joined_at=clock.now(),
    )  # fmt: skip
    try:
        with attempt():
            db.session.add(person)
            db.session.flush()  # the index decides whether the person is there already
    except IntegrityError:
        raise Conflict(
            N_("This person is in your list already."), remedy=N_("Let the entry there end before you add a new one.")
        ) from None
    record(events.PractitionerJoined(person.code, vendor.code, person.profession), by=by)
    if vendor.state in ENTERED:
        change_operations.open_change(
            vendor, ChangeKind.PRACTITIONER, {}, subject=person.code, fields=["practitioner"], by=by
        )
    return person


@transactional
def let_practitioner_go(code: str, *, by: Actor) -> None:
    """Note that a professional has left, or take an entry out. Offers that need the profession react at once."""
    vendor = _locked_writable(queries.practitioner(code).vendor.code, by)
    person = lock(Practitioner, code)
    if person.left_at is not None:
        raise WrongState(N_("This person has left already."))
    person.left_at = clock.now()
    change_operations.drop_open(vendor, subject=code, by=by)
    record(events.PractitionerLeft(person.code, vendor.code), by=by)


# Confirmed or refused by an operator --------------------------------------------------------------------------------------


@transactional
def confirm(code: str, *, by: Actor) -> None:
    """An operator saw the paper: the licence counts from its first day. One that counts already stays as it is.

    The caller holds the vendor's lock, here and in the three that follow.
    """
    licence = lock(Licence, code)
    if licence.state is LicenceState.VALID:
        return
    licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "confirm")
    _confirmed(licence, ConfirmedBy.OPERATOR, by)


@transactional
def refuse(code: str, reason: Mapping[str, str], *, by: Actor) -> None:
    """A licence does not count; `reason` (code of rules.REASONS, typed text) stays beside it in the vendor's list."""
    licence = lock(Licence, code)
    if licence.state is not LicenceState.REFUSED:
        licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "refuse")
    _refused(licence, dict(reason), by)


@transactional
def confirm_practitioner(code: str, *, by: Actor) -> None:
    """An operator confirmed a professional: counted and shown from now on."""
    person = lock(Practitioner, code)
    if person.confirmed_at is None:
        person.confirmed_at, person.reason = clock.now(), None
        record(events.PractitionerConfirmed(person.code, person.vendor.code, person.profession), by=by)


@transactional
def refuse_practitioner(code: str, reason: Mapping[str, str], *, by: Actor) -> None:
    """A professional does not count, for the `reason` that stays beside the entry."""
    person = lock(Practitioner, code)
    person.confirmed_at, person.reason = None, dict(reason)
    record(events.PractitionerRefused(person.code, person.vendor.code, person.profession, reason["code"]), by=by)


# By the registry and by the calendar --------------------------------------------------------------------------------------


@transactional
def note_finding(code: str, finding: Finding, *, by: Actor) -> None:
    """Keep what the registry said of a licence, and act on it. Safe to repeat.

    Valid: confirmed, or renewed when its last day moved. Expired or revoked: refused, or lapsed when it counted. Unknown or under
    another firm: what was given waits for an operator; what counted stays, and an operator is asked to look.
    """
    vendor, licence = _locked(code)
    if licence.state is LicenceState.REPLACED:
        return
    status = finding.status
    level_differs = status is Status.VALID and bool(finding.level) and finding.level != licence.level
    licence.registry_answer = "level_differs" if level_differs else str(status)
    licence.registry_checked_at = clock.now()
    if status is Status.VALID and not level_differs:
        _found_valid(vendor, licence, finding, by)
    elif status in (Status.EXPIRED, Status.REVOKED):
        _found_ended(vendor, licence, str(status), by)
    elif licence.state is LicenceState.VALID and vendor.state in ENTERED:
        change_operations.open_change(vendor, ChangeKind.LICENCE, {}, subject=code, fields=["registry"], by=by)
    elif status is Status.OTHER_HOLDER and licence.state is LicenceState.GIVEN:
        _refused_by_registry(vendor, licence, "other_holder", by)


def _found_valid(vendor: Vendor, licence: Licence, finding: Finding, by: Actor) -> None:
    before = licence.valid_to
    if finding.valid_to is not None:
        licence.valid_to = finding.valid_to
        licence.valid_from = min(licence.valid_from, finding.valid_to)
    by_registry = (licence.reason or {}).get("code") in FROM_REGISTRY
    if licence.state is LicenceState.GIVEN or (licence.state is LicenceState.REFUSED and by_registry):
        licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "confirm")
    elif licence.state is LicenceState.LAPSED or (licence.state is LicenceState.VALID and licence.valid_to != before):
        licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "renew")
        licence.warned = []
    else:
        return
    _confirmed(licence, ConfirmedBy.REGISTRY, by)
    change_operations.settle(vendor, licence.code, by=by)


def _found_ended(vendor: Vendor, licence: Licence, reason: str, by: Actor) -> None:
    if licence.state is LicenceState.VALID:
        _lapse(licence, reason, by)
    elif licence.state is LicenceState.GIVEN:
        _refused_by_registry(vendor, licence, reason, by)


def _refused_by_registry(vendor: Vendor, licence: Licence, reason: str, by: Actor) -> None:
    licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "refuse")
    _refused(licence, {"code": reason, "text": ""}, by)
    # the registry's answer leaves nothing for an operator to look at
    change_operations.drop_open(vendor, subject=licence.code, by=by)


@transactional
def review_days(vendor_code: str, *, by: Actor) -> None:
    """What today's date means for a vendor's licences and registrations: ended ones lapse, begun ones count, warnings are given.

    A licence valid through day d lapses on d + 1 (Asia/Shanghai). Each of the warnings 60, 30 and 7 days before is given once.
    Safe to repeat.
    """
    vendor, today = lock(Vendor, vendor_code), clock.today()
    for licence in lock_where(Licence, Licence.vendor_id == vendor.id, Licence.state == LicenceState.VALID):
        if licence.valid_to is not None and licence.valid_to < today:
            _lapse(licence, "expired", by)
        elif licence.begun_at is None and licence.valid_from <= today:
            _confirmed(licence, licence.confirmed_by or ConfirmedBy.OPERATOR, by, told="begun")
        if licence.state is LicenceState.VALID and (step := rules.warning_due(licence.valid_to, today, licence.warned)):
            licence.warned = sorted({*licence.warned, *rules.warnings_passed(step)})
            last = licence.valid_to or today
            warning = events.LicenceEnding(
                licence.code, vendor.code, licence.kind, last.isoformat(), (last - today).days
            )
            record(warning, by=by)
    people = lock_where(Practitioner, Practitioner.vendor_id == vendor.id, Practitioner.left_at.is_(None))
    for person in people:
        if person.confirmed_at and person.valid_to is not None and person.valid_to < today:
            person.confirmed_at, person.reason = None, {"code": "expired", "text": ""}
            record(events.PractitionerRefused(person.code, vendor.code, person.profession, "expired"), by=by)


# ------------------------------------------------------------------------------------------------------------------------


def _locked_writable(vendor_code: str, by: Actor) -> Vendor:
    vendor = locked_own(vendor_code, by)
    if vendor.state not in ENTERED:
        check_writing(vendor)
    return vendor


def _locked(code: str) -> tuple[Vendor, Licence]:
    vendor = lock(Vendor, queries.licence(code).vendor.code)
    return vendor, lock(Licence, code)


def _checked(
    kind: str, level: str | None, number: str, issuer: str, valid_from: date, valid_to: date | None
) -> dict[str, Any]:
    kinds = queries.kinds()
    if kind not in kinds:
        raise Invalid.field(
            "kind", N_("The catalogue names no such qualification."), remedy=N_("Choose one from the list.")
        )
    if kinds[kind] and level not in kinds[kind]:
        what = N_("“%(kind)s” has levels; please choose one: %(levels)s.")
        raise Invalid.field("level", what, kind=kind, levels="、".join(kinds[kind]))
    if valid_to is not None and valid_to < valid_from:
        raise Invalid.field("valid_to", N_("The last day lies before the first."))
    if valid_to is not None and valid_to < clock.today():
        raise Invalid.field(
            "valid_to", N_("This licence ended on %(day)s."), remedy=N_("Give the renewed one."), day=valid_to
        )
    return {
        "kind": kind,
        "level": level if kinds[kind] else None,
        "number": " ".join(number.split()),
        "issuer": display_name(issuer, 200),
        "valid_from": valid_from,
        "valid_to": valid_to,
    }


def _refuse_twice(vendor: Vendor, kind: str, number: str) -> None:
    for one in queries.licences_of(vendor.id):
        if (one.kind, one.number) == (kind, " ".join(number.split())) and one.state is not LicenceState.LAPSED:
            raise Conflict(N_("This licence is in your list already."), remedy=N_("Correct it there."))


def _given(licence: Licence, by: Actor) -> None:
    vendor = licence.vendor
    last = licence.valid_to.isoformat() if licence.valid_to else None
    event = events.LicenceGiven(licence.code, vendor.code, licence.kind, licence.level, licence.number, last)
    record(event, by=by)
    if vendor.state in ENTERED:
        change_operations.open_change(vendor, ChangeKind.LICENCE, {}, subject=licence.code, fields=["licence"], by=by)


def _confirmed(licence: Licence, source: ConfirmedBy, by: Actor, *, told: str = "") -> None:
    now = clock.now()
    licence.confirmed_by, licence.confirmed_at, licence.reason = source, licence.confirmed_at or now, None
    if licence.valid_from <= local_date(now):
        licence.begun_at = licence.begun_at or now
        _replace_lapsed(licence, by)
    last = licence.valid_to.isoformat() if licence.valid_to else None
    event = events.LicenceConfirmed(licence.code, licence.vendor.code, licence.kind, last, told or str(source))
    record(event, by=by)


def _replace_lapsed(licence: Licence, by: Actor) -> None:
    """Lapsed licences of the same kind and level have nothing left to say once a new one counts."""
    same = (Licence.vendor_id == licence.vendor_id, Licence.kind == licence.kind, Licence.id != licence.id)
    for old in lock_where(Licence, *same, Licence.state == LicenceState.LAPSED):
        if old.level == licence.level:
            old.state = next_state(LICENCE_TRANSITIONS, old.state, "replace")
            record(events.LicenceReplaced(old.code, licence.vendor.code, licence.code), by=by)


def _refused(licence: Licence, reason: dict[str, str], by: Actor) -> None:
    licence.reason = reason
    event = events.LicenceRefused(licence.code, licence.vendor.code, licence.kind, reason["code"])
    record(event, by=by)


def _lapse(licence: Licence, reason: str, by: Actor) -> None:
    licence.state = next_state(LICENCE_TRANSITIONS, licence.state, "lapse")
    licence.reason = {"code": reason, "text": ""}
    record(events.LicenceLapsed(licence.code, licence.vendor.code, licence.kind, reason), by=by)
