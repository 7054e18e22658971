"""`bin/market search`: measure search on judged queries, make the index anew, mend it."""

import time
from collections.abc import Callable

import click

from market.catalogue.standard_files import DATA
from market.commands import in_app, services
from search.engine import Away


@click.group("search")
def cli() -> None:
    """Search: measured, rebuilt, mended."""


@services("elasticsearch")
@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Plain data instead of a table.")
@click.option("--meaning/--no-meaning", default=True, help="With the language model (default) or without.")
@click.option(
    "--elasticsearch", envvar="ELASTICSEARCH_URL", required=True, help="The engine's address (default: the market's)."
)
def evaluate(file: str, as_json: bool, meaning: bool, elasticsearch: str) -> None:
    """Measure search on the judged queries in FILE (JSON lines: q, type, relevant): nDCG@10, MRR, recall@3, hopeless ones."""
    from search.evaluate import main

    try:
        click.echo(
            main(
                file,
                as_json,
                elasticsearch,
                str(DATA / "catalogue.json"),
                str(DATA / "matters.json"),
                meaning=meaning,
            )
        )
    except (Away, ValueError) as error:
        raise click.ClickException(str(error)) from None


@cli.command()
@in_app
def rebuild() -> None:
    """Make the indexes of offers and vendors anew from the database, while the old ones serve."""
    from market.listings import indexing

    began = time.monotonic()
    offers, vendors = _asked(indexing.rebuild)
    click.echo(f"{offers} offers and {vendors} vendors indexed in {time.monotonic() - began:.1f} s")


@cli.command()
@in_app
def sync() -> None:
    """Compare the indexes with the database and mend what differs; made where they are missing."""
    from market.listings import indexing

    offers, vendors = _asked(indexing.sync)
    click.echo(f"{offers} offers and {vendors} vendors brought up to date")


def _asked(act: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    try:
        return act()
    except Away as error:
        raise click.ClickException(f"{error}: nothing was changed, the present index goes on serving") from None
