"""`bin/market standards`: the shipped price standards and their calculator. Reads files only: no service, no application."""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NoReturn

import click

from market.catalogue.standard import KIND_WORDS, MARK_WORDS, Condition, Input, Standard, Table, Version
from market.catalogue.standard_files import shipped_standard, shipped_standards
from market.catalogue.tariff import FeeResult, evaluate, shown_amounts
from market.catalogue.tariff_inputs import amount_text, decimal_text
from market.catalogue.tariff_words import Translate, fee_json, inputs_json, say, say_refusal, standard_json
from market.catalogue.texts import translator
from market.commands import services
from market.kernel.errors import Invalid, Refusal
from market.kernel.money import Money
from market.kernel.words import N_

REFUSED = 2

F = Callable[..., Any]


@click.group("standards")
def cli() -> None:
    """Price standards: what they say, and what a fee comes to."""


def _common(command: F) -> F:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the texts."
        ),
        click.option(
            "--on",
            "on",
            type=click.DateTime(["%Y-%m-%d"]),
            help="The day to read the standard on (default: as last changed).",
        ),
    ):
        command = option(command)
    return command


@services()
@cli.command()
@click.argument("standard_id", metavar="ID")
@click.argument("values", metavar="NAME=VALUE...", nargs=-1)
@_common
def fee(standard_id: str, values: Sequence[str], as_json: bool, lang: str, on: datetime | None) -> None:
    """Compute a fee under the standard ID and explain it.

    Amounts are in yuan: `standards fee bid-agency-1980 amount=60000000 kind=works`. `standards show ID` lists the inputs.
    """
    translate = translator(lang)
    try:
        standard = shipped_standard(standard_id)
        result = evaluate(standard, _pairs(values), _day(on, standard))
    except Refusal as refusal:
        _refuse(refusal, translate, as_json)
    if as_json:
        _print_json(fee_json(result, translate, lang) | ({} if on else {"on": None}))
    else:
        _print_fee(result, translate, lang)


@services()
@cli.command("list")
@_common
def list_(as_json: bool, lang: str, on: datetime | None) -> None:
    """List the price standards."""
    translate = translator(lang)
    standards = shipped_standards().values()
    if as_json:
        _print_json([standard_json(standard, lang) for standard in standards])
        return
    for standard in standards:
        kind = translate(KIND_WORDS[standard.kind_on(_day(on, standard)).kind])
        click.echo(f"{standard.id:26} {standard.title.to(lang)} | {standard.number} | {kind}")


@services()
@cli.command()
@click.argument("standard_id", metavar="ID")
@_common
def show(standard_id: str, as_json: bool, lang: str, on: datetime | None) -> None:
    """Show what the standard ID asks, and its tables."""
    translate = translator(lang)
    try:
        standard = shipped_standard(standard_id)
        version = standard.version_on(_day(on, standard))
    except Refusal as refusal:
        _refuse(refusal, translate, as_json)
    if as_json:
        _print_json({**standard_json(standard, lang), "inputs": inputs_json(standard, version.id, lang)})
    else:
        _print_standard(standard, version, _day(on, standard), translate, lang)


# -- reading -------------------------------------------------------------------------------------------------------


def _day(on: datetime | None, standard: Standard) -> date:
    # the clock of the market needs the database, and these commands need none: what was changed last is what is in the files
    return on.date() if on else standard.last_change


def _pairs(values: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in values:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise Invalid.field(
                pair[:40], N_("This is not of the form NAME=VALUE."), remedy=N_("For instance amount=60000000.")
            )
        if name in found:
            raise Invalid.field(name, N_("This is given twice."), remedy=N_("Give it once."))
        found[name] = value
    return found


# -- printing ------------------------------------------------------------------------------------------------------


def _refuse(refusal: Refusal, translate: Translate, as_json: bool) -> NoReturn:
    """One sentence per fault on standard error, with --json also the same as a problem on standard output; exit code 2."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    faults = {name: [say_refusal(text, translate) for text in texts] for name, texts in fields.items()}
    lines = [f"{name}: {text}" for name, texts in faults.items() for text in texts] or [say_refusal(refusal, translate)]
    if as_json:
        problem = {
            "code": refusal.code,
            "status": refusal.status,
            "title": translate(refusal.title),
            "detail": "; ".join(lines),
        }
        _print_json({"error": problem | ({"errors": faults} if faults else {})})
    for line in lines:
        click.echo(line, err=True)
    raise SystemExit(REFUSED)


def _print_json(data: Any) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def _print_fee(result: FeeResult, translate: Translate, lang: str) -> None:
    standard, version = result.standard, result.version
    click.echo(f"{standard.title.to(lang)}: {version.basis.to(lang)}")
    click.echo(translate(KIND_WORDS[result.kind.kind]))
    for reason in result.negotiated:
        click.echo(translate(N_("By agreement: no figure.")) + " " + reason.to(lang))
    if result.base_money is not None:
        word = N_("At most") if standard.ceiling else N_("Reference price")
        click.echo(f"{translate(word)}: {result.base_money}")
        if (result.low, result.high) != (result.base, result.base) and not standard.ceiling:
            word = N_("Low and high")
            click.echo(f"{translate(word)}: {result.low_money} – {result.high_money}")
    click.echo()
    for step, part, after in shown_amounts(result):
        article = f"  [{step.article.to(lang)}]" if step.article else ""
        click.echo(f"{_signed(part):>18} {after!s:>18}  {say(step.line, translate, lang)}{article}")
    for note in result.notes:
        click.echo(f"* {say(note, translate, lang)}")


def _signed(money: Money) -> str:
    return f"+{money}" if money.fen > 0 else str(money)


def _print_standard(standard: Standard, version: Version, day: date, translate: Translate, lang: str) -> None:
    kind = standard.kind_on(day)
    click.echo(f"{standard.id}: {standard.title.to(lang)}")
    click.echo(
        f"{standard.number} | {version.basis.to(lang)} | {standard.issuer.to(lang)} | {standard.region.to(lang)}"
    )
    click.echo(f"{version.valid_from or '…'} – {version.valid_to or '…'}")
    click.echo(f"{translate(KIND_WORDS[kind.kind])}: {kind.basis.to(lang)} ({kind.mark})")
    click.echo(f"{standard.source.to(lang)} ({standard.mark}: {translate(MARK_WORDS[standard.mark])})")
    for one in version.inputs.values():
        click.echo()
        _print_input(one, translate, lang)
    for table in version.tables.values():
        click.echo()
        _print_table(table, lang)
    per_day = translate(N_("Yuan per person and day"))
    for who, yuan in standard.day_rates:
        click.echo(f"{per_day}: {who.to(lang)} {yuan}")
    for note in version.notes:
        click.echo(f"* {note.text.to(lang)}")


def _print_input(one: Input, translate: Translate, lang: str) -> None:
    need = translate(N_("needed")) if one.required else translate(N_("optional"))
    click.echo(f"{one.name}: {one.label.to(lang)} ({need}{_condition(one.used_when)})")
    for choice in one.choices:
        factor = "" if choice.factor is None else f" × {decimal_text(choice.factor)}"
        click.echo(f"    {choice.name}: {choice.label.to(lang)}{factor}")


def _condition(condition: Condition) -> str:
    return "".join(f"; {name}={'/'.join(choices)}" for name, choices in condition.items())


def _print_table(table: Table, lang: str) -> None:
    article = table.article.to(lang) if table.article else table.name
    click.echo(" | ".join([article, *table.columns]))
    for row in table.slices:
        bound = "…" if row.up_to is None else f"≤ {amount_text(row.up_to).to(lang)}"
        click.echo(" | ".join([bound, *(row.rates[column].text for column in table.columns)]))
    for point in table.points:
        fees = (amount_text(point.fees[column]).to(lang) if column in point.fees else "" for column in table.columns)
        click.echo(" | ".join([amount_text(point.at).to(lang), *fees]))
