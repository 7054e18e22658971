"""How migrations run: on the application's engine, each in a transaction of its own.

A lock is waited for 4 s and a statement runs 60 s at most, so that a migration gives way instead of stopping the market; each
migration must work while the code before it still serves.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

database = current_app.extensions["migrate"].db


def run(connection: Connection) -> None:
    """Run the migrations on `connection`."""
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


with database.engine.connect() as connection:
    run(connection)
