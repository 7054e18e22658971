"""What bin/market does once its packages are there: the servers for one command, then the command."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from embedded import migrations, secret, services
from embedded.commands import machine
from embedded.prepare import ROOT, VAR, Trouble, stop_with

#: commands that look after the database's form themselves
ABOUT_THE_DATABASE = "database"


def main(arguments: Sequence[str]) -> NoReturn:
    """Run one command of the market and end with its exit code."""
    sys.path.insert(0, str(ROOT))
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _leave)
    from market.commands import cli, services_needed

    export_secrets()
    every = click.CommandCollection(
        "bin/market", sources=[cli, machine], help=cli.help, context_settings=cli.context_settings
    )
    try:
        with services.held(services_needed(list(arguments))) as addresses:
            os.environ.update(addresses)
            if (
                services.is_held("postgresql")
                and arguments[0] != ABOUT_THE_DATABASE
                and migrations.are_missing(addresses["DATABASE_URL"])
            ):
                cli.main(["database", "migrate"], prog_name="bin/market", standalone_mode=False)
            every.main(list(arguments), prog_name="bin/market")
        sys.exit(0)
    except Trouble as trouble:
        stop_with(trouble)


def export_secrets() -> None:
    """Name the folder of secrets to the market, unless the environment names another."""
    os.environ.setdefault("WEST_MARKET_SECRETS", str(secret.folder_of(VAR)))


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
