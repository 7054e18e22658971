"""Units in which prices are said: pure. Only prices per the same unit are computed for a quantity (KF-LST-04)."""

import unicodedata
from collections.abc import Mapping

from market.kernel.words import N_

#: unit of the catalogue -> how vendors write it
WRITTEN: Mapping[str, frozenset[str]] = {
    "m2": frozenset({"m2", "m²", "㎡", "平方米", "平米", "square metre", "square metres", "sqm"}),
    "person": frozenset({"person", "persons", "人", "人次", "位", "名"}),
    "sample": frozenset({"sample", "samples", "样品", "个样品", "样", "份样品"}),
    "equipment": frozenset({"equipment", "device", "台", "套", "台套", "台（套）"}),
    "vehicle": frozenset({"vehicle", "vehicles", "辆", "车", "台车"}),
    "document": frozenset({"document", "documents", "份", "件", "本", "页文件"}),
    "report": frozenset({"report", "reports", "份报告", "份", "本"}),
    "project": frozenset({"project", "projects", "项目", "项", "个项目"}),
}
#: units that a buyer counts; a report or a project is always one
COUNTED = ("m2", "person", "sample", "equipment", "vehicle", "document")
#: what the buyer is asked for
ASKED: Mapping[str, str] = {
    "m2": N_("Area"),
    "person": N_("How many people"),
    "sample": N_("How many samples"),
    "equipment": N_("How many devices"),
    "vehicle": N_("How many vehicles"),
    "document": N_("How many documents"),
}
#: the unit behind a number
WORDS: Mapping[str, str] = {
    "m2": "m²",
    "person": N_("people"),
    "sample": N_("samples"),
    "equipment": N_("devices"),
    "vehicle": N_("vehicles"),
    "document": N_("documents"),
}


def same_unit(written: str, unit: str) -> bool:
    """Whether what a vendor wrote as the unit of a price is the `unit` of the catalogue; a "每" before it does not count."""
    text = unicodedata.normalize("NFKC", written).strip().lower().removeprefix("每").removeprefix("per ").strip()
    known = {unicodedata.normalize("NFKC", word).lower() for word in WRITTEN.get(unit, frozenset())}
    return bool(text) and (text == unit or text in known)
