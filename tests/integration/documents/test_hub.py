"""Documents that the city holds come from its hub with consent: a real practice hub over a real socket."""

import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.config import ROOT
from market.db import db
from market.documents import hub, operations, queries
from market.documents.hub import Away, ConsentProof, Holder, NotHeld, OverHttp
from market.documents.models import DataConsent, Document
from market.documents.rules import Purpose, Source
from market.kernel.actor import Role, system
from market.kernel.errors import NotFound, RuleBroken
from market.record.models import AuditEntry
from market.signed_http import signature
from practice.data_hub import Hub
from tests.integration.documents.practice_hub import SECRET, connect, served
from tests.integration.factories import centres
from tests.integration.factories.documents import given

ORDER = "R-00000000X"
FIRM = Holder("organisation", "O-1", "演示公司", "91610117MA6X0000XX")
CONSENT = ConsentProof("H-1", ORDER, "2026-03-04T02:00:00+00:00")


@pytest.fixture
def practice(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with served(tmp_path / "hub") as (found, address):
        connect(app, monkeypatch, address)
        yield found


def events(name: str) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == name).order_by(AuditEntry.number)))


def consent(kind: str) -> DataConsent:
    return db.session.scalars(select(DataConsent).where(DataConsent.kind == kind)).one()


def test_what_the_city_holds_is_said_for_each_holder(practice: Hub, app: Flask, someone) -> None:
    firm, citizen = someone(Role.BUYER), someone()
    asked = ["营业执照", "身份证", "施工企业资质", "施工合同"]
    assert queries.held_by_city(asked, firm.actor) == queries.HeldByCity(
        frozenset({"营业执照", "施工企业资质"}), away=False
    )
    assert queries.held_by_city(asked, citizen.actor).kinds == {"营业执照", "身份证"}


def test_with_consent_a_document_comes_and_belongs_to_the_order(practice: Hub, app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    [given_consent] = operations.give_consent(ORDER, ["施工企业资质"], by=buyer.actor)
    document = operations.fetch_from_hub(ORDER, "施工企业资质", by=buyer.actor)

    assert document.belongs_to == ORDER
    assert document.name == "施工企业资质.pdf"
    assert (document.source, document.purpose) == (Source.HUB, Purpose.PAPER)
    assert document.valid_to == date(2030, 12, 31)
    assert document.issuer == "演示市住房城乡建设部门（演示）"
    assert document.organisation.code == buyer.actor.organisation
    got = buyer.client.get(f"/documents/{document.code}")
    assert hashlib.sha256(got.data).hexdigest() == document.file.digest
    [handed] = practice.handed_out()
    assert (handed["code"], handed["order"]) == (given_consent.code, ORDER), "the hub knows by which consent"
    assert [entry.facts["document"] for entry in events("DocumentFetched")] == [document.code]


def test_what_was_fetched_is_not_asked_for_again(practice: Hub, app: Flask, someone) -> None:
    """KF-JOB-02: a job that runs twice finds its own result."""
    buyer = someone(Role.BUYER)
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    first = operations.fetch_from_hub(ORDER, "营业执照", by=system())
    assert operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor) == first
    assert len(practice.handed_out()) == 1
    assert queries.saved_figures() == queries.Figures(asked=1, fetched=1, saved=1)


def test_nothing_is_fetched_without_the_holders_consent(practice: Hub, app: Flask, someone) -> None:
    buyer, stranger = someone(Role.BUYER), someone(Role.BUYER)
    with pytest.raises(RuleBroken, match="agreed"):
        operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor)
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    with pytest.raises(NotFound):
        operations.fetch_from_hub(ORDER, "营业执照", by=stranger.actor)
    with pytest.raises(RuleBroken, match="agreed"):
        operations.fetch_from_hub("R-00000001X", "营业执照", by=buyer.actor)
    assert practice.handed_out() == []


def test_a_colleague_may_use_and_withdraw_what_the_firm_agreed_to(practice: Hub, app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    colleague = someone(Role.BUYER, organisation=buyer.membership.organisation)
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    operations.fetch_from_hub(ORDER, "营业执照", by=colleague.actor)
    assert not operations.withdraw_consent(ORDER, "营业执照", by=colleague.actor).stays


def test_giving_the_same_consent_twice_is_one(practice: Hub, app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    first = operations.give_consent(ORDER, ["营业执照", "身份证", "营业执照"], by=buyer.actor)
    again = operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    assert [one.kind for one in first] == ["营业执照", "身份证"]
    assert again == first[:1]
    assert len(events("ConsentGiven")) == 2
    with pytest.raises(RuleBroken):
        operations.give_consent(ORDER, [f"kind {number}" for number in range(61)], by=buyer.actor)


def test_a_clerk_gives_consent_for_the_citizen_and_is_named(practice: Hub, app: Flask, someone) -> None:
    """KF-ACC-05: what was fetched is the citizen's; the clerk reads it only while he serves him, and that is recorded."""
    clerk = someone(Role.COUNTER)
    _, _, acting = centres.served(clerk.actor)
    operations.give_consent(ORDER, ["身份证"], by=acting)
    document = operations.fetch_from_hub(ORDER, "身份证", by=acting)
    assert (consent("身份证").person, consent("身份证").clerk) == (acting.on_behalf_of, clerk.person.code)
    assert document.person.code == acting.on_behalf_of
    operations.read_document(document.code, by=acting)
    assert [entry.on_behalf_of for entry in events("DocumentRead")] == [acting.on_behalf_of]
    with pytest.raises(NotFound):
        operations.read_document(document.code, by=clerk.actor)


def test_withdrawn_consent_takes_out_what_was_fetched_and_leaves_the_digest(practice: Hub, app: Flask, someone) -> None:
    buyer, vendor = someone(Role.BUYER), someone(Role.VENDOR)
    operations.let_read(ORDER, organisation=vendor.actor.organisation, by=system())
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    document = operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor)
    digest = document.file.digest
    assert vendor.client.get(f"/documents/{document.code}").status_code == 200

    came = operations.withdraw_consent(ORDER, "营业执照", by=buyer.actor)

    assert (came.document, came.stays) == (document.code, False)
    assert [one.client.get(f"/documents/{document.code}").status_code for one in (buyer, vendor)] == [404, 404]
    row = db.session.scalars(select(Document).where(Document.code == document.code)).one()
    assert (row.file.digest, row.name) == (digest, "")
    assert queries.consents_of(ORDER) == []
    assert [one.kind for one in queries.consents_of(ORDER, withdrawn=True)] == ["营业执照"]
    with pytest.raises(RuleBroken, match="agreed"):
        operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor)
    operations.sweep()
    assert db.session.get(type(row.file), row.file_id).gone_at is not None, "the bytes go with the next sweep"
    assert queries.saved_figures().saved == 0


def test_what_is_part_of_a_signed_contract_stays_and_that_is_said(practice: Hub, app: Flask, someone) -> None:
    """KF-FIL-04"""
    buyer = someone(Role.BUYER)
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    document = operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor)
    assert operations.bind(ORDER, by=system()) == 1
    assert operations.bind(ORDER, by=system()) == 0

    assert operations.withdraw_consent(ORDER, "营业执照", by=buyer.actor).stays
    assert buyer.client.get(f"/documents/{document.code}").status_code == 200
    assert events("ConsentWithdrawn")[0].facts["removed"] is False


def test_a_consent_withdrawn_while_the_hub_was_asked_keeps_nothing(
    practice: Hub, app: Flask, someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = someone(Role.BUYER)
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    fetch = OverHttp.fetch

    def fetch_and_withdraw(self: OverHttp, *arguments: object) -> hub.Fetched:
        came = fetch(self, *arguments)  # type: ignore[arg-type]
        operations.withdraw_consent(ORDER, "营业执照", by=buyer.actor)
        return came

    monkeypatch.setattr(OverHttp, "fetch", fetch_and_withdraw)
    with pytest.raises(RuleBroken, match="withdrawn"):
        operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor)
    assert queries.documents_of(ORDER) == []


def test_what_the_city_does_not_hold_is_noted_once(practice: Hub, app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    operations.give_consent(ORDER, ["身份证"], by=buyer.actor)
    for _ in range(2):
        with pytest.raises(NotHeld):
            operations.fetch_from_hub(ORDER, "身份证", by=buyer.actor)
    assert consent("身份证").held is False
    assert len(events("DocumentNotHeld")) == 1
    assert queries.saved_figures() == queries.Figures(asked=1, fetched=0, saved=0)


def test_the_same_document_given_again_is_saved_too(app: Flask, someone) -> None:
    buyer, stranger = someone(Role.BUYER), someone(Role.BUYER)
    document = given(buyer.actor, purpose="paper")
    operations.attach(document.code, ORDER, by=buyer.actor)
    again = operations.use_again(document.code, "R-00000001X", Purpose.PAPER, by=buyer.actor)
    assert (again.file, again.belongs_to, again.source) == (document.file, "R-00000001X", Source.AGAIN)
    assert queries.saved_figures().saved == 1
    with pytest.raises(NotFound):
        operations.use_again(document.code, "R-00000002X", Purpose.PAPER, by=stranger.actor)


# When the hub is not as it should be --------------------------------------------------------------------------------------


def test_without_a_hub_everything_is_uploaded(app: Flask, someone) -> None:
    buyer = someone(Role.BUYER)
    assert queries.held_by_city(["营业执照"], buyer.actor) == queries.HeldByCity(frozenset(), away=True)
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    with pytest.raises(Away, match="data hub"):
        operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor)
    assert queries.consents_of(ORDER), "the consent stands for a later try"


@pytest.mark.parametrize("mode", ["down", "damaged"])
def test_a_hub_that_is_away_or_sends_damaged_bytes_keeps_nothing(practice: Hub, app: Flask, someone, mode: str) -> None:
    """KF-FIL-04: bytes that are not those of the digest are never kept."""
    buyer = someone(Role.BUYER)
    operations.give_consent(ORDER, ["营业执照"], by=buyer.actor)
    practice.play(mode)
    with pytest.raises(Away):
        operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor)
    assert queries.documents_of(ORDER) == []
    practice.play("up")
    assert operations.fetch_from_hub(ORDER, "营业执照", by=buyer.actor).belongs_to == ORDER


def test_a_wrong_secret_and_an_old_request_get_nothing(
    practice: Hub, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = app.extensions["settings"].data_hub
    with pytest.raises(Away):
        OverHttp(address, "t" * 40).available(["营业执照"], FIRM)
    body = json.dumps({"holder": {"kind": "organisation", "code": "O-1", "name": "x"}, "kinds": ["营业执照"]}).encode()

    def ask(late: int) -> int:
        at = str(int(clock.real().timestamp()) - late)
        headers = {"X-Market-Time": at, "X-Market-Signature": signature(SECRET, at, "POST", "/available", body)}
        return httpx.post(f"{address}/available", content=body, headers=headers).status_code

    assert (ask(0), ask(299), ask(301)) == (200, 200, 401)


def test_a_hub_that_never_answers_is_given_up_and_after_five_times_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ANSWER", 0.1)
    hub.breaker.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.listen(20)
        asked = OverHttp(f"http://127.0.0.1:{silent.getsockname()[1]}", SECRET)
        for _ in range(hub.FAILURES):
            with pytest.raises(Away):
                asked.available(["营业执照"], FIRM)
        begun = time.perf_counter()
        with pytest.raises(Away):
            asked.available(["营业执照"], FIRM)
        assert time.perf_counter() - begun < 0.05, "nobody waits for it any more"


def test_a_document_that_is_not_held_is_no_failure_of_the_hub(practice: Hub, app: Flask) -> None:
    address = app.extensions["settings"].data_hub
    asked = OverHttp(address, SECRET)
    for _ in range(hub.FAILURES + 1):
        with pytest.raises(NotHeld):
            asked.fetch("身份证", FIRM, CONSENT)
    assert asked.fetch("营业执照", FIRM, CONSENT).content.startswith(b"%PDF")


def test_the_practice_hub_is_a_server_of_its_own(tmp_path: Path) -> None:
    """`python -m practice.data_hub`, its state on disk."""

    def start() -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "practice.data_hub", "--port", "0", "--data", str(tmp_path)]
        process = subprocess.Popen(
            command, cwd=ROOT, env={"DATA_HUB_SECRET": SECRET, "PATH": ""}, stdout=subprocess.PIPE, text=True
        )
        watch = threading.Timer(20, process.kill)
        watch.start()
        assert process.stdout is not None
        line = process.stdout.readline()
        watch.cancel()
        return process, line.rsplit(" ", 1)[1].strip()

    hub.breaker.cache_clear()
    process, address = start()
    try:
        first = OverHttp(address, SECRET).fetch("营业执照", FIRM, CONSENT)
        page = httpx.get(address).text
        assert "没有任何法律效力" in page
        assert CONSENT.code in page
    finally:
        process.terminate()
        process.wait(10)
    process, address = start()
    try:
        assert OverHttp(address, SECRET).fetch("营业执照", FIRM, CONSENT) == first, "the same bytes after a restart"
        assert len(Hub(tmp_path, SECRET).handed_out()) == 2
        assert httpx.post(address, data={"mode": "down"}).status_code == 303
        with pytest.raises(Away):
            OverHttp(address, SECRET).available(["营业执照"], FIRM)
    finally:
        process.terminate()
        process.wait(10)


def test_without_its_secret_the_practice_hub_does_not_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "practice.data_hub", "--port", "0", "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "DATA_HUB_SECRET" in done.stderr
