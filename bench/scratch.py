"""An installation of the market that a bench has to itself: its own database, prefix and files, gone at the end.

It holds a small demo market, grown to any size by copying its rows in the database under new codes, names, prices and days.
"""

import contextlib
import dataclasses
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import flask_migrate
import psycopg
from flask import Flask
from psycopg import sql

from market import config
from market.app import create_app
from market.db import db
from market.kernel import codes
from market.kernel.ordering import listing_number, vendor_numbers
from market.listings import indexing
from market.pages import demo
from market.vendors.names import pinyin_of

Say = Callable[[str], object]
#: the market that is copied
PATTERN = demo.Size(vendors=45, listings=420, days=12)
#: listings of one vendor
EACH = 100
#: so many listings are written by one statement
PIECE = 100_000


@contextlib.contextmanager
def installation(say: Say) -> Iterator[config.Settings]:
    """Settings of a fresh installation with the pattern in it, on the servers that the environment names."""
    settings = config.load()
    name = f"bench_{secrets.token_hex(4)}"
    server = settings.database_url.rpartition("/")[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _database(server, name):
        own = dataclasses.replace(
            settings, database_url=f"{server}/{name}", prefix=name, files=Path(folder), mode="practice"
        )
        app = create_app(own)
        try:
            with app.app_context():
                say("making a market to be copied")
                flask_migrate.upgrade(directory=str(config.ROOT / "migrations"))
                demo.build(PATTERN, say=say)
            yield own
        finally:
            with contextlib.suppress(Exception), app.app_context():
                _forget(app)
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()


@contextlib.contextmanager
def application(settings: config.Settings) -> Iterator[Flask]:
    """A fresh application on `settings`: nothing of an earlier one is remembered in it."""
    app = create_app(settings)
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def connection(settings: config.Settings) -> psycopg.Connection[Any]:
    """A plain connection to the installation's database; every statement commits."""
    return psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True)


def grow(settings: config.Settings, listings: int, say: Say) -> int:
    """Copy the pattern until there are `listings` offers (and a vendor for each EACH of them); the number there is then."""
    chance = Random(listings)
    with connection(settings) as link, link.cursor() as cursor:
        have = _one(cursor, "SELECT count(*) FROM listing")
        vendors = _one(cursor, "SELECT count(*) FROM vendor")
        _add_vendors(cursor, max(listings // EACH - vendors, 0), chance)
        while have < listings:
            piece = min(PIECE, listings - have)
            _add_listings(cursor, piece, chance)
            have += piece
            say(f"{have} listings in the database")
        cursor.execute("ANALYZE")
        return have


def _add_vendors(cursor: psycopg.Cursor[Any], count: int, chance: Random) -> None:
    patterns = [row[0] for row in cursor.execute("SELECT id FROM vendor WHERE state = 'active' ORDER BY id")]
    cursor.execute(
        "CREATE TEMP TABLE new_vendor (pattern bigint, code text, organisation text, name text, pinyin text, neutral bigint[])"
    )
    first, second = demo.DATA["first"], demo.DATA["second"]
    with cursor.copy("COPY new_vendor FROM STDIN") as copy:
        for number in range(count):
            code = _code("V", chance)
            word = "".join(chance.choice(part) for part in (first, second, second))
            name = f"{chance.choice(demo.DATA['cities'])['name']}{word}技术服务有限公司（虚构{number}）"
            copy.write_row(
                (chance.choice(patterns), code, _code("O", chance), name, pinyin_of(name), list(vendor_numbers(code)))
            )
    _copied(
        cursor, "organisation", {"code": "n.organisation", "name": "n.name", "credit_code": "NULL"},
        "new_vendor n JOIN vendor p ON p.id = n.pattern JOIN organisation s ON s.id = p.organisation_id",
    )  # fmt: skip
    new = {
        "code": "n.code",
        "organisation_id": "o.id",
        "name": "n.name",
        "name_pinyin": "n.pinyin",
        "neutral": "n.neutral",
    }
    origin = "new_vendor n JOIN vendor s ON s.id = n.pattern JOIN organisation o ON o.code = n.organisation"
    _copied(cursor, "vendor", new | {"credit_code": "NULL"}, origin)
    for table, letter in (("licence", "C"), ("practitioner", "E"), ("standing", "")):
        mine = {"vendor_id": "v.id"}
        if letter:
            mine["code"] = f"'{letter}-' || upper(substr(md5(n.code || s.id), 1, 9))"
        _copied(
            cursor,
            table,
            mine,
            f"new_vendor n JOIN vendor v ON v.code = n.code JOIN {table} s ON s.vendor_id = n.pattern",
        )
    cursor.execute("DROP TABLE new_vendor")


def _add_listings(cursor: psycopg.Cursor[Any], count: int, chance: Random) -> None:
    patterns = [
        row[0]
        for row in cursor.execute("SELECT id FROM listing WHERE state = 'published' AND valid_to IS NULL ORDER BY id")
    ]
    vendors = [row[0] for row in cursor.execute("SELECT id FROM vendor WHERE state = 'active' ORDER BY id")]
    cursor.execute(
        "CREATE TEMP TABLE new_listing (pattern bigint, vendor bigint, code text, neutral bigint, factor numeric, days int)"
    )
    with cursor.copy("COPY new_listing FROM STDIN") as copy:
        for _ in range(count):
            code = _code("L", chance)
            factor = round(chance.uniform(0.7, 1.4), 3)
            copy.write_row(
                (
                    chance.choice(patterns),
                    chance.choice(vendors),
                    code,
                    listing_number(code),
                    factor,
                    chance.randint(2, 45),
                )
            )
    _copied(
        cursor, "listing",
        {
            "code": "n.code", "vendor_id": "n.vendor", "neutral": "n.neutral", "price_fen": "round(s.price_fen * n.factor)",
            "days": "n.days", "practitioners": "'{}'",
        },
        "new_listing n JOIN listing s ON s.id = n.pattern",
    )  # fmt: skip
    content = (
        "s.content || jsonb_build_object('days', n.days, 'practitioners', '[]'::jsonb, "
        "'price_fen', round((s.content->>'price_fen')::numeric * n.factor))"
    )
    _copied(
        cursor, "publication",
        {"listing_id": "l.id", "number": "1", "content": content, "price_fen": "round(s.price_fen * n.factor)"},
        "new_listing n JOIN listing l ON l.code = n.code JOIN publication s ON s.listing_id = n.pattern "
        "AND s.number = (SELECT max(number) FROM publication x WHERE x.listing_id = n.pattern)",
    )  # fmt: skip
    cursor.execute("DROP TABLE new_listing")


def _copied(cursor: psycopg.Cursor[Any], table: str, changes: Mapping[str, str], origin: str) -> None:
    """Insert into `table` what `origin` gives of its own rows `s`, with `changes`; keys are made anew."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'", (table,)
    )
    columns = [name for (name,) in cursor.fetchall() if name != "id"]
    values = [sql.SQL(changes.get(name) or f's."{name}"') for name in columns]  # type: ignore[arg-type]
    cursor.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(values),
            sql.SQL(origin),  # type: ignore[arg-type]
        )
    )


def _code(letter: str, chance: Random) -> str:
    return codes.make(letter, chance.getrandbits(40))


def _one(cursor: psycopg.Cursor[Any], question: str) -> int:
    row = cursor.execute(question).fetchone()  # type: ignore[arg-type]
    return int(row[0]) if row else 0


@contextlib.contextmanager
def _database(server: str, name: str) -> Iterator[None]:
    plain = server.replace("+psycopg", "")
    with psycopg.connect(f"{plain}/postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield
    finally:
        with psycopg.connect(f"{plain}/postgres", autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _forget(app: Flask) -> None:
    indexing.offers_index().forget()
    indexing.vendors_index().forget()
    client = indexing.offers_index().client
    names = client.indices.get(index=f"{app.extensions['settings'].prefix}*", expand_wildcards="all").body
    for name in names:
        client.indices.delete(index=name)
