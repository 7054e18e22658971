"""`bin/market bench`: figures with their peers in the same run."""

import sys

import click

from market.commands import services


def _say(line: str) -> None:
    click.echo(f"  {line.strip()}", err=True)


@click.group("bench")
def cli() -> None:
    """Measure: each figure beside its limit or peer in the same run. Benches fail nothing."""


@cli.command()
@click.option("--size", type=click.IntRange(2000, 5_000_000), default=100_000, show_default=True, help="Listings.")
def search(size: int) -> None:
    """Whole search pages beside the same questions to Elasticsearch alone and to PostgreSQL."""
    from bench import search as bench

    click.echo(bench.run(size, _say))


@cli.command()
@click.option("--size", type=click.IntRange(2000, 5_000_000), default=100_000, show_default=True, help="Listings.")
def index(size: int) -> None:
    """A rebuild while searching beside bare bulk, and the time from a change to its being found."""
    from bench import index as bench

    click.echo(bench.run(size, _say))


@services("postgresql")
@cli.command()
@click.option("--size", type=click.IntRange(1000, 50_000_000), default=100_000, show_default=True, help="Leaves.")
def record(size: int) -> None:
    """Leaves of the public record appended, sequenced and proved, beside bare SHA-256."""
    from bench import record as bench

    click.echo(bench.run(size, _say))


@services()
@cli.command()
@click.option("--size", type=int, default=None, hidden=True)
@click.option("--rounds", type=click.IntRange(1, 20), default=3, show_default=True, help="Warm starts.")
def start(size: int | None, rounds: int) -> None:
    """bin/run on a machine that has everything: until it serves, and until Elasticsearch is ready."""
    from bench import start as bench

    if sys.platform == "win32":
        raise click.ClickException("bin/run needs a POSIX system.")
    click.echo(bench.run(rounds, _say))


@services("elasticsearch")
@cli.command()
@click.option("--journeys", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Orders.")
@click.option("--seed", type=int, default=1, show_default=True, help="What is killed when.")
def crash(journeys: int, seed: int) -> None:
    """Whole orders while web, workers, PostgreSQL, Valkey and bank are killed: is anything lost or doubled?"""
    from bench import crash as bench

    click.echo(bench.run(journeys, seed, _say))


@services("elasticsearch")
@cli.command()
@click.option(
    "--size", type=click.IntRange(1000, 1_000_000), default=20_000, show_default=True, help="Orders in the database."
)
def order(size: int) -> None:
    """Placing orders by eight clients beside a bare view that sends the same statements to the same database."""
    from bench import order as bench

    click.echo(bench.run(size, _say))


@services()
@cli.command()
def review() -> None:
    """Notices of 1,500 characters through the fair-competition review, on one core."""
    from bench import review as bench

    click.echo(bench.run(_say))


@services()
@cli.command()
@click.option("--size", type=click.IntRange(200, 1_000_000), default=100_000, show_default=True, help="Entrants.")
def draw(size: int) -> None:
    """A whole draw and its check beside the bare loop of the same number of hashes."""
    from bench import draw as bench

    click.echo(bench.run(size, _say))
