"""Terms of retention: what is over goes at night, what is not stays, the digest always stays."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.db import db
from market.documents import jobs, operations, queries, retention_operations, store
from market.documents.models import Document, RetentionTerm, StoredFile
from market.documents.rules import Counted, Purpose, Removal, TermUnit
from market.kernel.actor import Actor, Channel, Role, system
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken
from market.record.models import AuditEntry
from tests.integration.conftest import NOON
from tests.integration.factories.documents import given, pdf

ORDER = "R-00000000X"


def row(document: Document) -> Document:
    return db.session.scalars(select(Document).where(Document.code == document.code)).one()


def paper(by: Actor, content: bytes | None = None, purpose: str = "paper", owner: str = ORDER) -> Document:
    return operations.attach(given(by, content, purpose=purpose).code, owner, by=by)


def at(day: date, hour: int = 2) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_every_purpose_has_a_term_with_its_source(app: Flask) -> None:
    for purpose in Purpose:
        term = queries.term(purpose, clock.today())
        assert term is not None, purpose
        assert len(term.source) > 20
    assert "资产评估法" in queries.term(Purpose.RESULT, clock.today()).source


def test_what_is_over_goes_and_its_digest_stays(app: Flask, someone) -> None:
    """KF-FIL-04, KF-AUD-04: the bytes and the name go, what proves them stays."""
    buyer = someone(Role.BUYER)
    document = paper(buyer.actor)
    digest = document.file.digest
    operations.end_owner(ORDER, by=system())
    last = NOON.replace(year=2029)
    with clock.frozen(last):
        assert retention_operations.keep_terms() == 0, "the last day counts"
        assert operations.read_document(document.code, by=buyer.actor) == document
    with clock.frozen(last + timedelta(days=1)):
        assert retention_operations.keep_terms() == 1
        assert retention_operations.keep_terms() == 0
        with pytest.raises(NotFound):
            operations.read_document(document.code, by=buyer.actor)
        found = row(document)
        assert (found.name, found.removal, found.file.digest) == ("", Removal.TERM, digest)
        erased = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "DocumentErased")).one()
        assert (erased.facts["digest"], erased.facts["cause"], erased.person) == (digest, "term", "system")
    with clock.frozen(last + timedelta(days=2)):
        operations.sweep()
        assert store.path_of(digest).exists(), "never in the same act"
        operations.sweep()
        assert not store.path_of(digest).exists()
        assert db.session.scalars(select(StoredFile.gone_at).where(StoredFile.digest == digest)).one() is not None


def test_what_still_runs_is_kept_for_good(app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    document = paper(buyer.actor)
    with clock.frozen(NOON.replace(year=2090)):
        assert retention_operations.keep_terms() == 0
        assert row(document).removed_at is None


def test_a_result_is_kept_longer_than_the_papers(app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    paper(buyer.actor)
    result = paper(buyer.actor, pdf("result"), "result")
    operations.end_owner(ORDER, by=system())
    with clock.frozen(NOON.replace(year=2041)):
        assert retention_operations.keep_terms() == 1
        assert row(result).removed_at is None
    with clock.frozen(NOON.replace(year=2041) + timedelta(days=1)):
        assert retention_operations.keep_terms() == 1


def test_bytes_that_another_document_has_stay(app: Flask, someone) -> None:
    """KF-FIL-04"""
    buyer, other = someone(Role.BUYER), someone(Role.BUYER)
    first = paper(buyer.actor)
    second = paper(other.actor, owner="R-00000001X")
    operations.end_owner(ORDER, by=system())
    with clock.frozen(NOON.replace(year=2030)):
        retention_operations.keep_terms()
        operations.sweep()
    with clock.frozen(NOON.replace(year=2030) + timedelta(days=3)):
        operations.sweep()
        assert row(first).removed_at is not None
        assert operations.read_document(second.code, by=other.actor) == second
        assert store.path_of(second.file.digest).exists()


def test_bytes_that_had_gone_come_back_with_a_new_document(app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    document = paper(buyer.actor)
    operations.end_owner(ORDER, by=system())
    with clock.frozen(NOON.replace(year=2030)):
        retention_operations.keep_terms()
        operations.sweep()
        again = given(buyer.actor)
        assert again.file.id == document.file_id
        assert again.file.gone_at is None
        assert operations.sweep().files == 0
        assert operations.read_document(again.code, by=buyer.actor) == again


def test_what_comes_to_an_ended_order_ends_with_it_and_a_vendor_that_returns_goes_on(app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    paper(buyer.actor)
    operations.end_owner(ORDER, by=system())
    late = paper(buyer.actor, pdf("late"))
    assert row(late).ended_at == NOON
    jobs.revive_owner(ORDER)
    assert {one.ended_at for one in queries.documents_of(ORDER)} == {None}


@pytest.mark.parametrize(
    ("began", "length", "unit", "last"),
    [
        (date(2026, 3, 4), 3, "years", date(2029, 3, 4)),
        (date(2024, 2, 29), 1, "years", date(2025, 2, 28)),
        (date(2024, 2, 29), 4, "years", date(2028, 2, 29)),
        (date(2026, 12, 31), 1, "days", date(2027, 1, 1)),
        (date(2026, 3, 4), 0, "days", date(2026, 3, 4)),
    ],
)
def test_the_last_day_of_a_term(began: date, length: int, unit: str, last: date) -> None:
    from market.documents.rules import term_end

    assert term_end(began, length, TermUnit(unit)) == last


# Terms that change, erasure on request ---------------------------------------------------------------------------------------


def test_the_term_in_force_on_the_day_counts(app: Flask, someone) -> None:
    operator, buyer = someone(Role.OPERATOR), someone(Role.BUYER)
    paper(buyer.actor)
    retention_operations.set_term(
        Purpose.PAPER, 30, TermUnit.DAYS, Counted.GIVEN, date(2026, 4, 1), "an invented decision", by=operator.actor
    )
    with clock.frozen(at(date(2026, 3, 31))):
        assert retention_operations.keep_terms() == 0
    with clock.frozen(at(date(2026, 4, 3))):
        assert retention_operations.keep_terms() == 0
    with clock.frozen(at(date(2026, 4, 4))):
        assert retention_operations.keep_terms() == 1, "counted from the day it was given, ended or not"


def test_terms_are_set_by_operators_for_the_future_with_a_source(app: Flask, someone) -> None:
    operator, buyer = someone(Role.OPERATOR), someone(Role.BUYER)

    def set_term(by: Actor, day: date = date(2026, 4, 1), length: int = 5, source: str = "decision") -> RetentionTerm:
        return retention_operations.set_term(Purpose.PAPER, length, TermUnit.YEARS, Counted.END, day, source, by=by)

    with pytest.raises(Forbidden):
        set_term(buyer.actor)
    for wrong in ({"day": date(2026, 3, 3)}, {"length": -1}, {"length": 1001}, {"source": " "}):
        with pytest.raises(Invalid):
            set_term(operator.actor, **wrong)
    assert set_term(operator.actor).length == 5
    with pytest.raises(Conflict):
        set_term(operator.actor)
    assert queries.term(Purpose.PAPER, date(2026, 3, 31)).length == 3
    assert queries.term(Purpose.PAPER, date(2026, 4, 1)).length == 5


def test_nobody_erases_before_the_term_is_over_but_the_operators_command(app: Flask, someone) -> None:
    buyer, stranger = someone(Role.BUYER), someone(Role.BUYER)
    document = paper(buyer.actor)
    with pytest.raises(NotFound):
        retention_operations.erase(document.code, by=stranger.actor)
    operator = someone(Role.OPERATOR)
    loose = given(buyer.actor)
    with pytest.raises(NotFound):
        retention_operations.erase(loose.code, by=operator.actor)
    with pytest.raises(RuleBroken, match="still runs"):
        retention_operations.erase(document.code, by=buyer.actor)
    operations.end_owner(ORDER, by=system())
    with pytest.raises(RuleBroken, match="2029-03-04"):
        retention_operations.erase(document.code, by=buyer.actor)
    with clock.frozen(NOON.replace(year=2029) + timedelta(days=1)):
        assert retention_operations.erase(document.code, by=buyer.actor).removal is Removal.ERASED
        with pytest.raises(NotFound):
            retention_operations.erase(document.code, by=operator.actor)
    early = paper(buyer.actor, pdf("early"))
    assert retention_operations.erase(early.code, by=system(Channel.COMMAND)).removed_at == NOON
    retention_operations.erase(early.code, by=system(Channel.COMMAND))
    assert row(early).file.digest == early.file.digest


def test_the_timetable_keeps_the_terms(app: Flask) -> None:
    """KF-JOB-03"""
    from market import timetable

    jobs_of_documents = {act.job for act in timetable.TABLE}
    for job in ("sweep", "keep_terms", "forget_uploads", "scan_unscanned"):
        assert f"market.documents.jobs.{job}" in jobs_of_documents
        getattr(jobs, job)()
