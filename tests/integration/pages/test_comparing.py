"""Offers side by side: for the buyer's own job, marked by one published rule, shareable, as a file."""

import re

import pytest

from market import clock
from market.kernel.ordering import order_key
from market.kernel.sheets import BOM
from market.listings import operations
from market.listings.models import Listing
from market.listings.pricing import PriceModel
from market.vendors import operations as vendor_operations
from tests.integration.conftest import Browser
from tests.integration.factories import vendors
from tests.integration.pages.conftest import AGENCY, SURVEY, Market

#: 60,000,000 yuan of works: reference 225,500.00, band 180,400.00 to 270,600.00 (计价格〔2002〕1980号)
JOB = "amount=60000000&kind=works"


def compare(client: Browser, *rows: Listing, more: str = "", status: int = 200) -> str:
    codes = ",".join(row.code for row in rows)
    answer = client.get(f"/compare?item={rows[0].item}&offer={codes}&lang=en{more and '&' + more}")
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def row(page: str, label: str) -> list[str]:
    """The cells of a row, without markup; the most favourable ones in asterisks."""
    found = re.search(rf'<th role="rowheader" scope="row">{re.escape(label)}(?:<br>| <span|</th>).*?</tr>', page, re.S)
    assert found, label
    cells = re.findall(r'<td role="cell">(.*?)</td>', found[0], re.S)
    marked = [
        re.sub(r'<span class="is-best">(.*)</span>', r"*\1*", cell, flags=re.S).replace("<br>", " ") for cell in cells
    ]
    return [re.sub(r"\s+", " ", re.sub("<[^>]+>", "", cell)).strip() for cell in marked]


def in_order(rows: list[Listing]) -> list[Listing]:
    """As the page shows them: in the neutral order of the day."""
    today = clock.today()
    return sorted(rows, key=lambda one: order_key(one.vendor.code, one.code, today))


def test_prices_are_computed_for_the_job_and_held_against_its_standard(market: Market, client: Browser) -> None:
    share = market.offer(price_model=PriceModel.SHARE, price_fen=None, share_permille=850, days=20)
    fixed = market.offer(price_fen=30_000_000, days=10)
    page = compare(client, share, fixed, more=JOB)
    shown = dict(zip([one.code for one in in_order([share, fixed])], row(page, "For this job"), strict=True))
    assert shown == {share.code: "*¥191,675.00*", fixed.code: "¥300,000.00"}
    places = dict(zip([one.code for one in in_order([share, fixed])], row(page, "Position"), strict=True))
    assert places[share.code] == "85% of reference, within the standard"
    assert places[fixed.code] == "133% of reference, above the ceiling"
    assert sorted(row(page, "Delivery")) == ["*10 working days*", "20 working days"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("60000000", "¥60,000,000.00"),
        ("60,000,000.50", "¥60,000,000.50"),
        ("６０００００００", "¥60,000,000.00"),
        ("6000万元", "6000万元"),
    ],
)
def test_the_page_says_which_job_it_is_for(market: Market, client: Browser, typed: str, said: str) -> None:
    page = compare(client, market.offer(), market.offer(), more=f"amount={typed}&kind=works")
    assert f"<li>Award amount: {said}</li>" in page
    assert "<li>Kind of tender: Works</li>" in page


def test_the_same_job_in_different_price_models_is_one_amount(market: Market, client: Browser) -> None:
    """KF-LST-04: 2.00 per m²; 180.00 up to 100 m²; 170.00 without tax of 6 %; on quotation, for 80 and 120 m²."""
    unit = market.offer(SURVEY, price_model=PriceModel.PER_UNIT, price_fen=200, unit="m2")
    job = market.offer(SURVEY, price_fen=18_000, covers=100)
    untaxed = market.offer(SURVEY, price_fen=17_000, tax_included=False, tax_permille=60)
    most = market.offer(SURVEY, price_model=PriceModel.QUOTATION, price_fen=15_000)
    rows = [unit, job, untaxed, most]
    names = {unit.code: "unit", job.code: "job", untaxed.code: "untaxed", most.code: "most"}
    wanted = {
        "80": {"unit": "*¥160.00*", "job": "¥180.00", "untaxed": "¥180.20"},
        "120": {"unit": "¥240.00", "job": "on quotation: more than the price covers", "untaxed": "*¥180.20*"},
    }
    for quantity, amounts in wanted.items():
        page = compare(client, *rows, more=f"quantity={quantity}")
        cells = dict(zip([names[one.code] for one in in_order(rows)], row(page, "For this job"), strict=True))
        assert {name: cells[name] for name in amounts} == amounts, quantity
        assert cells["most"] == "¥150.00 on quotation, at most this"  # never the best: it is not firm


def test_a_price_per_another_unit_is_said_not_computed(market: Market, client: Browser) -> None:
    """KF-LST-04."""
    square = market.offer(SURVEY, price_model=PriceModel.PER_UNIT, price_fen=200, unit="平方米")
    flat = market.offer(SURVEY, price_model=PriceModel.PER_UNIT, price_fen=9_000, unit="套")
    page = compare(client, square, flat, more="quantity=80")
    cells = dict(zip([one.code for one in in_order([square, flat])], row(page, "For this job"), strict=True))
    assert cells[square.code] == "¥160.00"
    assert "¥" not in cells[flat.code]
    assert "¥90.00 per 套" in page


def test_a_price_below_the_floor_is_never_marked_as_best(market: Market, client: Browser) -> None:
    low, fair, high = (
        market.offer(price_fen=10_000_000),
        market.offer(price_fen=20_000_000),
        market.offer(price_fen=22_000_000),
    )
    cells = row(compare(client, low, fair, high, more=JOB), "For this job")
    assert sorted(cells) == ["*¥200,000.00*", "¥100,000.00", "¥220,000.00"]
    assert "see the explanation" in compare(client, low, fair, more=JOB)


def test_equal_rows_are_not_marked_and_differing_ones_are(market: Market, client: Browser) -> None:
    page = compare(client, market.offer(days=10, guarantee_days=0), market.offer(days=10, guarantee_days=30))
    assert re.search(r'scope="row">Delivery</th>', page)
    assert re.search(r'scope="row">Faults mended free of charge <span class="wm-differs">', page)
    assert sorted(row(page, "Faults mended free of charge")) == ["*30 working days*", "no working days"]  # KF-LST-03


def test_the_order_is_the_neutral_one_whatever_the_address_says(market: Market, client: Browser) -> None:
    """KF-SEA-05."""
    rows = [market.offer() for _ in range(3)]
    for some in (rows, rows[::-1]):
        page = compare(client, *some)
        assert re.findall(r"<tfoot.*", page, re.S)
        assert re.findall(r'class="btn btn-secondary btn-sm" href="/offers/(L-\w+)"', page) == [
            one.code for one in in_order(rows)
        ]


def test_what_is_no_longer_offered_is_left_out_with_a_note(market: Market, client: Browser) -> None:
    """KF-LST-02: paused by its vendor, vendor suspended."""
    stays, also = market.offer(title="还在"), market.offer(title="也在")
    paused, suspended = market.offer(title="暂停了"), market.offer(title="停用了")
    operations.pause_listing(paused.code, by=market.vendors[2][1])
    vendor_operations.suspend_vendor(
        market.vendors[3][0].code, reason="测试中的核查期间，暂停接单。", basis="测试依据", by=vendors.OPERATOR
    )
    page = compare(client, stays, paused, also, suspended)
    assert page.count("No longer offered, so left out:") == 2
    assert "暂停了" in page
    assert "停用了" in page
    assert len(row(page, "Delivery")) == 2


def test_offers_of_different_services_are_refused_kindly(market: Market, client: Browser) -> None:
    agency, survey, other = market.offer(), market.offer(SURVEY, title="测房子"), market.offer()
    for item in ("", f"item={AGENCY}&"):
        answer = client.get(f"/compare?{item}offer={agency.code}&offer={survey.code}&offer={other.code}&lang=en")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert "These offers are of different services" in page
        assert f"/compare?item={AGENCY}&amp;offer={agency.code},{other.code}" in page
        assert f"/compare?item={SURVEY}&amp;offer={survey.code}" in page
        assert "测房子" in page


def test_at_most_five_are_compared(market: Market, client: Browser) -> None:
    firm = market.vendor()
    rows = [market.offer("stability-risk", vendor=firm) for _ in range(7)]
    page = compare(client, *rows)
    assert len(row(page, "Delivery")) == 5
    assert "At most 5 are compared; 2 more were left out." in page


def test_with_one_offer_others_can_be_chosen(market: Market, client: Browser) -> None:
    one, other = market.offer(title="先选的"), market.offer(title="可以选的")
    page = client.get(f"/compare?offer={one.code}&lang=en").get_data(as_text=True)
    assert "Choose at least two offers" in page
    assert f'value="{one.code}" checked' in page
    assert f'value="{other.code}">' in page


def test_the_boxes_of_a_list_lead_to_the_address_that_is_shared(market: Market, client: Browser) -> None:
    one, other = market.offer(), market.offer()
    answer = client.get(f"/compare?item={AGENCY}&amount=60000000&kind=works&c={one.code}&c={other.code}")
    assert answer.status_code == 302
    assert (
        answer.headers["Location"] == f"/compare?offer={one.code},{other.code}&item={AGENCY}&amount=60000000&kind=works"
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200), ("offer=", 200), ("offer=L-00000000", 200), ("item=none", 404), (f"item={AGENCY}", 200),
        (f"item={AGENCY}&offer=L-????????&offer={'x' * 4000}", 200), (f"item={AGENCY}&amount=abc&kind=works", 422),
    ],
)  # fmt: skip
def test_no_address_is_an_error(client: Browser, query: str, status: int) -> None:
    assert client.get(f"/compare?{query}").status_code == status


def test_the_comparison_is_a_file_that_no_spreadsheet_computes(market: Market, client: Browser) -> None:
    one = market.offer(title="=HYPERLINK(1)", price_fen=20_000_000)
    other = market.offer(title="另一家", price_model=PriceModel.SHARE, price_fen=None, share_permille=800)
    answer = client.get(f"/compare.csv?offer={one.code},{other.code}&{JOB}&lang=en")
    assert answer.status_code == 200
    assert answer.data.startswith(BOM)
    lines = answer.data.removeprefix(BOM).decode().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith('"# Comparison of offers') or lines[0].startswith("# Comparison of offers")
    text = answer.data.decode()
    assert "'=HYPERLINK(1)" in text
    assert "200000.00" in text
    assert "180400.00" in text
    assert "225500.00" in text
    assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get("/compare.csv").status_code == 404


def test_licences_are_shown_with_the_day_through_which_they_hold(market: Market, client: Browser) -> None:
    """KF-LST-01."""
    page = compare(client, market.offer(SURVEY), market.offer(SURVEY))
    assert "测绘资质 乙级, valid through 2027-12-31" in page
