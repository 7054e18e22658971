"""Nobody is asked where he is registered, how large he is, what he earns or which list he stands on.

Law: 公平竞争审查条例 art. 8 to 10, 优化营商环境条例 art. 43 (rules LOC, SIZ, FIN, YRS, LIB of the fair-competition catalogue).
The words below are held against what asks and stores: tables, events, form fields, field labels and their Chinese.
"""

import re
from collections.abc import Iterator
from dataclasses import fields

import marshmallow as ma
import pytest

from market.config import ROOT
from market.db import Base
from market.translations_commands import FOLDER, key, read

#: in names of columns, form fields and facts: parts of a name divided by _
FORBIDDEN_NAMES = {
    "local", "locality", "branch", "branches", "subsidiary", "turnover", "revenue", "income", "profit", "tax", "taxes", "capital",
    "headcount", "employees", "staff_count", "founded", "established", "years", "age", "domicile", "hukou", "household",
    "membership", "association", "roster", "shortlist", "ranking", "award", "honour", "deposit", "fee", "insured",
    "social_security",
}  # fmt: skip
#: fields whose name holds such a part and which ask for something else, with the reason
MEANT_OTHERWISE = {
    ("listing", "tax"): "the rate of value added tax on the vendor's own price",
    ("listing", "tax_permille"): "the same, as it is stored",
    ("listing", "tax_included"): "whether the vendor's own price includes value added tax",
    ("listing", "tax_excluded"): "the same, as it is asked",
}
#: in labels and hints of fields, English and Chinese
FORBIDDEN_LABELS = re.compile(
    r"local (registration|branch|office)|branch office|turnover|revenue|registered capital|tax paid|headcount|"
    r"number of employees|year of foundation|membership of|"
    r"注册地|本地|分支机构|分公司|办事处|营业额|营业收入|营收|产值|纳税额|税收|社保|注册资本|实缴|从业人数|"
    r"成立年限|成立时间|会员单位|协会|名录|备选库|资格库|保证金|入驻费",
    re.IGNORECASE,
)
DOMAINS = ("vendors", "listings")


def parts(name: str) -> set[str]:
    """A name and every run of its parts: tax_paid gives tax, paid, tax_paid."""
    pieces = name.lower().split("_")
    return {"_".join(pieces[i:j]) for i in range(len(pieces)) for j in range(i + 1, len(pieces) + 1)}


def barriers(table: str, names: Iterator[str]) -> list[str]:
    return [
        f"{table}.{name}" for name in names if parts(name) & FORBIDDEN_NAMES and (table, name) not in MEANT_OTHERWISE
    ]


def test_no_column_of_vendors_and_listings_asks_for_a_barrier() -> None:
    import market.listings.models
    import market.vendors.models  # noqa: F401

    own = [table for table in Base.metadata.tables.values() if module_of(table.name) in DOMAINS]
    assert {"vendor", "licence", "practitioner", "listing"} <= {table.name for table in own}
    assert [fault for table in own for fault in barriers(table.name, iter(table.columns.keys()))] == []


def module_of(table: str) -> str:
    """The domain whose models.py holds the table."""
    mapper = next((m for m in Base.registry.mappers if m.local_table.name == table), None)
    return mapper.class_.__module__.split(".")[1] if mapper else ""


def schema_classes() -> Iterator[type[ma.Schema]]:
    import market.vendors.schemas as vendors

    modules = [vendors]
    if (ROOT / "market/listings/schemas.py").exists():
        import market.listings.schemas as listings

        modules.append(listings)
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, ma.Schema) and value.__module__ == module.__name__:
                yield value


@pytest.mark.parametrize("schema", list(schema_classes()), ids=lambda schema: schema.__name__)
def test_no_form_or_api_field_asks_for_a_barrier(schema: type[ma.Schema]) -> None:
    names = {str(name) for name in schema._declared_fields}
    assert barriers("listing" if "listings" in schema.__module__ else "vendor", iter(sorted(names))) == []


def test_no_fact_of_an_event_tells_a_barrier() -> None:
    import market.vendors.events as events

    faults = [
        fault
        for event in vars(events).values()
        if isinstance(event, type) and hasattr(event, "ABOUT")
        for fault in barriers(event.__name__, (f.name for f in fields(event)))
    ]
    assert faults == []


#: labels and hints: f.field(form, "name", _("Label"), hint=_("Hint"))
LABELS = re.compile(
    r"""(?:f|forms)\.(?:field|money|select|radios|checkboxes|date|textarea|file|tick)\((.*?)\)\s*\}\}""", re.DOTALL
)
TEXTS = re.compile(r"""_\(\s*(["'])(.*?)\1""", re.DOTALL)


def labels() -> Iterator[tuple[str, str]]:
    """(file, text) of every label and hint of a field in the templates of vendors and listings."""
    for domain in DOMAINS:
        for path in sorted((ROOT / "templates" / domain).glob("*.html")):
            for found in LABELS.finditer(path.read_text(encoding="utf-8")):
                for text in TEXTS.finditer(found.group(1)):
                    yield path.name, text.group(2)


def test_no_label_or_hint_of_a_field_asks_for_a_barrier() -> None:
    found = list(labels())
    assert len(found) > 40, "the labels are found at all"
    assert [(name, text) for name, text in found if FORBIDDEN_LABELS.search(text)] == []


def test_no_chinese_label_of_a_field_asks_for_a_barrier() -> None:
    chinese = {
        key(message.id): str(message.string) for path in FOLDER.glob("*.po") for message in read(path) if message.id
    }
    told = [(text, chinese.get(text, "")) for _, text in labels()]
    assert [pair for pair in told if FORBIDDEN_LABELS.search(pair[1])] == []


@pytest.mark.parametrize(
    "name",
    [
        "local_branch",
        "annual_turnover",
        "tax_paid",
        "registered_capital",
        "years_in_business",
        "association_membership",
    ],
)
def test_the_list_of_words_catches_what_it_is_for(name: str) -> None:
    assert parts(name) & FORBIDDEN_NAMES, name


@pytest.mark.parametrize(
    "text", ["本地纳税额", "Local branch", "在西安设立分支机构", "注册资本（万元）", "上年营业收入", "已入名录"]
)
def test_the_list_of_label_words_catches_what_it_is_for(text: str) -> None:
    assert FORBIDDEN_LABELS.search(text)
