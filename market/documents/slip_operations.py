"""Slips for paper originals: made by whose order it is, received by counter staff."""

from collections.abc import Sequence

from market import clock
from market.db import db, new_code
from market.documents import queries, rules
from market.documents.events import SlipMade, SlipReceived
from market.documents.models import Slip
from market.kernel.actor import Actor, Role
from market.kernel.errors import Forbidden, Invalid, RuleBroken
from market.kernel.words import N_
from market.locks import lock
from market.record.operations import record
from market.transaction import transactional


@transactional
def make_slip(order_code: str, originals: Sequence[str], *, centre: str | None = None, by: Actor) -> Slip:
    """A slip for the paper originals of an order, for a centre's drop-box or counter. Its page bears no name.

    Called by the domain of the order, which has checked that it is `by`'s (or of whom counter staff serve). `Invalid` for no
    paper, more than 20, or one above 100 characters; `RuleBroken` when 10 slips of the order still wait.
    """
    lines = rules.check_originals(originals)
    if sum(slip.received_at is None for slip in queries.slips_of(order_code)) >= 10:
        raise RuleBroken(N_("Ten slips of this order wait for their papers already."), remedy=N_("Use one of them."))
    person, organisation = rules.party(by)
    slip = Slip(
        code=new_code("B"), order_code=order_code, person=None if organisation else person, organisation=organisation,
        originals=lines, centre=centre, made_at=clock.now(), missing=[],
    )  # fmt: skip
    db.session.add(slip)
    record(SlipMade(slip.code, order_code, len(lines)), by=by)
    return slip


@transactional
def receive_slip(code: str, *, centre: str, missing: Sequence[str] = (), by: Actor) -> Slip:
    """Counter staff of `centre` (its slug) confirm that the originals of a slip arrived, all but `missing`.

    `Forbidden` for everybody but counter staff; `NotFound` for no such slip; `Invalid` when something is missing that the slip
    does not list. A second confirmation changes nothing.
    """
    if by.role is not Role.COUNTER:
        raise Forbidden()
    slip = lock(Slip, code)
    if slip.received_at is not None:
        return slip
    if set(missing) - set(slip.originals):
        raise Invalid.field("missing", N_("The slip lists no such paper."))
    slip.received_at, slip.received_by, slip.centre, slip.missing = clock.now(), by.person, centre, list(missing)
    party = slip.organisation or slip.person or ""
    record(SlipReceived(slip.code, slip.order_code, centre, len(slip.missing), party), by=by)
    return slip
