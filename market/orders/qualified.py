"""A qualified electronic signature service: the person signs there with a certificate, and the market checks what comes back.

One Protocol; over HTTP by the settings SIGNATURE_SERVICE_URL and SIGNATURE_SERVICE_SECRET (none: not offered). The market asks
for a signature over the same bytes that an account key signs; the service answers with the address where the person goes, and
later with certificate and signature. Signatures are RSA (PKCS #1 v1.5), ECDSA or Ed25519 with SHA-256; SM2 certificates are not
read by the library that checks here and are refused.
"""

import base64
import json
from dataclasses import dataclass
from typing import Protocol

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from market import clock, signed_http
from market.config import Settings
from market.kernel.errors import RuleBroken, Unavailable
from market.kernel.words import N_

CONNECT, ANSWER = 1.0, 10.0


class Away(Unavailable):
    """The service does not answer, or not in a way that can be understood."""

    code = "signature_service_away"
    title = N_("The signature service does not answer at the moment.")


@dataclass(frozen=True, slots=True)
class Begun:
    """A request at the service: its number, and the address where the person signs."""

    request: str
    url: str


@dataclass(frozen=True, slots=True)
class Qualified:
    """A checked signature: serial number of the certificate (hex) and the signature (base64)."""

    serial: str
    signature: str


class SignatureService(Protocol):
    """Where people sign with a qualified certificate."""

    def begin(self, reference: str, text: bytes, back: str) -> Begun:
        """Ask for a signature over `text`; `back` is where the person returns to. Raises `Away`."""
        ...

    def result(self, request: str, text: bytes) -> Qualified | None:
        """The checked signature, None while the person has not signed. `RuleBroken` for one that does not fit, `Away`."""
        ...


@dataclass(frozen=True, slots=True)
class OverHttp:
    """A service over HTTP: POST /signatures, GET /signatures/<request>, signed like requests to the data hub."""

    url: str
    secret: str
    transport: httpx.BaseTransport | None = None

    def begin(self, reference: str, text: bytes, back: str) -> Begun:
        """See `SignatureService`."""
        body = {"reference": reference, "text": base64.b64encode(text).decode(), "back": back}
        answer = self._send("POST", "/signatures", json.dumps(body).encode())
        try:
            return Begun(str(answer["request"])[:80], str(answer["url"]))
        except KeyError as error:
            raise Away() from error

    def result(self, request: str, text: bytes) -> Qualified | None:
        """See `SignatureService`."""
        answer = self._send("GET", f"/signatures/{request}", b"")
        if answer.get("state") != "signed":
            return None
        try:
            return checked(answer["certificate"], answer["signature"], text)
        except KeyError as error:
            raise Away() from error

    def _send(self, method: str, path: str, body: bytes) -> dict[str, str]:
        try:
            answer = signed_http.send(
                self.url, self.secret, method, path, body, patience=httpx.Timeout(ANSWER, connect=CONNECT),
                headers={"Content-Type": "application/json"}, transport=self.transport,
            )  # fmt: skip
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Away() from error
        if not isinstance(found, dict):
            raise Away()
        return found


def checked(certificate: str, signed: str, text: bytes) -> Qualified:
    """A certificate (PEM) and its signature (base64) over `text`. `RuleBroken` when they do not fit or cannot be read."""
    try:
        read = x509.load_pem_x509_certificate(certificate.encode())
        at = clock.real()
        if not read.not_valid_before_utc <= at <= read.not_valid_after_utc:
            raise ValueError("the certificate is not valid now")
        _verify(read.public_key(), base64.b64decode(signed, validate=True), text)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        raise RuleBroken(
            N_("The signature service sent a signature that does not fit this contract."),
            remedy=N_("Sign once more, or sign with your password."),
        ) from None
    return Qualified(f"{read.serial_number:x}", signed)


def _verify(key: object, signed: bytes, text: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signed, text, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signed, text, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signed, text)
    else:
        raise ValueError("no way to check this kind of key")


def of(settings: Settings) -> SignatureService | None:
    """The service that the settings name; None where none is offered."""
    if not settings.signature_service:
        return None
    return OverHttp(settings.signature_service, settings.signature_service_secret)
