"""A document that is no price standard is refused with the file and the key that is wrong."""

import copy
import json
from typing import Any

import pytest

from market.catalogue.standard_files import SHARED, shipped_documents
from market.catalogue.standard_schema import FaultyStandard, parse_standard, resolve

DOCUMENTS = shipped_documents()


def changed(standard: str, path: str, value: Any) -> dict[str, Any]:
    """A shipped document with one value replaced, or taken away when the value is Ellipsis."""
    document = copy.deepcopy(DOCUMENTS[standard])
    place: Any = document
    *way, last = path.split(".")
    for key in way:
        place = place[int(key) if key.isdigit() else key]
    if value is ...:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return document


@pytest.mark.parametrize(
    ("standard", "path", "value", "key"),
    [
        ("bid-agency-1980", "title", ..., "document: lacks title"),
        ("bid-agency-1980", "price", "1", "document: does not know price"),
        ("bid-agency-1980", "title.en", "", "title.en"),
        ("bid-agency-1980", "title", "招标代理", "title"),
        ("bid-agency-1980", "mark", "X", "mark: accepted: C, C2, M, D"),
        ("bid-agency-1980", "kinds.0.kind", "fixed", "kinds[0].kind: accepted: market, guided, set"),
        ("bid-agency-1980", "kinds.0.since", "2003-1-1", "kinds[0].since"),
        ("bid-agency-1980", "kinds.1.since", "2002-01-01", "kinds: the days must rise"),
        ("bid-agency-1980", "versions", [], "document: at least one kind and one version"),
        ("bid-agency-1980", "versions.1.valid_from", "2011-04-30", "versions: 2003 does not end before 2011"),
        ("bid-agency-1980", "versions.1.tables.award.slices.2.works", 0.55, "versions[1].tables.award.slices[2].works"),
        (
            "bid-agency-1980",
            "versions.1.tables.award.slices.2.works",
            "0.55",
            "versions[1].tables.award.slices[2].works",
        ),
        ("bid-agency-1980", "versions.1.tables.award.slices.2.works", ..., "slices[2]: lacks works"),
        ("bid-agency-1980", "versions.1.tables.award.slices.2.up_to", "500", "award: the bounds must rise"),
        ("bid-agency-1980", "versions.1.tables.award.slices.2.up_to", 1000, "slices[2].up_to"),
        ("bid-agency-1980", "versions.1.tables.award.slices.0.up_to", ..., "slices: only the last slice"),
        (
            "bid-agency-1980",
            "versions.1.tables.award.shape",
            "stairs",
            "award.shape: accepted: progressive, interpolated",
        ),
        ("bid-agency-1980", "versions.1.tables.award.slices", [], "award: at least one row"),
        ("bid-agency-1980", "versions.1.parts.0.table", "awards", "parts: there is no table awards"),
        ("bid-agency-1980", "versions.1.parts.0.of", "sum", "parts: there is no input sum"),
        ("bid-agency-1980", "versions.1.parts.0.column", "works", "parts[0]: either column or column_from"),
        (
            "bid-agency-1980",
            "versions.1.inputs.kind.choices.rent",
            {"label": {"zh": "租", "en": "Rent"}},
            "no column rent",
        ),
        (
            "bid-agency-1980",
            "versions.1.inputs.kind.choices.rent",
            {"label": {"zh": "租", "en": "Works"}},
            "both called works",
        ),
        ("bid-agency-1980", "versions.1.inputs.kind.takes", "number", "inputs.kind: an input that takes a choice"),
        ("bid-agency-1980", "versions.1.inputs.scope.default", "half", "scope.default: accepted: full, document_only"),
        ("bid-agency-1980", "versions.1.inputs.band.least", "-0.3", "band: input band must reach exactly"),
        ("bid-agency-1980", "versions.1.coefficients.0.inputs", ["zeal"], "coefficients: there is no input zeal"),
        ("bid-agency-1980", "versions.1.coefficients.0.rule", "max", "coefficients[0].rule: accepted: product"),
        ("bid-agency-1980", "versions.1.band.down", "100%", "band.down"),
        ("bid-agency-1980", "versions.1.cap.by", ..., "cap: by and amounts"),
        ("bid-agency-1980", "versions.1.inputs.cap", ..., "cap: there is no input cap"),
        ("supervision-670", "versions.0.tables.base.below", ..., "base: nothing is said about fee below the table"),
        ("supervision-670", "versions.0.tables.base.above", ..., "base: nothing is said about fee above the table"),
        ("supervision-670", "versions.0.tables.base.points.3.fee", "78.0", "points: fee falls while the base rises"),
        ("supervision-670", "versions.0.tables.base.above.all", {}, "above.all: one of rate"),
        ("appraisal-2914", "versions.0.tables.value.slices.0.rate", "15‰–9‰", "rate: the range runs downwards"),
        ("eia-125", "versions.1.inputs.rule_534.presumed.0.when.industry", ["moon"], "industry does not offer moon"),
        ("eia-125", "presets.eia-form.item", "table", "presets: eia-form: item=table is no choice"),
    ],
)
def test_a_fault_is_named_by_file_and_key(standard: str, path: str, value: Any, key: str) -> None:
    with pytest.raises(FaultyStandard) as fault:
        parse_standard(changed(standard, path, value), "some.json")

    assert str(fault.value).startswith("some.json: ")
    assert key in str(fault.value)


@pytest.mark.parametrize("document", [None, [], "x", {}, {"id": "x"}])
def test_what_is_no_document_at_all_is_refused(document: Any) -> None:
    with pytest.raises(FaultyStandard):
        parse_standard(document, "some.json")
    with pytest.raises(FaultyStandard):
        resolve(document, {}, "some.json")


@pytest.mark.parametrize("standard", sorted(DOCUMENTS))
def test_a_resolved_document_survives_json_and_stands_alone(standard: str) -> None:
    """It can lie in a row of the database and be read back without the shared inputs."""
    document = json.loads(json.dumps(DOCUMENTS[standard]))

    assert parse_standard(document, "row") == parse_standard(DOCUMENTS[standard], "file")
    assert resolve(document, {}, "row") == DOCUMENTS[standard]


def test_a_version_that_extends_another_takes_over_what_it_does_not_say() -> None:
    base = {"id": "a", "valid_from": "2001-01-01", "inputs": {"x": {"label": 1}}, "band": {"up": "1%"}, "notes": [1, 2]}
    later = {"id": "b", "extends": "a", "inputs": {"y": "shared"}, "band": None, "notes": [3]}

    resolved = resolve({"versions": [base, later]}, {"y": {"label": 2}}, "x.json")["versions"][1]

    assert resolved == {"id": "b", "inputs": {"x": {"label": 1}, "y": {"label": 2}}, "notes": [3]}


@pytest.mark.parametrize(
    ("version", "key"),
    [
        ({"extends": "z"}, "versions[0].extends"),
        ({"inputs": {"zeal": "shared"}}, "inputs.zeal"),
        ("2011", "versions[0]"),
    ],
)
def test_leaning_on_what_is_not_there_is_refused(version: Any, key: str) -> None:
    with pytest.raises(FaultyStandard, match=r"^x\.json: ") as fault:
        resolve({"versions": [version]}, json.loads(SHARED.read_text(encoding="utf-8")), "x.json")

    assert key in str(fault.value)
