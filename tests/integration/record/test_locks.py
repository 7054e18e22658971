"""Locks: in the declared order, and again what is held already."""

import contextlib

import pytest

from market.accounts.models import Organisation, OrganisationKind, Person
from market.clock import real
from market.db import db, new_code
from market.kernel.errors import NotFound
from market.locks import lock, lock_where
from market.transaction import attempt, transactional

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


def test_what_is_locked_by_a_condition_is_held_too() -> None:
    person, office = two()

    @transactional
    def act() -> None:
        lock_where(Person, Person.email == f"{person}@example.org")
        lock(Organisation, office)
        lock(Person, person)

    act()


def test_a_part_that_fails_alone_gives_its_locks_back() -> None:
    """The database gives them up with the savepoint: what came after them in the order may be locked, and they count no more."""
    person, office = two()

    @transactional
    def act() -> None:
        with contextlib.suppress(NotFound), attempt():
            lock(Organisation, office)
            raise NotFound
        lock(Person, person)
        lock(Organisation, office)
        with contextlib.suppress(NotFound), attempt():
            raise NotFound
        lock(Person, person)

    act()
