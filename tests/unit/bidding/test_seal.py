"""Sealed bids: nothing is read early, nothing is opened in two ways, nothing is copied."""

import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke as theirs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from market.bidding import hpke, leaves, seal
from market.bidding.plain_json import NotPlain, parsed
from market.bidding.seal import Unopened

PRIVATE = {place: bytes([place]) * 32 for place in (1, 2, 3)}
PUBLIC = [hpke.public_key(key) for key in PRIVATE.values()]
ACCOUNT = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
TWO = {1: PRIVATE[1], 3: PRIVATE[3]}


def sealed(bid: dict[str, Any], bidder: str = "V-1", tender: str = "T-1") -> dict[str, Any]:
    return seal.sealed(
        tender, bidder, "bids", bid, PUBLIC,
        account_key=ACCOUNT.public_key().public_bytes_raw(), sign=ACCOUNT.sign, chance=secrets.token_bytes,
    )  # fmt: skip


def why(envelope: dict[str, Any], keys: dict[int, bytes] = TWO) -> str:
    with pytest.raises(Unopened) as caught:
        seal.opened(envelope, keys)
    return caught.value.reason


@pytest.mark.parametrize("pair", [(1, 2), (1, 3), (2, 3)])
def test_any_two_holders_open_a_bid_together_and_none_alone(pair: tuple[int, int]) -> None:
    envelope = sealed({"price": 5, "words": "方案"})
    assert seal.opened(envelope, {place: PRIVATE[place] for place in pair}).bid == {"price": 5, "words": "方案"}
    assert why(envelope, {pair[0]: PRIVATE[pair[0]]}) == "keys"
    assert why(envelope, {}) == "keys"


def test_the_own_hpke_and_the_library_open_each_other() -> None:
    suite = theirs.Suite(theirs.KEM.X25519, theirs.KDF.HKDF_SHA256, theirs.AEAD.AES_256_GCM)
    private = X25519PrivateKey.from_private_bytes(PRIVATE[1])
    ours = hpke.sealed(PUBLIC[0], b"info", b"text", ephemeral=secrets.token_bytes(32))
    assert suite.decrypt(ours, private, info=b"info") == b"text"
    assert hpke.opened(PRIVATE[1], b"info", suite.encrypt(b"text", private.public_key(), info=b"info")) == b"text"


@pytest.mark.parametrize("box", [b"", b"short", bytes(100), b"\xff" * 80])
def test_what_was_not_sealed_to_the_key_does_not_open(box: bytes) -> None:
    with pytest.raises(hpke.NotOpened):
        hpke.opened(PRIVATE[1], b"info", box)


def test_a_copied_envelope_gives_its_copier_nothing() -> None:
    """I9: under another name or tender the lock itself does not open."""
    envelope = sealed({"price": 5})
    assert why(envelope | {"bidder": "V-2"}) == "damaged"
    assert why(envelope | {"tender": "T-2"}) == "damaged"


def test_ids_inside_must_be_those_outside() -> None:
    """I7: a lock made for another name, with a context made to fit."""
    text = seal.canonical({"price": 5})
    nonce, secret = bytes(32), bytes([7]) * 32
    com = seal.commitment("T-1", "V-1", nonce, text)
    inside = seal.padded(seal.framed("T-1", "V-2", nonce, text))
    lock = seal.AESGCM(secret).encrypt(bytes(12), inside, seal._context("T-1", "V-1", com))
    envelope = {
        "tender": "T-1", "bidder": "V-1", "part": "bids", "com": com.hex(), "ct": lock.hex(),
        "boxes": seal._boxes("T-1", "V-1", secret, PUBLIC, secrets.token_bytes),
    }  # fmt: skip
    assert why(envelope) == "ids"


def test_a_lock_that_opens_to_another_bid_than_its_fingerprint_is_void() -> None:
    """I8: one fingerprint, at most one bid, though AES-GCM would let a cheat make two."""
    text, nonce, secret = seal.canonical({"price": 5}), bytes(32), bytes([7]) * 32
    com = seal.commitment("T-1", "V-1", nonce, seal.canonical({"price": 6}))
    lock = seal.AESGCM(secret).encrypt(
        bytes(12), seal.padded(seal.framed("T-1", "V-1", nonce, text)), seal._context("T-1", "V-1", com)
    )
    envelope = {
        "tender": "T-1", "bidder": "V-1", "com": com.hex(), "ct": lock.hex(),
        "boxes": seal._boxes("T-1", "V-1", secret, PUBLIC, secrets.token_bytes),
    }  # fmt: skip
    assert why(envelope) == "commitment"


@pytest.mark.parametrize("field", ["com", "ct", "boxes"])
def test_a_damaged_envelope_says_so(field: str) -> None:
    envelope = sealed({"price": 5})
    changed = {"boxes": {}} if field == "boxes" else {field: "00" + envelope[field][2:]}
    assert why(envelope | changed) == "damaged"
    assert not seal.is_signed(envelope | changed)
    assert seal.is_signed(envelope)


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_equal_sized_bids_look_alike_without_two_keys(first: int, second: int) -> None:
    """I6: prices of any length lie in locks of one length, and no box or field repeats."""
    one, two = sealed({"price": first}), sealed({"price": second})
    assert {name: len(str(value)) for name, value in one.items()} == {
        name: len(str(value)) for name, value in two.items()
    }
    assert not {*one["boxes"].values(), one["ct"], one["com"]} & {*two["boxes"].values(), two["ct"], two["com"]}


@given(st.binary(max_size=3000))
def test_padding_comes_off_as_it_went_on(text: bytes) -> None:
    assert len(seal.padded(text)) % seal.BLOCK == 0
    assert seal.unpadded(seal.padded(text)) == text


@pytest.mark.parametrize("text", [b"", bytes(1024), b"\x80" * 1023, b"\x80" + bytes(2047)])
def test_what_is_no_padding_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="padding"):
        seal.unpadded(text)


def test_a_bidder_can_reveal_only_what_he_sealed() -> None:
    envelope = sealed({"price": 5})
    nonce = seal.opened(envelope, TWO).nonce
    assert seal.revealed(envelope, nonce, {"price": 5}).bid == {"price": 5}
    for changed in ((nonce, {"price": 4}), (bytes(32), {"price": 5})):
        with pytest.raises(Unopened, match="commitment"):
            seal.revealed(envelope, *changed)


def test_a_digest_tells_nothing_without_its_salt() -> None:
    text = seal.envelope_bytes(sealed({"price": 5}))
    assert seal.envelope_digest(bytes(32), text) != seal.envelope_digest(bytes([1]) * 32, text)
    with pytest.raises(ValueError, match="32 bytes"):
        seal.envelope_digest(b"salt", text)


def test_sealing_refuses_one_holder_an_unknown_part_and_fractions() -> None:
    for holders, part, bid, words in (
        (PUBLIC[:1], "bids", {}, "at least two"),
        (PUBLIC, "gifts", {}, "an envelope holds"),
        (PUBLIC, "bids", {"price": 1.5}, "no fractions"),
    ):
        with pytest.raises(ValueError, match=words):
            seal.locked("T", "V", part, bid, holders, chance=secrets.token_bytes)


@pytest.mark.parametrize("text", [b"", b"[", b'{"a": 1}', b'{"a":1.0}', b"\xff", b'{"a":NaN}'])
def test_only_canonical_json_is_read(text: bytes) -> None:
    with pytest.raises(NotPlain):
        parsed(text)


def test_an_alias_hides_its_bidder_until_the_nonce_is_known() -> None:
    assert leaves.alias("T", "V-1", bytes(32)) != leaves.alias("T", "V-1", bytes([1]) * 32)
    assert leaves.alias("T", "V-1", bytes(32)) != leaves.alias("T", "V-2", bytes(32))


@pytest.mark.parametrize("text", ["2026-02-30T00:00:00Z", "2026-03-10T09:00:00+00:00", "2026-3-10T09:00:00Z", ""])
def test_times_of_the_record_are_written_in_one_way(text: str) -> None:
    with pytest.raises(ValueError):
        leaves.seconds(text)
    assert leaves.seconds("2026-03-10T09:00:00Z") == 1773133200
