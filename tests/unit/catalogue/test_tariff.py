"""Fees computed by hand, the arithmetic beside each, and the rules no published case shows. Amounts in yuan."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from market.catalogue.standard import Kind
from market.catalogue.tariff import placed, shown_amounts
from market.kernel.errors import Invalid
from market.kernel.money import Money

from .cases import TODAY, fee

YI = 10**8

#: standard, inputs, reference in yuan, computed by hand
BY_HAND: list[tuple[str, dict[str, Any], str]] = [
    # soil-22, points in 亿元 -> 万元
    ("soil-22", {"amount": YI // 2, "item": "plan"}, "300000.00"),  # at 0.5: 30
    ("soil-22", {"amount": 3 * YI // 2, "item": "plan"}, "620000.00"),  # 52 + (72 - 52) x 0.5 / 1 = 62
    ("soil-22", {"amount": 64 * YI // 10, "item": "monitoring"}, "2890000.00"),  # 275 + (310 - 275) x 0.4 / 1 = 289
    ("soil-22", {"amount": 3 * YI // 4, "item": "acceptance"}, "140000.00"),  # 10 + (18 - 10) x 0.25 / 0.5 = 14
    ("soil-22", {"amount": 10 * YI, "item": "plan"}, "1710000.00"),  # at 10: 171, the bound is included
    (
        "soil-22",
        {"amount": 72 * YI // 10, "item": "plan", "factor": "0.8"},
        "972800.00",
    ),  # 119 + 13 x 0.2 = 121.6; x 0.8
    # drawing-review-534: three caps, one of them at a time
    ("drawing-review-534", {"area": "12000"}, "24000.00"),  # 12,000 x 2
    ("drawing-review-534", {"amount": "80000000"}, "160000.00"),  # 80,000,000 x 2‰
    ("drawing-review-534", {"design_fee": "1234567"}, "80247.00"),  # 1,234,567 x 6.5% = 80,246.855
    ("drawing-review-534", {"amount": "250"}, "1.00"),  # 0.5 yuan is rounded up
    ("drawing-review-534", {"amount": "249.99"}, "0.00"),  # 0.49998 yuan is rounded down
    # management-504, 8,000 万元: 1,000 x 2% + 4,000 x 1.5% + 3,000 x 1.2% = 20 + 60 + 36 = 116 (worked in its source)
    ("management-504", {"amount": "80000000"}, "1160000.00"),
    # Chongqing 300,000 万元: 1 + 4.05 + 4.8 + 3.75 + 13.5 + 200,000 x 0.1‰ = 47.1, its last bound included
    ("appraisal-chongqing-2015", {"amount": 30 * YI}, "471000.00"),
    # national appraisal, middle of the ranges: 100 x 12‰ + 900 x 5‰ = 1.2 + 4.5 = 5.7
    ("appraisal-2914", {"amount": "10000000"}, "57000.00"),
    # supervision: equipment is half of 1,000 万元, above 40%: max(500 + 500 x 40%, 500 x 5/3) = 833.3333;
    # 16.5 + 13.6 x 333.3333 / 500 = 25.566667
    ("supervision-670", {"amount": "10000000", "equipment": "5000000"}, "255667.00"),
    # equipment exactly at 40%: nothing changes
    ("supervision-670", {"amount": "10000000", "equipment": "4000000"}, "301000.00"),
    # equipment is nine tenths: max(100 + 900 x 40%, 100 x 5/3) = 460, below the table: 460 x 3.3% = 15.18
    ("supervision-670", {"amount": "10000000", "equipment": "9000000", "rate_below_500": "3.3%"}, "151800.00"),
    # all of it is equipment: 1,000 x 40% = 400, below the table: 400 x 3.3% = 13.2
    ("supervision-670", {"amount": "10000000", "equipment": "10000000", "rate_below_500": "0.033"}, "132000.00"),
    # design: profession and complexity multiply, extra ones are added up: 38.8 x 1.1 x 1.15 x (1.2 + 1.1 - 2 + 1)
    # = 38.8 x 1.265 x 1.3 = 63.8066
    (
        "design-10",
        {"amount": "10000000", "profession": "1.1", "complexity": "complex", "coefficients": "1.2, 1.1"},
        "638066.00",
    ),
    # design above its table: 2,500,000 x 1.6% = 40,000
    ("design-10", {"amount": 250 * YI}, "400000000.00"),
    # audit, minimum: 200,000 x 2.5‰ = 500, at least 2,000
    ("audit-901", {"amount": "200000"}, "2000.00"),
    # judicial appraisal has a minimum of its own: 500,000 x 10‰ = 5,000, at least 10,000
    ("cost-hunan", {"amount": "500000", "service": "judicial"}, "10000.00"),
    ("cost-hunan", {"amount": "500000", "service": "estimate_compile"}, "3000.00"),
    # basic fee and effect fee: 500 x 5‰ + 500 x 3.5‰ = 4.25; effect 80 x 60‰ = 4.8; installation x 1.3 = 11.765
    (
        "cost-hunan",
        {
            "amount": "10000000",
            "service": "settlement_review_total",
            "difference": "800000",
            "category": "installation",
        },
        "117650.00",
    ),
    # eia form, 1 亿元: 2 + 2 x 0.7 / 1.7 = 2.823529; municipal x 1.0, ordinary x 0.8, and 534: x 0.8 = 1.807059
    ("eia-125", {"amount": YI, "item": "form", "industry": "municipal", "sensitivity": "ordinary"}, "18071.00"),
    # the same with machinery (x 0.8), which 534 does not name: 2.823529 x 0.64 = 1.807059
    ("eia-125", {"amount": YI, "item": "form", "industry": "machinery", "sensitivity": "ordinary"}, "18071.00"),
    # ... and switched off by the asker: 2.823529 x 0.8 = 2.258824
    (
        "eia-125",
        {"amount": YI, "item": "form", "industry": "municipal", "sensitivity": "ordinary", "rule_534": "no"},
        "22588.00",
    ),
    # 534 ends at 100 亿元: a report of 110 is not reduced there, below it is: 75 + 35 x 49/50 = 109.3; x 0.8 = 87.44
    ("eia-125", {"amount": 100 * YI, "item": "report", "industry": "municipal"}, "1100000.00"),
    ("eia-125", {"amount": 99 * YI, "item": "report", "industry": "municipal"}, "874400.00"),
    # bid agency, a lot of 200 亿元 in a tender of 800 亿元 of works: 130.05 + 1,000,000 x 0.004% = 170.05; a quarter of
    # the cap is 112.5
    ("bid-agency-1980", {"amount": 200 * YI, "kind": "works", "tender_amount": 800 * YI}, "1125000.00"),
]


@pytest.mark.parametrize(("standard", "inputs", "expected"), BY_HAND)
def test_the_fee_is_what_the_hand_computes(standard: str, inputs: dict[str, Any], expected: str) -> None:
    result = fee(standard, **inputs)

    assert result.base_money is not None
    assert result.base_money.to_yuan() == expected


@pytest.mark.parametrize(
    ("standard", "inputs"),
    [
        ("supervision-670", {"amount": "100000000", "altitude": "above_4000"}),
        ("supervision-670", {"amount": "4999999.99"}),
        ("design-10", {"amount": "1999999.99"}),
        ("consulting-1283", {"amount": "29999999.99", "item": "proposal"}),
        ("appraisal-chongqing-2015", {"amount": "3000000000.01"}),
        ("soil-22", {"amount": "1000000000.01", "item": "plan"}),
        ("soil-22", {"amount": "49999999.99", "item": "acceptance"}),
    ],
)
def test_what_the_standard_leaves_to_agreement_has_a_reason_and_no_number(
    standard: str, inputs: dict[str, Any]
) -> None:
    result = fee(standard, **inputs)

    assert (result.low, result.base, result.high) == (None, None, None)
    assert result.base_money is None
    assert len(result.negotiated) == 1
    assert result.negotiated[0].zh
    assert placed(result, Money.yuan(1)) == "open"


def test_low_and_high_are_the_band_of_the_standard() -> None:
    result = fee("bid-agency-1980", amount="60000000", kind="works")

    assert [str(money) for money in (result.low_money, result.high_money)] == ["¥180,400.00", "¥270,600.00"]


def test_a_chosen_place_moves_the_reference_and_leaves_the_band() -> None:
    result = fee("bid-agency-1980", amount="60000000", kind="works", band="-10%")

    assert [str(m) for m in (result.low_money, result.base_money, result.high_money)] == [
        "¥180,400.00",
        "¥202,950.00",
        "¥270,600.00",
    ]


def test_low_and_high_are_the_ends_of_a_range_of_rates() -> None:
    result = fee("appraisal-2914", amount="100000000")  # 1 亿元: 12.825 and 21.375 万元

    assert (result.low, result.high) == (128250, 213750)


def test_a_range_without_a_way_into_it_begins_where_the_table_ends() -> None:
    at_the_end = fee("consulting-1283", amount=50 * YI, item="feasibility")
    above = fee("consulting-1283", amount=60 * YI, item="feasibility")

    assert at_the_end.base == above.base == 200 * 10**4
    assert (above.low, above.high) == (Fraction(160 * 10**4), Fraction(300 * 10**4))  # 200 x 0.8, 250 x 1.2


def test_a_least_amount_is_said_to_be_open_upwards() -> None:
    result = fee("eia-125", amount=20 * YI, item="form")

    assert (result.base, result.open_above) == (70000, True)
    assert placed(result, Money.yuan(500000)) == "within"


def test_the_version_of_the_day_is_used() -> None:
    """Award of 20 亿元 of works: 30.55 + 90,000 x 0.05% + 100,000 x 0.01% before May 2011, 68.05 + 100,000 x 0.008% after."""
    before = fee("bid-agency-1980", date(2011, 4, 30), amount=20 * YI, kind="works")
    after = fee("bid-agency-1980", date(2011, 5, 1), amount=20 * YI, kind="works")

    assert (before.version.id, before.base) == ("2003", 855500)
    assert (after.version.id, after.base) == ("2011", 760500)


def test_a_day_before_the_first_version_is_refused_with_the_days_covered() -> None:
    with pytest.raises(Invalid) as refused:
        fee("bid-agency-1980", date(2002, 12, 31), amount="1000000", kind="works")

    assert "2003-01-01 – 2011-04-30" in str(refused.value.fields["on"][0].params)  # type: ignore[union-attr]


def test_the_kind_is_dated_apart_from_the_tables() -> None:
    """Freed on 2015-03-01; nothing may be enforced since, whatever the table says."""
    guided = fee("bid-agency-1980", date(2015, 2, 28), amount="1000000", kind="works")
    market = fee("bid-agency-1980", date(2015, 3, 1), amount="1000000", kind="works")

    assert (guided.kind.kind, market.kind.kind) == (Kind.GUIDED, Kind.MARKET)
    assert guided.base == market.base


def test_no_shipped_standard_binds_a_price_today() -> None:
    from market.catalogue.standard_files import shipped_standards

    assert {standard.kind_on(TODAY).kind for standard in shipped_standards().values()} == {Kind.MARKET}


def test_the_cap_can_be_left_aside() -> None:
    capped = fee("bid-agency-1980", amount=700 * YI, kind="services")
    free = fee("bid-agency-1980", amount=700 * YI, kind="services", cap="no")

    assert (capped.base, free.base) == (3_000_000, 3_614_500)


def test_the_cap_holds_for_the_upper_end_of_the_band_too() -> None:
    """800 亿元 of works: 130.05 + 7,000,000 x 0.004% = 410.05; a fifth more is 492.06, above the cap of 450."""
    result = fee("bid-agency-1980", amount=800 * YI, kind="works")

    assert (result.low, result.base, result.high) == (3_280_400, 4_100_500, 4_500_000)


def test_the_minimum_holds_for_the_lower_end_of_the_band_too() -> None:
    """960,000 x 2.5‰ = 2,400; a fifth less is 1,920, below the minimum of 2,000; a fifth more is 2,880."""
    result = fee("audit-901", amount="960000")

    assert (result.low, result.base, result.high) == (2000, 2400, 2880)


def test_a_ceiling_has_no_lower_end() -> None:
    result = fee("drawing-review-534", area="100")

    assert (result.low, result.base, result.high) == (0, 200, 200)
    assert placed(result, Money.yuan(1)) == "within"
    assert placed(result, Money.yuan(201)) == "above"


@pytest.mark.parametrize(("price", "place"), [("180399.99", "below"), ("180400", "within"), ("270600.01", "above")])
def test_a_price_is_placed_against_the_band(price: str, place: str) -> None:
    assert placed(fee("bid-agency-1980", amount="60000000", kind="works"), Money.yuan(price)) == place


def test_just_above_its_table_the_design_standard_itself_gives_less() -> None:
    """1.6% of the whole amount is less than the last point; the standard is followed, and a note says so."""
    last, beyond = fee("design-10", amount=200 * YI), fee("design-10", amount=200 * YI + 1)

    assert last.base is not None
    assert beyond.base is not None
    assert (last.base, beyond.base < last.base) == (349489000, True)
    assert any("200 亿元" in str(line.params) for line in beyond.notes)


def test_every_line_says_what_it_rests_on() -> None:
    result = fee("bid-agency-1980", amount="60000000", kind="works", scope="document_only")
    lines = [(step.kind, step.rate, part.to_yuan()) for step, part, _ in shown_amounts(result)]

    assert lines == [
        ("slice", "1.0%", "10000.00"),
        ("slice", "0.7%", "28000.00"),
        ("slice", "0.55%", "27500.00"),
        ("slice", "0.35%", "140000.00"),
        ("slice", "0.2%", "20000.00"),
        ("coefficient", "× 0.3", "-157850.00"),
        ("band", "−20% / +20%", "0.00"),
        ("cap", "", "0.00"),
        ("rounding", "", "0.00"),
    ]
    assert all(step.article for step in result.steps if step.kind in ("slice", "band", "cap"))


def test_what_was_not_given_is_said_to_count_as_one() -> None:
    notes = [str(note.params) for note in fee("eia-125", amount=YI, item="form").notes]

    assert any("行业调整系数" in note for note in notes)
    assert not any("534" in note and "计算" in note for note in notes)
