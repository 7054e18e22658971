"""Two questions about the database that bin/ asks before it starts anything of the market."""

import hashlib

from embedded.prepare import ROOT

MIGRATIONS = ROOT / "migrations"


def is_behind(address: str) -> bool:
    """True when the tables at `address` (postgresql+psycopg://...) are not those of this checkout's newest migration."""
    import psycopg
    from alembic.script import ScriptDirectory

    newest = set(ScriptDirectory(MIGRATIONS).get_heads())
    with psycopg.connect(_plain(address)) as connection:
        try:
            present = {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
        except psycopg.errors.UndefinedTable:
            present = set()
    return present != newest


def identity(address: str) -> str:
    """A text that is the same for the same database for as long as it exists, and for no other."""
    import psycopg

    with psycopg.connect(_plain(address)) as connection:
        query = "SELECT c.system_identifier, d.oid FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()"
        row = connection.execute(query).fetchone()
    return hashlib.sha256(repr(row).encode()).hexdigest()[:32]


def _plain(address: str) -> str:
    return address.replace("+psycopg", "", 1)
