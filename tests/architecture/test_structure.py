"""The structure that architecture.md asks for, held by tests: each rule names the files that break it."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from market.app import DOMAINS
from market.config import ROOT

MARKET = ROOT / "market"
#: files of a domain that must stay pure, beside kernel
PURE = {"states.py", "events.py", "rules.py"}
#: pure files with names of their own
PURE_SIBLINGS = {
    "record/chain.py", "record/findings.py", "record/merkle.py", "record/notes.py", "record/policy.py", "record/tlog_proof.py",
    "record/verifying.py", "record/shapes.py", "record/tiles.py", "record/witnessing.py", "record/words.py",
    "catalogue/tariff.py", "catalogue/standard.py", "catalogue/tariff_inputs.py", "listings/pricing.py",
    "vendors/levels.py",
    "review/reader.py", "review/numbers.py", "review/matching.py", "review/scopes.py", "review/evaluation.py",
    "review/gate_rules.py",
    "listings/comparison.py", "listings/units.py", "orders/terms.py", "orders/matching.py", "orders/work_rules.py",
    "orders/contract_text.py", "orders/calendar_feed.py", "documents/content.py",
    "centres/acts.py",
    "bidding/hpke.py", "bidding/seal.py", "bidding/plain_json.py", "bidding/draw.py", "bidding/beacon.py",
    "bidding/scoring.py", "bidding/ties.py", "bidding/low_bids.py", "bidding/auction.py", "bidding/methods.py",
    "bidding/leaves.py", "bidding/bundle.py", "bidding/bundle_binding.py", "bidding/bundle_contents.py",
    "bidding/bundle_verifier.py", "bidding/award_order.py", "bidding/objection_fee.py",
}  # fmt: skip
IMPURE = ("flask", "sqlalchemy", "stripe", "rq", "redis", "elasticsearch", "werkzeug")
IMPURE_CALLS = (
    r"\bdatetime\.now\(", r"\.today\(\)", r"\btime\.time\(", r"\bimport (random|secrets)\b", r"\bopen\(", r"\bread_text\(",
)  # fmt: skip
NAMELESS = {"utils.py", "util.py", "helpers.py", "helper.py", "main.py", "services.py", "common.py", "misc.py"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def rel(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def pure_files() -> list[Path]:
    files = list((MARKET / "kernel").glob("*.py"))
    files += [path for path in sources("market") if path.name in PURE and path.parent != MARKET]
    files += [MARKET / name for name in sorted(PURE_SIBLINGS) if (MARKET / name).exists()]
    return files


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_pure_files_load_nothing_impure_not_even_through_another_module() -> None:
    """Rule 2. One fresh interpreter imports them all and looks at what came along."""
    names = [module(path) for path in pure_files()]
    probe = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        f"    loaded = sorted(set(sys.modules) & set({IMPURE!r}))\n"
        "    assert not loaded, f'{name} loads {loaded}'\n"
    )
    result = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("path", pure_files(), ids=rel)
def test_pure_files_read_no_clock_chance_or_file(path: Path) -> None:
    """Rule 2: now, seed and facts are arguments."""
    text = path.read_text()
    for forbidden in (
        r"\bdatetime\.now\(",
        r"\.today\(\)",
        r"\btime\.time\(",
        r"\bimport (random|secrets)\b",
        r"\bopen\(",
        r"\bread_text\(",
    ):
        assert not re.search(forbidden, text), f"{rel(path)}: {forbidden}"


def offenders(pattern: str, allowed: set[str], *folders: str) -> list[str]:
    found = []
    for path in sources(*folders):
        if rel(path) not in allowed and re.search(pattern, path.read_text()):
            found.append(rel(path))
    return found


def test_only_the_transaction_commits() -> None:
    """Rule 6."""
    assert offenders(r"session\.commit\(|\.commit\(\)", {"market/transaction.py"}, "market") == []


def test_only_config_reads_the_environment() -> None:
    assert offenders(r"os\.environ|os\.getenv|from os import environ", {"market/config.py"}, "market", "search") == []


def test_only_the_clock_reads_the_time() -> None:
    assert (
        offenders(
            r"datetime\.now\(|datetime\.utcnow\(|date\.today\(|time\.time\(", {"market/clock.py"}, "market", "search"
        )
        == []
    )


def assigns_state(path: Path) -> bool:
    """True when the file assigns `.state` of something other than self."""
    for node in ast.walk(ast.parse(path.read_text())):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and target.attr == "state" and ast.unparse(target.value) != "self":
                return True
    return False


def test_only_operations_assign_a_state() -> None:
    """Rule 4. Models may declare it, operations assign it."""
    assert [rel(p) for p in sources("market") if not p.name.endswith("operations.py") and assigns_state(p)] == []


def test_a_domain_imports_only_what_stands_before_it() -> None:
    """Direction: to the left only, and never the views, api or schemas of another domain."""
    faults = []
    for position, domain in enumerate(DOMAINS):
        for path in sources(f"market/{domain}"):
            for name in imports(path):
                parts = name.split(".")
                if parts[0] != "market" or len(parts) < 2 or parts[1] not in DOMAINS or parts[1] == domain:
                    continue
                if DOMAINS.index(parts[1]) > position:
                    faults.append(f"{rel(path)} imports {name}, which stands after it")
                if len(parts) > 2 and parts[2] in ("views", "api", "schemas"):
                    faults.append(f"{rel(path)} imports {name}")
    assert faults == []


def test_the_kernel_imports_nothing_but_the_kernel() -> None:
    faults = [
        f"{rel(path)}: {name}"
        for path in (MARKET / "kernel").glob("*.py")
        for name in imports(path)
        if name.startswith("market.") and not name.startswith("market.kernel")
    ]
    assert faults == []


def test_search_knows_nothing_of_the_market() -> None:
    assert [
        f"{rel(p)}: {n}"
        for p in sources("search")
        for n in imports(p)
        if n.split(".")[0] in ("market", "embedded", "practice")
    ] == []


def test_servers_and_practice_are_no_part_of_the_market() -> None:
    """embedded/ and practice/ import neither market nor search, and only bin/ and tests import them."""
    faults = [
        f"{rel(p)}: {n}"
        for p in sources("embedded", "practice")
        for n in imports(p)
        if n.split(".")[0] in ("market", "search")
    ]
    faults += [
        f"{rel(p)}: {n}"
        for p in sources("market", "search")
        for n in imports(p)
        if n.split(".")[0] in ("embedded", "practice")
    ]
    allowed = {
        "embedded/command.py",
        "embedded/database.py",
        "embedded/checking.py",
    }  # the part of bin/ that runs inside .venv
    assert [fault for fault in faults if fault.split(":")[0] not in allowed] == []


def test_every_domain_says_what_it_is() -> None:
    for domain in DOMAINS:
        text = ast.get_docstring(ast.parse((MARKET / domain / "__init__.py").read_text())) or ""
        assert len(text) > 80, domain


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [
        rel(p)
        for p in sources("market", "search", "embedded", "practice", "bench")
        if p.name in NAMELESS and p.parent.name != "embedded"
    ] == []


def event_classes() -> Iterator[type]:
    for path in sorted(MARKET.glob("*/events.py")):
        for value in vars(importlib.import_module(module(path))).values():
            if isinstance(value, type) and is_dataclass(value):
                yield value


def test_every_event_has_its_place_in_the_table_of_consequences() -> None:
    """Rule 5: perhaps with nothing, but looked at."""
    from market import reactions

    assert [
        event.__name__ for event in event_classes() if event not in reactions.NOW and event not in reactions.LATER
    ] == []


@pytest.mark.parametrize("event", list(event_classes()), ids=lambda event: event.__name__)
def test_every_event_says_what_it_is_about(event: type) -> None:
    assert set(event.ABOUT) <= set(event.__dataclass_fields__), event  # type: ignore[attr-defined]
    assert event.__doc__, event


def transition_tables() -> Iterator[tuple[str, object]]:
    for path in sorted(MARKET.glob("*/states.py")):
        for name, value in vars(importlib.import_module(module(path))).items():
            if name.endswith("TRANSITIONS"):
                yield f"{path.parent.name}.{name}", value


@pytest.mark.parametrize(("name", "table"), list(transition_tables()))
def test_every_verb_of_a_state_table_is_used_by_an_operation(
    name: str, table: dict[tuple[object, str], object]
) -> None:
    folder = MARKET / name.split(".")[0]
    text = "".join(path.read_text() for path in folder.glob("*operations.py"))
    assert [verb for _, verb in table if f'"{verb}"' not in text] == []


def test_public_functions_have_docstrings() -> None:
    missing = []
    for path in sources("market", "search", "embedded", "practice"):
        for node in ast.iter_child_nodes(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                missing.append(f"{rel(path)}:{node.lineno} {node.name}")
    assert missing == []


def test_every_operation_is_one_transaction() -> None:
    """Public functions of operations.py are @transactional, except those that only build or read."""
    faults = []
    for path in MARKET.glob("*/*operations.py"):
        if path.parent.name == "record":
            continue
        for node in ast.iter_child_nodes(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                decorators = {ast.unparse(d) for d in node.decorator_list}
                if "transactional" not in decorators:
                    faults.append(f"{rel(path)}:{node.lineno} {node.name}")
    assert faults == []


def test_there_is_one_newest_migration() -> None:
    from click.testing import CliRunner

    from market.commands import cli

    result = CliRunner().invoke(cli, ["database", "heads"])
    assert result.exit_code == 0, result.output
