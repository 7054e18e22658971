"""`bin/market demo`: the invented market, made once; `bin/market demo orders`: its orders."""

import click

from market.commands import in_app, services
from market.kernel.errors import Refusal


@services("postgresql", "valkey")
@click.group("demo", invoke_without_command=True)
@click.option("--vendors", type=click.IntRange(3, 300), default=300, show_default=True)
@click.option("--listings", type=click.IntRange(1, 3000), default=2500, show_default=True)
@click.pass_context
def cli(ctx: click.Context, vendors: int, listings: int) -> None:
    """Make the demo market: invented vendors, offers, standards and people (practice mode only; once)."""
    if ctx.invoked_subcommand is None:
        _make(vendors, listings)


@in_app
def _make(vendors: int, listings: int) -> None:
    from market.pages import demo

    try:
        built = demo.build(demo.Size(vendors, listings), say=click.echo)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    if not built.made:
        click.echo("The demo market is there already.")
        return
    click.echo(f"{built.vendors} vendors and {built.listings} listings, all invented, in {built.seconds:.0f} s")


@services("postgresql", "valkey", "bank")
@cli.command()
@click.option("--finished", type=click.IntRange(1, 200), default=60, show_default=True)
@in_app
def orders(finished: int) -> None:
    """Make the orders of the demo market, in every state, paid through the practice bank (once; goes on where it stopped)."""
    from market.pages import demo_orders

    try:
        told = demo_orders.build(finished, say=click.echo)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    if not told.told:
        click.echo("The orders of the demo market are there already.")
        return
    click.echo(f"{told.orders} orders of the demo market, all invented, in {told.seconds:.0f} s")
