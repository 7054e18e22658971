"""Merkle proofs, signed notes, policies and receipts: what holds is accepted, and no changed byte is."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from market.kernel import canonical
from market.record import merkle, notes, policy, tlog_proof
from market.record.findings import Unproven
from market.record.notes import COSIGNATURE, Checkpoint, Key
from market.record.tlog_proof import Receipt

ORIGIN = "market.example/record"
LOG, *WITNESSES = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 5))
NAMES = ("authority", "chamber", "university")
HASHES = [merkle.leaf_hash(bytes([number])) for number in range(64)]
READ = merkle.reader(HASHES)


def trusted(quorum: int = 2) -> policy.Policy:
    log = policy.Log(Key(ORIGIN, notes.ED25519, LOG.public_key().public_bytes_raw()))
    witnesses = tuple(
        policy.Witness(name, Key(f"{name}.example", COSIGNATURE, key.public_key().public_bytes_raw()))
        for name, key in zip(NAMES, WITNESSES, strict=True)
    )
    return policy.Policy((log,), witnesses, (policy.Group("all", quorum, NAMES),), "all")


def checkpoint(size: int, root: bytes, *, times: tuple[int, ...] = (100, 200)) -> str:
    said = Checkpoint(ORIGIN, size, root)
    lines = [notes.sign(said.body, ORIGIN, LOG)]
    lines += [
        notes.cosign(said, f"{name}.example", key, at) for name, key, at in zip(NAMES, WITNESSES, times, strict=False)
    ]
    return str(notes.Note(said.body, tuple(lines)))


def receipt(leaves: list[dict], index: int) -> str:
    hashes = [merkle.leaf_hash(canonical.leaf(leaf)) for leaf in leaves]
    proof = merkle.inclusion_proof(merkle.reader(hashes), index, len(hashes))
    note = checkpoint(len(hashes), merkle.root(hashes))
    return tlog_proof.write(Receipt(index, tuple(proof), note, tlog_proof.extra_of(leaves[index])))


@given(st.integers(1, 64).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))), st.data())
def test_every_inclusion_proof_holds_and_no_other_index_hash_or_length_does(pair: tuple[int, int], data) -> None:
    index, size = pair
    proof, root = merkle.inclusion_proof(READ, index, size), merkle.root(HASHES[:size])

    assert merkle.verify_inclusion(index, size, HASHES[index], proof, root)

    other = data.draw(st.integers(0, 64).filter(lambda number: number != index))
    assert not merkle.verify_inclusion(other, size, HASHES[index], proof, root)
    assert not merkle.verify_inclusion(index, size, HASHES[index], [*proof, HASHES[0]], root)
    if proof:
        assert not merkle.verify_inclusion(index, size, HASHES[index], proof[:-1], root)
        place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        assert not merkle.verify_inclusion(index, size, HASHES[index], _flipped(proof, place, bit), root)


def test_the_proofs_of_all_sizes_up_to_64_hold() -> None:
    for size in range(1, 65):
        root = merkle.root(HASHES[:size])
        for index in range(size):
            assert merkle.verify_inclusion(index, size, HASHES[index], merkle.inclusion_proof(READ, index, size), root)
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(READ, old, size)
            assert merkle.verify_consistency(old, size, merkle.root(HASHES[:old]), root, proof)


@given(st.integers(2, 64).flatmap(lambda size: st.tuples(st.integers(1, size - 1), st.just(size))), st.data())
def test_a_consistency_proof_with_a_changed_bit_does_not_hold(pair: tuple[int, int], data) -> None:
    old, size = pair
    before, after = merkle.root(HASHES[:old]), merkle.root(HASHES[:size])
    proof = merkle.consistency_proof(READ, old, size)

    place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    assert not merkle.verify_consistency(old, size, before, after, _flipped(proof, place, bit))
    assert not merkle.verify_consistency(old, size, after, after, proof)
    assert not merkle.verify_consistency(old, size, before, after, [*proof, HASHES[0]])
    assert not merkle.verify_consistency(0, size, merkle.EMPTY, after, [])


def test_a_hash_that_is_not_32_bytes_long_is_refused() -> None:
    with pytest.raises(merkle.NotAHash):
        merkle.node_hash(b"short", HASHES[0])
    with pytest.raises(merkle.NotAHash):
        merkle.root([HASHES[0], HASHES[1] + b"\0"])
    assert not merkle.verify_inclusion(0, 1, b"short", [], b"short")
    root = merkle.node_hash(HASHES[0], HASHES[1])
    assert not merkle.verify_inclusion(0, 2, HASHES[0], [HASHES[1] + b"\0"], root)
    assert not merkle.verify_consistency(1, 2, HASHES[0][:31], root, [HASHES[1]])


@settings(max_examples=200)
@given(st.data())
def test_a_receipt_with_one_changed_byte_is_refused(data) -> None:
    """I4 for receipts: whichever byte."""
    text = receipt([{"event": "a", "n": number} for number in range(7)], 4).encode()
    assert tlog_proof.verify_receipt(text, None, trusted()).index == 4

    place, change = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(1, 255))
    changed = text[:place] + bytes([text[place] ^ change]) + text[place + 1 :]
    with pytest.raises(Unproven):
        tlog_proof.verify_receipt(changed, None, trusted())


def test_a_receipt_proves_only_its_own_leaf_and_only_to_those_who_trust_its_log() -> None:
    leaves = [{"event": "a", "n": number} for number in range(3)]
    text = receipt(leaves, 1)

    proved = tlog_proof.verify_receipt(text, canonical.leaf(leaves[1]), trusted())
    assert (proved.index, proved.checkpoint.size, proved.checkpoint.cosigned_at) == (
        1, 3, {"authority": 100, "chamber": 200},
    )  # fmt: skip
    with pytest.raises(Unproven, match="leaf: the receipt holds another leaf"):
        tlog_proof.verify_receipt(text, canonical.leaf(leaves[2]), trusted())
    stranger = policy.Policy(
        (policy.Log(Key(ORIGIN, notes.ED25519, WITNESSES[0].public_key().public_bytes_raw())),),
        trusted().witnesses, trusted().groups, "all",
    )  # fmt: skip
    with pytest.raises(Unproven, match="checkpoint: "):
        tlog_proof.verify_receipt(text, None, stranger)
    with pytest.raises(Unproven, match="no key that the policy names"):
        tlog_proof.verify_receipt(text, None, stranger, strict=False)


def test_a_sealed_bid_s_receipt_holds_the_salt_and_envelope_that_the_digest_is_of() -> None:
    salt, envelope = "07" * 32, '{"bidder":"V-1"}'
    leaf = {"event": "envelope.received", "digest": tlog_proof.envelope_digest(salt, envelope)}
    good = Receipt(0, (), checkpoint(1, merkle.leaf_hash(canonical.leaf(leaf))), b"")

    def with_extra(**said: str) -> str:
        return tlog_proof.write(Receipt(0, (), good.checkpoint, tlog_proof.extra_of(leaf, **said)))

    assert tlog_proof.verify_receipt(with_extra(salt=salt, envelope=envelope), None, trusted()).leaf
    with pytest.raises(Unproven, match="salt and envelope"):
        tlog_proof.verify_receipt(with_extra(salt=salt, envelope=envelope + " "), None, trusted())
    with pytest.raises(Unproven, match="receipt: "):
        tlog_proof.verify_receipt(with_extra(salt=salt), None, trusted())


def test_a_checkpoint_counts_once_the_quorum_has_seen_it() -> None:
    root = merkle.root(HASHES[:3])

    seen = policy.verify_checkpoint(checkpoint(3, root, times=(300, 100, 200)), trusted())
    assert trusted().satisfied_at(seen.cosigned_at) == 200
    with pytest.raises(Unproven, match="quorum all has not cosigned"):
        policy.verify_checkpoint(checkpoint(3, root, times=(100,)), trusted())
    alone = policy.Policy(trusted().logs)
    with pytest.raises(Unproven, match="a key that the policy does not name"):
        policy.verify_checkpoint(checkpoint(3, root), alone)
    assert policy.verify_checkpoint(checkpoint(3, root), alone, strict=False).cosigned_at == {}
    with pytest.raises(Unproven, match="without leaves"):
        policy.verify_checkpoint(checkpoint(0, root), trusted())


def test_a_witness_that_signs_twice_or_a_log_that_signs_as_another_is_refused() -> None:
    said = Checkpoint(ORIGIN, 1, HASHES[0])
    line, first = notes.sign(said.body, ORIGIN, LOG), notes.cosign(said, "authority.example", WITNESSES[0], 1)
    second = notes.cosign(said, "authority.example", WITNESSES[0], 2)
    with pytest.raises(Unproven, match="signed twice"):
        policy.verify_checkpoint(notes.Note(said.body, (line, first, second)), trusted(1))

    other = Checkpoint("market.example/another", 1, HASHES[0])
    with pytest.raises(Unproven, match=r"market\.example/another"):
        policy.verify_checkpoint(notes.Note(other.body, (notes.sign(other.body, ORIGIN, LOG),)), trusted(1))


def test_a_policy_reads_back_from_text_and_from_json() -> None:
    whole = policy.Policy(
        (policy.Log(trusted().logs[0].key, "https://market.example/record"),),
        trusted().witnesses, trusted().groups, "all",
        (policy.Beacon("quicknet", "ab" * 32, "cd" * 96, 3, 1692803367),),
    )  # fmt: skip
    text = policy.write(whole)

    assert policy.read(f"# a remark\n\n  {text}") == whole
    assert policy.read(policy.write_json(whole)) == whole


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: lines[:-1], "no quorum line"),
        (lambda lines: [*lines, lines[-1]], "two quorum lines"),
        (lambda lines: [lines[0], *lines], "named twice"),
        (lambda lines: [lines[1].replace("authority ", "other ", 1), *lines], "named twice"),
        (lambda lines: [lines[-1], *lines[:-1]], "not defined before"),
        (lambda lines: [*lines[:-1], "group again any authority", lines[-1]], "a member already"),
        (lambda lines: [*lines[:-2], "group all 4 authority chamber university", lines[-1]], "cannot want 4"),
        (lambda lines: ["log " + lines[1].split(" ", 2)[2], *lines[1:]], "another kind"),
        (lambda lines: [lines[0].replace("+", "+0", 1), *lines[1:]], "key id"),
        (lambda lines: [*lines, "oracle x"], "begins no line"),
        (lambda lines: [*lines, "beacon x ab cd 3 1"], "in hexadecimal"),
        (lambda lines: [*lines, "quorum"], "words"),
    ],
)
def test_a_policy_that_is_not_exactly_one_is_refused_with_its_fault(change, says: str) -> None:
    lines = policy.write(trusted()).splitlines()
    with pytest.raises(Unproven, match=says) as refused:
        policy.read("\n".join(change(lines)) + "\n")
    assert refused.value.finding.part == "policy"


def test_base64_is_read_in_one_way_only() -> None:
    assert notes.decoded("AAE=", "x") == b"\0\1"
    for text in ("AAF=", "AAE", "AAE=\n", "AA E=", "AA_-"):
        with pytest.raises(Unproven):
            notes.decoded(text, "x")
    assert base64.b64decode("AAF=") == b"\0\1"


def _flipped(proof: list[bytes], place: int, bit: int) -> list[bytes]:
    value = bytearray(proof[place])
    value[bit // 8] ^= 1 << bit % 8
    return [*proof[:place], bytes(value), *proof[place + 1 :]]
