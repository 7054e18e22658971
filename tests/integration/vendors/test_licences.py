"""Licences: given, asked for at the registry, confirmed, warned of, lapsed on the right second, renewed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock, outbox
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.actor import Role, system
from market.kernel.errors import Conflict, Invalid, WrongState
from market.record.models import AuditEntry, OutboxRow
from market.transaction import transactional
from market.vendors import jobs, licence_operations, operations, public_facts, queries, registry, rules
from market.vendors.models import Licence
from market.vendors.registry import Finding, Status
from market.vendors.states import LicenceState
from tests.integration.conftest import NOON
from tests.integration.factories import documents as files
from tests.integration.factories import vendors as make


def events(name: str, about: str) -> list[dict[str, object]]:
    """The facts of all events of this name about something, oldest first."""
    statement = select(AuditEntry).where(AuditEntry.event == name, AuditEntry.subjects.contains([about]))
    return [entry.facts for entry in db.session.scalars(statement.order_by(AuditEntry.number))]


def nightly(at: datetime) -> None:
    """What the timetable does at this time, with everything it leads to."""
    with clock.frozen(at):
        transactional(jobs.check_licences)()
        outbox.drain()


def survey() -> catalogue.Item:
    """A shipped item that needs a surveying licence."""
    return next(item for item in catalogue.items() if any(q["name"] == "测绘资质" for q in item.qualification))


# Given ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "西安市诚信机构名录"}, "kind"),
        ({"level": None}, "level"),
        ({"level": "丙级"}, "level"),
        ({"valid_from": date(2027, 1, 1), "valid_to": date(2026, 12, 31)}, "valid_to"),
        ({"valid_to": date(2026, 3, 3)}, "valid_to"),
    ],
)
def test_a_licence_that_cannot_be_is_refused_at_its_field(
    app: Flask, someone: Callable, changes: dict[str, object], field: str
) -> None:
    vendor, actor = make.begun(someone().actor)
    with pytest.raises(Invalid) as refusal:
        make.give_licence(vendor, actor, **changes)
    assert set(refusal.value.fields) == {field}


def test_the_same_number_is_given_once(app: Flask, someone: Callable) -> None:
    vendor, actor = make.begun(someone().actor)
    make.give_licence(vendor, actor)
    with pytest.raises(Conflict):
        make.give_licence(vendor, actor, number=" YS-2027-12-31-0001 ")


def test_a_refused_file_stays_in_the_list_with_its_reason(app: Flask, someone: Callable) -> None:
    vendor, actor = make.written(someone().actor)
    refused = {
        "name": "平面图.tif",
        "what": "The file is larger than %(limit)s MB.",
        "remedy": "",
        "params": {"limit": 20},
    }
    licence = make.give_licence(vendor, actor, number="测-1", file_refused=refused)
    with pytest.raises(Invalid) as refusal:
        operations.hand_in(vendor.code, by=actor)
    assert "not taken" in str(refusal.value.fields["licences"][0])

    licence_operations.correct_licence(
        licence.code, kind="测绘资质", level="乙级", number="测-1", issuer="某机关", valid_from=date(2022, 1, 1),
        document=files.given(actor).code, by=actor,
    )  # fmt: skip
    assert (licence.file_refused, licence.document is not None) == (None, True)
    operations.hand_in(vendor.code, by=actor)


# The registry -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "state", "answer", "reason"),
    [
        ("YS-2027-12-31-0001", LicenceState.VALID, "valid", None),
        ("YS-LONG-0001", LicenceState.VALID, "valid", None),
        ("YS-REVOKED-0001", LicenceState.REFUSED, "revoked", "revoked"),
        ("YS-2026-03-03-0001", LicenceState.REFUSED, "expired", "expired"),
        ("YS-2026-03-04-0001", LicenceState.VALID, "valid", None),
        ("测-不在册", LicenceState.GIVEN, "unknown", None),
    ],
)
def test_the_registry_is_asked_after_the_commit_and_its_answer_counts(
    app: Flask, someone: Callable, number: str, state: LicenceState, answer: str, reason: str | None
) -> None:
    vendor, actor = make.begun(someone().actor)
    licence = make.give_licence(vendor, actor, number=number)
    assert licence.state is LicenceState.GIVEN, "nothing is asked inside the transaction"
    outbox.drain()

    row = queries.licence(licence.code)
    assert (row.state, row.registry_answer, (row.reason or {}).get("code")) == (state, answer, reason)


def test_the_registrys_last_day_takes_the_place_of_the_typed_one(app: Flask, someone: Callable) -> None:
    vendor, actor = make.begun(someone().actor)
    licence = make.give_licence(vendor, actor, valid_to=date(2026, 12, 31))
    outbox.drain()
    assert queries.licence(licence.code).valid_to == date(2027, 12, 31)


def test_another_firms_licence_does_not_count(app: Flask, someone: Callable) -> None:
    """E161009318 is held by another invented firm in the practice registry."""
    vendor, actor = make.written(someone().actor)
    licence = make.give_licence(vendor, actor, kind="工程监理资质", level="专业甲级", number="E161009318")
    outbox.drain()
    assert queries.licence(licence.code).reason == {"code": "other_holder", "text": ""}


def test_a_registry_that_is_away_is_asked_again_later(
    app: Flask, someone: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, actor = make.begun(someone().actor)
    licence = make.give_licence(vendor, actor)

    class Away:
        practice = True

        def ask(self, *_: object) -> Finding:
            raise registry.Away()

    monkeypatch.setattr(registry, "of", lambda _: Away())
    outbox.drain()
    due = db.session.scalars(select(OutboxRow).where(OutboxRow.done_at.is_(None))).one()
    assert (due.job, queries.licence(licence.code).state) == ("market.vendors.jobs.ask_registry", LicenceState.GIVEN)

    monkeypatch.undo()
    with clock.frozen(NOON + timedelta(minutes=5)):
        outbox.drain()
    assert queries.licence(licence.code).state is LicenceState.VALID


def test_a_licence_is_asked_for_again_every_month(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    licence = make.give_licence(vendor, actor)
    outbox.drain()
    asked = {day: licence.code in queries.licences_to_ask_for(NOON + timedelta(days=day)) for day in (0, 29, 30)}
    assert asked == {0: False, 29: False, 30: True}


def test_a_licence_revoked_later_lapses_and_its_return_restores_it(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    licence = make.give_licence(vendor, actor)
    outbox.drain()

    licence_operations.note_finding(licence.code, Finding(Status.REVOKED), by=system())
    licence_operations.note_finding(licence.code, Finding(Status.REVOKED), by=system())
    assert queries.licence(licence.code).state is LicenceState.LAPSED
    assert events("LicenceLapsed", licence.code) == [
        {"licence": licence.code, "vendor": vendor.code, "kind": "测绘资质", "reason": "revoked"}
    ]
    licence_operations.note_finding(licence.code, Finding(Status.VALID, valid_to=date(2028, 1, 1)), by=system())
    row = queries.licence(licence.code)
    assert (row.state, row.reason, row.valid_to) == (LicenceState.VALID, None, date(2028, 1, 1))


def test_a_registry_that_suddenly_knows_nothing_ends_no_licence_but_asks_an_operator(
    app: Flask, someone: Callable
) -> None:
    vendor, actor = make.active(someone().actor)
    licence = make.give_licence(vendor, actor)
    outbox.drain()
    licence_operations.note_finding(licence.code, Finding(Status.UNKNOWN), by=system())
    assert queries.licence(licence.code).state is LicenceState.VALID
    assert [change.subject for change in queries.open_changes(vendor.id)] == [licence.code]


# Days -------------------------------------------------------------------------------------------------------------------


def active_with(someone: Callable, valid_to: date, number: str = "测-0331") -> tuple[object, Licence]:
    """A vendor in the market with one licence confirmed by an operator (the registry does not know it)."""
    vendor, actor = make.active(someone().actor)
    licence = make.confirmed_licence(vendor, actor, number=number, valid_to=valid_to)
    return vendor, licence


@pytest.mark.parametrize("job", [False, True])
@pytest.mark.parametrize(
    ("beijing", "counts"),
    [
        ("2026-03-31T00:00:01", True),
        ("2026-03-31T07:59:59", True),
        ("2026-03-31T08:00:00", True),
        ("2026-03-31T23:59:59", True),
        ("2026-04-01T00:00:00", False),
        ("2026-04-01T08:00:00", False),
    ],
)
def test_a_licence_counts_until_the_end_of_its_last_day_in_beijing(
    app: Flask, someone: Callable, beijing: str, counts: bool, job: bool
) -> None:
    """KF-LST-01: the same second for rule, page, API and job, whether the nightly job has run or not."""
    vendor, _ = active_with(someone, date(2026, 3, 31))
    at = datetime.fromisoformat(f"{beijing}+08:00").astimezone(UTC)
    if job:
        nightly(at)
    with clock.frozen(at):
        missing = rules.missing_qualifications(
            survey().qualification, queries.qualifications_of(vendor.id), clock.today()
        )
        [shown] = public_facts.whole(queries.public_vendor(vendor.code))["licences"]
        browser = app.test_client()
        page = browser.get(f"/vendors/{vendor.code}?lang=en").text
        api = browser.get(f"/api/v1/vendors/{vendor.code}").get_json()
    assert (missing == []) is counts
    assert (shown["state"] == "valid") is counts
    assert (api["licences"][0]["state"] == "valid") is counts
    assert ("has ended" not in page) is counts
    assert "valid through 2026-03-31" in page


def test_the_nightly_job_lapses_what_ended_yesterday_once(app: Flask, someone: Callable) -> None:
    """KF-LST-01: at 00:05 of the day after, not before, and once however often it runs."""
    _, licence = active_with(someone, date(2026, 3, 31))
    _, other = active_with_more(someone)
    states = []
    for beijing in ("2026-03-31T00:05", "2026-04-01T00:05", "2026-04-01T00:10"):
        nightly(datetime.fromisoformat(f"{beijing}+08:00").astimezone(UTC))
        states.append(queries.licence(licence.code).state)
    assert states == [LicenceState.VALID, LicenceState.LAPSED, LicenceState.LAPSED]
    assert len(events("LicenceLapsed", licence.code)) == 1
    assert queries.licence(other.code).state is LicenceState.VALID, "nobody else's"


def active_with_more(someone: Callable) -> tuple[object, Licence]:
    vendor, actor = make.active(someone().actor, 2, name="另一家公司")
    return vendor, make.confirmed_licence(vendor, actor, number="测-无期", valid_to=None)


def test_warnings_come_60_30_and_7_days_before_once_each(app: Flask, someone: Callable) -> None:
    _, licence = active_with(someone, date(2026, 5, 31))
    for day in range(100):
        nightly(NOON + timedelta(days=day))
    told = [(fact["days"], fact["valid_to"]) for fact in events("LicenceEnding", licence.code)]
    assert told == [(60, "2026-05-31"), (30, "2026-05-31"), (7, "2026-05-31")]
    assert len(events("LicenceLapsed", licence.code)) == 1


def test_a_licence_that_has_not_begun_counts_from_its_first_day(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    licence = make.confirmed_licence(
        vendor, actor, number="测-将来", valid_from=date(2026, 4, 1), valid_to=date(2030, 3, 31)
    )
    item = survey().qualification

    def lacks(day: date) -> list[rules.Lack]:
        return [one.lack for one in rules.missing_qualifications(item, queries.qualifications_of(vendor.id), day)]

    assert lacks(date(2026, 3, 31)) == [rules.Lack.NOT_YET]
    assert lacks(date(2026, 4, 1)) == []
    for day in range(24, 32):
        nightly(NOON + timedelta(days=day))
    begun = [fact["source"] for fact in events("LicenceConfirmed", licence.code)]
    assert begun == ["operator", "begun"], "listings hear of it once, on the day"


def test_a_renewal_restores_and_the_lapsed_one_leaves_the_list(app: Flask, someone: Callable) -> None:
    vendor, licence = active_with(someone, date(2026, 3, 31))
    actor = make.acting_for(vendor, someone().person.code)
    nightly(datetime(2026, 3, 31, 16, 5, tzinfo=UTC))
    with clock.frozen(datetime(2026, 4, 2, 2, 0, tzinfo=UTC)):
        new = make.give_licence(
            vendor, actor, number="YS-2031-03-31-1", valid_from=date(2026, 4, 1), valid_to=date(2031, 3, 31)
        )
        outbox.drain()
        held = queries.qualifications_of(vendor.id)
        assert rules.missing_qualifications(survey().qualification, held, clock.today()) == []
    assert [one.code for one in queries.licences_of(vendor.id)] == [new.code]
    assert events("LicenceReplaced", licence.code)[0]["by"] == new.code


def test_a_registration_that_ended_counts_no_more(app: Flask, someone: Callable) -> None:
    vendor, actor = make.written(someone().actor)
    person = make.add_practitioner(vendor, actor, valid_to=date(2026, 3, 31))
    operations.hand_in(vendor.code, by=actor)
    operations.check_application(vendor.code, make.all_yes(vendor), by=make.OPERATOR)
    assert [one.state for one in queries.qualifications_of(vendor.id)] == [LicenceState.VALID]
    for beijing, told in (("2026-03-31T00:05", 0), ("2026-04-01T00:05", 1), ("2026-04-02T00:05", 1)):
        nightly(datetime.fromisoformat(f"{beijing}+08:00").astimezone(UTC))
        assert len(events("PractitionerRefused", person.code)) == told
    assert queries.practitioners_of(vendor.id, confirmed=True) == []


# Changed by a vendor in the market ---------------------------------------------------------------------------------------


def test_a_new_licence_waits_for_the_registry_or_an_operator(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    known = make.give_licence(vendor, actor)
    unknown = make.give_licence(vendor, actor, number="测-2")
    assert {change.subject for change in queries.open_changes(vendor.id)} == {known.code, unknown.code}
    outbox.drain()
    assert [change.subject for change in queries.open_changes(vendor.id)] == [unknown.code], "the registry settled one"
    assert queries.licence(known.code).confirmed_by == "registry"


def test_a_confirmed_licence_is_not_changed(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    licence = make.give_licence(vendor, actor)
    outbox.drain()
    with pytest.raises(WrongState, match="not changed"):
        licence_operations.correct_licence(
            licence.code,
            kind="测绘资质",
            level="甲级",
            number="x1",
            issuer="某机关",
            valid_from=date(2022, 1, 1),
            by=actor,
        )


# Professionals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["61010219800101001", "610102198013010010", "991302198001010010", "61010219800101001a", "610102800101001"]
)
def test_a_number_that_is_no_resident_id_is_refused_without_repeating_it(
    app: Flask, someone: Callable, typed: str
) -> None:
    """KF-INT-04."""
    vendor, actor = make.begun(someone().actor)
    with pytest.raises(Invalid) as refusal:
        make.add_practitioner(vendor, actor, id_number=typed)
    assert set(refusal.value.fields) == {"id_number"}
    assert typed not in str(refusal.value)


def test_a_person_is_entered_once_with_x_or_small_x(app: Flask, someone: Callable) -> None:
    """KF-INT-04: one person, not two."""
    with_x = next(number for number in map(make.resident_id, range(999)) if number.endswith("X"))
    vendor, actor = make.begun(someone().actor)
    first = make.add_practitioner(vendor, actor, id_number=with_x.lower())
    with pytest.raises(Conflict):
        make.add_practitioner(vendor, actor, id_number=with_x)
    licence_operations.let_practitioner_go(first.code, by=actor)
    again = make.add_practitioner(vendor, actor, id_number=with_x)
    assert [one.code for one in queries.practitioners_of(vendor.id)] == [again.code]


def test_the_operator_sees_that_a_person_is_entered_elsewhere_too(app: Flask, someone: Callable) -> None:
    one, one_actor = make.written(someone().actor, 1)
    make.add_practitioner(one, one_actor)
    operations.hand_in(one.code, by=one_actor)
    other, other_actor = make.written(someone().actor, 2, name="另一家")
    person = make.add_practitioner(other, other_actor)
    assert queries.elsewhere(person) == 1


def test_a_new_professional_counts_when_an_operator_confirmed(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone(Role.VENDOR).actor)
    person = make.add_practitioner(vendor, actor)
    assert queries.practitioners_of(vendor.id, confirmed=True) == []
    [change] = queries.open_changes(vendor.id)
    from market.vendors.change_operations import decide_change

    decide_change(change.code, rules.Answer(True), by=make.OPERATOR)
    assert [one.code for one in queries.practitioners_of(vendor.id, confirmed=True)] == [person.code]
