"""What the public may know of a vendor, built from permitted fields: for the page and the API alike.

No names of people: professionals are shown by profession and count, their registration numbers masked. A doubted credit code is
left out until an operator accepted it.
"""

from collections import Counter
from typing import Any

from market import clock
from market.vendors import queries, rules
from market.vendors.models import Licence, Practitioner, Vendor
from market.vendors.states import LicenceState

#: licences in these states are nobody's business but the vendor's
UNSEEN = (LicenceState.GIVEN, LicenceState.REFUSED, LicenceState.REPLACED)


def short(row: Vendor) -> dict[str, Any]:
    """A vendor in a list."""
    return {
        "code": row.code,
        "name": row.name,
        "state": str(row.state),
        "credit_code": queries.shown_credit_code(row),
        "legal_form": str(row.legal_form) if row.legal_form else None,
    }


def whole(row: Vendor) -> dict[str, Any]:
    """A vendor with licences, professions and standing."""
    people = queries.practitioners_of(row.id, confirmed=True)
    return short(row) | {
        "introduction": row.introduction,
        "languages": row.languages,
        "accepted_at": row.accepted_at,
        "standing_reason": row.standing_reason,
        "standing_basis": row.standing_basis,
        "appeal_until": row.appeal_until,
        "licences": [licence(one) for one in queries.licences_of(row.id) if one.state not in UNSEEN],
        "professions": professions(people),
        "people": [person(one) for one in people],
        "ties": [dict(tie) for tie in row.ties],
        "undertakings": [name for name in rules.UNDERTAKINGS if name in row.undertakings],
        "standing": queries.standing(row.id),
    }


def licence(one: Licence) -> dict[str, Any]:
    """A licence: valid through its last day, whatever the nightly job has done so far (KF-LST-01)."""
    facts = rules.LicenceFacts(one.kind, one.level, one.valid_from, one.valid_to, one.state)
    return {
        "kind": one.kind,
        "level": one.level,
        "number": one.number,
        "issuer": one.issuer,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "state": "valid" if rules.holds(facts, clock.today()) else "lapsed" if one.begun_at else "not_yet",
        "confirmed_by": str(one.confirmed_by) if one.confirmed_by else None,
        "registry_checked_at": one.registry_checked_at,
    }


def professions(people: list[Practitioner]) -> list[dict[str, Any]]:
    """Professions with how many confirmed people hold them."""
    counts = Counter(one.profession for one in people)
    return [{"profession": name, "count": count} for name, count in counts.items()]


def person(one: Practitioner) -> dict[str, Any]:
    """A professional without a name: the profession, and the registration with its middle hidden."""
    return {"profession": one.profession, "registration": masked(one.registration), "valid_to": one.valid_to}


def masked(text: str) -> str:
    """A registration number with only its first two and last two characters; a short one altogether hidden."""
    return f"{text[:2]}{'*' * (len(text) - 4)}{text[-2:]}" if len(text) > 6 else "*" * len(text)
