"""Which offers fit a need, ground by ground."""

from dataclasses import replace
from datetime import date

import pytest

from market.kernel.errors import Refusal
from market.listings.pricing import Quote, Reference, Why
from market.orders.matching import Ground, NeedFacts, OfferFacts, match, split, up_to

NEED = NeedFacts(district="610117", needed_by=date(2026, 4, 30), ceiling_fen=1_000_000)
OFFER = OfferFacts(
    code="L-7K3M9Q2FX",
    publication=1,
    vendor="V-7K3M9Q2FX",
    vendor_name="示例公司",
    title="示例",
    offered=True,
    missing=(),
    own=False,
    tie="",
    districts=(),
    capacity=2,
    open_jobs=1,
    days=10,
    ready_on=date(2026, 4, 30),
    quote=Quote(1_000_000),
    reference=None,
)
BAND = Reference("market", 800_000, 1_000_000, 1_200_000)
GUIDED = Reference("guided", 1_100_000, 1_200_000, 1_300_000)

#: what is changed -> the grounds that are not met
CASES = [
    ("everything fits, at every bound", {}, []),
    ("no longer offered", {"offered": False}, [Ground.OFFERED]),
    ("a licence is missing", {"missing": (Refusal("x"),)}, [Ground.LICENCE]),
    ("two licences are missing", {"missing": (Refusal("x"), Refusal("y"))}, [Ground.LICENCE, Ground.LICENCE]),
    ("the buyer's own vendor", {"own": True}, [Ground.CONFLICT]),
    ("a declared tie", {"tie": "同一主管单位"}, [Ground.CONFLICT]),
    ("another district", {"districts": ("610102",)}, [Ground.DISTRICT]),
    ("its district among others", {"districts": ("610102", "610117")}, []),
    ("all places taken", {"open_jobs": 2}, [Ground.CAPACITY]),
    ("more at work than places", {"open_jobs": 5}, [Ground.CAPACITY]),
    ("a day late", {"ready_on": date(2026, 5, 1)}, [Ground.DAYS]),
    ("no price", {"quote": Quote(None, Why.QUOTATION)}, [Ground.PRICE]),
    ("beyond what it covers", {"quote": Quote(None, Why.BEYOND)}, [Ground.PRICE]),
    ("no quantity", {"quote": Quote(None, Why.NO_QUANTITY)}, [Ground.PRICE]),
    ("no reference", {"quote": Quote(None, Why.NO_REFERENCE)}, [Ground.PRICE]),
    ("a maximum is a price", {"quote": Quote(900_000, Why.QUOTATION)}, []),
    ("a fen above the ceiling", {"quote": Quote(1_000_001)}, [Ground.CEILING]),
    ("a reference refuses nobody", {"reference": BAND, "quote": Quote(100)}, []),
    ("a binding standard does", {"reference": GUIDED, "binds": True}, [Ground.PRICE]),
    ("free of charge", {"quote": Quote(0)}, []),
]


@pytest.mark.parametrize(("words", "change", "against"), CASES, ids=[case[0] for case in CASES])
def test_grounds(words: str, change: dict[str, object], against: list[Ground]) -> None:
    found = match(NEED, replace(OFFER, **change))
    assert [reason.ground for reason in found.against] == against
    assert found.eligible is (not against)
    for reason in found.reasons:
        assert str(reason.words)


def test_what_the_buyer_did_not_say_is_no_ground() -> None:
    silent = NeedFacts(district=None, needed_by=None, ceiling_fen=None)
    far = replace(OFFER, districts=("610102",), ready_on=date(2030, 1, 1), quote=Quote(10**9))
    assert match(silent, far).eligible


def test_the_order_given_stays() -> None:
    codes = [replace(OFFER, code=f"L-{n}", own=n % 2 == 0) for n in range(6)]
    eligible, others = split([match(NEED, one) for one in codes])
    assert [one.offer.code for one in eligible] == ["L-1", "L-3", "L-5"]
    assert [one.offer.code for one in others] == ["L-0", "L-2", "L-4"]


def test_only_a_stated_maximum_can_be_gone_below() -> None:
    assert up_to(Quote(5, Why.QUOTATION))
    assert not up_to(Quote(5))
    assert not up_to(Quote(None, Why.QUOTATION))
