"""The public record for everybody: its entries with their proofs, its checkpoint, tiles and policy as C2SP says, comparing."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request

from market.http import FormState, form, page, public
from market.kernel.errors import NotFound
from market.kernel.words import N_
from market.limits import limited
from market.record import comparing, log_queries, merkle, notes, policy, program, schemas, tiles, tlog_proof, words

bp = Blueprint("record", __name__)

PLAIN, BINARY = "text/plain; charset=utf-8", "application/octet-stream"
#: what never changes under its address, and what does within seconds
FOR_EVER, FRESH = "public, max-age=31536000, immutable", "public, max-age=1"


@bp.route("/record")
@public
def explorer() -> Any:
    """The newest entries, of one kind of event or of all."""
    event = request.args.get("event", "")
    if event not in words.EVENTS:
        event = ""
    found = page(log_queries.leaves(event or None))
    return render_template(
        "record/explorer.html",
        page=found,
        rows=[(leaf, facts, _when(facts)) for leaf in found.items for facts in [log_queries.facts_of(leaf)]],
        event=event,
        kinds=[(name, words.EVENTS[name]) for name in log_queries.events() if name in words.EVENTS],
        words=words.EVENTS,
        state=_state(),
    )


@bp.route("/record/leaves/<int:position>")
@public
def leaf(position: int) -> Any:
    """One entry: its bytes, its hash, its proof and its receipt."""
    found = log_queries.leaf_at(position)
    receipt = log_queries.receipt(found)
    shown = log_queries.checkpoint_with(position)
    return render_template(
        "record/leaf.html",
        leaf=found,
        facts=log_queries.facts_of(found),
        text=found.body.decode(),
        hash=merkle.leaf_hash(found.body).hex(),
        receipt=receipt,
        checkpoint=log_queries.verified(shown) if shown else None,
        words=words.EVENTS,
        command=f"python verify.pyz --policy policy.json leaf-{position}.tlog-proof",
    )


@bp.route("/record/leaves/<int:position>/leaf.json")
@public
def leaf_bytes(position: int) -> Response:
    """The entry's bytes exactly as they are hashed."""
    return _answer(log_queries.leaf_at(position).body, "application/json", FOR_EVER)


@bp.route("/record/leaves/<int:position>/receipt")
@public
def receipt(position: int) -> Response:
    """The receipt as a file (C2SP tlog-proof). 404 until a checkpoint that the witnesses have seen holds the entry."""
    found = log_queries.receipt(log_queries.leaf_at(position))
    if found is None:
        raise NotFound(N_("The witnesses have not seen this entry yet. Try again in a moment."))
    answer = _answer(tlog_proof.write(found).encode(), PLAIN, FRESH)
    answer.headers["Content-Disposition"] = f"attachment; filename=leaf-{position}.tlog-proof"
    return answer


# As C2SP says ------------------------------------------------------------------------------------------------------------


@bp.route("/record/checkpoint")
@public
def checkpoint() -> Response:
    """The newest checkpoint that the quorum of witnesses has seen (C2SP tlog-checkpoint)."""
    row = log_queries.shown_checkpoint()
    if row is None:
        raise NotFound(N_("No checkpoint has been seen by the witnesses yet."))
    return _answer(str(log_queries.note_of(row)).encode(), PLAIN, FRESH)


@bp.route("/record/tile/<int:level>/<path:address>")
@public
def tile(level: int, address: str) -> Response:
    """Hashes of the tree (C2SP tlog-tiles). 404 for a tile that is not there, or not that wide."""
    place, width = _place(address)
    hashes = log_queries.tile(level, place) if level < 8 else b""
    if len(hashes) < width * merkle.SIZE:
        raise NotFound()
    return _answer(hashes[: width * merkle.SIZE], BINARY, FOR_EVER)


@bp.route("/record/tile/entries/<path:address>")
@public
def entries(address: str) -> Response:
    """Entries, each after its length in two bytes (C2SP tlog-tiles). 404 when there are not so many, and where one is too long
    for that form (the closing of a tender with about a thousand bids): then each is to be had alone."""
    place, width = _place(address)
    found = log_queries.entries(place, width)
    if len(found) < width:
        raise NotFound()
    try:
        body = tiles.bundle(found)
    except OverflowError:
        raise NotFound(
            N_("One of these entries is too long for a bundle."),
            remedy=N_("Take them one by one: /record/leaves/NUMBER/leaf.json."),
        ) from None
    return _answer(body, BINARY, FOR_EVER)


@bp.route("/record/consistency/<int:old>/<int:size>")
@public
def consistency(old: int, size: int) -> Response:
    """The proof that the tree of `size` leaves continues that of `old`: one base64 hash a line. 404 beyond the log's end."""
    if not 0 <= old <= size <= log_queries.log().size:
        raise NotFound()
    proof = log_queries.consistency(old, size)
    return _answer("".join(f"{notes.encoded(one)}\n" for one in proof).encode(), PLAIN, FOR_EVER)


@bp.route("/record/policy")
@public
def policy_text() -> Response:
    """Whose signatures make a checkpoint valid (C2SP tlog-policy). Take it from a second place too, and compare."""
    return _answer(policy.write(log_queries.trusted()).encode(), PLAIN, FRESH)


@bp.route("/record/policy.json")
@public
def policy_json() -> Response:
    """The same as JSON."""
    return _answer(policy.write_json(log_queries.trusted()), "application/json", FRESH)


@bp.route("/record/verify.pyz")
@public
def checking_program() -> Response:
    """The checking program as one file of Python."""
    answer = _answer(program.packed(), BINARY, "public, max-age=3600")
    answer.headers["Content-Disposition"] = "attachment; filename=verify.pyz"
    return answer


# Comparing ---------------------------------------------------------------------------------------------------------------


def _compare_page() -> dict[str, Any]:
    return {"results": None, "state": _state(), "witnesses": _witnesses(), "verdicts": words.VERDICTS}


@bp.route("/record/compare", methods=["GET", "POST"])
@public
@form(schemas.CompareForm, "record/compare.html", page=_compare_page)
@limited("record-compare", "60/minute", "1000/hour")
def compare(data: dict[str, Any]) -> Any:
    """Compare checkpoints from other places with this log and with each other; nothing of them is kept."""
    brought = [data[name] for name in ("first", "second", "third") if data[name]]
    shown = _compare_page() | {"results": comparing.compare(brought)}
    return render_template("record/compare.html", form=FormState(request.form), **shown)


def _state() -> dict[str, Any]:
    """Where the log stands: its newest signed and its newest witnessed checkpoint, what waits, and why it stopped if it did."""
    log = log_queries.log()
    shown = log_queries.shown_checkpoint()
    return {
        "log": log,
        "shown": shown,
        "root": notes.encoded(shown.root) if shown else "",
        "newest": log_queries.newest_checkpoint(),
        "witnesses": log_queries.trusted().witnesses if log.policy else (),
    }


def _witnesses() -> list[dict[str, Any]]:
    """Each witness with the largest size that it has cosigned."""
    log = log_queries.log()
    known = log_queries.trusted().witnesses if log.policy else ()
    return [{"name": one.name, "size": log_queries.seen_by(one.name)} for one in known]


def _when(facts: dict[str, Any]) -> datetime | None:
    """The moment that an entry says; some say none, so that nothing leaks."""
    return datetime.fromisoformat(facts["at"]) if "at" in facts else None


def _place(address: str) -> tuple[int, int]:
    try:
        return tiles.read_address(address)
    except ValueError:
        raise NotFound() from None


def _answer(body: bytes, media_type: str, keep: str) -> Response:
    return Response(body, content_type=media_type, headers={"Cache-Control": keep})
