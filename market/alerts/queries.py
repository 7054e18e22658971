"""Reading saved searches and demands, and which of them an offer or a notice may fit."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, or_, select

from market.accounts.models import Organisation, Person
from market.alerts.models import SavedDemand, SavedSearch
from market.db import db

#: searches asked of the index in one request
BATCH = 200


def searches_of(person_code: str) -> list[SavedSearch]:
    """The running saved searches of a person, the newest first."""
    statement = select(SavedSearch).join(SavedSearch.person)
    running = statement.where(Person.code == person_code, SavedSearch.ended_at.is_(None))
    return list(db.session.scalars(running.order_by(SavedSearch.id.desc())))


def demands_of(organisation_code: str) -> list[SavedDemand]:
    """The running saved demands of an organisation, the newest first."""
    statement = select(SavedDemand).join(SavedDemand.organisation)
    running = statement.where(Organisation.code == organisation_code, SavedDemand.ended_at.is_(None))
    return list(db.session.scalars(running.order_by(SavedDemand.id.desc())))


def count_searches(person_id: int) -> int:
    """How many searches of a person run."""
    running = SavedSearch.person_id == person_id, SavedSearch.ended_at.is_(None)
    return db.session.scalar(select(func.count()).select_from(SavedSearch).where(*running)) or 0


def count_demands(organisation_id: int) -> int:
    """How many demands of an organisation run."""
    running = SavedDemand.organisation_id == organisation_id, SavedDemand.ended_at.is_(None)
    return db.session.scalar(select(func.count()).select_from(SavedDemand).where(*running)) or 0


def candidates(item: str) -> Iterator[Sequence[tuple[str, dict[str, Any]]]]:
    """Code and question of each running search that an offer of `item` may fit, BATCH at a time, the oldest first."""
    after = 0
    while True:
        statement = (
            select(SavedSearch.id, SavedSearch.code, SavedSearch.question)
            .where(
                SavedSearch.id > after,
                SavedSearch.ended_at.is_(None),
                or_(SavedSearch.items == [], SavedSearch.items.contains([item])),
            )
            .order_by(SavedSearch.id)
            .limit(BATCH)
        )
        rows = db.session.execute(statement).all()
        if rows:
            yield [(code, question) for _, code, question in rows]
        if len(rows) < BATCH:
            return
        after = rows[-1][0]


def demands_for(item: str, district: str | None) -> list[SavedDemand]:
    """The running demands that a need of `item` in `district` (none: the whole city) fits."""
    statement = select(SavedDemand).where(SavedDemand.item == item, SavedDemand.ended_at.is_(None))
    if district is not None:
        statement = statement.where(or_(SavedDemand.districts == [], SavedDemand.districts.contains([district])))
    return list(db.session.scalars(statement.order_by(SavedDemand.id)))


def own_alerts(person_code: str) -> list[dict[str, Any]]:
    """Everything kept of a person's saved searches, as plain data for the person (PIPL, article 45)."""
    return [
        {"code": row.code, "label": row.label, "question": row.question, "since": row.created_at.isoformat()}
        for row in searches_of(person_code)
    ]
