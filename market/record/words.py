"""How the public record's events are called on pages. Message ids alone: pure."""

from collections.abc import Mapping

from market.kernel.words import N_

EVENTS: Mapping[str, str] = {
    "record.policy": N_("The record's policy was published"),
    "standard.proposed": N_("A price standard or catalogue entry was proposed"),
    "standard.in_force": N_("A price standard or catalogue entry came into force"),
    "standard.withdrawn": N_("A price standard or catalogue entry was withdrawn"),
    "calendar.declared": N_("A day was declared working or free"),
    "vendor.accepted": N_("A vendor was admitted"),
    "vendor.suspended": N_("A vendor was suspended"),
    "vendor.reinstated": N_("A vendor is active again"),
    "vendor.struck_off": N_("A vendor was struck off"),
    "vendor.withdrawn": N_("A vendor left"),
    "licence.confirmed": N_("A licence was confirmed"),
    "licence.lapsed": N_("A licence ended"),
    "listing.published": N_("An offer was published"),
    "listing.suspended": N_("An offer was suspended"),
    "listing.withdrawn": N_("An offer was withdrawn"),
    "contract.concluded": N_("A contract was concluded"),
    "review.published": N_("A reviewed text was published"),
    "review.objected": N_("The regulator objected to a clause"),
    "review.withdrawn": N_("The regulator withdrew an objection"),
    "rating.revealed": N_("A rating became public"),
    "rating.decided": N_("A report about a rating was decided"),
    "rating.appeal_decided": N_("An appeal about a rating was decided"),
    "credit.deducted": N_("Credit points were deducted"),
    "credit.decided": N_("An appeal about credit points was decided"),
    "envelope.received": N_("A sealed envelope arrived"),
    "tender.published": N_("A tender was published"),
    "tender.amended": N_("A tender was amended"),
    "tender.closed": N_("A tender closed"),
    "tender.cancelled": N_("A tender was cancelled"),
    "tender.failed": N_("A tender failed"),
    "key.published": N_("A key holder published a key"),
    "scores.locked": N_("The experts' marks were locked"),
    "bidder.excluded": N_("A bidder was excluded"),
    "pool.frozen": N_("The pool of a draw was frozen"),
    "auction.scheduled": N_("An auction was scheduled"),
    "auction.moved": N_("A bid in an auction"),
    "draw.held": N_("A draw was held"),
    "award.proposed": N_("An award was proposed"),
    "award.withdrawn": N_("An award was withdrawn"),
}

VERDICTS: Mapping[str, str] = {
    "equal": N_("the same as here"),
    "consistent": N_("older, and continued by what is here"),
    "fork": N_("fork: the log has signed two things that exclude each other"),
    "ahead": N_("the log has signed more than is here: entries were lost"),
    "unreadable": N_("no checkpoint of this log"),
}
