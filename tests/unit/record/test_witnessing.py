"""What a witness answers, code by code (C2SP tlog-witness), and that it keeps what it saw."""

import threading
from pathlib import Path

import httpx
import pytest

import witness
from market.record import merkle, notes, witnessing
from market.record.notes import Checkpoint, Key

from .test_proofs import HASHES, LOG, ORIGIN, READ
from .test_proofs import WITNESSES as OTHERS

KEY = Key(ORIGIN, notes.ED25519, LOG.public_key().public_bytes_raw())


def request(
    old: int, size: int, *, root: bytes | None = None, origin: str = ORIGIN, proof: list[bytes] | None = None, by=LOG
) -> bytes:
    said = Checkpoint(origin, size, root or merkle.root(HASHES[:size]))
    shown = merkle.consistency_proof(READ, min(old, size), size) if proof is None else proof
    note = notes.Note(said.body, (notes.sign(said.body, origin, by),))
    return "".join([f"old {old}\n", *(f"{notes.encoded(one)}\n" for one in shown), "\n", str(note)]).encode()


def seen(size: int) -> dict[str, Checkpoint]:
    return {ORIGIN: Checkpoint(ORIGIN, size, merkle.root(HASHES[:size]))}


@pytest.mark.parametrize(
    ("status", "body", "sent", "before"),
    [
        (200, "", request(0, 5), {}),
        (200, "", request(5, 9), seen(5)),
        (200, "", request(5, 5), seen(5)),
        (200, "", request(0, 0, root=merkle.EMPTY), {}),
        (404, None, request(0, 5, origin="another.example/log"), {}),
        (403, None, request(0, 5, by=OTHERS[0]), {}),
        (400, None, request(7, 5), seen(7)),
        (400, None, b"new 5\n\n", {}),
        (400, None, b"old 05" + request(5, 9)[5:], seen(5)),
        (400, None, request(5, 9, proof=[b"short"]), seen(5)),
        (400, None, request(5, 9, proof=[HASHES[0]] * 64), seen(5)),
        (409, "5\n", request(0, 9), seen(5)),
        (409, "5\n", request(3, 9), seen(5)),
        (409, "0\n", request(3, 9), {}),
        (409, "5\n", request(5, 5, root=HASHES[0]), seen(5)),
        (422, None, request(5, 9, proof=[]), seen(5)),
        (422, None, request(5, 9, root=HASHES[0]), seen(5)),
        (422, None, request(0, 9, proof=[HASHES[0]]), {}),
    ],
)
def test_a_witness_answers_as_the_specification_says(status: int, body: str | None, sent: bytes, before) -> None:
    reply = witnessing.answer(sent, [KEY], before)

    assert reply.status == status, reply.body
    assert body in (None, reply.body)
    assert (reply.cosign is None) is (status != 200)
    assert reply.media_type == (witnessing.SIZE if status == 409 else witnessing.PLAIN)


def test_a_tree_that_is_another_one_is_misconduct_and_a_mistaken_size_is_not() -> None:
    assert witnessing.answer(request(5, 5, root=HASHES[0]), [KEY], seen(5)).misconduct
    assert witnessing.answer(request(5, 9, root=HASHES[0]), [KEY], seen(5)).misconduct
    assert not witnessing.answer(request(3, 9), [KEY], seen(5)).misconduct


def test_the_witness_program_remembers_across_restarts_and_keeps_proofs_of_misconduct(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text(f"# logs\n{KEY}\n")
    one = witness.Witness("authority", tmp_path)
    line = one.answer(request(0, 5)).body
    note = notes.read_note(request(0, 5).decode().partition("\n\n")[2] + line)
    assert one.key in notes.verify(note, [KEY, one.key])

    again = witness.Witness("authority", tmp_path)
    assert again.key == one.key
    assert again.answer(request(0, 7)).body == "5\n"
    assert again.answer(request(5, 7, root=HASHES[0])).status == 422
    assert len(list((tmp_path / "authority" / "misconduct").glob("*.request"))) == 1
    (tmp_path / "logs").unlink()
    assert again.answer(request(5, 7)).status == 404


def test_the_witness_program_serves_each_witness_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text(f"{KEY}\n")
    made = [witness.Witness(name, tmp_path) for name in ("authority", "chamber")]
    serving = witness.server(made, 0)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{serving.server_port}"
    try:
        with httpx.Client(base_url=address, trust_env=False) as client:
            assert client.get("/").text.split()[1] == str(made[0].key)
            assert client.post("/authority/add-checkpoint", content=request(0, 5)).status_code == 200
            assert client.post("/nobody/add-checkpoint", content=request(0, 5)).status_code == 404
            conflict = client.post("/authority/add-checkpoint", content=request(0, 6))
            assert (conflict.status_code, conflict.text) == (409, "5\n")
            assert conflict.headers["Content-Type"] == "text/x.tlog.size"
            assert f"{ORIGIN}\n5\n" in client.get("/authority/seen").text
            assert client.get("/chamber/seen").text == ""
            assert client.get("/etc/passwd").status_code == 404
    finally:
        serving.shutdown()
        serving.server_close()
