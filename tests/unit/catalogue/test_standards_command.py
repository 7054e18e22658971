"""`bin/market standards`: answers from files alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from market.catalogue.commands import cli

ROOT = Path(__file__).parents[3]


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_the_fee_is_given_as_json() -> None:
    answer = json.loads(run("fee", "bid-agency-1980", "amount=60000000", "kind=works", "--json").stdout)

    assert {name: answer[name] for name in ("standard", "version", "kind", "low", "base", "high", "currency")} == {
        "standard": "bid-agency-1980",
        "version": "2011",
        "kind": "market",
        "low": "180400.00",
        "base": "225500.00",
        "high": "270600.00",
        "currency": "CNY",
    }
    assert [step["amount"] for step in answer["steps"]][:5] == [
        "10000.00",
        "28000.00",
        "27500.00",
        "140000.00",
        "20000.00",
    ]


@pytest.mark.parametrize(("lang", "text"), [("zh", "参考价: ¥225,500.00"), ("en", "Reference price: ¥225,500.00")])
def test_the_fee_is_explained_in_words(lang: str, text: str) -> None:
    result = run("fee", "bid-agency-1980", "amount=60000000", "kind=works", "--lang", lang)

    assert result.exit_code == 0
    assert text in result.stdout
    assert "0.55%" in result.stdout


def test_the_day_can_be_chosen() -> None:
    words = ("fee", "bid-agency-1980", "amount=2000000000", "kind=works", "--json")

    assert json.loads(run(*words, "--on", "2010-06-01").stdout)["base"] == "855500.00"
    assert json.loads(run(*words, "--on", "2011-05-01").stdout)["base"] == "760500.00"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("bid-agency-1980", "amount=-5", "kind=works"), "amount"),
        (("bid-agency-1980", "amount=5", "kind=works", "colour=red"), "colour"),
        (("bid-agency-1980", "amount=5", "kind=works", "kind=goods"), "kind"),
        (("bid-agency-1980", "amount=5", "kind=works", "--on", "1990-01-01"), "on"),
        (("bid-agency-1980", "amount"), "amount"),
        (("soil", "amount=5"), ""),
    ],
)
def test_a_refusal_is_a_sentence_on_standard_error_and_exit_code_2(words: tuple[str, ...], field: str) -> None:
    plain, as_json = run("fee", *words), run("fee", *words, "--json")

    assert (plain.exit_code, as_json.exit_code) == (2, 2)
    assert plain.stdout == ""
    assert len(plain.stderr.strip().splitlines()) == 1
    assert plain.stderr.startswith(f"{field}: " if field else "没有收费标准")
    problem = json.loads(as_json.stdout)["error"]
    assert list(problem.get("errors", {})) == ([field] if field else [])
    assert problem["detail"] in as_json.stderr


def test_an_agreed_fee_has_no_number() -> None:
    result = run("fee", "supervision-670", "amount=1000000", "--json")
    answer = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (answer["low"], answer["base"], answer["high"]) == (None, None, None)
    assert answer["negotiated"]


def test_every_standard_is_listed_and_can_be_shown() -> None:
    listed = json.loads(run("list", "--json").stdout)

    assert len(listed) == 14
    assert len(run("list").stdout.splitlines()) == 14
    for standard in listed:
        for lang in ("zh", "en"):
            shown = run("show", standard["id"], "--lang", lang)
            assert shown.exit_code == 0
            assert standard["number"] in shown.stdout
        assert json.loads(run("show", standard["id"], "--json").stdout)["inputs"]


def test_it_starts_without_the_application() -> None:
    program = (
        "import sys\n"
        "from market.commands import cli\n"
        "cli(['standards', 'fee', 'bid-agency-1980', 'amount=60000000', 'kind=works'], standalone_mode=False)\n"
        "print(sorted({'flask', 'sqlalchemy', 'redis', 'elasticsearch'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
