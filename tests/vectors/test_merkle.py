"""Merkle tree: transparency-dev/merkle testdata and the 8 Certificate Transparency leaves (Apache-2.0); signed notes: C2SP
(text CC BY 4.0, code and data BSD-1-Clause). Sources and commits stand in each file's `_about`."""

from typing import Any

import pytest

from market.record import merkle, notes
from market.record.findings import Unproven

from .conftest import read_cases

INCLUSION, CONSISTENCY, LEAVES, NOTES = (
    f"merkle/{name}.json" for name in ("inclusion", "consistency", "ct-8-leaves", "signed-note")
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    read = lambda name: read_cases(metafunc.config, name)  # noqa: E731
    kinds: dict[str, list[Any]] = {
        "inclusion": (read(INCLUSION) or {"cases": []})["cases"],
        "consistency": (read(CONSISTENCY) or {"cases": []})["cases"],
        "leaves": [found] if (found := read(LEAVES)) else [],
        "published": [found] if (found := read(NOTES)) else [],
    }
    for name, cases in kinds.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, cases, ids=lambda case: case.get("name", ""))


def test_an_inclusion_proof_is_accepted_or_refused_as_published(inclusion: dict[str, Any]) -> None:
    accepted = merkle.verify_inclusion(
        inclusion["leafIdx"],
        inclusion["treeSize"],
        bytes.fromhex(inclusion["leafHash"]),
        _hashes(inclusion["proof"]),
        bytes.fromhex(inclusion["root"]),
    )
    assert accepted is not inclusion["wantErr"]


def test_a_consistency_proof_is_accepted_or_refused_as_published(consistency: dict[str, Any]) -> None:
    accepted = merkle.verify_consistency(
        consistency["size1"],
        consistency["size2"],
        bytes.fromhex(consistency["root1"]),
        bytes.fromhex(consistency["root2"]),
        _hashes(consistency["proof"]),
    )
    assert accepted is not consistency["wantErr"]


def test_the_eight_leaves_give_the_published_hashes_and_proofs(leaves: dict[str, Any]) -> None:
    entries = [bytes.fromhex(entry) for entry in leaves["leaves"]]
    hashes = [merkle.leaf_hash(entry) for entry in entries]
    read = merkle.reader(hashes)
    assert [value.hex() for value in hashes] == leaves["leafHashes"]
    assert [merkle.root(hashes[:size]).hex() for size in range(9)] == leaves["roots"]
    assert merkle.leaf_hash(b"L123456").hex() == leaves["leafHash_of_L123456"]
    for case in leaves["extra_roots"]:
        assert merkle.root([merkle.leaf_hash(text.encode()) for text in case["leaves_utf8"]]).hex() == case["root"]
    for case in leaves["inclusion"]:
        assert merkle.inclusion_proof(read, case["leafIdx"], case["treeSize"]) == _hashes(case["proof"])
    for case in leaves["consistency"]:
        assert merkle.consistency_proof(read, case["size1"], case["size2"]) == _hashes(case["proof"])


def test_the_published_note_verifies_and_its_changes_do_not(published: dict[str, Any]) -> None:
    key = notes.read_key(published["vkey"])
    assert (key.name, key.id.hex(), key.public.hex(), str(key)) == (
        published["key_name"], published["key_id"], published["public_key"], published["vkey"],
    )  # fmt: skip
    note = notes.read_note(published["valid"]["note"])
    assert note.text == published["valid"]["text"]
    assert str(note) == published["valid"]["note"]
    assert notes.verify(note, [key]) == {key: 0}

    for case in published["must_refuse"]:
        with pytest.raises(Unproven):
            assert not notes.verify(notes.read_note(case["note"]), [key]), case["why"]


def test_the_published_checkpoints_are_read(published: dict[str, Any]) -> None:
    for case in published["format_only"]:
        note = notes.read_note(case["note"])
        assert str(note) == case["note"]
        read = notes.read_checkpoint(note.text)
        if "origin" in case:
            assert (read.origin, read.size, read.root.hex()) == (case["origin"], case["size"], case["root"])
        if "cosignature_time" in case:
            line = next(line for line in note.signatures if line.name == case["witness"])
            assert int.from_bytes(line.blob[:8], "big") == case["cosignature_time"]


def _hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]
