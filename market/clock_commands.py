"""`bin/market clock`: look at the market's time, and move it in practice mode."""

import re
from datetime import timedelta

import click

from market.commands import in_app, services

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@services("postgresql")
@click.command("clock")
@click.option("--skip", default="", help="move forward, for instance 3d, 12h, 90m, 2w")
@click.option("--factor", type=click.IntRange(1, 60), help="run this many times as fast")
@in_app
def cli(skip: str, factor: int | None) -> None:
    """Show the market's time; in practice mode, move it forward or let it run faster."""
    from flask import current_app

    from market import clock
    from market.transaction import transactional

    step = timedelta(0)
    if skip:
        found = re.fullmatch(r"(\d{1,4})([mhdw])", skip)
        if not found:
            raise click.BadParameter("a number and m, h, d or w, for instance 3d", param_hint="--skip")
        step = timedelta(**{UNITS[found[2]]: int(found[1])})
    if skip or factor:
        practice = current_app.extensions["settings"].practice
        transactional(lambda: clock.move(skip=step, factor=factor, practice=practice))()
    click.echo(f"{clock.now().astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S} Asia/Shanghai")
