"""`bin/market outbox`: what still has to be done after commits."""

import click

from market.commands import in_app, services


@click.group("outbox")
def cli() -> None:
    """Jobs that must follow a commit."""


@services("postgresql")
@cli.command()
@in_app
def waiting() -> None:
    """Print how many jobs are due, and how many of them failed before."""
    from market import outbox

    due, failed = outbox.waiting()
    click.echo(f"{due} due, {failed} of them failed before")


@services("postgresql", "valkey", "elasticsearch")
@cli.command()
@in_app
def drain() -> None:
    """Do all jobs that are due, here and now."""
    from market import outbox

    click.echo(f"{outbox.drain(limit=1_000_000)} done")
