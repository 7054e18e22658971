"""docs/known-faults.md says which test holds off which fault: it must be true, and complete."""

import re

from market.config import ROOT

PAGE = ROOT / "docs" / "known-faults.md"
FAULT = re.compile(r"KF-[A-Z]{3}-[0-9]{2}")


def rows() -> dict[str, str]:
    """Fault -> the cell that says what holds it off."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| KF-"):
            found[FAULT.findall(cells[0])[0]] = cells[-1]
    return found


def named() -> dict[str, set[str]]:
    """Fault -> the test files that name it."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path.name == "test_known_faults.py":
            continue
        for fault in FAULT.findall(path.read_text(encoding="utf-8")):
            found.setdefault(fault, set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_test_that_the_page_names_names_the_fault() -> None:
    wrong = [
        (fault, path)
        for fault, cell in rows().items()
        for path in re.findall(r"`(tests/[^`]+)`", cell)
        if path not in named().get(fault, set())
    ]
    assert wrong == []


def test_every_fault_that_a_test_names_stands_on_the_page() -> None:
    listed = rows()
    missing = [
        (fault, path) for fault, paths in named().items() for path in sorted(paths) if path not in listed.get(fault, "")
    ]
    assert missing == [], "add these to docs/known-faults.md"


def test_every_fault_is_held_off_or_says_which_domain_brings_its_test() -> None:
    assert [fault for fault, cell in rows().items() if "`tests/" not in cell and "come" not in cell] == []
    assert len(rows()) == 91
