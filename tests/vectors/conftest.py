"""Published cases: where they lie is told by --vectors DIR (tests/vectors by default). Kinds that DIR lacks are not run."""

import json
from pathlib import Path
from typing import Any

import pytest

SHIPPED = Path(__file__).parent


def vectors_dir(config: pytest.Config) -> Path:
    """The folder that holds the cases, for modules that need it while tests are collected."""
    return Path(config.getoption("--vectors") or SHIPPED)


def read_cases(config: pytest.Config, name: str) -> Any:
    """The JSON file `name` of the folder, or None where that kind is missing."""
    path = vectors_dir(config) / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


@pytest.fixture(scope="session")
def vectors(pytestconfig: pytest.Config) -> Path:
    return vectors_dir(pytestconfig)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests without a single case are taken out rather than skipped: a kind that is not there is no failure."""
    empty = [item for item in items if _has_no_case(item)]
    if empty:
        config.hook.pytest_deselected(items=empty)
        items[:] = [item for item in items if item not in empty]


def _has_no_case(item: pytest.Item) -> bool:
    return any("empty parameter set" in str(mark.kwargs.get("reason", "")) for mark in item.iter_markers("skip"))
