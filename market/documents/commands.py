"""`bin/market documents`: figures, terms of retention, erasure, virus scans, comparison of what is stored with its digests."""

from datetime import date

import click
from sqlalchemy import select

from market import clock
from market.commands import in_app, services
from market.db import db
from market.documents import operations, queries, retention_operations, scan_operations, store
from market.documents.models import StoredFile
from market.documents.rules import Counted, Purpose, TermUnit
from market.kernel.actor import Channel, system
from market.kernel.errors import Unavailable


@click.group()
def cli() -> None:
    """Files: figures, terms, erasure, checks."""


@services("postgresql")
@cli.command()
@in_app
def figures() -> None:
    """How many documents the data hub was asked for, fetched, and saved people from bringing."""
    found = queries.saved_figures()
    click.echo(f"asked {found.asked}  fetched {found.fetched}  saved {found.saved}")


@services("postgresql")
@cli.command()
@in_app
def terms() -> None:
    """How long documents of each purpose are kept, with the source."""
    for purpose in Purpose:
        row = queries.term(purpose, clock.today())
        if row is None:
            click.echo(f"{purpose:<14} for good: no term")
        else:
            since = "being given" if row.counted is Counted.GIVEN else "the end of what it belongs to"
            click.echo(f"{purpose:<14} {row.length} {row.unit} from {since}, since {row.valid_from}: {row.source}")


@services("postgresql")
@cli.command()
@click.argument("purpose", type=click.Choice([str(one) for one in Purpose]))
@click.argument("length", type=click.IntRange(0, 1000))
@click.argument("unit", type=click.Choice([str(one) for one in TermUnit]))
@click.option("--counted", type=click.Choice([str(one) for one in Counted]), default="end", show_default=True)
@click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), required=True, help="first day")
@click.option("--source", required=True, help="law or decision that sets the term")
@in_app
def term(purpose: str, length: int, unit: str, counted: str, valid_from: object, source: str) -> None:
    """Set a term of retention from a day on."""
    day: date = valid_from.date()  # type: ignore[attr-defined]
    by = system(Channel.COMMAND)
    retention_operations.set_term(Purpose(purpose), length, TermUnit(unit), Counted(counted), day, source, by=by)
    click.echo(f"{purpose}: {length} {unit} from {day}")


@services("postgresql")
@cli.command()
@click.argument("code")
@click.option("--yes", is_flag=True, help="do not ask")
@in_app
def erase(code: str, yes: bool) -> None:
    """Let the bytes of one document go, also before its term is over; its row and digest stay."""
    found = queries.document(code)
    if found is None:
        raise click.ClickException(f"There is no document {code}, or it was erased before.")
    if not yes:
        click.confirm(f"Erase {found.name} ({found.purpose}, belongs to {found.belongs_to or 'nothing'})?", abort=True)
    digest = retention_operations.erase(code, by=system(Channel.COMMAND)).file.digest
    click.echo(f"{code} erased; sha256 {digest} stays. The bytes go within two nights.")


@services("postgresql")
@cli.command()
@in_app
def keep_terms() -> None:
    """What the timetable does each night: erase what is over, sweep what nothing needs."""
    click.echo(f"erased {retention_operations.keep_terms()}")
    swept = operations.sweep()
    click.echo(f"swept arrivals {swept.arrivals}  files {swept.files}  documents {swept.documents}")


@services("postgresql")
@cli.command()
@in_app
def scan() -> None:
    """Have everything looked at that no virus scanner has seen (CLAMD_URL)."""
    click.echo(f"scanned {scan_operations.scan_unscanned()}")


@services("postgresql")
@cli.command()
@in_app
def check() -> None:
    """Compare all stored bytes with their digests; ends with status 1 when some are missing or damaged."""
    wrong = seen = 0
    kept = select(StoredFile).where(StoredFile.gone_at.is_(None)).order_by(StoredFile.id)
    for file in db.session.scalars(kept.execution_options(yield_per=500)):
        seen += 1
        try:
            store.open_whole(file.digest, file.size).close()
        except Unavailable:
            wrong += 1
            click.echo(f"damaged or missing: {file.digest}")
    click.echo(f"compared {seen}, wrong {wrong}")
    if wrong:
        raise SystemExit(1)
