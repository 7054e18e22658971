"""`bin/market ledger`: the ledger from both sides."""

import click

from market.commands import in_app, services


@click.group("ledger")
def cli() -> None:
    """The double-entry ledger."""


@services("postgresql")
@cli.command()
@in_app
def check() -> None:
    """Print the totals of all accounts from both sides; ends with 1 when they differ or an account is overdrawn."""
    from market.kernel.money import Money
    from market.payments import queries

    totals = queries.ledger_totals()
    for title, side in (("where money lies", totals.where), ("whose it is", totals.whose)):
        click.echo(title)
        for account, fen in side.items():
            click.echo(f"  {account:12} {Money(fen)!s:>18}")
        click.echo(f"  {'total':12} {Money(sum(side.values()))!s:>18}")
    wrong = queries.unbalanced_entries()
    overdrawn = queries.overdrawn_accounts()
    for key in wrong:
        click.echo(f"entry {key} does not balance")
    for name, owner, fen in overdrawn:
        click.echo(f"account {name} of {owner} is overdrawn: {Money(fen)}")
    good = totals.balanced and not wrong and not overdrawn
    click.echo(f"{queries.entries()} entries, {'balanced' if good else 'NOT balanced'}")
    if not good:
        raise SystemExit(1)
