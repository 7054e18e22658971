"""Large files in parts: the protocol tus 1.0.0, broken lines, and forms that name an upload instead of a file."""

import base64
import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import func, select
from werkzeug.exceptions import ClientDisconnected
from werkzeug.test import TestResponse

from market import clock
from market.db import db
from market.documents import queries, rules, store, upload_operations, uploads
from market.documents.models import Document, Upload
from market.kernel.actor import Role
from market.kernel.errors import RuleBroken
from tests.integration.conftest import NOON, Browser, Someone
from tests.integration.factories.documents import pdf

#: a whole PDF of 3 MB: what makes it large lies in a comment
LARGE = pdf("大文件", head=b"%" + b"x" * 3 * 1024 * 1024 + b"\n")
PART = 1024 * 1024


def parts_on_disk(app: Flask) -> list[Path]:
    return [path for path in (app.extensions["settings"].files / "parts").glob("*") if path.is_file()]


def send(
    browser: Browser, method: str, path: str, headers: dict[str, str] | None = None, data: bytes = b""
) -> TestResponse:
    with browser.application.test_request_context():
        token = generate_csrf()
        raw = session["csrf_token"]
    from flask import g

    g.pop("csrf_token", None)
    with browser.session_transaction() as cookie:
        cookie["csrf_token"] = raw
    headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": token} | (headers or {})
    return browser.open(path, method=method, headers={k: v for k, v in headers.items() if v}, data=data)


def begin(browser: Browser, size: int = len(LARGE), name: str = "总平面图.pdf", **more: str) -> TestResponse:
    about = {"Upload-Length": str(size), "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}"}
    return send(browser, "POST", "/uploads", about | more)


def add(browser: Browser, path: str, offset: int, data: bytes, **more: str) -> TestResponse:
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"} | more
    return send(browser, "PATCH", path, headers, data)


def sent(browser: Browser, content: bytes = LARGE, name: str = "总平面图.pdf") -> str:
    """The code of an upload that has fully arrived."""
    path = begin(browser, len(content), name).headers["Location"]
    for start in range(0, len(content), PART):
        assert add(browser, path, start, content[start : start + PART]).status_code == 204
    return path.rpartition("/")[2]


@pytest.fixture
def vendor(app: Flask, someone) -> Someone:
    return someone(Role.VENDOR)


# The protocol -------------------------------------------------------------------------------------------------------------


def test_what_the_server_can_do_is_told(app: Flask, client: Browser) -> None:
    told = client.options("/uploads")
    assert told.status_code == 204
    assert {name: told.headers[name] for name in ("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size")} == {
        "Tus-Resumable": "1.0.0",
        "Tus-Version": "1.0.0",
        "Tus-Extension": "creation,expiration,checksum,termination",
        "Tus-Max-Size": str(100 * 1024 * 1024),
    }
    assert told.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_a_file_comes_in_parts_and_says_how_far_it_is(app: Flask, vendor: Someone) -> None:
    begun = begin(vendor.client)
    path = begun.headers["Location"]
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")
    assert begun.headers["Upload-Expires"] == "Thu, 05 Mar 2026 02:00:00 GMT"
    first = add(vendor.client, path, 0, LARGE[:PART])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, str(PART))
    seen = send(vendor.client, "HEAD", path)
    assert (seen.status_code, seen.headers["Upload-Offset"], seen.headers["Upload-Length"]) == (
        200,
        str(PART),
        str(len(LARGE)),
    )
    assert seen.headers["Cache-Control"] == "no-store"
    assert add(vendor.client, path, PART, LARGE[PART:]).headers["Upload-Offset"] == str(len(LARGE))


def test_a_part_that_begins_elsewhere_is_refused_and_the_right_place_is_told(app: Flask, vendor: Someone) -> None:
    path = begin(vendor.client).headers["Location"]
    add(vendor.client, path, 0, LARGE[:PART])
    for offset in (0, PART - 1, PART + 1, len(LARGE)):
        wrong = add(vendor.client, path, offset, b"abc")
        assert (wrong.status_code, wrong.headers["Upload-Offset"]) == (409, str(PART))
    assert len(parts_on_disk(app)) == 1


def test_what_came_before_the_line_broke_stays(app: Flask, vendor: Someone) -> None:
    class Broken:
        def __init__(self) -> None:
            self.pieces = [LARGE[:PART], LARGE[PART : PART + 500]]

        def read(self, size: int) -> bytes:
            if not self.pieces:
                raise ClientDisconnected()
            return self.pieces.pop(0)

    upload = upload_operations.begin_upload("a.pdf", len(LARGE), by=vendor.actor)
    assert uploads.add_part(upload.code, 0, Broken(), None, by=vendor.actor).received == PART + 500
    rest = io.BytesIO(LARGE[PART + 500 :])
    assert uploads.add_part(upload.code, PART + 500, rest, None, by=vendor.actor).received == len(LARGE)
    assert uploads.opened(upload.code, vendor.actor).read() == LARGE


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_with_a_checksum_is_kept_whole_or_not_at_all(app: Flask, vendor: Someone, algorithm: str) -> None:
    path = begin(vendor.client).headers["Location"]
    right = base64.b64encode(hashlib.new(algorithm, LARGE[:PART]).digest()).decode()
    wrong = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
    assert add(vendor.client, path, 0, LARGE[:PART], **{"Upload-Checksum": f"{algorithm} {wrong}"}).status_code == 460
    assert send(vendor.client, "HEAD", path).headers["Upload-Offset"] == "0"
    assert parts_on_disk(app) == []
    assert add(vendor.client, path, 0, LARGE[:PART], **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Tus-Resumable": ""}, 412),
        ({"Content-Type": "application/pdf"}, 415),
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "x"}, 400),
        ({"Upload-Checksum": "crc32 AAAA"}, 400),
        ({"X-CSRFToken": ""}, 400),
    ],
)
def test_what_is_not_the_protocol_is_refused(app: Flask, vendor: Someone, headers: dict[str, str], status: int) -> None:
    path = begin(vendor.client).headers["Location"]
    assert add(vendor.client, path, 0, b"abc", **headers).status_code == status
    assert send(vendor.client, "HEAD", path).headers["Upload-Offset"] == "0"


def test_more_bytes_than_announced_are_refused(app: Flask, vendor: Someone) -> None:
    path = begin(vendor.client, 10).headers["Location"]
    assert add(vendor.client, path, 0, b"x" * 11).status_code == 413
    assert add(vendor.client, path, 0, b"x" * 10).status_code == 204


@pytest.mark.parametrize("length", ["0", str(100 * 1024 * 1024 + 1), "9" * 15])
def test_an_empty_file_and_one_above_the_limit_do_not_begin(app: Flask, vendor: Someone, length: str) -> None:
    refused = begin(vendor.client, **{"Upload-Length": length})
    assert refused.status_code == 413
    assert db.session.scalar(select(func.count()).select_from(Upload)) == 0


def test_one_hundred_megabytes_may_begin(app: Flask, vendor: Someone) -> None:
    assert begin(vendor.client, 100 * 1024 * 1024).status_code == 201


def test_others_uploads_do_not_exist(app: Flask, vendor: Someone, someone, client: Browser) -> None:
    """KF-ACC-05"""
    stranger, operator = someone(Role.VENDOR), someone(Role.OPERATOR)
    colleague = someone(Role.VENDOR, organisation=vendor.membership.organisation)
    path = begin(vendor.client).headers["Location"]
    for one in (stranger, operator, colleague):
        assert send(one.client, "HEAD", path).status_code == 404
        assert add(one.client, path, 0, b"abc").status_code == 404
        assert send(one.client, "DELETE", path).status_code == 404
    assert begin(client).status_code == 401


def test_an_upload_is_stopped_with_all_that_came(app: Flask, vendor: Someone) -> None:
    path = begin(vendor.client).headers["Location"]
    add(vendor.client, path, 0, LARGE[:PART])
    assert send(vendor.client, "DELETE", path).status_code == 204
    assert send(vendor.client, "HEAD", path).status_code == 404
    assert parts_on_disk(app) == []


def test_uploads_of_one_person_are_limited(
    app: Flask, vendor: Someone, someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_UPLOADS", 2)
    for _ in range(2):
        begin(vendor.client)
    assert begin(vendor.client).status_code == 422
    assert begin(someone(Role.VENDOR).client).status_code == 201
    with pytest.raises(RuleBroken):
        rules.check_uploads(1, rules.MOST_BYTES - 5, 6, 100)
    rules.check_uploads(1, rules.MOST_BYTES - 6, 6, 100)


def test_an_upload_that_nobody_goes_on_with_is_forgotten_after_a_day(app: Flask, vendor: Someone) -> None:
    path = begin(vendor.client).headers["Location"]
    add(vendor.client, path, 0, LARGE[:PART])
    with clock.frozen(NOON + timedelta(hours=23, minutes=59)):
        assert upload_operations.forget_expired() == 0
        assert send(vendor.client, "HEAD", path).status_code == 200
    with clock.frozen(NOON + timedelta(hours=24)):
        assert send(vendor.client, "HEAD", path).status_code == 404
        assert upload_operations.forget_expired() == 1
    assert parts_on_disk(app) == []


def test_parts_that_belong_to_nothing_are_forgotten(app: Flask, vendor: Someone) -> None:
    """What a process left that died between the store and the commit."""
    import os

    upload = upload_operations.begin_upload("a.pdf", 10, by=vendor.actor)
    uploads.add_part(upload.code, 0, io.BytesIO(b"12345"), None, by=vendor.actor)
    with store.arriving(io.BytesIO(b"orphan"), 10) as arrival:
        arrival.keep_part("U-00000000X.0.x")
    for path in parts_on_disk(app):
        at = (NOON - timedelta(hours=50)).timestamp()
        os.utime(path, (at, at))
    upload_operations.forget_expired()
    assert [path.name.partition(".")[0] for path in parts_on_disk(app)] == [upload.code]


# In a form ----------------------------------------------------------------------------------------------------------------


def test_a_form_names_an_upload_in_the_place_of_the_file(app: Flask, vendor: Someone) -> None:
    """KF-FIL-02, KF-FIL-03: judged by its content and called by its name as any other file."""
    code = sent(vendor.client)
    got = vendor.client.submit(
        "/documents", {"purpose": "licence", "file": code}, headers={"Accept": "application/json"}
    )
    assert got.status_code == 201
    document = queries.document(got.json["code"])
    assert (document.name, document.file.size) == ("总平面图.pdf", len(LARGE))
    assert vendor.client.get(f"/documents/{document.code}").data == LARGE


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"MZ\x90\x00" + bytes(3000), "licence.pdf", "Windows"),
        (LARGE[:-9], "cut.pdf", "PDF"),
        (b"<html><script>alert(1)</script></html>" + b" " * 3000, "photo.jpg", "网页"),
    ],
    ids=["exe", "cut", "html"],
)
def test_what_is_refused_in_one_piece_is_refused_in_parts(
    app: Flask, vendor: Someone, content: bytes, name: str, words: str
) -> None:
    """KF-FIL-01, KF-FIL-02: the way in makes no difference."""
    code = sent(vendor.client, content, name)
    got = vendor.client.submit("/documents", {"purpose": "licence", "file": code})
    assert got.status_code == 422
    assert words in got.text
    assert db.session.scalar(select(func.count()).select_from(Document)) == 0


@pytest.mark.parametrize(
    "name", ["../../x.pdf", "CON.pdf", "a\x00b.pdf", ".....pdf", "资质\u202e证书.pdf", "证" * 200 + ".pdf"]
)
def test_odd_names_do_no_harm_on_this_way_either(app: Flask, vendor: Someone, name: str) -> None:
    """KF-FIL-03"""
    code = sent(vendor.client, pdf(), name)
    got = vendor.client.submit(
        "/documents", {"purpose": "licence", "file": code}, headers={"Accept": "application/json"}
    )
    assert got.status_code == 201
    assert not set(got.json["name"]) & set("/\\\x00\u202e")
    assert got.json["name"].endswith(".pdf")
    inside = app.extensions["settings"].files
    assert all(path.is_relative_to(inside) for path in parts_on_disk(app))


def test_a_form_that_is_refused_for_another_reason_keeps_the_file_that_had_arrived(app: Flask, vendor: Someone) -> None:
    code = sent(vendor.client)
    page = vendor.client.submit("/documents", {"purpose": "none of these", "file": code})
    assert page.status_code == 422
    assert f'name="file" value="{code}"' in page.text
    assert "总平面图.pdf（3.0 MB）已收到" in page.text.replace("3 MB", "3.0 MB")
    assert "required" not in page.text.split('id="f-file"')[1].split(">")[0]


def test_a_file_that_was_refused_itself_is_to_be_chosen_anew(app: Flask, vendor: Someone) -> None:
    code = sent(vendor.client, b"MZ" + bytes(100), "a.pdf")
    page = vendor.client.submit("/documents", {"purpose": "licence", "file": code})
    assert code not in page.text


def test_only_ones_own_whole_upload_stands_for_a_file(app: Flask, vendor: Someone, someone) -> None:
    whole = sent(vendor.client)
    path = begin(vendor.client, len(pdf()) + 10).headers["Location"]
    add(vendor.client, path, 0, pdf())
    half = path.rpartition("/")[2]
    for one, code in ((someone(Role.VENDOR), whole), (vendor, half), (vendor, "U-00000000X"), (vendor, "D-00000000X")):
        got = one.client.submit("/documents", {"purpose": "licence", "file": code})
        assert got.status_code == 422, code
    assert db.session.scalar(select(func.count()).select_from(Document)) == 0


def test_a_missing_part_is_said_and_nothing_is_kept(app: Flask, vendor: Someone) -> None:
    """KF-FIL-04"""
    code = sent(vendor.client)
    parts_on_disk(app)[0].unlink()
    got = vendor.client.submit("/documents", {"purpose": "licence", "file": code})
    assert got.status_code == 503
    assert db.session.scalar(select(func.count()).select_from(Document)) == 0
