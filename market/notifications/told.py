"""What people are told of their accounts: reactions to events of accounts (market/reactions.py)."""

from datetime import datetime

from market.accounts.events import AccountClosed, MembershipEnded, MembershipGiven
from market.accounts.queries import organisation
from market.kernel.actor import Actor
from market.kernel.words import N_
from market.notifications.operations import forget_messages, tell


def membership_given(event: MembershipGiven, by: Actor, at: datetime) -> None:
    """Somebody else gave the person a role. What one did oneself, and what the market set up, needs no telling."""
    if by.is_system or by.person == event.person:
        return
    tell(
        event.person,
        N_("You have a new role"),
        N_("You act for %(organisation)s from now on. Choose in which role you act in the account menu."),
        organisation=_name(event.organisation),
    )


def membership_ended(event: MembershipEnded, by: Actor, at: datetime) -> None:
    """Somebody else ended a role of the person."""
    if by.is_system or by.person == event.person:
        return
    tell(
        event.person,
        N_("A role of yours has ended"),
        N_("You do not act for %(organisation)s any more. If this is a mistake, speak with the organisation."),
        by_mail=True,
        organisation=_name(event.organisation),
    )


def account_closed(event: AccountClosed, by: Actor, at: datetime) -> None:
    """Nobody is left to read the messages."""
    forget_messages(event.person)


def _name(organisation_code: str) -> str:
    found = organisation(organisation_code)
    return found.name if found else organisation_code
