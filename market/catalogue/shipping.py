"""The catalogue that ships with the market, as rows: called by migrations, safe to run again.

Works on a bare connection with tables of its own description, so that it fits the tables as they are at that migration.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from market.catalogue.standard_files import DATA, shipped_documents
from market.db import new_code

_meta = sa.MetaData()
CATEGORY = sa.Table("category", _meta, *(sa.Column(name) for name in ("slug", "name_zh", "name_en", "position")))
DISTRICT = sa.Table(
    "district",
    _meta,
    *(sa.Column(name) for name in ("code", "name_zh", "name_en", "kind", "is_official")),
    sa.Column("aliases", ARRAY(sa.Text)),
)
CENTRE = sa.Table(
    "centre",
    _meta,
    *(sa.Column(name) for name in ("code", "district_code", "name_zh", "name_en", "kind", "is_invented")),
    sa.Column("services", ARRAY(sa.Text)),
)
ENTRY = sa.Table("catalogue_entry", _meta, *(sa.Column(name) for name in ("id", "kind", "slug")))
VERSION = sa.Table(
    "catalogue_version",
    _meta,
    *(
        sa.Column(name)
        for name in ("code", "entry_id", "number", "state", "reason", "valid_from", "created_at", "created_by")
    ),
    sa.Column("content", JSONB),
    sa.Column("items", ARRAY(sa.Text)),
)

#: the day since which the shipped catalogue holds here; standards carry the days of their own versions inside
SINCE = date(2024, 1, 1)
SHIPPED = "随软件提供的首版目录"


def load(connection: sa.Connection) -> int:
    """Put every shipped category, district, centre, item, matter and standard into its table where it is missing.

    The number of versions added. Entries that exist, also those an operator made, are left as they are.
    """
    catalogue, places = read("catalogue"), read("districts")
    _add(connection, CATEGORY, "slug", _categories(catalogue))
    _add(connection, DISTRICT, "code", _districts(places))
    _add(connection, CENTRE, "code", _centres(places))
    entries = [("item", item["code"], item) for item in catalogue["items"]]
    entries += [("matter", matter["code"], matter) for matter in read("matters")["matters"]]
    entries += [("standard", name, document) for name, document in shipped_documents().items()]
    known = {(row.kind, row.slug) for row in connection.execute(sa.select(ENTRY.c.kind, ENTRY.c.slug))}
    added = 0
    for kind, slug, content in entries:
        if (kind, slug) in known:
            continue
        entry_id = connection.execute(ENTRY.insert().values(kind=kind, slug=slug).returning(ENTRY.c.id)).scalar_one()
        connection.execute(
            VERSION.insert().values(
                code=new_code("G"), entry_id=entry_id, number=1, state="in_force", content=content, reason=SHIPPED,
                valid_from=SINCE, items=[], created_at=sa.func.now(), created_by="system",
            )
        )  # fmt: skip
        added += 1
    return added


def read(name: str) -> dict[str, Any]:
    """The shipped file `name`.json."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def _add(connection: sa.Connection, table: sa.Table, key: str, rows: Iterator[dict[str, Any]]) -> None:
    known = set(connection.scalars(sa.select(table.c[key])))
    missing = [row for row in rows if row[key] not in known]
    if missing:
        connection.execute(table.insert(), missing)


def _categories(catalogue: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for position, category in enumerate(catalogue["categories"], start=1):
        names = {"name_zh": category["name_zh"], "name_en": category["name_en"]}
        yield {"slug": category["code"], "position": position} | names


def _districts(places: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for district in places["districts"]:
        names = {name: district[name] for name in ("code", "name_zh", "name_en", "kind")}
        yield names | {"is_official": district["gb_code"], "aliases": district["aliases_zh"]}


def _centres(places: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for centre in places["centres"]:
        names = {name: centre[name] for name in ("code", "name_zh", "name_en", "kind", "services")}
        yield names | {"district_code": centre["district"], "is_invented": centre["invented"]}
