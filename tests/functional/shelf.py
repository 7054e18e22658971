"""Offers whose prices are known, beside those of the invented market: three more vendors of environmental impact forms."""

from datetime import date

from market.kernel.actor import Actor
from market.listings.pricing import PriceModel
from market.vendors import queries, rules
from market.vendors.change_operations import decide_change
from tests.integration.factories import accounts, listings, vendors

ITEM = "eia-form"
#: what the three ask: a fixed price, nine tenths of the standard, a maximum
PRICES = (
    {"price_model": PriceModel.FIXED, "price_fen": 1_500_000, "days": 18},
    {"price_model": PriceModel.SHARE, "price_fen": None, "share_permille": 900, "days": 22},
    {"price_model": PriceModel.QUOTATION, "price_fen": 1_600_000, "days": 30},
)


def stocked() -> list[str]:
    """Make the three vendors with one offer each; the offers' codes in the order of PRICES. Needs an application context."""
    return [_offered(number) for number in range(len(PRICES))]


def _offered(number: int) -> str:
    person = accounts.person(f"shelf-{number}@example.org", "示例机构经办人")
    vendor, actor = vendors.active(Actor(person.code), 900 + number, name=f"示例环评{'甲乙丙'[number]}有限公司（示例）")
    vendors.give_licence(
        vendor, actor, kind="环境影响评价信用平台登记单位", level=None, number=f"YS-2027-12-31-9{number}"
    )
    vendors.add_practitioner(
        vendor, actor, 900 + number, profession="环境影响评价工程师", registration=f"示例证书{number}",
        valid_to=date(2027, 12, 31),
    )  # fmt: skip
    for change in queries.open_changes(vendor.id):
        decide_change(change.code, rules.Answer(True), by=vendors.OPERATOR)
    fields = {"title": "环境影响报告表编制（示例）", "deliverables": ["环境影响报告表 3 份"], **PRICES[number]}
    return listings.published(vendor, actor, ITEM, **fields).code
