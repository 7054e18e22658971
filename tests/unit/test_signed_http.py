"""Requests to the services around the market are signed over everything that they mean."""

import hashlib
import hmac

from market.signed_http import signature

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
