"""`bin/market database`: migrations."""

import click

from market.commands import in_app, services
from market.config import ROOT

MIGRATIONS = str(ROOT / "migrations")


@click.group("database")
def cli() -> None:
    """Tables and their migrations."""


@services("postgresql")
@cli.command()
@in_app
def migrate() -> None:
    """Bring the tables to the newest version; nothing happens when they are there already."""
    import flask_migrate

    flask_migrate.upgrade(directory=MIGRATIONS)


@services("postgresql")
@cli.command()
@click.argument("revision", default="-1")
@in_app
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION (default: one step)."""
    import flask_migrate

    flask_migrate.downgrade(directory=MIGRATIONS, revision=revision)


@services("postgresql")
@cli.command()
@click.argument("message")
@in_app
def revision(message: str) -> None:
    """Write a new migration from the difference between models and tables; read it before you commit it."""
    import flask_migrate

    flask_migrate.migrate(directory=MIGRATIONS, message=message, rev_id=_next_number())


@services()
@cli.command()
def heads() -> None:
    """Print the newest migration; fails when there is more than one."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    found = ScriptDirectory.from_config(config).get_heads()
    click.echo(" ".join(found))
    if len(found) != 1:
        raise SystemExit("There must be one newest migration: give one of them the other as its predecessor.")


def _next_number() -> str:
    numbers = [int(path.name[:4]) for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py")]
    return f"{max(numbers, default=0) + 1:04d}"
