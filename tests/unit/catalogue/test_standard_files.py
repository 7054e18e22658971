"""The shipped files as a whole: complete, named as the catalogue names them, nothing inexact in them."""

import json
from pathlib import Path

import pytest

from market.catalogue.standard_files import DATA, FOLDER, read_standard, shipped_standard, shipped_standards
from market.catalogue.standard_schema import FaultyStandard
from market.kernel.errors import NotFound

from .cases import TODAY

CATALOGUE = json.loads((DATA / "catalogue.json").read_text(encoding="utf-8"))


def test_every_standard_that_an_item_names_exists() -> None:
    named = {item["price_standard"] for item in CATALOGUE["items"]} - {None}

    assert named
    assert named <= set(shipped_standards())


def test_presets_are_for_items_that_name_the_standard() -> None:
    named = {item["code"]: item["price_standard"] for item in CATALOGUE["items"]}

    for standard in shipped_standards().values():
        assert all(named.get(item) == standard.id for item in standard.presets)


def test_all_tariffs_of_the_first_issue_are_there() -> None:
    assert set(shipped_standards()) == {
        *("bid-agency-1980", "supervision-670", "design-10", "consulting-1283", "eia-125", "appraisal-2914"),
        *("appraisal-chongqing-2015", "appraisal-sichuan-2012", "appraisal-sichuan-2017", "audit-901", "cost-hunan"),
        *("soil-22", "management-504", "drawing-review-534"),
    }


def test_nothing_is_shipped_ahead_of_its_day() -> None:
    """The command line reads a standard as last changed, without a clock: that is today's only while this holds."""
    for standard in shipped_standards().values():
        began = [version.valid_from for version in standard.versions] + [kind.since for kind in standard.kinds]
        assert all(day <= TODAY for day in began if day is not None)
        on = standard.last_change
        assert standard.version_on(on) == standard.version_on(TODAY) == standard.versions[-1]
        assert standard.kind_on(on) == standard.kind_on(TODAY) == standard.kinds[-1]


def test_a_standard_may_go_by_another_name() -> None:
    assert shipped_standard("soil-water-22") == shipped_standard("soil-22")


@pytest.mark.parametrize(
    "name", ["", "nope", "../catalogue", "standards/soil-22", "soil-22.json", "SOIL-22", "x" * 5000, "\x00"]
)
def test_an_unknown_standard_is_not_found_and_no_path_is_followed(name: str) -> None:
    with pytest.raises(NotFound) as missing:
        shipped_standard(name)

    assert "bid-agency-1980" in missing.value.params["ids"]
    assert len(missing.value.params["name"]) <= 60


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"id": "x", "versions": [{"rate": 0.5}]}', 'write 0.5 as "0.5"'),
        ('{"id": "x", "id": "y", "versions": []}', "id stands twice"),
        ("{", "Expecting"),
    ],
)
def test_a_file_that_is_not_exact_json_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(FaultyStandard, match=r"^x\.json: ") as fault:
        read_standard(path)
    assert problem in str(fault.value)


def test_a_file_is_called_like_its_standard(tmp_path: Path) -> None:
    path = tmp_path / "soil-23.json"
    path.write_text((FOLDER / "soil-22.json").read_text(encoding="utf-8"), encoding="utf-8")

    with pytest.raises(FaultyStandard, match=r"soil-22\.json"):
        read_standard(path)
