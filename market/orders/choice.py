"""The offer that a draft has chosen: kept as the buyer saw it, looked at again before anybody is asked. Parts of operations."""

from market.kernel.errors import Conflict, RuleBroken
from market.kernel.money import Money
from market.kernel.words import N_
from market.orders import offers
from market.orders.matching import Match
from market.orders.models import Order


class OfferChanged(Conflict):
    """The offer is not what the buyer saw: `params` hold the old and the new price. Nothing was placed."""

    code = "offer_changed"


class NotFitting(RuleBroken):
    """The offer does not fit the need; the first ground against it is said."""

    code = "offer_not_fitting"


def choose(row: Order, match: Match) -> None:
    """Remember an offer as the buyer sees it now."""
    row.listing, row.publication = match.offer.code, match.offer.publication
    row.price_fen, row.days = match.offer.quote.fen, match.offer.days


def price_again(row: Order) -> None:
    """The buyer changed his project: the chosen offer's price follows; an offer that is gone stays to be told at placing."""
    match = offers.judge_one(row, row.listing or "")
    if match is None:
        choose_none(row)
    elif row.publication in (None, match.offer.publication):
        choose(row, match)


def choose_none(row: Order) -> None:
    """No offer is chosen."""
    row.listing = row.publication = row.price_fen = row.days = None


def unchanged(row: Order) -> Match:
    """The chosen offer as it stands in the database now; refuses one that changed since the buyer saw it, or does not fit."""
    match = offers.judge_one(row, row.listing or "")
    if match is None or not match.offer.offered:
        raise OfferChanged(
            N_("This offer is no longer there."),
            rule=N_("Orders are placed on what is offered at that moment."),
            remedy=N_("Choose another offer in step 4; everything else is kept."),
        )
    now = match.offer.quote.fen
    if row.publication is None:  # came by a link to the offer and was never priced on the way
        choose(row, match)
    elif (row.publication, row.price_fen) != (match.offer.publication, now):
        raise OfferChanged(
            N_("The offer changed since you chose it: the price for your project was %(before)s and is now %(now)s."),
            rule=N_("Orders are placed on what is offered at that moment."),
            remedy=N_("Look at it and choose it again in step 4, or another one; everything else is kept."),
            before=_amount(row.price_fen),
            now=_amount(now),
        )
    check_fits(match)
    return match


def check_fits(match: Match) -> None:
    """Refuse (`NotFitting`) an offer with a ground against it."""
    for reason in match.against:
        raise NotFitting(
            reason.words.what,
            rule=reason.words.rule or N_("An offer is chosen only where it fits the need."),
            remedy=N_("Choose another offer, or change the project in step 2."),
            **reason.words.params,
        )


def _amount(fen: int | None) -> str:
    return "—" if fen is None else str(Money(fen))
