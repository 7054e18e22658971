"""How the catalogue writes qualifications, read."""

import json

import pytest

from market.config import ROOT
from market.vendors.levels import Either, Need, flat, levels_in, needs

CATALOGUE = json.loads((ROOT / "market/catalogue/data/catalogue.json").read_text(encoding="utf-8"))["items"]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        # every way of writing that the shipped catalogue has
        (None, ()),
        ("甲/乙级", ("甲级", "乙级")),
        ("乙/丙级以上", ("甲级", "乙级", "丙级")),
        ("综合、专业甲/乙级", ("综合", "专业甲级", "专业乙级")),
        ("综合/专项", ("综合", "专项")),
        ("一/二/三级", ("一级", "二级", "三级")),
        ("一/二类", ("一类", "二类")),
        # and some that an operator may write
        ("", ()),
        ("甲级", ("甲级",)),
        ("乙级以上", ("甲级", "乙级")),
        ("二级以上", ("特级", "一级", "二级")),
    ],
)
def test_levels_are_read_as_the_trade_writes_them(text: str | None, levels: tuple[str, ...]) -> None:
    assert levels_in(text) == levels


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], ()),
        ([{"name": "测绘资质", "level": "甲/乙级", "statutory": True}], (Need(("测绘资质",), ("甲级", "乙级")),)),
        (
            [{"name": "一级/二级造价工程师", "level": None, "statutory": True}],
            (Need(("一级造价工程师", "二级造价工程师"), personal=True),),
        ),
        (
            [{"name": "土地估价机构备案、土地估价师", "level": None, "statutory": True}],
            (Need(("土地估价机构备案",)), Need(("土地估价师",), personal=True)),
        ),
        (
            [{"name": "会计师事务所执业许可", "level": None, "statutory": True}],
            (Need(("会计师事务所执业许可",)),),
        ),
        (
            [{"name": "二手车鉴定评估师", "statutory": False}],
            (Need(("二手车鉴定评估师",), statutory=False, personal=True),),
        ),
        (
            [{"any": [{"name": "公证机构"}, {"all": [{"name": "甲"}, {"name": "乙"}]}]}],
            (Either(((Need(("公证机构",)),), (Need(("甲",)), Need(("乙",))))),),
        ),
    ],
)
def test_entries_are_read_as_needs(entries: list[dict[str, object]], expected: tuple[object, ...]) -> None:
    assert needs(entries) == expected


def test_every_entry_of_the_shipped_catalogue_is_understood() -> None:
    """No level is left as a lump: none holds a slash, a comma or the word for "and above"."""
    found = [need for item in CATALOGUE for need in flat(needs(item["qualification"]))]
    assert len(found) > 40
    for need in found:
        for text in (*need.names, *need.levels):
            assert not set(text) & set("/、"), text
            assert "以上" not in text.removeprefix("县级以上"), text
