"""Locks: in the declared order, and again what is held already."""

import pytest

from market.accounts.models import Organisation, OrganisationKind, Person
from market.clock import real
from market.db import db, new_code
from market.kernel.errors import NotFound
from market.locks import lock
from market.transaction import transactional

pytestmark = pytest.mark.usefixtures("app")


@transactional
def two() -> tuple[str, str]:
    at, person = real(), new_code("P")
    office = Organisation(code=new_code("O"), kind=OrganisationKind.OFFICE, name="测试单位", created_at=at)
    db.session.add(office)
    db.session.add(
        Person(
            code=person,
            email=f"{person}@example.org",
            name="测试",
            password_hash="",
            password_changed_at=at,
            created_at=at,
        )
    )
    return person, office.code


@transactional
def locked(*which: tuple[type, str]) -> list[str]:
    return [lock(model, code).code for model, code in which]


def test_rows_are_locked_in_the_declared_order_only() -> None:
    person, office = two()
    assert locked((Person, person), (Organisation, office)) == [person, office]
    with pytest.raises(AssertionError, match="person locked after organisation"):
        locked((Organisation, office), (Person, person))


def test_what_is_held_may_be_locked_again_at_any_time() -> None:
    person, office = two()
    assert locked((Person, person), (Organisation, office), (Person, person)) == [person, office, person]


def test_nothing_is_held_any_more_after_the_transaction() -> None:
    person, office = two()
    locked((Person, person))
    with pytest.raises(AssertionError):
        locked((Organisation, office), (Person, person))


def test_what_does_not_exist_is_not_held() -> None:
    _, office = two()
    with pytest.raises(NotFound):
        locked((Person, "P-0000TEST0"))
    with pytest.raises(AssertionError):
        locked((Organisation, office), (Person, "P-0000TEST0"))
