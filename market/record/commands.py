"""`bin/market record`: checks of what was recorded."""

import click

from market.commands import in_app, services


@click.group("record")
def cli() -> None:
    """What happened, and that nobody changed it afterwards."""


@services("postgresql")
@cli.command()
@in_app
def check() -> None:
    """Check the hash chain over all audit rows; names each fault and fails if there is one."""
    from market.record.queries import chain_faults

    faults = chain_faults()
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(f"{len(faults)} faults in the record")
    click.echo("The record is whole.")
