"""Files are given, attached, shown, handed out and swept on the real database and a real folder."""

import dataclasses
import io
import os
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock, config, outbox
from market.accounts.models import Organisation, OrganisationKind
from market.db import db, new_code
from market.documents import operations, queries, store
from market.documents.models import Document, StoredFile
from market.documents.rules import Purpose
from market.kernel.actor import Role
from market.kernel.errors import Conflict, Invalid, NotFound, NotSignedIn, RuleBroken, Unavailable
from market.record.models import AuditEntry
from market.transaction import transactional
from tests.integration.conftest import NOON
from tests.integration.factories import committed
from tests.integration.factories.documents import given, jpeg, office, packed, pdf, png


def stored(app: Flask) -> list[Path]:
    return [path for path in sorted(app.extensions["settings"].files.rglob("*")) if path.is_file()]


def age(path: Path, hours: int = 25) -> None:
    at = (NOON - timedelta(hours=hours)).timestamp()
    os.utime(path, (at, at))


def events(name: str) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == name).order_by(AuditEntry.number)))


def test_a_file_is_kept_under_its_digest_and_known_by_its_name(app: Flask, someone) -> None:
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor, name="营业执照.PDF")

    assert document.name == "营业执照.pdf"
    assert document.file.media_type == "application/pdf"
    assert document.organisation.code == vendor.actor.organisation
    [path] = stored(app)
    assert path == store.path_of(document.file.digest)
    assert path.read_bytes() == pdf()
    assert path.stat().st_mode & 0o007 == 0, "nobody else on the machine may read it"
    assert [entry.facts["digest"] for entry in events("DocumentGiven")] == [document.file.digest]


def test_the_same_bytes_are_kept_once_and_known_twice(app: Flask, someone) -> None:
    """KF-FIL-03: two files of one name, and one file of two names, stay apart."""
    vendor, other = someone(Role.VENDOR), someone(Role.VENDOR)
    one, two = given(vendor.actor, name="营业执照.pdf"), given(other.actor, name="资质证书.pdf")
    three = given(vendor.actor, pdf("资质证书"), name="营业执照.pdf")

    assert one.file is two.file
    assert one.file is not three.file
    assert [document.name for document in (one, two, three)] == ["营业执照.pdf", "资质证书.pdf", "营业执照.pdf"]
    assert len(stored(app)) == 2


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00" + bytes(200), pdf()[:-9], office()], ids=["empty", "exe", "cut", "docx"]
)
def test_what_is_refused_leaves_nothing(app: Flask, someone, content: bytes) -> None:
    """KF-FIL-02"""
    with pytest.raises(Invalid) as refused:
        given(someone(Role.VENDOR).actor, content, name="licence.pdf")
    assert list(refused.value.fields) == ["file"]
    assert stored(app) == []
    assert db.session.scalar(select(func.count()).select_from(Document)) == 0


def test_the_size_limit_holds_however_the_bytes_come(app: Flask, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    smaller = dataclasses.replace(app.extensions["settings"], upload_limit=20 * 1024 * 1024)
    monkeypatch.setitem(app.extensions, "settings", smaller)

    class Large:
        pieces = 0

        def read(self, size: int) -> bytes:
            self.pieces += 1
            return b"x" * size if self.pieces < 200 else b""

    large = Large()
    with pytest.raises(Invalid, match="20 MB"):
        operations.give(large, "x.pdf", Purpose.LICENCE, by=someone(Role.VENDOR).actor)
    assert large.pieces <= 20 * 1024 * 1024 // store.PIECE + 1, "it stops reading at the limit"
    assert stored(app) == []


def test_a_full_disk_is_said_and_nothing_is_kept(app: Flask, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable):
        given(someone(Role.VENDOR).actor)
    assert stored(app) == []


def test_a_change_that_is_rolled_back_leaves_bytes_that_the_sweep_finds(app: Flask, someone) -> None:
    actor = someone(Role.VENDOR).actor

    @transactional
    def fails() -> None:
        given(actor)
        raise RuleBroken("no")

    with pytest.raises(RuleBroken):
        fails()
    [path] = stored(app)
    assert operations.sweep().files == 0, "they may belong to a change that is just being committed"
    age(path)
    assert operations.sweep().files == 1
    assert stored(app) == []


def test_too_many_unused_files_are_refused(app: Flask, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.documents.rules.MOST_LOOSE", 2)
    vendor, other = someone(Role.VENDOR), someone(Role.VENDOR)
    one = given(vendor.actor)
    given(vendor.actor, png(), "a.png")
    given(other.actor)
    with pytest.raises(RuleBroken):
        given(vendor.actor, jpeg(), "b.jpg")
    operations.attach(one.code, "V-00000000X", by=vendor.actor)
    given(vendor.actor, jpeg(), "b.jpg")


# Attaching ---------------------------------------------------------------------------------------------------------------


def test_a_document_belongs_to_one_thing_for_good(app: Flask, someone) -> None:
    """KF-FIL-04: what was agreed cannot be exchanged or taken away."""
    vendor, stranger = someone(Role.VENDOR), someone(Role.VENDOR)
    document = given(vendor.actor)

    with pytest.raises(NotFound):
        operations.attach(document.code, "V-1", by=stranger.actor)
    operations.attach(document.code, "V-1", by=vendor.actor)
    operations.attach(document.code, "V-1", by=vendor.actor)
    with pytest.raises(Conflict):
        operations.attach(document.code, "V-2", by=vendor.actor)
    with pytest.raises(RuleBroken):
        operations.remove(document.code, by=vendor.actor)
    assert len(events("DocumentAttached")) == 1
    assert queries.documents_of("V-1") == [document]


def test_a_newer_file_of_the_same_name_leaves_the_older_one_as_it_was(app: Flask, someone) -> None:
    """KF-FIL-04"""
    vendor = someone(Role.VENDOR)
    first = given(vendor.actor, pdf("annex 1"), "annex.pdf")
    operations.attach(first.code, "L-1", by=vendor.actor)
    second = given(vendor.actor, pdf("annex 2"), "annex.pdf")
    operations.attach(second.code, "L-1", by=vendor.actor)

    got = vendor.client.get(f"/documents/{first.code}")
    assert got.data == pdf("annex 1")
    assert got.headers["ETag"] == f'"{first.file.digest}"'


def test_damaged_bytes_cannot_be_attached(app: Flask, someone) -> None:
    """KF-FIL-04"""
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    store.path_of(document.file.digest).write_bytes(b"")
    with pytest.raises(Unavailable):
        operations.attach(document.code, "V-1", by=vendor.actor)


def test_only_attached_documents_can_be_shown_to_all(app: Flask, someone) -> None:
    vendor, stranger = someone(Role.VENDOR), someone(Role.VENDOR)
    document = given(vendor.actor, purpose="listing")
    with pytest.raises(RuleBroken):
        operations.show([document.code], public=True, by=vendor.actor)
    operations.attach(document.code, "L-1", by=vendor.actor)
    with pytest.raises(NotFound):
        operations.show([document.code], public=True, by=stranger.actor)

    operations.show([document.code], public=True, by=vendor.actor)
    operations.show([document.code], public=True, by=vendor.actor)
    operations.show([document.code], public=False, by=vendor.actor)
    assert [entry.facts["public"] for entry in events("DocumentShown")] == [True, False]


# Handing out --------------------------------------------------------------------------------------------------------------


def test_it_is_handed_out_as_a_download_that_no_browser_shows_as_a_page(app: Flask, someone) -> None:
    """KF-FIL-01, KF-FIL-03: safe headers, and the name intact in Chinese."""
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor, name='"𠮷野" 营业执照 100%.pdf')

    got = vendor.client.get(f"/documents/{document.code}")

    assert got.status_code == 200
    assert got.data == pdf()
    assert got.mimetype == "application/pdf"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert got.headers["Cache-Control"] == "private, no-store"
    plain, _, coded = got.headers["Content-Disposition"].partition("; filename*=UTF-8''")
    assert plain == 'attachment; filename="document.pdf"'
    assert coded.isascii()
    assert unquote(coded) == document.name == "_𠮷野_ 营业执照 100%.pdf"


def test_an_answer_that_the_browser_has_is_not_sent_again(app: Flask, someone) -> None:
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    first = vendor.client.get(f"/documents/{document.code}")
    again = vendor.client.get(f"/documents/{document.code}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_who_gets_what(app: Flask, someone, client) -> None:
    """KF-ACC-05: others learn nothing, not even that it exists."""
    vendor, stranger, official = someone(Role.VENDOR), someone(Role.VENDOR), someone(Role.OPERATOR, district="610117")
    colleague = someone(Role.VENDOR, organisation=vendor.membership.organisation)
    document = given(vendor.actor)
    path = f"/documents/{document.code}"

    def answers() -> list[int]:
        return [
            one.get(path).status_code
            for one in (vendor.client, colleague.client, stranger.client, official.client, client)
        ]

    assert answers() == [200, 200, 404, 404, 302]
    assert events("DocumentRead") == []
    operations.attach(document.code, "V-1", by=vendor.actor)
    assert answers() == [200, 200, 404, 200, 302]
    [read] = events("DocumentRead")
    assert (read.person, read.role, read.facts) == (
        official.person.code,
        "operator",
        {"document": document.code, "owner": "V-1"},
    )
    operations.show([document.code], public=True, by=vendor.actor)
    assert answers() == [200] * 5
    assert len(events("DocumentRead")) == 1, "what anybody may read is not recorded"

    assert "/sign-in" in client.get("/documents/D-00000000X").location, "as for one that exists"
    assert stranger.client.get("/documents/D-00000000X").status_code == 404
    assert stranger.client.get("/documents/..%2F..%2Fetc%2Fpasswd").status_code == 404


@pytest.mark.parametrize(
    "damage", [b"", b"x", pdf()[:-1], pdf() + b" ", None], ids=["empty", "other", "short", "long", "missing"]
)
def test_damaged_or_missing_bytes_are_never_handed_out(app: Flask, someone, capsys, damage: bytes | None) -> None:
    """KF-FIL-04: a document whose bytes do not match its digest is reported."""
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    path = store.path_of(document.file.digest)
    path.unlink() if damage is None else path.write_bytes(damage)

    got = vendor.client.get(f"/documents/{document.code}")

    assert got.status_code == 503
    assert "attachment" not in got.headers.get("Content-Disposition", "")
    assert document.file.digest in capsys.readouterr().out, "the log names the bytes"
    given(vendor.actor)
    assert vendor.client.get(f"/documents/{document.code}").data == pdf(), "giving the bytes again mends them"


# Pages and API ------------------------------------------------------------------------------------------------------------


def upload(content: bytes = pdf(), name: str = "营业执照.pdf", **more: str) -> dict[str, object]:
    return {"file": (io.BytesIO(content), name, "image/png"), "purpose": "licence", **more}


def test_a_script_gets_code_name_and_size(app: Flask, someone) -> None:
    vendor = someone(Role.VENDOR)
    got = vendor.client.submit("/documents", upload(), headers={"Accept": "application/json"})

    assert got.status_code == 201
    document = queries.document(got.json["code"])
    assert (got.json["name"], got.json["size"], got.json["media_type"]) == (
        "营业执照.pdf",
        len(pdf()),
        "application/pdf",
    )
    assert got.json["url"] == f"/documents/{document.code}"


def test_a_script_is_told_what_is_wrong(app: Flask, someone) -> None:
    got = someone(Role.VENDOR).client.submit("/documents", upload(b"<html>"), headers={"Accept": "application/json"})
    assert got.status_code == 422
    assert got.mimetype == "application/problem+json"
    assert "网页" in got.json["fields"]["file"][0]


def test_a_plain_form_leads_on_and_never_away(app: Flask, someone) -> None:
    vendor = someone(Role.VENDOR)
    on = vendor.client.submit("/documents", upload(next="/vendors/apply?step=3"))
    assert on.status_code == 302
    assert on.location.startswith("/vendors/apply?step=3&document=D-")
    for away in ("https://example.org/", "//example.org", "/\\example.org"):
        assert vendor.client.submit("/documents", upload(next=away)).location == "/documents"
    page = vendor.client.get("/documents")
    assert page.status_code == 200
    assert "营业执照.pdf" in page.text


def test_a_refused_form_is_shown_again_with_the_reason(app: Flask, someone) -> None:
    got = someone(Role.VENDOR).client.submit("/documents", upload(office(), "执照.docx"))
    assert got.status_code == 422
    assert "PDF, JPG, PNG" in got.text


def test_nothing_is_taken_without_sign_in_or_token_of_the_form(app: Flask, client, someone) -> None:
    assert client.submit("/documents", upload(), headers={"Accept": "application/json"}).status_code == 401
    assert someone(Role.VENDOR).client.post("/documents", data=upload()).status_code == 400


def test_uploads_are_limited_for_each_person(app: Flask, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.documents.views.RATES", ("2/minute",))
    vendor, other = someone(Role.VENDOR), someone(Role.VENDOR)
    answers = [vendor.client.submit("/documents", upload()).status_code for _ in range(3)]
    assert answers == [302, 302, 429]
    assert other.client.submit("/documents", upload()).status_code == 302


def test_one_removes_what_is_unused_and_nothing_else(app: Flask, someone) -> None:
    vendor, stranger = someone(Role.VENDOR), someone(Role.VENDOR)
    document, used = given(vendor.actor), given(vendor.actor, png(), "a.png")
    operations.attach(used.code, "V-1", by=vendor.actor)

    assert stranger.client.submit(f"/documents/{document.code}/remove").status_code == 404
    assert vendor.client.get(f"/documents/{document.code}/remove").status_code == 405
    assert vendor.client.submit(f"/documents/{document.code}/remove").status_code == 302
    assert vendor.client.get(f"/documents/{document.code}").status_code == 404
    assert vendor.client.submit(f"/documents/{used.code}/remove").status_code == 422
    assert vendor.client.get(f"/documents/{used.code}").status_code == 200


def test_programs_give_and_fetch_by_the_same_rules(app: Flask, someone) -> None:
    vendor, stranger = someone(Role.VENDOR), someone(Role.VENDOR)
    got = vendor.client.submit("/api/v1/documents?purpose=licence", upload())
    assert got.status_code == 201, got.text
    code = got.json["code"]

    assert vendor.client.get(f"/api/v1/documents/{code}").json == got.json
    assert vendor.client.get(f"/api/v1/documents/{code}/content").data == pdf()
    for path in (f"/api/v1/documents/{code}", f"/api/v1/documents/{code}/content"):
        assert stranger.client.get(path).status_code == 404
    wrong = vendor.client.submit("/api/v1/documents?purpose=poem", upload())
    assert wrong.status_code == 422
    assert "purpose" in wrong.json["fields"]


# Sweeping -----------------------------------------------------------------------------------------------------------------


def test_the_sweep_removes_what_was_never_used_and_nothing_else(app: Flask, someone) -> None:
    """What is attached stays for good; unused rows go after a day, their bytes a day later."""
    vendor = someone(Role.VENDOR)
    with clock.frozen(NOON - timedelta(hours=25)):
        unused, shared_unused = given(vendor.actor, png(), "a.png"), given(vendor.actor)
        used = given(vendor.actor, name="b.pdf")
        operations.attach(used.code, "V-1", by=vendor.actor)
    fresh = given(vendor.actor, jpeg(), "c.jpg")
    left = app.extensions["settings"].files / store.INCOMING / "0123"
    left.write_bytes(b"half")
    for path in stored(app):
        age(path)
    codes = [document.code for document in (unused, shared_unused, used, fresh)]
    png_path = store.path_of(unused.file.digest)

    assert operations.sweep() == operations.Swept(arrivals=1, files=0, documents=2)

    assert [code for code in codes if queries.document(code)] == [used.code, fresh.code]
    assert png_path.exists(), "bytes never go in the act that removes their row"
    assert db.session.scalar(select(StoredFile).where(StoredFile.digest == png_path.name)) is None
    assert operations.sweep() == operations.Swept(0, 1, 0)
    assert not png_path.exists()
    assert vendor.client.get(f"/documents/{used.code}").data == pdf()
    assert {entry.facts["document"] for entry in events("DocumentRemoved")} == {unused.code, shared_unused.code}


def test_removed_documents_go_with_their_bytes(app: Flask, someone) -> None:
    vendor = someone(Role.VENDOR)
    operations.remove(given(vendor.actor).code, by=vendor.actor)
    for path in stored(app):
        age(path)
    operations.sweep()
    operations.sweep()
    assert stored(app) == []
    assert db.session.scalar(select(func.count()).select_from(Document)) == 0


def test_a_sweep_that_did_not_see_everything_is_followed_by_another(
    app: Flask, someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "BATCH", 2)
    with clock.frozen(NOON - timedelta(hours=25)):
        actor = someone(Role.VENDOR).actor
        for _ in range(5):
            given(actor)
    operations.sweep()
    assert outbox.drain() == 2
    assert db.session.scalar(select(func.count()).select_from(Document)) == 0


def test_the_timetable_sweeps(app: Flask) -> None:
    from market import timetable

    assert "market.documents.jobs.sweep" in {act.job for act in timetable.TABLE}
    transactional(lambda: __import__("market.transaction").transaction.later("market.documents.jobs.sweep"))()
    assert outbox.drain() == 1


# At once ------------------------------------------------------------------------------------------------------------------


def test_the_same_bytes_given_at_once_are_kept_once(settings: config.Settings, tmp_path: Path) -> None:
    with committed.application(settings, tmp_path) as own:
        with own.app_context():
            actors = [committed.vendor_member() for _ in range(8)]
        start, faults = threading.Barrier(len(actors)), []

        def act(actor) -> None:
            with own.app_context():
                try:
                    start.wait(10)
                    for _ in range(3):
                        given(actor)
                except Exception as fault:
                    faults.append(fault)

        threads = [threading.Thread(target=act, args=(actor,)) for actor in actors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert faults == []
        with own.app_context():
            assert db.session.scalar(select(func.count()).select_from(Document)) == 24
            assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 1
        assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1


def test_the_sweep_leaves_bytes_alone_that_are_just_being_given_again(
    settings: config.Settings, tmp_path: Path
) -> None:
    """Old bytes without a row are given anew; the sweep runs between their arrival and the commit."""
    with committed.application(settings, tmp_path) as own, own.app_context():
        actor = committed.vendor_member()
        document = given(actor)
        place = store.path_of(document.file.digest)
        transactional(lambda: [db.session.delete(document), db.session.delete(document.file)])()
        swept = []

        def sweep() -> None:
            with own.app_context():
                swept.append(operations.sweep())

        @transactional
        def give_slowly() -> None:
            given(actor)
            os.utime(place, (0, 0))  # as if the sweep had listed it before it was written anew
            thread = threading.Thread(target=sweep)
            thread.start()
            thread.join(10)

        os.utime(place, (0, 0))
        give_slowly()
        assert swept == [operations.Swept(0, 0, 0)]
        assert place.read_bytes() == pdf()
        sweep()
        assert place.exists(), "it has a row now"


def test_whoever_is_nobody_gives_nothing(app: Flask) -> None:
    from market.kernel.actor import system

    with pytest.raises(NotSignedIn):
        given(system())


def test_a_firm_that_is_left_keeps_its_files(app: Flask, someone) -> None:
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    elsewhere = Organisation(code=new_code("O"), kind=OrganisationKind.VENDOR, name="别家", created_at=NOON)
    vendor.membership.organisation = elsewhere
    db.session.commit()
    assert vendor.client.get(f"/documents/{document.code}").status_code == 404


def test_archives_are_not_unpacked(app: Flask, someone) -> None:
    with pytest.raises(Invalid):
        given(someone(Role.VENDOR).actor, packed({"../../x": "1"}), "x.docx", purpose="listing")
    assert stored(app) == []
