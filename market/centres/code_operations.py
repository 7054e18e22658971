"""Codes that lead to an order, a person or a choice without a name on them: pick-up codes, passes, hand-overs of a kiosk."""

import secrets
from dataclasses import replace

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts.models import Person
from market.accounts.queries import person as person_with
from market.accounts.session import hashed, new_secret
from market.catalogue import queries as catalogue
from market.centres import queries, rules
from market.centres.events import HandoverMade, HandoverUsed, PassMade, PickupCodeMade
from market.centres.models import Handover, PersonPass, PickupCode
from market.db import db, new_code
from market.kernel import printed
from market.kernel.actor import Actor, Channel, Role
from market.kernel.errors import Forbidden, Invalid, NotFound
from market.kernel.words import N_
from market.locks import lock
from market.orders import draft_operations
from market.orders import queries as orders
from market.personal_data import keyed_hash
from market.record.operations import record
from market.transaction import attempt, transactional


@transactional
def give_pickup_code(order_code: str, *, by: Actor) -> str:
    """The pick-up code of an order, printed as 7F3K-92QM; made once. Called by reactions and by whoever prints."""
    if (found := queries.pickup_of(order_code)) is None:
        found = _new_pickup(order_code)
        record(PickupCodeMade(order_code), by=by)
    return printed.grouped(found)


def _new_pickup(order_code: str) -> str:
    while True:
        code = printed.make(secrets.randbits(5 * rules.PICKUP_LENGTH), rules.PICKUP_LENGTH)
        try:
            with attempt():
                db.session.add(PickupCode(order=order_code, pickup=code, made_at=clock.now()))
                db.session.flush()
        except IntegrityError:
            # made at this moment elsewhere, or (once in a million years) taken by another order
            if (other := queries.pickup_of(order_code)) is not None:
                return other
            continue
        return code


@transactional
def make_pass(*, by: Actor) -> str:
    """A code that shows a counter whose account this is, for 30 minutes and once; an earlier one dies. Printed as 7F3K-92QM."""
    person = person_with(by.person)
    if person is None:
        raise NotFound()
    code = printed.make(secrets.randbits(5 * rules.PICKUP_LENGTH), rules.PICKUP_LENGTH)
    values = {"code_hash": keyed_hash(f"pass {code}"), "expires_at": clock.real() + rules.PASS_LIVES}
    new = insert(PersonPass).values(person_id=person.id, **values)
    db.session.execute(new.on_conflict_do_update(index_elements=["person_id"], set_=values))
    record(PassMade(person.code), by=by)
    return printed.grouped(code)


@transactional
def use_pass(code: str, *, by: Actor) -> Person:
    """Whose pass this is; it is used up. For counter staff. Refused (`Invalid`, field "pass_code"): it does not work."""
    if by.role is not Role.COUNTER:
        raise Forbidden()
    found = queries.person_by_pass(printed.read(code, rules.PICKUP_LENGTH) or "", clock.real())
    # whoever deletes the row has used it
    used = delete(PersonPass).where(PersonPass.id == (found.id if found else 0)).returning(PersonPass.person_id)
    person_id = db.session.scalar(used)
    if person_id is None:
        raise Invalid.field(
            "pass_code",
            N_("This code does not work (any more)."),
            remedy=N_("It works once, for 30 minutes. The citizen's account makes a new one."),
        )
    return db.session.get_one(Person, person_id)


@transactional
def make_handover(
    *, centre: str | None, matter: str | None, item: str | None, district: str | None, by: Actor
) -> tuple[Handover, str]:
    """What was chosen at a kiosk, and the secret of the link by which a telephone takes it along within 30 minutes.

    Refused (`NotFound`): a matter, an item or a centre that the catalogue does not have.
    """
    if (matter is not None and catalogue.matter(matter) is None) or (item is not None and catalogue.item(item) is None):
        raise NotFound()
    if centre is not None and queries.centre(centre) is None:
        raise NotFound()
    secret, at = new_secret(), clock.real()
    row = Handover(
        code=new_code("F"), token_hash=hashed(secret), centre=centre, matter=matter, item=item, district=district, made_at=at,
        expires_at=at + rules.HANDOVER_LIVES,
    )  # fmt: skip
    db.session.add(row)
    record(HandoverMade(row.code, item, matter, centre), by=by)
    return row, secret


@transactional
def use_handover(secret: str, *, by: Actor) -> str:
    """Make an order's draft of what was chosen at the kiosk, once, and give its code; a second time the same one.

    `NotFound` when the link is unknown, 30 minutes old, or somebody else has used it. The draft bears the channel kiosk.
    """
    found = queries.handover_by(hashed(secret))
    if found is None:
        raise NotFound()
    row = lock(Handover, found.code)
    if row.order is not None:
        return orders.order_for(row.order, by)[0].code
    if clock.real() >= row.expires_at:
        raise NotFound(
            N_("This link no longer works: it lives 30 minutes."), remedy=N_("Choose again at the kiosk, or here.")
        )
    order = draft_operations.begin_order(
        matter=row.matter, item=row.item, by=replace(by, channel=Channel.KIOSK)
    )  # fmt: skip
    row.order = order.code
    record(HandoverUsed(row.code, order.code), by=replace(by, channel=Channel.KIOSK))
    return order.code


@transactional
def forget_old(*, by: Actor) -> int:
    """Remove passes and hand-overs that are over; how many."""
    at = clock.real()
    gone = db.session.execute(delete(PersonPass).where(PersonPass.expires_at <= at)).rowcount  # type: ignore[attr-defined]
    over = delete(Handover).where(Handover.expires_at <= at, Handover.order.is_(None))
    return int(gone + db.session.execute(over).rowcount)  # type: ignore[attr-defined]
