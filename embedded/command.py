"""What bin/market does once its packages are there: the servers for one command, then the command."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import NoReturn

import click

from embedded import database, practice, secret, services, translations
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
    translations.compile_stale()
    every = click.CommandCollection(
        "bin/market", sources=[cli, machine], help=cli.help, context_settings=cli.context_settings
    )
    try:
        needed = services_needed(list(arguments))
        with services.held(needed) as addresses, practice.reached(needed) as outside:
            os.environ.update({**addresses, **outside})
            if arguments[:1] not in ([], [ABOUT_THE_DATABASE]) and _is_behind(addresses):
                cli.main(["database", "migrate"], prog_name="bin/market", standalone_mode=False)
            every.main(list(arguments), prog_name="bin/market")
        sys.exit(0)
    except Trouble as trouble:
        stop_with(trouble)


def _is_behind(addresses: Mapping[str, str]) -> bool:
    """True when an embedded database runs for this command and lacks migrations. Other databases are their owner's affair."""
    return services.is_held("postgresql") and database.is_behind(addresses["DATABASE_URL"])


def export_secrets() -> None:
    """Name the folder of secrets to the market, unless the environment names another."""
    os.environ.setdefault("WEST_MARKET_SECRETS", str(secret.folder_of(VAR)))


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
