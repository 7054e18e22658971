"""`bin/market demo`: the invented market, made once."""

import click

from market.commands import in_app, services
from market.kernel.errors import Refusal


@services("postgresql", "valkey")
@click.command("demo")
@click.option("--vendors", type=click.IntRange(3, 300), default=300, show_default=True)
@click.option("--listings", type=click.IntRange(1, 3000), default=2500, show_default=True)
@in_app
def cli(vendors: int, listings: int) -> None:
    """Make the demo market: invented vendors, offers, standards and people (practice mode only; once)."""
    from market.pages import demo

    try:
        built = demo.build(demo.Size(vendors, listings), say=click.echo)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    if not built.made:
        click.echo("The demo market is there already.")
        return
    click.echo(f"{built.vendors} vendors and {built.listings} listings, all invented, in {built.seconds:.0f} s")
