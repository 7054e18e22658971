"""Reading vendors: rows, and facts for rules."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from market import clock
from market.accounts.models import Membership, Organisation, Person
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel import codes
from market.kernel.actor import Actor, Role
from market.kernel.calendar import Calendar, end_of_day, last_day, local_date
from market.kernel.errors import NotFound
from market.kernel.identifiers import fold
from market.kernel.names import name_key
from market.kernel.ordering import column_of
from market.personal_data import keyed_hash
from market.record.models import AuditEntry
from market.record.queries import history_of
from market.vendors import rules
from market.vendors.models import ChangeKind, ConfirmedBy, Licence, Practitioner, Standing, Vendor, VendorChange
from market.vendors.states import ChangeState, LicenceState, VendorState

#: what the public may read of a vendor's history, and nothing else
PUBLIC_EVENTS = (
    "VendorAccepted", "VendorSuspended", "VendorReinstated", "VendorStruckOff", "VendorWithdrawn", "LicenceConfirmed",
    "LicenceLapsed", "LicenceReplaced",
)  # fmt: skip

# Vendors ----------------------------------------------------------------------------------------------------------------


def vendor(code: str) -> Vendor:
    """The vendor with this public code, in whatever state, or `NotFound`."""
    return _found(db.session.scalar(select(Vendor).where(Vendor.code == code).options(joinedload(Vendor.organisation))))


def names(codes_of: Iterable[str]) -> dict[str, str]:
    """The names of vendors by their codes; unknown codes are left out."""
    rows = db.session.execute(select(Vendor.code, Vendor.name).where(Vendor.code.in_(set(codes_of))))
    return {row.code: row.name for row in rows}


def vendor_of(organisation_code: str | None) -> Vendor | None:
    """The vendor that an organisation is, or None."""
    return db.session.scalar(select(Vendor).join(Vendor.organisation).where(Organisation.code == organisation_code))


def public_vendor(code: str) -> Vendor:
    """A vendor that was entered once, with what its page shows; `NotFound` for one that never was, or is applying."""
    found = db.session.scalar(
        select(Vendor)
        .where(Vendor.code == code, Vendor.accepted_at.is_not(None), Vendor.state.in_(rules.PUBLIC_STATES))
        .options(selectinload(Vendor.licences), selectinload(Vendor.practitioners))
    )
    return _found(found)


def open_vendors(day: date) -> Select[Any]:
    """All active vendors in the neutral order of `day` (kernel/ordering.py): by no alphabet, age, size or payment."""
    order = Vendor.neutral[column_of(day) + 1]  # arrays of PostgreSQL count from 1
    return (
        select(Vendor)
        .where(Vendor.state == VendorState.ACTIVE)
        .options(selectinload(Vendor.licences))
        .order_by(order, Vendor.code)
    )


def own_draft(person_code: str, name: str) -> tuple[Vendor, Membership] | None:
    """An application that this person began for a firm of this name and that is still being written, with the membership."""
    rows = db.session.execute(
        select(Vendor, Membership)
        .join(Organisation, Organisation.id == Vendor.organisation_id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Person.code == person_code,
            Membership.ended_at.is_(None),
            Membership.role == Role.VENDOR,
            Vendor.state.in_((VendorState.DRAFT, VendorState.RETURNED)),
        )
        .order_by(Vendor.id)
    )
    return next(((row.Vendor, row.Membership) for row in rows if name_key(row.Vendor.name) == name_key(name)), None)


def facts(row: Vendor) -> rules.VendorFacts:
    """A vendor for the rules of other domains."""
    return rules.VendorFacts(row.code, row.state)


def vendors_for_staff(text: str) -> Select[Any]:
    """Vendors that were handed in at least once, by name, code or credit code containing `text`; the newest first.

    Width, case and spaces of a code do not count (KF-INT-01).
    """
    statement = select(Vendor).where(Vendor.applied_at.is_not(None)).order_by(Vendor.id.desc())
    if text:
        name, number = text.strip(), fold(text)
        found = Vendor.name.icontains(name, autoescape=True) | Vendor.code.contains(
            codes.normalise(text), autoescape=True
        )
        statement = statement.where(found | Vendor.credit_code.contains(number, autoescape=True) if number else found)
    return statement


def earlier_entries(row: Vendor) -> list[Vendor]:
    """Other vendors that gave the same credit code, for the operator to know; without those still being drafted."""
    if row.credit_code is None:
        return []
    statement = select(Vendor).where(
        Vendor.credit_code == row.credit_code, Vendor.id != row.id, Vendor.state != VendorState.DRAFT
    )
    return list(db.session.scalars(statement.order_by(Vendor.id)))


def application(row: Vendor) -> rules.Application:
    """What a vendor's application holds, for the rules."""
    return rules.Application(
        name=row.name,
        legal_form=row.legal_form,
        address=row.address or "",
        credit_code=row.credit_code or "",
        credit_code_as_printed=row.credit_code_as_printed,
        credit_code_overridden=row.credit_code_override is not None,
        has_paper=row.paper_id is not None,
        has_representative=bool(row.representative),
        has_contact=bool(row.contact_name),
        has_phone=bool(row.contact_phone),
        licences=tuple(
            rules.GivenLicence(
                one.code,
                one.kind,
                one.state,
                one.valid_to,
                one.document_id is not None,
                one.file_refused is not None,
                one.confirmed_by is ConfirmedBy.REGISTRY,
            )
            for one in licences_of(row.id)
        ),
        undertakings=frozenset(row.undertakings),
        ties=len(row.ties),
        ties_declared=row.ties_declared_at is not None,
    )


def own_vendor(by: Actor) -> Vendor:
    """The vendor whose member acts, or `NotFound`."""
    return _found(vendor_of(by.organisation))  # type: ignore[no-any-return]


def holder_of(credit_code: str | None, *, except_id: int | None = None) -> Vendor | None:
    """Another vendor in the market, or being checked, that holds this credit code."""
    held = (VendorState.APPLIED, VendorState.ACTIVE, VendorState.SUSPENDED, VendorState.STRUCK_OFF)
    statement = select(Vendor).where(Vendor.credit_code == credit_code, Vendor.state.in_(held), Vendor.id != except_id)
    return db.session.scalars(statement).first() if credit_code else None


def questions_about(row: Vendor) -> list[rules.Question]:
    """The questions of the form check for this application."""
    verdict = rules.code_verdict(row.credit_code or "", clock.today())
    doubted = rules.needs_operator(verdict) and row.credit_code_override is None
    licences = [one.code for one in licences_of(row.id)]
    people = [one.code for one in practitioners_of(row.id)]
    return rules.questions(doubted, licences, people)


def digest_of(row: Vendor, question: rules.Question) -> str:
    """A keyed digest of everything that a question of the form check looks at: the same digest, nothing to look at again."""
    firm = (row.name, row.legal_form, row.credit_code, row.paper_id)
    looked_at: dict[rules.QuestionKind, Callable[[], tuple[Any, ...]]] = {
        rules.QuestionKind.FIRM: lambda: firm,
        rules.QuestionKind.CREDIT_CODE: lambda: firm,
        rules.QuestionKind.REPRESENTATIVE: lambda: (row.representative, row.contact_name, row.contact_phone),
        rules.QuestionKind.LICENCE: lambda: _licence_facts(licence(question.subject)),
        rules.QuestionKind.PRACTITIONER: lambda: _practitioner_facts(practitioner(question.subject)),
        rules.QuestionKind.UNDERTAKINGS: lambda: (sorted(row.undertakings), row.ties),
    }
    return keyed_hash(repr((question.key, *looked_at[question.kind]())))


def _licence_facts(one: Licence) -> tuple[Any, ...]:
    return (
        one.kind,
        one.level,
        one.number,
        one.issuer,
        one.valid_from,
        one.valid_to,
        one.document_id,
        one.registry_answer,
    )


def _practitioner_facts(one: Practitioner) -> tuple[Any, ...]:
    return (one.name, one.id_hash, one.profession, one.registration, one.valid_to)


def shown_credit_code(row: Vendor) -> str | None:
    """The credit code as the public may see it: none while a doubted one (perhaps a person's number) was not accepted.

    KF-INT-03: a number that reads as a resident id is never published unasked.
    """
    if row.credit_code is None or row.credit_code_override is not None:
        return row.credit_code
    doubted = rules.needs_operator(rules.code_verdict(row.credit_code, clock.today()))
    return None if doubted else row.credit_code


# Licences and people ----------------------------------------------------------------------------------------------------


def licence(code: str) -> Licence:
    """The licence with this public code, or `NotFound`."""
    statement = (
        select(Licence).where(Licence.code == code).options(joinedload(Licence.vendor), joinedload(Licence.document))
    )
    return _found(db.session.scalar(statement))


def licences_of(vendor_id: int) -> list[Licence]:
    """The licences of a vendor without those that were replaced or taken out, as they were given."""
    statement = (
        select(Licence)
        .where(Licence.vendor_id == vendor_id, Licence.state != LicenceState.REPLACED)
        .options(joinedload(Licence.document))
        .order_by(Licence.id)
    )
    return list(db.session.scalars(statement))


def practitioner(code: str) -> Practitioner:
    """The professional with this public code, or `NotFound`."""
    return _found(db.session.scalar(select(Practitioner).where(Practitioner.code == code)))


def practitioners_of(vendor_id: int, *, confirmed: bool = False) -> list[Practitioner]:
    """The professionals of a vendor who have not left, as they were added; with `confirmed`, those who count."""
    statement = select(Practitioner).where(Practitioner.vendor_id == vendor_id, Practitioner.left_at.is_(None))
    if confirmed:
        statement = statement.where(Practitioner.confirmed_at.is_not(None))
    return list(db.session.scalars(statement.order_by(Practitioner.id)))


def elsewhere(one: Practitioner) -> int:
    """With how many other vendors that are in the market the same person is entered at the same time."""
    statement = (
        select(func.count())
        .select_from(Practitioner)
        .join(Practitioner.vendor)
        .where(
            Practitioner.id_hash == one.id_hash,
            Practitioner.vendor_id != one.vendor_id,
            Practitioner.left_at.is_(None),
            Vendor.state.in_((VendorState.APPLIED, VendorState.ACTIVE, VendorState.SUSPENDED)),
        )
    )
    return db.session.scalar(statement) or 0


def qualifications_of(vendor_id: int) -> list[rules.LicenceFacts]:
    """Licences and confirmed professionals of a vendor, for `rules.missing_qualifications`."""
    return _held(licences_of(vendor_id), practitioners_of(vendor_id))


def held_by(row: Vendor) -> list[rules.LicenceFacts]:
    """The same as `qualifications_of` for a vendor whose licences and practitioners are loaded: no further statement."""
    licences = [one for one in row.licences if one.state is not LicenceState.REPLACED]
    return _held(licences, [one for one in row.practitioners if one.left_at is None])


def _held(licences: Sequence[Licence], people: Sequence[Practitioner]) -> list[rules.LicenceFacts]:
    held = [rules.LicenceFacts(one.kind, one.level, one.valid_from, one.valid_to, one.state) for one in licences]
    for one in people:
        state = LicenceState.VALID if one.confirmed_at else LicenceState.REFUSED if one.reason else LicenceState.GIVEN
        held.append(rules.LicenceFacts(one.profession, None, local_date(one.joined_at), one.valid_to, state))
    return held


def kinds() -> dict[str, tuple[str, ...]]:
    """The firms' qualifications that the catalogue names, with their levels."""
    return rules.levels_of(item.qualification for item in catalogue.items())


def professions() -> list[str]:
    """The professions that the catalogue names."""
    return rules.professions_of(item.qualification for item in catalogue.items())


@dataclass(frozen=True, slots=True)
class Reach:
    """A service item that needs a qualification, and what the vendor still lacks for it (nothing: it can be offered)."""

    item: catalogue.Item
    missing: list[rules.Missing]


def reach(vendor_id: int, day: date) -> list[Reach]:
    """The items that touch a qualification the vendor has given, with what is lacking for each; complete ones first."""
    held = qualifications_of(vendor_id)
    given = {one.kind for one in held}
    found = [
        Reach(item, rules.missing_qualifications(item.qualification, held, day))
        for item in catalogue.items(day)
        if given & {name for need in rules.flat(rules.needs(item.qualification)) for name in need.names}
    ]
    return sorted(found, key=lambda one: len(one.missing))


def ending_licences(vendor_id: int, day: date) -> list[Licence]:
    """Licences that count and end within 60 days, or lapsed; the nearest end first."""
    until = day + timedelta(days=max(rules.WARNINGS))
    near = [
        one
        for one in licences_of(vendor_id)
        if one.valid_to is not None and one.state in (LicenceState.VALID, LicenceState.LAPSED) and one.valid_to <= until
    ]
    return sorted(near, key=lambda one: one.valid_to or date.max)


# The operator's queue ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something in the operator's queue: an application (`kind` application) or a change, with its clock."""

    code: str
    kind: str
    name: str
    what: tuple[str, ...]
    given_at: datetime
    due_at: datetime
    due_on: date
    #: working days left; below 0 overdue
    days_left: int


def queue(calendar: Calendar, now: datetime) -> list[Waiting]:
    """All applications and changes that wait for an operator, the earliest deadline first."""
    entries: list[tuple[str, str, str, tuple[str, ...], datetime, datetime]] = []
    applied = select(Vendor).where(Vendor.state == VendorState.APPLIED).options(selectinload(Vendor.licences))
    for row in db.session.scalars(applied):
        what = tuple(dict.fromkeys(one.kind for one in row.licences if one.state is not LicenceState.REPLACED))
        entries.append((row.code, "application", row.name, what, row.applied_at or now, row.check_due_at or now))
    for change in open_changes():
        subject = (change_subject(change),) if change.subject else ()
        entries.append((change.code, str(change.kind), change.vendor.name, subject, change.given_at, change.due_at))
    found = []
    for code, kind, name, what, given_at, due_at in sorted(entries, key=lambda entry: (entry[5], entry[0])):
        day = last_day(due_at)
        left = calendar.working_days_between(local_date(now), day).days
        if now >= due_at and left >= 0:  # overdue on a day off: no working day has passed yet
            left = -1
        found.append(Waiting(code, kind, name, what, given_at, due_at, day, left))
    return found


def due_at(given_at: datetime, periods: Sequence[rules.DatedPeriod] = rules.CHECK_PERIODS) -> datetime:
    """The end of the form check for something handed in at `given_at`: the end of the second working day after that day.

    KF-CAL-01: the day of handing in does not count, and the last day counts whole.
    """
    day = local_date(given_at)
    return end_of_day(catalogue.calendar().end_of(day, rules.in_force(periods, day).period).day)


def appeal_until(now: datetime) -> date:
    """The last day of an appeal against what is decided at `now`."""
    day = local_date(now)
    return catalogue.calendar().end_of(day, rules.in_force(rules.APPEAL_PERIODS, day).period).day


def open_changes(vendor_id: int | None = None) -> list[VendorChange]:
    """Changes that wait for an operator, the earliest deadline first; with `vendor_id`, those of one vendor."""
    statement = (
        select(VendorChange).where(VendorChange.state == ChangeState.OPEN).options(joinedload(VendorChange.vendor))
    )
    if vendor_id is not None:
        statement = statement.where(VendorChange.vendor_id == vendor_id)
    return list(db.session.scalars(statement.order_by(VendorChange.due_at, VendorChange.id)))


def change(code: str) -> VendorChange:
    """The change with this public code, or `NotFound`."""
    statement = select(VendorChange).where(VendorChange.code == code).options(joinedload(VendorChange.vendor))
    return _found(db.session.scalar(statement))


def last_change(vendor_id: int, kind: ChangeKind) -> VendorChange | None:
    """The newest change of a kind by a vendor that was not dropped."""
    statement = select(VendorChange).where(
        VendorChange.vendor_id == vendor_id, VendorChange.kind == kind, VendorChange.state != ChangeState.DROPPED
    )
    return db.session.scalars(statement.order_by(VendorChange.id.desc()).limit(1)).first()


def change_values(row: VendorChange) -> Mapping[str, Any]:
    """The new values of a change by field (personal data: show them to the vendor and its operator only)."""
    return json.loads(row.values) if row.values else {}


def change_subject(row: VendorChange) -> str:
    """What a change of a licence or professional is about: the licence's kind or the profession."""
    if row.kind is ChangeKind.LICENCE:
        return licence(row.subject or "").kind
    return practitioner(row.subject or "").profession


def checked_in(month_from: datetime, until: datetime) -> tuple[int, int]:
    """How many form checks (applications and changes) were decided in time in a span of time, and of how many."""
    decided = ("VendorAccepted", "VendorReturned", "VendorChangeAccepted", "VendorChangeReturned")
    on_time = AuditEntry.facts["on_time"].as_boolean()
    row = db.session.execute(
        select(func.count().filter(on_time), func.count()).where(
            AuditEntry.event.in_(decided),
            AuditEntry.role.is_not(None),
            AuditEntry.at >= month_from,
            AuditEntry.at < until,
        )
    ).one()
    return row[0], row[1]


# Standing and history ----------------------------------------------------------------------------------------------------


def standing(vendor_id: int, item: str | None = None) -> Standing | None:
    """Ratings and job counts of a vendor for an item, or in all; None when there is nothing yet."""
    return db.session.scalar(
        select(Standing).where(Standing.vendor_id == vendor_id, Standing.item.is_not_distinct_from(item))
    )


def public_history(code: str) -> Select[Any]:
    """What the public may read of what happened to a vendor, newest first."""
    return history_of(code).where(AuditEntry.event.in_(PUBLIC_EVENTS))


def licences_to_check(today: date) -> list[str]:
    """Codes of vendors with a licence or registration that ended, begins, or comes near its end today."""
    until = today + timedelta(days=max(rules.WARNINGS))
    licences = select(Licence.vendor_id).where(
        Licence.state == LicenceState.VALID,
        (Licence.valid_to <= until) | (Licence.begun_at.is_(None) & (Licence.valid_from <= today)),
    )
    people = select(Practitioner.vendor_id).where(
        Practitioner.confirmed_at.is_not(None), Practitioner.left_at.is_(None), Practitioner.valid_to < today
    )
    gone = (VendorState.WITHDRAWN, VendorState.STRUCK_OFF)
    statement = select(Vendor.code).where(Vendor.id.in_(licences) | Vendor.id.in_(people), Vendor.state.not_in(gone))
    return list(db.session.scalars(statement.order_by(Vendor.id)))


def licences_to_ask_for(now: datetime) -> list[str]:
    """Codes of licences that the registry should be asked for again: last asked a month ago or never, ended ones for 90 days."""
    month = now - timedelta(days=30)
    lately = local_date(now) - timedelta(days=90)
    due = Licence.registry_checked_at.is_(None) | (Licence.registry_checked_at <= month)
    # a renewal is looked for every day while offers are suspended for want of it
    lapsed = (Licence.state == LicenceState.LAPSED) & (Licence.valid_to >= lately)
    statement = (
        select(Licence.code)
        .join(Licence.vendor)
        .where(
            Vendor.state.in_((VendorState.APPLIED, VendorState.ACTIVE, VendorState.SUSPENDED)),
            ((Licence.state.in_((LicenceState.VALID, LicenceState.GIVEN))) & due) | lapsed,
        )
    )
    return list(db.session.scalars(statement.order_by(Licence.id)))


def _found(row: Any) -> Any:
    if row is None:
        raise NotFound()
    return row
