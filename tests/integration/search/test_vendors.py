"""Vendors found by what people know of them."""

import pytest

from search.index import Index
from search.vendors import VendorDocument, find_vendors
from tests.integration.search.conftest import numbers_of

NAMES = {
    "V-00000001": ("西安虚构测绘有限公司", "91610100MA6TEST12X"),
    "V-00000002": ("长安示例环境检测有限公司", "91610100MA6TEST34Y"),
    "V-00000003": ("渭水样板会计师事务所", None),
    "V-00000004": ("Example Survey Ltd", None),
}


@pytest.fixture
def filled(vendors: Index) -> Index:
    vendors.put(
        VendorDocument(code, 1, name, numbers_of(int(code[-1])), int(code[-1]), credit)
        for code, (name, credit) in NAMES.items()
    )
    vendors.refresh()
    return vendors


@pytest.mark.parametrize(
    ("q", "code", "why"),
    [
        ("虚构测绘", "V-00000001", "name"),
        ("西安虚构测绘有限公司", "V-00000001", "name"),
        ("西安虚構測繪", "V-00000001", "name"),
        ("虚购测绘", "V-00000001", "sound"),
        ("xugoucehui", "V-00000001", "sound"),
        ("xi an xu gou ce hui", "V-00000001", "sound"),
        ("xaxgch", "V-00000001", "initials"),
        ("91610100ma6test34y", "V-00000002", "code"),
        ("91610100 MA6TEST34Y", "V-00000002", "code"),
        ("９１６１０１００ＭＡ６ＴＥＳＴ３４Ｙ", "V-00000002", "code"),
        ("v-00000003", "V-00000003", "code"),
        ("样板会计师", "V-00000003", "name"),
        ("example survey", "V-00000004", "name"),
    ],
)
def test_a_vendor_is_found_by_name_sound_initials_and_codes(q: str, code: str, why: str, filled: Index) -> None:
    hits = find_vendors(filled, q, column=0)
    assert hits, q
    assert (hits[0].code, hits[0].why) == (code, why)


@pytest.mark.parametrize("q", ["", "   ", "???", "AND OR (((", "检" * 10_000, "*", "\x00", "完全不相干的话语"])
def test_nothing_is_found_for_what_is_no_vendor_and_nothing_breaks(q: str, filled: Index) -> None:
    """KF-SEA-03."""
    assert find_vendors(filled, q, column=0) == ()
