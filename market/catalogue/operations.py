"""How the catalogue changes: proposed, consulted on, put in force; working days declared."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.catalogue import queries, reviewed, rules
from market.catalogue.events import (
    DayDeclared,
    VersionCommented,
    VersionConsulted,
    VersionProposed,
    VersionPutInForce,
    VersionWithdrawn,
)
from market.catalogue.models import CalendarDay, Comment, Entry, Version
from market.catalogue.standard_schema import FaultyStandard, parse_standard
from market.catalogue.states import TRANSITIONS, VersionState
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.errors import Invalid
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.record.operations import record
from market.transaction import transactional


@transactional
def propose_version(
    kind: str,
    slug: str,
    content: Mapping[str, Any],
    *,
    reason: str,
    valid_from: date,
    by: Actor,
    items: Sequence[str] = (),
    district: str | None = None,
) -> Version:
    """Propose a new content for an entry, or a new entry; it holds only after consultation.

    Refuses, by field, contents that are not in order (rules.check_item, the form of price standards), a day that has passed
    and a standard that binds without naming its items.
    """
    today = clock.today()
    entry = db.session.scalar(select(Entry).where(Entry.kind == kind, Entry.slug == slug))
    if entry is None:
        entry = Entry(kind=kind, slug=slug)
        db.session.add(entry)
        db.session.flush()  # the version needs its key
    rules.check_dates(valid_from, today, None)
    if kind == "item":
        rules.check_item(content, {c.slug for c in queries.categories()}, {row.slug for row, _ in queries.standards()})
    elif kind == "standard":
        try:
            standard = parse_standard(dict(content), slug)
        except FaultyStandard as error:
            raise Invalid.field(
                "content", N_("This is not in the form of a price standard: %(fault)s"), fault=str(error)
            ) from None
        rules.check_standard(standard, items, {item.slug for item in queries.items()}, valid_from)
    number = db.session.scalar(select(func.max(Version.number)).where(Version.entry_id == entry.id)) or 0
    before = _in_force(entry, today)
    version = Version(
        code=new_code("G"),
        entry=entry,
        number=number + 1,
        state=VersionState.PROPOSED,
        content=dict(content),
        reason=reason,
        valid_from=valid_from,
        district=district,
        items=sorted(items),
        created_at=clock.now(),
        created_by=by.person,
    )
    db.session.add(version)
    changed = rules.changes(before.content if before else {}, content)
    record(VersionProposed(version.code, f"{kind}:{slug}", version.number, reason, changed), by=by)
    return version


@transactional
def consult(
    version_code: str, *, by: Actor, days: int = rules.CONSULTATION_DAYS, reasons: Mapping[str, str] | None = None
) -> Version:
    """Open a proposal for comments by anybody, for `days` calendar days.

    From here on it is public, so what changes in an item or a standard passes the review of fair competition first
    (reviewed.publish; `reasons`: rule id -> why a clause stays).
    """
    version = _locked(version_code)
    state = next_state(TRANSITIONS, version.state, "consult")
    reviewed.publish(version, reasons or {}, by=by)
    version.state = state
    version.consulted_until = clock.today() + timedelta(days=max(days, rules.CONSULTATION_DAYS))
    record(VersionConsulted(version.code, _entry(version), version.consulted_until.isoformat()), by=by)
    return version


@transactional
def comment(version_code: str, text: str, *, by: Actor) -> Comment:
    """Say something in a consultation; public, under the organisation's name or as a citizen. Refused when it is not open."""
    version = _locked(version_code)
    if version.state != VersionState.CONSULTED or (version.consulted_until and clock.today() > version.consulted_until):
        next_state(TRANSITIONS, VersionState.IN_FORCE, "comment")
    said = Comment(
        code=new_code("K"), version_id=version.id, organisation=by.organisation, text=text, created_at=clock.now()
    )
    db.session.add(said)
    record(VersionCommented(version.code, _entry(version), said.code), by=by)
    return said


@transactional
def put_in_force(version_code: str, *, by: Actor, valid_from: date | None = None) -> Version:
    """Let a consulted version hold from its day on; the one before ends the day before and stays readable.

    Refused while the consultation runs, while the regulator objects to a clause of it, for a day that has passed, and when it
    would not begin after the one it replaces.
    """
    version = _locked(version_code)
    today = clock.today()
    state = next_state(TRANSITIONS, version.state, "put_in_force")
    rules.check_consulted(version.consulted_until, today)
    if valid_from is not None:
        version.valid_from = valid_from
    version.valid_from = max(version.valid_from, today)
    before = next(
        (
            row
            for row in lock_where(Version, Version.entry_id == version.entry_id, Version.state == VersionState.IN_FORCE)
            if row.district == version.district and row.id != version.id
        ),
        None,
    )
    reviewed.check_goes_on(version)
    rules.check_dates(version.valid_from, today, before.valid_from if before else None)
    version.state = state
    if before is not None:
        before.state = next_state(TRANSITIONS, before.state, "supersede")
        before.valid_to = version.valid_from - timedelta(days=1)
    record(
        VersionPutInForce(
            version.code,
            _entry(version),
            version.entry.kind,
            version.entry.slug,
            version.valid_from.isoformat(),
            before.code if before else None,
        ),
        by=by,
    )
    return version


@transactional
def withdraw_version(version_code: str, *, reason: str, by: Actor) -> Version:
    """Give a proposal up before it holds."""
    version = _locked(version_code)
    version.state = next_state(TRANSITIONS, version.state, "withdraw")
    reviewed.end(version, by=by)
    record(VersionWithdrawn(version.code, _entry(version), reason), by=by)
    return version


@transactional
def declare_day(on: date, *, is_working: bool, basis: str, by: Actor) -> None:
    """Declare a day off or working, on top of the shipped holidays; the last word on a day holds."""
    row = {"on": on, "is_working": is_working, "basis": basis, "declared_at": clock.now()}
    statement = insert(CalendarDay).values(row)
    db.session.execute(statement.on_conflict_do_update(index_elements=["on"], set_=row))
    record(DayDeclared(on.isoformat(), is_working, basis), by=by)


def _locked(code: str) -> Version:
    return lock(Version, code)


def _in_force(entry: Entry, on: date) -> Version | None:
    return next(
        (v for v in entry.versions if v.state == VersionState.IN_FORCE and v.valid_from <= on and v.district is None),
        None,
    )


def _entry(version: Version) -> str:
    return f"{version.entry.kind}:{version.entry.slug}"
