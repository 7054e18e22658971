"""Requests to the services around the market are signed over everything that they mean."""

import hashlib
import hmac
from pathlib import Path

import pytest

from market.signed_http import signature
from practice import bank
from practice.signed import is_signed

BODY = b"%PDF-1.7 document"


def test_a_request_is_signed_over_time_method_path_and_body() -> None:
    text = "1772589600\nPOST\n/documents\n" + hashlib.sha256(BODY).hexdigest()
    expected = hmac.new(b"secret", text.encode(), hashlib.sha256).hexdigest()
    assert signature("secret", "1772589600", "POST", "/documents", BODY) == expected
    changed = {
        signature("secret", "1772589601", "POST", "/documents", BODY),
        signature("secret", "1772589600", "GET", "/documents", BODY),
        signature("secret", "1772589600", "POST", "/available", BODY),
        signature("secret", "1772589600", "POST", "/documents", BODY + b" "),
        signature("other", "1772589600", "POST", "/documents", BODY),
    }
    assert len(changed | {expected}) == 6


@pytest.mark.parametrize("changed", ["", "é", "十", "0" * 64])
def test_a_practice_server_refuses_what_is_not_signed_whatever_its_header_holds(changed: str, tmp_path: Path) -> None:
    """Texts that are not ASCII cannot be compared as texts."""
    right = signature("secret", "1772589600", "POST", "/documents", BODY)
    environ = {"HTTP_X_MARKET_TIME": "1772589600", "HTTP_X_MARKET_SIGNATURE": right}
    asked = {"body": BODY, "secret": "secret", "now": 1772589600.0, "method": "POST", "path": "/documents"}
    assert is_signed(environ, **asked)
    assert not is_signed({**environ, "HTTP_X_MARKET_SIGNATURE": changed}, **asked)
    statuses: list[str] = []
    opened = bank.application(bank.Bank(tmp_path, "http://bank.test", "key"))
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/v1/charges", "wsgi.input": (tmp_path / "none").open("w+b")}
    for given in (f"Bearer {changed}", "Bearer key"):
        opened({**request, "HTTP_AUTHORIZATION": given}, lambda status, headers: statuses.append(status))
    assert [status[:3] for status in statuses] == ["401", "200"]
