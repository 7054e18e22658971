"""Accepted results go to the practice systems of the departments, over HTTP, once."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest
from flask import Flask

from market.db import db
from market.orders import exchange, work_jobs, work_queries
from practice.departments import Departments
from tests.integration.conftest import NOON
from tests.integration.factories import work

SECRET = "a secret of the practice departments"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def departments(tmp_path: Path) -> Iterator[tuple[Departments, str]]:
    application = Departments(tmp_path / "departments", SECRET)
    with make_server("127.0.0.1", 0, application, WSGIServer, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield application, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(5)


@pytest.fixture
def connected(app: Flask, departments: tuple[Departments, str], monkeypatch: pytest.MonkeyPatch) -> Departments:
    application, url = departments
    application.now = NOON.timestamp  # the market's clocks stand there, and a signed request is only good for minutes
    monkeypatch.setattr(exchange, "of", lambda settings: exchange.OverHttp(url, SECRET))
    return application


def receipt_of(made: work.Work) -> str | None:
    db.session.expire_all()
    delivery = work_queries.last_delivery(work_queries.milestones_of(made.fresh())[-1])
    return delivery.exchange_receipt if delivery is not None else None


def test_an_accepted_result_reaches_the_department_and_its_receipt_the_order(connected: Departments) -> None:
    made = work.accepted()
    work.drain()
    receipt = receipt_of(made)
    assert receipt is not None
    [taken] = connected.results()
    assert (taken["order"], taken["receipt"], taken["item"]) == (made.code, receipt, work.ITEM)
    assert [one["name"] for one in taken["files"]] == ["报告.pdf"]
    assert (connected.folder / "files" / taken["files"][0]["digest"]).exists()
    assert "测试买家" not in str(taken)
    # what was taken is not sent again: nobody is asked any more
    connected.play("down")
    work_jobs.offer_result(made.code)
    assert len(connected.results()) == 1


def test_what_is_not_accepted_goes_nowhere(connected: Departments) -> None:
    made = work.delivered()
    work.drain()
    work_jobs.offer_result(made.code)
    assert connected.results() == []


def test_while_the_department_is_away_the_result_waits_and_the_order_is_not_held_up(connected: Departments) -> None:
    connected.play("down")
    made = work.accepted()
    with pytest.raises(exchange.Away):
        work_jobs.offer_result(made.code)
    assert receipt_of(made) is None
    assert made.fresh().state == "accepted"
    connected.play("up")
    work_jobs.offer_result(made.code)
    assert receipt_of(made) is not None


def test_a_department_that_refuses_says_why(connected: Departments) -> None:
    connected.play("refuse")
    made = work.accepted()
    with pytest.raises(exchange.NotTaken, match="材料不全"):
        work_jobs.offer_result(made.code)
    assert receipt_of(made) is None


@pytest.mark.usefixtures("app")
def test_without_a_department_nothing_happens() -> None:
    made = work.accepted()
    work_jobs.offer_result(made.code)
    assert receipt_of(made) is None


def test_the_practice_systems_take_only_signed_requests_and_whole_files(departments: tuple[Departments, str]) -> None:
    _, url = departments
    digest = "a" * 64
    assert httpx.put(f"{url}/files/{digest}", content=b"x").status_code == 401
    ours = exchange.OverHttp(url, SECRET)
    with pytest.raises(exchange.Away):
        ours.put(digest, b"other bytes")
    assert not ours.has(digest)
    with pytest.raises(exchange.Away):
        exchange.OverHttp(url, "another secret that is long enough").put(digest, b"x")
    assert "没有任何法律效力" in httpx.get(url).text


def test_the_same_result_twice_is_one_receipt(departments: tuple[Departments, str]) -> None:
    application, url = departments
    ours = exchange.OverHttp(url, SECRET)
    content = b"result"
    file = exchange.ResultFile("a.pdf", hashlib.sha256(content).hexdigest(), "application/pdf")
    result = exchange.Result("R-1", 1, "item", None, "部门", "项目", "V-1", "d" * 64, (file,))
    with pytest.raises(exchange.NotTaken):
        ours.offer(result)
    read: list[str] = []
    receipts = {exchange.hand_over(ours, result, lambda digest: read.append(digest) or content) for _ in range(2)}  # type: ignore[func-returns-value]
    # what is there already is not even opened
    assert read == [file.digest]
    assert len(receipts) == len(application.results()) == 1
