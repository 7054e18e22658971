"""What the market signs and what it believes of the data hub's answers: pure but for the imports."""

import base64
import hashlib
import hmac
from datetime import date

import pytest

from market.documents.hub import Fetched, read, signature

BODY = b"%PDF-1.7 document"
DIGEST = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


def headers(**more: str) -> dict[str, str]:
    return {"content-digest": f"sha-256=:{DIGEST}:", "x-issuer": "%E6%BC%94%E7%A4%BA"} | more


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


def test_an_answer_is_read_with_issuer_and_last_day() -> None:
    digest = hashlib.sha256(BODY).hexdigest()
    assert read(BODY, headers(**{"x-valid-to": "2030-12-31"})) == Fetched(BODY, digest, "演示", date(2030, 12, 31))
    assert read(BODY, headers()).valid_to is None


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (BODY + b" ", {}),
        (b"", {"content-digest": f"sha-256=:{base64.b64encode(hashlib.sha256(b'').digest()).decode()}:"}),
        (BODY, {"content-digest": DIGEST}),
        (BODY, {"content-digest": "sha-512=:AAAA:"}),
        (BODY, {"x-valid-to": "31.12.2030"}),
    ],
)
def test_what_does_not_fit_is_not_believed(body: bytes, changed: dict[str, str]) -> None:
    """KF-FIL-04"""
    with pytest.raises(ValueError):
        read(body, headers(**changed))
    with pytest.raises(KeyError):
        read(BODY, {"x-issuer": "x"})
