"""What the market believes of the data hub's answers: pure but for the imports."""

import base64
import hashlib
from datetime import date

import pytest

from market.documents.hub import Fetched, read

BODY = b"%PDF-1.7 document"
DIGEST = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


def headers(**more: str) -> dict[str, str]:
    return {"content-digest": f"sha-256=:{DIGEST}:", "x-issuer": "%E6%BC%94%E7%A4%BA"} | more


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
