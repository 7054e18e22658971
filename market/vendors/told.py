"""What vendors and operators are told: reactions to events of vendors (market/reactions.py). Personal data never stand here."""

from datetime import date, datetime
from typing import Any

from market.kernel.actor import Actor, Role
from market.kernel.words import N_
from market.notifications.operations import tell, tell_role
from market.notifications.rules import Word
from market.vendors import events, queries, rules

DESK = "/desk/vendor"
LICENCES = "/desk/vendor/licences"
STAFF = "/desk/vendor/staff"


def applied(event: events.VendorApplied, by: Actor, at: datetime) -> None:
    """Operators learn of a new application; entry is for the whole city, so those of every district do."""
    tell_role(
        Role.OPERATOR,
        N_("An application waits: %(name)s"),
        N_("The form check is due through %(day)s."),
        path=f"/desk/entry/{event.vendor}",
        name=queries.vendor(event.vendor).name,
        day=queries.due_on(datetime.fromisoformat(event.due_at)),
    )


def accepted(event: events.VendorAccepted, by: Actor, at: datetime) -> None:
    """The form check was passed."""
    _tell(
        event.vendor,
        N_("You are entered in the market"),
        N_("The form check was passed. You are active in every district of the city and can publish offers."),
        path="/desk/offers",
    )


def returned(event: events.VendorReturned, by: Actor, at: datetime) -> None:
    """The form check found gaps."""
    _tell(
        event.vendor,
        N_("Your application needs corrections"),
        N_(
            "The form check found %(gaps)s points to correct. Each is named with its reason where it belongs; what you typed "
            "is kept."
        ),
        gaps=len(event.fields),
    )


def change_accepted(event: events.VendorChangeAccepted, by: Actor, at: datetime) -> None:
    """A change passed its check: to be seen on the desk, no mail."""
    _tell(
        event.vendor,
        N_("A change was accepted"),
        N_("The change that you reported was checked and counts."),
        by_mail=False,
    )


def change_returned(event: events.VendorChangeReturned, by: Actor, at: datetime) -> None:
    """A change did not pass its check."""
    _tell(
        event.vendor,
        N_("A change needs corrections"),
        N_("The change that you reported was checked and returned. The reason stands on your desk."),
    )


def suspended(event: events.VendorSuspended, by: Actor, at: datetime) -> None:
    """No new orders for now; why, on which basis, and until when one can appeal."""
    _tell(
        event.vendor,
        N_("You are suspended"),
        N_(
            "You can take no new orders for now, and your offers are not shown. Reason: %(reason)s\nBasis: %(basis)s\n"
            "You can appeal until %(until)s."
        ),
        reason=event.reason,
        basis=event.basis,
        until=date.fromisoformat(event.appeal_until),
    )


def reinstated(event: events.VendorReinstated, by: Actor, at: datetime) -> None:
    """Active again."""
    _tell(
        event.vendor,
        N_("You are active again"),
        N_("You can take orders again, and your offers come back by themselves. Reason: %(reason)s"),
        reason=event.reason,
    )


def struck_off(event: events.VendorStruckOff, by: Actor, at: datetime) -> None:
    """Out of the market; why, on which basis, and until when one can appeal."""
    _tell(
        event.vendor,
        N_("You are struck off"),
        N_(
            "You are no longer a vendor of this market. Reason: %(reason)s\nBasis: %(basis)s\n"
            "You can appeal until %(until)s."
        ),
        reason=event.reason,
        basis=event.basis,
        until=date.fromisoformat(event.appeal_until),
    )


def licence_confirmed(event: events.LicenceConfirmed, by: Actor, at: datetime) -> None:
    """A licence counts, or counts again: to be seen on the desk, no mail."""
    _tell(
        event.vendor,
        N_("A licence counts"),
        N_("The licence “%(kind)s” was confirmed. Offers that were suspended for want of it come back by themselves."),
        path=LICENCES,
        by_mail=False,
        kind=event.kind,
    )


def licence_refused(event: events.LicenceRefused, by: Actor, at: datetime) -> None:
    """A licence does not count."""
    _tell(
        event.vendor,
        N_("A licence does not count"),
        N_("The licence “%(kind)s” does not count. Reason: %(reason)s"),
        path=LICENCES,
        kind=event.kind,
        reason=_reason(event.reason),
    )


def licence_ending(event: events.LicenceEnding, by: Actor, at: datetime) -> None:
    """60, 30 and 7 days before the end."""
    _tell(
        event.vendor,
        N_("A licence ends in %(days)s days"),
        N_(
            "The licence “%(kind)s” is valid through %(valid_to)s. Give the renewed one in time: when it ends, the offers that "
            "need it are suspended until the renewed one counts."
        ),
        path=LICENCES,
        kind=event.kind,
        days=event.days,
        valid_to=date.fromisoformat(event.valid_to),
    )


def licence_lapsed(event: events.LicenceLapsed, by: Actor, at: datetime) -> None:
    """A licence ended; the offers that need it are told of by listings."""
    _tell(
        event.vendor,
        N_("A licence has ended"),
        N_(
            "The licence “%(kind)s” does not count any more. Reason: %(reason)s\nOnly the offers that need it are suspended. "
            "Give the renewed licence: once it is confirmed they come back by themselves."
        ),
        path=LICENCES,
        kind=event.kind,
        reason=_reason(event.reason),
    )


def practitioner_refused(event: events.PractitionerRefused, by: Actor, at: datetime) -> None:
    """A professional does not count; who it is stands on the desk."""
    _tell(
        event.vendor,
        N_("A professional does not count"),
        N_("One of the people you entered as “%(profession)s” does not count. Reason: %(reason)s"),
        path=STAFF,
        profession=event.profession,
        reason=_reason(event.reason),
    )


def _tell(vendor_code: str, subject: str, body: str, *, path: str = DESK, by_mail: bool = True, **params: Any) -> None:
    members = queries.vendor(vendor_code).organisation.code
    tell(members, subject, body, path=path, by_mail=by_mail, **params)


def _reason(code: str) -> Word | str:
    return Word(rules.REASONS[code]) if code in rules.REASONS else code
