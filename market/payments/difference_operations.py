"""Where gateway and ledger differ: found once, mended by the run or settled by an officer with a reason."""

from sqlalchemy import select

from market import clock
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.states import next_state
from market.locks import lock
from market.payments.events import DifferenceFound, DifferenceSettled
from market.payments.models import Difference
from market.payments.states import DIFFERENCE_TRANSITIONS, DifferenceState
from market.record.operations import record
from market.transaction import transactional


@transactional
def find_difference(
    kind: str, ref: str, ours_fen: int, theirs_fen: int, *, about: str | None, order: str | None, by: Actor
) -> Difference | None:
    """Put a difference before the officers, or None when that very thing stands there already or was settled at these figures.

    `ref` is the gateway's name of the thing. While it is open, the money of `order` is held still.
    """
    known = db.session.scalars(select(Difference).where(Difference.kind == kind, Difference.ref == ref)).all()
    if any(row.state is DifferenceState.OPEN or row.theirs_fen == theirs_fen for row in known):
        return None
    row = Difference(
        code=new_code("W"), kind=kind, ref=ref, about=about, order=order, ours_fen=ours_fen, theirs_fen=theirs_fen,
        state=DifferenceState.OPEN, found_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    record(DifferenceFound(row.code, kind, ours_fen, theirs_fen), by=by)
    return row


@transactional
def mend_difference(code: str, how: str, *, by: Actor) -> None:
    """The run itself brought the market in line with the gateway."""
    row = lock(Difference, code)
    row.state = next_state(DIFFERENCE_TRANSITIONS, row.state, "mend")
    row.settled_at, row.how = clock.now(), how
    record(DifferenceSettled(row.code, how), by=by)


@transactional
def close_difference(code: str, how: str, words: str, *, by: Actor) -> Difference:
    """An officer settled it (`how`), with a reason in words."""
    row = lock(Difference, code)
    row.state = next_state(DIFFERENCE_TRANSITIONS, row.state, "settle")
    row.settled_at, row.how, row.words, row.person = clock.now(), how, words, by.person
    record(DifferenceSettled(row.code, how), by=by)
    return row
