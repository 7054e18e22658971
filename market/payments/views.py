"""Pages of payments: paying, the vendor's money, the officers' desk; and the address to which the gateway sends events."""

import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from market import clock, limits
from market.db import db
from market.http import POLICY, allow, csp_nonce, current_actor, form, no_csrf, page, public
from market.kernel.actor import Role
from market.kernel.errors import NotFound, Refusal, Unavailable
from market.orders import queries as orders
from market.orders.models import BuyerKind
from market.orders.states import Party
from market.payments import (
    asking,
    decision_operations,
    event_operations,
    gateway,
    operations,
    payout_operations,
    queries,
    reconciling,
    schemas,
    transfer_operations,
    wording,
)
from market.payments.models import Difference, Method, Payment, TransferKind
from market.payments.posting import refundable
from market.payments.states import CheckoutState
from market.vendors import queries as vendors

bp = Blueprint("payments", __name__)
log = structlog.get_logger()

#: forms that make the market ask the gateway: of one person
RATES = ("20/minute", "200/hour")


@bp.app_template_global("payment_words")
def payment_words(state: str) -> str:
    """A payment's state in words."""
    return _(wording.PAYMENT_STATES[state])


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"payment_wording": wording}


# Paying ------------------------------------------------------------------------------------------------------------------


def _to_gateway(body: Any, *, leads_there: bool = True) -> Response:
    """A page whose form may end on a page of the gateway's: browsers hold redirects after a form to the form-action policy."""
    answer: Response = make_response(body)
    if leads_there and asking.is_connected():
        policy = POLICY.format(nonce=csp_nonce())
        own = f"form-action 'self' {asking.gateway().pages}"
        answer.headers["Content-Security-Policy"] = policy.replace("form-action 'self'", own)
    return answer


def _own_payment(code: str) -> tuple[Payment, Any, Party]:
    row = queries.payment(code)
    order, party = orders.order_for(row.escrow.code, current_actor())
    return row, order, party


def _pay_page(code: str) -> dict[str, Any]:
    row, order, party = _own_payment(code)
    visit = queries.open_checkout(row)
    last = row.checkouts[-1] if row.checkouts else None
    waits = order.due_at is not None and order.waiting_for == "pay"
    return {
        "row": row,
        "order": order,
        "party": str(party),
        "visit": visit,
        "last": last if last is not None and last.state is CheckoutState.REFUSED else None,
        "can_invoice": order.buyer_kind is BuyerKind.PUBLIC_BODY,
        "over": waits and row.pay_by is not None and clock.now() >= row.pay_by,
        "connected": asking.is_connected(),
        "practice_bank": not asking.is_connected() or asking.gateway().name == "practice",
        "values": {"method": "invoice" if order.buyer_kind is BuyerKind.PUBLIC_BODY else "card"},
    }


@form(schemas.PayForm, "payments/pay.html", page=_pay_page)
def _pay(code: str, data: Mapping[str, Any]) -> Any:
    limits.count("pay", current_actor().person, *RATES)
    if data["method"] == "invoice":
        operations.ask_invoice(code, by=current_actor())
        return redirect(url_for(".invoice", code=code))
    visit = operations.begin_payment(
        code, Method(data["method"]), asking.gateway().name, language=str(get_locale() or "zh"), by=current_actor()
    )
    # tried now, so that most buyers never wait; the job asks again with the same key when this does not succeed
    _try(lambda: asking.checkout(visit.code))
    db.session.expire_all()
    opened = queries.open_checkout(queries.payment(code))
    return redirect(opened.url if opened is not None and opened.url else url_for(".back", code=code), 303)


@bp.route("/pay/<code>", methods=["GET", "POST"])
@allow()
def pay(code: str) -> Any:
    """Pay an instalment: what happens with the money, then the gateway's page. Says in words how the payment stands."""
    return _to_gateway(_pay(code=code))


@bp.route("/pay/<code>/back")
@allow()
def back(code: str) -> Any:
    """Where the gateway sends the buyer back to: how the payment stands now, whatever the address promises."""
    return _to_gateway(render_template("payments/back.html", **_pay_page(code)))


@bp.route("/pay/<code>/look", methods=["POST"])
@allow()
def look(code: str) -> Any:
    """Ask the gateway now how an open payment stands."""
    row, _order, _party = _own_payment(code)
    limits.count("pay", current_actor().person, *RATES)
    visit = queries.open_checkout(row)
    if visit is not None and not _try(lambda: asking.checkout(visit.code)):
        flash(_("The payment service does not answer at the moment. We ask again by ourselves."), "error")
    return redirect(url_for(".back", code=code))


@bp.route("/pay/<code>/give-up", methods=["POST"])
@allow()
def give_up(code: str) -> Any:
    """Do not go on with a payment that is open."""
    row, _order, _party = _own_payment(code)
    limits.count("pay", current_actor().person, *RATES)
    visit = queries.open_checkout(row)
    operations.give_up_payment(code, by=current_actor())
    if visit is not None:
        _try(lambda: asking.checkout(visit.code))
    return redirect(url_for(".pay", code=code))


@bp.route("/pay/<code>/invoice")
@allow()
def invoice(code: str) -> Any:
    """The invoice of an instalment, to be printed: what, for whom, and where the transfer goes."""
    row, order, _party = _own_payment(code)
    if row.invoiced_at is None:
        raise NotFound()
    account = current_app.extensions["settings"].escrow_account
    return render_template("payments/invoice.html", row=row, order=order, account=account)


def _try(act: Any) -> bool:
    """Do something that needs the gateway; False when it does not answer: the job for it is due all the same."""
    try:
        act()
    except Unavailable as away:
        log.warning("gateway away", error=str(away))
        db.session.rollback()
        return False
    return True


# The vendor --------------------------------------------------------------------------------------------------------------


@bp.route("/desk/money")
@allow(Role.VENDOR)
def vendor_money() -> Any:
    """A vendor's earnings: what waits, what arrived, what must come back, and where it is paid."""
    vendor = vendors.own_vendor(current_actor())
    body = render_template(
        "payments/vendor_money.html",
        vendor=vendor,
        money=queries.vendor_money(vendor.code),
        found=page(queries.payouts_of(vendor.code), per=50),
        connected=asking.is_connected(),
        fee_permille=queries.fee_permille(),
    )
    return _to_gateway(body)


@bp.route("/desk/money/account", methods=["POST"])
@allow(Role.VENDOR)
def onboard() -> Any:
    """Go to the gateway's page on which the vendor names its bank account."""
    limits.count("onboard", current_actor().person, *RATES)
    return redirect(asking.onboarding(vendors.own_vendor(current_actor()).code, by=current_actor()), 303)


@bp.route("/desk/money/look", methods=["POST"])
@allow(Role.VENDOR)
def look_at_account() -> Any:
    """Ask the gateway now how the account stands."""
    vendor = vendors.own_vendor(current_actor())
    limits.count("onboard", current_actor().person, *RATES)
    if not _try(lambda: asking.account(vendor.code)):
        flash(_("The payment service does not answer at the moment. We ask again by ourselves."), "error")
    return redirect(url_for(".vendor_money"))


def _bank_page() -> dict[str, Any]:
    account = queries.vendor_money(vendors.own_vendor(current_actor()).code).account
    return {"values": {"bank": account.bank if account else "", "number": account.number if account else ""}}


@bp.route("/desk/money/bank", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.BankForm, "payments/bank_account.html", page=_bank_page)
def bank_account(data: Mapping[str, Any]) -> Any:
    """The bank account for what public bodies pay by bank transfer."""
    payout_operations.set_bank_account(
        vendors.own_vendor(current_actor()).code, data["bank"], data["number"], by=current_actor()
    )
    flash(_("The bank account is saved."))
    return redirect(url_for(".vendor_money"))


# Officers ----------------------------------------------------------------------------------------------------------------


@bp.route("/desk/payments")
@allow(Role.OPERATOR)
def desk() -> Any:
    """Everything in payments that waits for an officer."""
    found = queries.desk()
    return render_template(
        "payments/desk.html",
        desk=found,
        totals=queries.ledger_totals(),
        names=vendors.names(found.vendors),
        me=current_actor().person,
    )


def _transfer_page() -> dict[str, Any]:
    values = {name: request.args.get(name, "") for name in ("kind", "about", "amount")}
    return {
        "values": {**values, "booked_on": clock.today().isoformat()},
        "kinds": list(wording.TRANSFER_KINDS.items()),
        "account": _account_of(
            values["kind"] or request.form.get("kind", ""), values["about"] or request.form.get("about", "")
        ),
    }


def _account_of(kind: str, about: str) -> Any:
    """The vendor's bank account, for a payout that an officer is about to transfer."""
    if kind != TransferKind.PAYOUT:
        return None
    owner = queries.vendor_of_payout(about)
    return queries.vendor_money(owner).account if owner else None


@bp.route("/desk/payments/transfers/new", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.TransferForm, "payments/transfer.html", page=_transfer_page)
def new_transfer(data: Mapping[str, Any]) -> Any:
    """Record a line of the bank statement."""
    transfer_operations.record_transfer(
        data["kind"], data["about"], data["amount"].fen, data["reference"], data["booked_on"], by=current_actor()
    )
    flash(_("Recorded. It counts once a second officer has confirmed it."))
    return redirect(url_for(".desk"))


@bp.route("/desk/payments/transfers/<code>/confirm", methods=["POST"])
@allow(Role.OPERATOR)
def confirm_transfer(code: str) -> Any:
    """Confirm what a colleague recorded."""
    transfer_operations.confirm_transfer(code, by=current_actor())
    flash(_("Confirmed: the transfer counts."))
    return redirect(url_for(".desk"))


@bp.route("/desk/payments/transfers/<code>/reject", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(
    schemas.ReasonForm,
    "payments/reason.html",
    page=lambda code: {"code": code, "title": _("The transfer is not there")},
)
def reject_transfer(code: str, data: Mapping[str, Any]) -> Any:
    """Say that what a colleague recorded is not on the statement."""
    transfer_operations.reject_transfer(code, data["words"], by=current_actor())
    return redirect(url_for(".desk"))


def _refund_page(code: str) -> dict[str, Any]:
    row = queries.payment(code)
    order, _party = orders.order_for(row.escrow.code, current_actor())
    available = refundable(row)
    return {
        "row": row,
        "order": order,
        "available": available,
        "form_key": request.form.get("form_key") or secrets.token_urlsafe(16),
        "stale": request.form.get("shown", str(available)) != str(available),
        "values": {},
    }


@bp.route("/desk/payments/<code>/refund", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.RefundForm, "payments/refund.html", page=_refund_page)
def refund(code: str, data: Mapping[str, Any]) -> Any:
    """Send a part of what is held back to the buyer, exactly as much as is typed."""
    decision_operations.refund_by_officer(
        code,
        data["amount"].fen,
        data["words"],
        shown_fen=data["shown"],
        form_key=data["form_key"],
        by=current_actor(),
    )
    flash(_("%(amount)s are on their way back to the buyer.", amount=str(data["amount"])))
    return redirect(url_for(".of_order", code=queries.payment(code).escrow.code))


@bp.route("/desk/payments/orders/<code>")
@allow(Role.OPERATOR)
def of_order(code: str) -> Any:
    """An order's payments and every movement of its money, for officers."""
    order, _party = orders.order_for(code, current_actor())
    return render_template(
        "payments/of_order.html", order=order, money=queries.money_of(code), rows=queries.payments_of(code)
    )


@bp.route("/desk/payments/refunds/<code>/again", methods=["POST"])
@allow(Role.OPERATOR)
def refund_again(code: str) -> Any:
    """Send a refund that failed once more."""
    payout_operations.begin_refund_again(code, by=current_actor())
    flash(_("The refund is on its way again."))
    return redirect(url_for(".desk"))


@bp.route("/desk/payments/clawbacks/<code>/again", methods=["POST"])
@allow(Role.OPERATOR)
def clawback_again(code: str) -> Any:
    """Ask the gateway once more to take money back of a vendor."""
    payout_operations.begin_clawback_again(code, by=current_actor())
    flash(_("The gateway is asked again."))
    return redirect(url_for(".desk"))


@bp.route("/desk/payments/accounts/<code>/free", methods=["POST"])
@allow(Role.OPERATOR)
def free_account(code: str) -> Any:
    """A vendor's bank account is right again."""
    payout_operations.free_account(code, by=current_actor())
    flash(_("What was returned is sent again."))
    return redirect(url_for(".desk"))


def _difference_page(code: str) -> dict[str, Any]:
    return {"row": _difference(code)}


def _difference(code: str) -> Difference:
    found = queries.difference(code)
    if found is None:
        raise NotFound()
    return found


@bp.route("/desk/payments/differences/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.ReasonForm, "payments/difference.html", page=_difference_page)
def difference(code: str, data: Mapping[str, Any]) -> Any:
    """Settle a difference with a reason."""
    row = _difference(code)
    facts = asking.gateway().read_refund(row.ref) if row.kind == "refund_by_hand" and row.how is None else None
    decision_operations.settle_difference(code, data["words"], facts=facts, by=current_actor())
    flash(_("The difference is settled."))
    return redirect(url_for(".desk"))


@bp.route("/desk/payments/compare", methods=["POST"])
@allow(Role.OPERATOR)
def compare() -> Any:
    """Compare the ledger with the gateway now."""
    limits.count("compare", current_actor().person, "4/minute")
    _comparison, found = reconciling.reconcile(by=current_actor())
    flash(_("%(count)s differences were found.", count=len(found)))
    return redirect(url_for(".desk"))


# Events of the gateway -----------------------------------------------------------------------------------------------------


def _webhook() -> Any:
    """Store an event and answer: whoever applies it works from a job. Anything unsigned is refused and not kept."""
    payload = request.get_data(cache=False)
    try:
        service = asking.gateway()
        gateway.check_signature(
            payload, request.headers.get("Stripe-Signature", ""), queries.secrets_of(service.name), clock.real()
        )
        notice = gateway.read_event(payload)
    except Refusal as refusal:
        log.warning("event refused", error=str(refusal))
        return {"error": refusal.code}, refusal.status
    except (ValueError, KeyError, TypeError):
        # signed, yet nothing that could be an event: sending it again would change nothing
        log.warning("event not understood")
        return {"stored": False}, 202
    first = event_operations.store_event(service.name, notice)
    log.info("event stored" if first else "event repeated", notice=notice.event, type=notice.kind)
    return {"stored": True}, 200


@bp.route("/payments/webhook", methods=["POST"])
@public
@no_csrf
def webhook() -> Any:
    """Events of the market's own account."""
    return _webhook()


@bp.route("/payments/webhook/accounts", methods=["POST"])
@public
@no_csrf
def webhook_accounts() -> Any:
    """Events of vendors' accounts (Stripe Connect)."""
    return _webhook()
