"""Signatures by a qualified certificate: what the service is asked, and what is believed of its answer."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

from market import clock
from market.kernel.errors import RuleBroken
from market.orders import qualified
from market.signed_http import signature

AT = datetime(2026, 3, 4, 2, tzinfo=UTC)
SECRET = "a secret of the signature service"
TEXT = b"\x00\x00\x00\x0ewm/contract/v1"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with clock.frozen(AT):
        yield


def certificate(key: Any, *, since: timedelta = timedelta(days=-1), until: timedelta = timedelta(days=300)) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "测试证书")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(0xABCDEF)
        .not_valid_before(AT + since).not_valid_after(AT + until)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM).decode()


RSA = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
KINDS: dict[str, tuple[Any, Callable[[bytes], bytes]]] = {
    "rsa": (RSA, lambda text: RSA.sign(text, padding.PKCS1v15(), hashes.SHA256())),
    "ecdsa": (CURVE, lambda text: CURVE.sign(text, ec.ECDSA(hashes.SHA256()))),
    "ed25519": (EDWARDS, EDWARDS.sign),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_that_fits_its_certificate_is_believed(kind: str) -> None:
    key, sign = KINDS[kind]
    signed = base64.b64encode(sign(TEXT)).decode()
    found = qualified.checked(certificate(key), signed, TEXT)
    assert (found.serial, found.signature) == ("abcdef", signed)
    # what is kept has room in the column
    assert len(f"{found.serial}:{found.signature}") <= 400


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_over_another_text_is_not(kind: str) -> None:
    key, sign = KINDS[kind]
    with pytest.raises(RuleBroken):
        qualified.checked(certificate(key), base64.b64encode(sign(TEXT + b"!")).decode(), TEXT)


@pytest.mark.parametrize(
    ("pem", "signed"),
    [
        ("no certificate", "AAAA"),
        (certificate(EDWARDS), "no base64"),
        (certificate(CURVE), base64.b64encode(EDWARDS.sign(TEXT)).decode()),
        (certificate(EDWARDS, until=timedelta(seconds=-1)), base64.b64encode(EDWARDS.sign(TEXT)).decode()),
        (certificate(EDWARDS, since=timedelta(days=1)), base64.b64encode(EDWARDS.sign(TEXT)).decode()),
    ],
    ids=["no certificate", "no signature", "another key", "expired", "not yet valid"],
)
def test_nothing_else_is_believed(pem: str, signed: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        qualified.checked(pem, signed, TEXT)
    assert refused.value.remedy


def service(answer: Callable[[httpx.Request], httpx.Response]) -> qualified.OverHttp:
    return qualified.OverHttp("https://signature.example", SECRET, httpx.MockTransport(answer))


def test_the_service_is_asked_for_exactly_the_bytes_that_an_account_key_signs() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"request": "r-1", "url": "https://signature.example/r-1"})

    begun = service(answer).begin("C-1/buyer", TEXT, "https://market.example/back")
    assert begun == qualified.Begun("r-1", "https://signature.example/r-1")
    body = json.loads(seen[0].content)
    assert base64.b64decode(body["text"]) == TEXT
    at = seen[0].headers["x-market-time"]
    assert seen[0].headers["x-market-signature"] == signature(SECRET, at, "POST", "/signatures", seen[0].content)


def test_before_the_person_signed_there_is_nothing() -> None:
    assert service(lambda _: httpx.Response(200, json={"state": "waiting"})).result("r-1", TEXT) is None


def test_afterwards_the_signature_is_checked_here() -> None:
    signed = base64.b64encode(EDWARDS.sign(TEXT)).decode()
    body = {"state": "signed", "certificate": certificate(EDWARDS), "signature": signed}
    ours = service(lambda _: httpx.Response(200, json=body))
    assert ours.result("r-1", TEXT) == qualified.Qualified("abcdef", signed)
    with pytest.raises(RuleBroken):
        ours.result("r-1", b"another text")


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(200, text="no json"),
        lambda _: httpx.Response(200, json=[]),
        lambda _: httpx.Response(200, json={"state": "signed"}),
        lambda _: (_ for _ in ()).throw(httpx.ConnectTimeout("away")),
    ],
    ids=["fault", "no json", "no object", "incomplete", "away"],
)
def test_a_service_that_is_away_or_talks_nonsense_is_away(answer: Any) -> None:
    with pytest.raises(qualified.Away):
        service(answer).result("r-1", TEXT)
