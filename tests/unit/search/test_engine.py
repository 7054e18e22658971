"""Every way in which an engine can be silent is `Away`, in bounded time (KF-SEA-04)."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from elasticsearch import BadRequestError

from search.engine import Away, Missing, connect
from search.index import Index
from search.offers import OFFERS, OfferSearch, find_offers
from search.vendors import VENDORS, find_vendors


class Answer(BaseHTTPRequestHandler):
    """Answers as the address's port was told to: a status, a delay, a body."""

    def do_POST(self) -> None:
        status, delay, body = self.server.answer  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(delay)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(BrokenPipeError):  # the client may have gone
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def index_at(server: ThreadingHTTPServer) -> Index:
    return Index(connect(f"http://127.0.0.1:{server.server_port}", answer=0.5), "t", OFFERS)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_engine_that_says_not_now_is_away(status: int, server: ThreadingHTTPServer) -> None:
    server.answer = (status, 0.0, b'{"error": {"type": "busy"}}')  # type: ignore[attr-defined]
    with pytest.raises(Away):
        find_offers(index_at(server), OfferSearch())


def test_an_engine_that_takes_too_long_is_away_in_its_time(server: ThreadingHTTPServer) -> None:
    server.answer = (200, 3.0, b"{}")  # type: ignore[attr-defined]
    begin = time.monotonic()
    with pytest.raises(Away):
        find_offers(index_at(server), OfferSearch())
    assert time.monotonic() - begin < 1.5


def test_an_answer_that_is_no_answer_is_away(server: ThreadingHTTPServer) -> None:
    server.answer = (200, 0.0, b"{half")  # type: ignore[attr-defined]
    with pytest.raises(Away):
        find_offers(index_at(server), OfferSearch())


def test_a_missing_index_is_away_and_named_so(server: ThreadingHTTPServer) -> None:
    server.answer = (404, 0.0, b'{"error": {"type": "index_not_found_exception"}}')  # type: ignore[attr-defined]
    with pytest.raises(Missing):
        find_offers(index_at(server), OfferSearch())


def test_a_question_that_is_wrong_is_not_hidden_as_away(server: ThreadingHTTPServer) -> None:
    server.answer = (400, 0.0, b'{"error": {"type": "parsing_exception"}}')  # type: ignore[attr-defined]
    with pytest.raises(BadRequestError):
        find_offers(index_at(server), OfferSearch())


def test_nothing_is_asked_where_nothing_was_typed() -> None:
    assert find_vendors(Index(connect("http://127.0.0.1:9"), "t", VENDORS), "  ?? ", column=0) == ()
