"""Asking the gateway, always outside the transaction that decided: ask with our key, take note of the answer.

Jobs and the pay page call this. Whatever happens in between (a crash, a time-out, a second event) asking again gives the same
answer, and taking note of it twice changes nothing.
"""

from functools import lru_cache

import structlog
from flask import current_app, url_for
from sqlalchemy import select

from market.config import Settings
from market.db import db
from market.kernel.actor import Actor, system
from market.payments import decision_operations, event_operations, operations, payout_operations
from market.payments.bank_gateway import BankGateway
from market.payments.gateway import OPEN_FOR, Away, CheckoutAsk, CheckoutFacts, Declined, Gateway, Stage
from market.payments.holding import holding_checkout, lock_endpoints
from market.payments.models import (
    Checkout,
    Clawback,
    GatewayEndpoint,
    GatewayEvent,
    Payout,
    PayoutAccount,
    Refund,
)
from market.payments.states import CheckoutState, ClawbackState, EventState, PayoutState, RefundState
from market.payments.stripe_gateway import StripeGateway
from market.transaction import transactional
from market.vendors import queries as vendors

log = structlog.get_logger()

#: where events are sent: of the market's own account, and of vendors' accounts
PATHS = ("/payments/webhook", "/payments/webhook/accounts")


def gateway() -> Gateway:
    """The gateway that the settings name: Stripe with a key, else the practice bank. `Away` when there is none."""
    settings: Settings = current_app.extensions["settings"]
    if settings.stripe_key:
        return _stripe(settings.stripe_key, settings.stripe_api)
    if settings.practice_bank:
        return _bank(settings.practice_bank, settings.practice_bank_key)
    raise Away()


def is_connected() -> bool:
    """True when the settings name a gateway at all."""
    settings: Settings = current_app.extensions["settings"]
    return bool(settings.stripe_key or settings.practice_bank)


@lru_cache(maxsize=4)
def _stripe(key: str, base: str) -> Gateway:
    return StripeGateway(key, base)


@lru_cache(maxsize=8)
def _bank(url: str, key: str) -> Gateway:
    return BankGateway(url, key)


# Paying ------------------------------------------------------------------------------------------------------------------


def checkout(code: str) -> None:
    """Open a visit at the gateway, look how it stands, or close it, whatever it needs now."""
    row = db.session.scalar(select(Checkout).where(Checkout.code == code))
    if row is None or row.state is CheckoutState.SUCCEEDED:
        log.info("visit is over", checkout=code)
        return
    service = gateway()
    try:
        facts = _open(service, row) if row.ref is None else service.read_checkout(row.ref)
        if row.closing and facts.stage is Stage.OPEN:
            facts = service.close_checkout(facts.ref)
    except Declined as refusal:
        facts = CheckoutFacts(row.ref or f"none:{code}", code, Stage.FAILED, row.fen, cause=refusal.cause)
    operations.note_checkout(code, facts, by=system())


def _open(service: Gateway, row: Checkout) -> CheckoutFacts:
    payment = row.payment
    _arrange_practice(service)
    order = payment.escrow.code
    return service.open_checkout(
        CheckoutAsk(
            code=row.code,
            payment=payment.code,
            order=order,
            fen=row.fen,
            # the same in every try, since the key stands for these very words
            what=f"西市 West Market {order} #{payment.number}",
            methods=[str(payment.method or "card")],
            language=row.language,
            back=_page("payments.back", code=payment.code),
            cancel=_page("payments.pay", code=payment.code),
            until=row.begun_at + OPEN_FOR,
        )
    )


def _arrange_practice(service: Gateway) -> None:
    """The practice bank needs no command of its own: before its first use it is told where to send its events."""
    if service.name == BankGateway.name:
        arrange_endpoints(again=False, by=system())


def _page(endpoint: str, **values: str) -> str:
    settings: Settings = current_app.extensions["settings"]
    with current_app.test_request_context(base_url=settings.public_url):
        return url_for(endpoint, **values, _external=True)


# Sending -----------------------------------------------------------------------------------------------------------------


def refund(code: str) -> None:
    """Send a refund on its way, or look how it stands."""
    row = db.session.scalar(select(Refund).where(Refund.code == code))
    if row is None or row.state is not RefundState.BEGUN or row.checkout is None:
        log.info("refund is not to be sent", refund=code, state=row.state if row else None)
        return
    assert row.checkout.charge is not None
    service = gateway()
    try:
        facts = (
            service.read_refund(row.ref)
            if row.ref is not None
            else service.refund(code, row.checkout.charge, row.fen, f"{code}-{row.tries}")
        )
    except Declined as refusal:
        payout_operations.note_refund(code, None, cause=refusal.cause, by=system())
    else:
        payout_operations.note_refund(code, facts, by=system())


def payout(code: str) -> None:
    """Move an earning into the vendor's account and from there to its bank, or look how it stands."""
    row = db.session.scalar(select(Payout).where(Payout.code == code))
    if row is None or row.state is not PayoutState.BEGUN or row.account is None:
        log.info("payout is not to be sent", payout=code, state=row.state if row else None)
        return
    service = gateway()
    moved = row.transfer
    try:
        if moved is None:
            moved = service.transfer(
                row.account, row.sent_fen, _charge_of(row), row.payment.escrow.code, f"{code}-transfer"
            )
        facts = (
            service.read_payout(row.account, row.ref)
            if row.ref is not None
            else service.pay_out(row.account, code, row.sent_fen, f"{code}-{row.tries}")
        )
    except Declined as refusal:
        payout_operations.note_payout(code, None, transfer=moved, cause=refusal.cause, by=system())
    else:
        payout_operations.note_payout(code, facts, transfer=moved, by=system())


def _charge_of(row: Payout) -> str | None:
    visit = holding_checkout(row.payment)
    return visit.charge if visit is not None else None


def clawback(code: str) -> None:
    """Take money back out of a vendor's account. Waits (`Away`) while the earning itself is still on its way there."""
    row = db.session.scalar(select(Clawback).where(Clawback.code == code))
    if row is None or row.state is not ClawbackState.BEGUN or row.payout.by_transfer:
        log.info("clawback is not to be sent", clawback=code, state=row.state if row else None)
        return
    if row.payout.transfer is None:
        raise Away()
    try:
        ref = gateway().reverse(row.payout.transfer, row.fen, f"{code}-{row.tries}")
    except Declined as refusal:
        payout_operations.note_clawback(code, None, cause=refusal.cause, by=system())
    else:
        payout_operations.note_clawback(code, ref, by=system())


# Vendors' accounts -------------------------------------------------------------------------------------------------------


def onboarding(vendor_code: str, *, by: Actor) -> str:
    """The address where the vendor tells the gateway about itself; its account is opened when it has none."""
    service = gateway()
    _arrange_practice(service)
    row = payout_operations.want_account(vendor_code, service.name, by=by)
    ref = row.ref
    if ref is None:
        facts = service.open_account(vendor_code, vendors.vendor(vendor_code).name, f"{vendor_code}-account")
        payout_operations.note_account(vendor_code, facts, by=by)
        ref = facts.ref
    page = _page("payments.vendor_money")
    return service.onboarding(ref, page, page)


def account(vendor_code: str) -> None:
    """Look how a vendor's account stands."""
    service = gateway()
    row = db.session.scalar(select(PayoutAccount).where(PayoutAccount.code == vendor_code))
    if row is not None and row.ref is not None and row.gateway == service.name:
        payout_operations.note_account(vendor_code, service.read_account(row.ref), by=system())


# Events ------------------------------------------------------------------------------------------------------------------


def event(gateway_name: str, name: str) -> None:
    """Apply a stored event: look at the thing it speaks of, as the gateway has it now, and take note of that.

    So the order in which events arrive does not matter, nor how old one is; one about nothing of ours is left alone.
    """
    row = db.session.scalar(
        select(GatewayEvent).where(GatewayEvent.gateway == gateway_name, GatewayEvent.event == name)
    )
    if row is None or row.state is not EventState.STORED:
        log.info("event is done", notice=name)
        return
    known = row.ref is not None and row.thing is not None
    changed = look(row.thing, row.ref, row.account) if known else None  # type: ignore[arg-type]
    log.info("event applied", notice=name, type=row.kind, changed=changed)
    event_operations.finish_event(gateway_name, name, changed)


def look(thing: str, ref: str, account_ref: str | None = None) -> bool | None:
    """Look at a thing of the gateway's and take note: True for news, False for nothing new, None for nothing of ours, or nothing
    that there is. Raises `Away`, and `Declined` for whatever else the gateway refuses: nobody knows then what it was about."""
    service = gateway()
    try:
        return _LOOKS[thing](service, ref, account_ref)
    except Declined as refusal:
        if not refusal.is_missing:
            raise
        return None


def _look_at_checkout(service: Gateway, ref: str, account_ref: str | None) -> bool | None:
    facts = service.read_checkout(ref)
    row = db.session.scalar(select(Checkout).where((Checkout.ref == ref) | (Checkout.code == (facts.ours or ""))))
    if row is None or row.gateway != service.name:
        return None
    return operations.note_checkout(row.code, facts, by=system())


def _look_at_refund(service: Gateway, ref: str, account_ref: str | None) -> bool | None:
    facts = service.read_refund(ref)
    row = db.session.scalar(select(Refund).where((Refund.ref == ref) | (Refund.code == (facts.ours or ""))))
    if row is not None and row.ref is None and row.tries > 1:
        return False  # perhaps of an earlier try: asking with the key of the present one tells
    if row is not None:
        return payout_operations.note_refund(row.code, facts, by=system())
    visit = checkout_of_charge(service, facts.charge)
    return None if visit is None else decision_operations.note_foreign_refund(visit.code, facts, by=system())


def _look_at_dispute(service: Gateway, ref: str, account_ref: str | None) -> bool | None:
    facts = service.read_dispute(ref)
    visit = checkout_of_charge(service, facts.charge)
    return None if visit is None else decision_operations.note_chargeback(visit.code, facts, by=system())


def _look_at_payout(service: Gateway, ref: str, account_ref: str | None) -> bool | None:
    if account_ref is None:
        return None  # of the market's own account: the operator's affair
    facts = service.read_payout(account_ref, ref)
    row = db.session.scalar(select(Payout).where((Payout.ref == ref) | (Payout.code == (facts.ours or ""))))
    return None if row is None else payout_operations.note_payout(row.code, facts, by=system())


def _look_at_account(service: Gateway, ref: str, account_ref: str | None) -> bool | None:
    row = db.session.scalar(select(PayoutAccount).where(PayoutAccount.ref == ref))
    if row is None:
        return None
    return payout_operations.note_account(row.code, service.read_account(ref), by=system())


_LOOKS = {
    "checkout": _look_at_checkout,
    "refund": _look_at_refund,
    "dispute": _look_at_dispute,
    "payout": _look_at_payout,
    "account": _look_at_account,
}


def checkout_of_charge(service: Gateway, charge: str) -> Checkout | None:
    """The visit that brought a charge; one whose success we have not heard of is looked at first. None: not ours.

    Raises `Away` too when the gateway names one of ours whose success it does not tell yet.
    """
    statement = select(Checkout).where(Checkout.charge == charge).execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is not None:
        return found
    ours = service.read_charge(charge).ours
    row = db.session.scalar(select(Checkout).where(Checkout.code == (ours or ""), Checkout.gateway == service.name))
    if row is None:
        return None
    if row.ref is None:
        checkout(row.code)  # asked again with its key, so that its name there is known
        db.session.refresh(row)
    if row.state is not CheckoutState.SUCCEEDED and row.ref is not None:
        operations.note_checkout(row.code, service.read_checkout(row.ref), by=system())
    found = db.session.scalar(statement)
    if found is None:
        raise Away()
    return found


def arrange_endpoints(*, again: bool = True, by: Actor) -> int:
    """Have events sent here, once: what is arranged already and whose secret we hold stays. The number made now.

    One process at a time; an endpoint of ours whose secret is lost is made anew and the old one removed (KF-MON-05). Not
    `again`: what is kept here is believed without asking the gateway.
    """
    service = gateway()
    settings: Settings = current_app.extensions["settings"]
    wanted = [settings.public_url + path for path in (PATHS if service.name == StripeGateway.name else PATHS[:1])]
    if not again and set(_endpoints(service)) >= set(wanted):
        return 0
    return _arrange(service, wanted, by)


def _endpoints(service: Gateway) -> dict[str, str]:
    """The addresses whose secrets we hold, with their names at the gateway."""
    rows = db.session.scalars(
        select(GatewayEndpoint).where(GatewayEndpoint.gateway == service.name).execution_options(populate_existing=True)
    )
    return {row.url: row.ref for row in rows}


@transactional
def _arrange(service: Gateway, wanted: list[str], by: Actor) -> int:
    lock_endpoints()
    there, kept = service.endpoints(), _endpoints(service)
    made = 0
    for url in wanted:
        refs = [one.ref for one in there if one.url == url]
        if kept.get(url) in refs:
            continue
        for ref in refs:
            service.remove_endpoint(ref)
        event_operations.keep_endpoint(service.name, service.make_endpoint(url), by=by)
        made += 1
    return made
