"""Whether a database has the newest form of its tables."""

from embedded.prepare import ROOT

FOLDER = ROOT / "migrations"


def are_missing(address: str) -> bool:
    """True when the database at `address` (postgresql+psycopg://...) is not at the newest migration of this checkout."""
    import psycopg
    from alembic.script import ScriptDirectory

    newest = set(ScriptDirectory(FOLDER).get_heads())
    with psycopg.connect(address.replace("+psycopg", "", 1)) as connection:
        try:
            present = {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
        except psycopg.errors.UndefinedTable:
            present = set()
    return present != newest
