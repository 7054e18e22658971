"""What the outbox and the timetable call. Each takes codes and is safe to run twice."""

from flask import current_app

from market import clock
from market.kernel.actor import system
from market.kernel.errors import NotFound
from market.transaction import later
from market.vendors import licence_operations, queries, registry
from market.vendors.states import LicenceState


def check_licences() -> None:
    """Daily after midnight in Xi'an: what ended lapses, warnings are given, the registry is asked again about what is due.

    Each vendor and each licence is a job of its own, so that one that fails holds up no other.
    """
    for vendor in queries.licences_to_check(clock.today()):
        later("market.vendors.jobs.review_days", vendor)
    for licence in queries.licences_to_ask_for(clock.now()):
        later("market.vendors.jobs.ask_registry", licence)


def review_days(vendor_code: str) -> None:
    """What today's date means for one vendor's licences and registrations."""
    licence_operations.review_days(vendor_code, by=system())


def ask_registry(licence_code: str) -> None:
    """Ask the registry about one licence and act on the answer. Raises `registry.Away`, and is then tried again later."""
    try:
        licence = queries.licence(licence_code)
    except NotFound:
        return  # taken out together with its vendor's draft
    if licence.state is LicenceState.REPLACED:
        return
    source = registry.of(current_app.extensions["settings"])
    finding = source.ask(licence.kind, licence.number, licence.vendor.credit_code, clock.today())
    licence_operations.note_finding(licence_code, finding, by=system())
