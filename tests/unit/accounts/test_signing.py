"""Account keys as bytes: sealed, opened, signed with, checked. No database."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from market.accounts import signing
from market.kernel.framing import framed

OWNER, PASSWORD = "P-7K3M9Q2FX", "four plain words here"


@pytest.fixture(scope="module")
def key() -> signing.SealedKey:
    return signing.new_key(PASSWORD, owner=OWNER, cheap=True)


@pytest.mark.parametrize(
    ("seed", "public", "text", "signed"),
    [
        # RFC 8032, section 7.1, TEST 1 and TEST 2
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
)
def test_published_signatures_are_recognised(seed: str, public: str, text: str, signed: str) -> None:
    def b64(hexadecimal: str) -> str:
        return base64.b64encode(bytes.fromhex(hexadecimal)).decode()

    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)).sign(bytes.fromhex(text)).hex() == signed
    assert signing.fits(b64(public), b64(signed), bytes.fromhex(text))
    assert not signing.fits(b64(public), b64(signed), bytes.fromhex(text) + b" ")


def signature(key: signing.SealedKey, password: str, text: bytes, *, owner: str) -> str:
    return signing.signed(signing.opened(key, password, owner=owner), text)


def test_a_signature_fits_its_text_and_no_other(key: signing.SealedKey) -> None:
    signed = signature(key, PASSWORD, b"this", owner=OWNER)
    assert signing.fits(key.public, signed, b"this")
    assert not signing.fits(key.public, signed, b"that")
    assert not signing.fits(signing.new_key(PASSWORD, owner=OWNER, cheap=True).public, signed, b"this")


@pytest.mark.parametrize("bad", ["", "?", "AAAA", base64.b64encode(bytes(64)).decode()])
def test_what_is_no_signature_is_refused_without_a_fault(key: signing.SealedKey, bad: str) -> None:
    assert not signing.fits(key.public, bad, b"this")
    assert not signing.fits(bad, bad, b"this")


def test_only_the_owner_with_his_password_opens_a_key(key: signing.SealedKey) -> None:
    for password, owner in ((PASSWORD + "!", OWNER), ("", OWNER), (PASSWORD, "P-0000TEST0")):
        with pytest.raises(signing.WrongPassword):
            signature(key, password, b"this", owner=owner)


def test_a_sealed_key_that_was_changed_does_not_open(key: signing.SealedKey) -> None:
    head, _, body = key.sealed.partition(":")
    raw = bytearray(base64.b64decode(body))
    for place in (0, 16, 28, len(raw) - 1):
        raw[place] ^= 1
        changed = signing.SealedKey(key.public, f"{head}:{base64.b64encode(bytes(raw)).decode()}")
        with pytest.raises(signing.WrongPassword):
            signature(changed, PASSWORD, b"this", owner=OWNER)
        raw[place] ^= 1
    other = signing.new_key(PASSWORD, owner=OWNER, cheap=True)
    with pytest.raises(signing.WrongPassword):
        signature(signing.SealedKey(other.public, key.sealed), PASSWORD, b"this", owner=OWNER)


def test_a_new_password_keeps_the_key(key: signing.SealedKey) -> None:
    fresh = signing.resealed(key, PASSWORD, "another password", owner=OWNER, cheap=True)
    signed = signature(fresh, "another password", b"this", owner=OWNER)
    assert fresh.public == key.public
    assert fresh.sealed != key.sealed
    assert signing.fits(key.public, signed, b"this")
    with pytest.raises(signing.WrongPassword):
        signature(fresh, PASSWORD, b"this", owner=OWNER)


def test_the_sealed_form_holds_neither_key_nor_password(key: signing.SealedKey) -> None:
    assert PASSWORD not in key.sealed
    again = signing.new_key(PASSWORD, owner=OWNER, cheap=True)
    assert again.sealed != key.sealed
    assert again.public != key.public


@pytest.mark.parametrize(
    ("parts", "expected"),
    [((), ""), (("a",), "0000000161"), (("a", b"bc"), "0000000161000000026263"), (("合",), "00000003e59088")],
)
def test_framing_puts_the_length_before_each_part(parts: tuple[str | bytes, ...], expected: str) -> None:
    assert framed(*parts).hex() == expected


def test_no_two_lists_of_parts_frame_alike() -> None:
    lists = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c")]
    assert len({framed(*parts) for parts in lists}) == len(lists)
