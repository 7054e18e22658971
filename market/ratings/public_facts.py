"""What the public may know of ratings, scores and credit, built from permitted fields: for pages and API alike."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from market import clock
from market.kernel.money import half_up
from market.ratings import credit, credit_queries, queries, score_queries, scoring
from market.ratings.models import CreditDeduction, Rating
from market.vendors.models import Vendor


def decimal_words(value: Fraction, places: int = scoring.PLACES) -> str:
    """A number with all its decimals up to `places`, as text: 0.5 is "0.500000000"."""
    scaled = half_up(value * 10**places)
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}d}"


def exact_words(value: Fraction) -> str:
    """A fraction as numerator/denominator."""
    return f"{value.numerator}/{value.denominator}"


def ratings(rows: Sequence[Rating], vendor: Vendor) -> list[dict[str, Any]]:
    """Public ratings in the order given."""
    authors = queries.author_names(rows)
    return [
        {
            "code": row.code,
            "vendor": vendor.code,
            "item": row.item,
            "level": half_up(queries.level_of(row) * 1000),
            "levels": queries.levels(row),
            "text": row.text,
            "author": authors[row.code],
            "state": str(row.state),
            "linked": row.link is not None,
            "link": row.link,
            "given_on": row.given_on,
            "revealed_at": row.revealed_at,
            "reply": row.reply,
            "replied_at": row.replied_at,
        }
        for row in rows
    ]


def score(vendor: Vendor, counted: score_queries.Counted) -> dict[str, Any]:
    """A score with every term. Clients are numbered by their first rating; no name is needed to count it anew."""
    numbers: dict[str, int] = {}
    terms = []
    for row, one in zip(counted.rows, counted.weighed, strict=True):
        terms.append(
            {
                "rating": row.code,
                "client": numbers.setdefault(one.term.client, len(numbers) + 1),
                "level": half_up(one.term.level * 1000),
                "given_on": row.given_on,
                "age_days": one.term.age_days,
                "amount": one.term.amount_fen,
                "median": one.term.median_fen,
                "linked": one.term.linked,
                "fading": decimal_words(one.fading),
                "size": decimal_words(one.size),
                "weight": decimal_words(one.weight),
                "counted": exact_words(one.counted),
                "counted_words": decimal_words(one.counted, 6),
            }
        )
    found, based = counted.score, counted.leaning
    return {
        "vendor": vendor.code,
        "item": counted.item,
        "on": counted.on,
        "category": based.category,
        "month": based.month,
        "m": based.mean,
        "c": scoring.C,
        "z": decimal_words(scoring.Z, 2),
        "half_life_days": scoring.HALF_LIFE,
        "least_clients": scoring.LEAST_CLIENTS,
        "clients": found.clients,
        "count": found.count,
        "shown": found.shown,
        "mean": found.mean if found.shown else None,
        "low": found.low if found.shown else None,
        "high": found.high if found.shown else None,
        "plain_mean": scoring.plain_mean([one.term.level for one in counted.weighed]),
        "terms": terms,
    }


def deduction(row: CreditDeduction) -> dict[str, Any]:
    """One deduction with what is left of it today."""
    left = credit.left_of(credit_queries.as_terms([row])[0], clock.today())
    names = ("code", "ground", "points", "fading_days", "decided_on", "fades_on", "decision", "reasons")
    return {name: getattr(row, name) for name in names} | {
        "state": str(row.state),
        "left": credit.thousandths(left),
    }


def credit_of(vendor: Vendor) -> dict[str, Any]:
    """A vendor's credit today with every term."""
    rows = credit_queries.deductions_of(vendor.id)
    return {
        "vendor": vendor.code,
        "on": clock.today(),
        "start": credit.START,
        "credit": credit.thousandths(credit.credit(credit_queries.as_terms(rows), clock.today())),
        "deductions": [deduction(row) for row in rows],
    }
