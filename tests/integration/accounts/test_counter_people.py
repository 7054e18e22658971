"""Citizens whom a counter registers, and who take their account over with a printed code and a mail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from market import clock, outbox
from market.accounts import counter_operations, guessing, operations, queries
from market.accounts.links import DeadLink
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken
from tests.integration.conftest import NOON
from tests.integration.factories import accounts as make
from tests.integration.factories import centres

Someone = Callable[..., Any]
EMAIL, PASSWORD = "xing@example.org", "four plain words here"


@pytest.fixture
def clerk(app: Flask, someone: Someone) -> Actor:
    make.forget_mails(app)
    return someone(Role.COUNTER).actor


def link_of(email: str) -> str:
    """The secret of the link in the newest mail."""
    return make.link_in(make.mails_to(email)[0]).rpartition("=")[2]


def test_only_counter_staff_register_and_print(clerk: Actor, someone: Someone) -> None:
    person = centres.citizen(clerk)
    other = someone(Role.OPERATOR).actor
    with pytest.raises(Forbidden):
        counter_operations.register_at_counter(name="测试", id_number=centres.identity_number(9), by=other)
    with pytest.raises(Forbidden):
        counter_operations.print_claim_code(person.code, by=other)
    with pytest.raises(NotFound):
        counter_operations.print_claim_code(other.person, by=clerk)


def test_nobody_signs_in_to_an_account_that_was_not_taken_over(clerk: Actor) -> None:
    person = centres.citizen(clerk)
    assert not queries.is_reached_by_mail(person)
    assert queries.person_by_email(person.code.lower()) is None
    with pytest.raises(RuleBroken):
        guessing.check_password(person.code, "", peer="127.0.0.1")


@pytest.mark.parametrize("mobile", ["12345678901", "029-88888888"])
def test_a_mobile_number_that_is_none_is_refused(clerk: Actor, mobile: str) -> None:
    with pytest.raises(Invalid) as refused:
        counter_operations.register_at_counter(
            name="测试", id_number=centres.identity_number(), mobile=mobile, by=clerk
        )
    assert list(refused.value.fields) == ["mobile"]


def test_an_account_is_taken_over_with_the_printed_code_and_the_mail(clerk: Actor) -> None:
    person = centres.citizen(clerk)
    code = counter_operations.print_claim_code(person.code, by=clerk)
    counter_operations.ask_claim(code.lower().replace("-", " "), EMAIL, lang="zh_Hans_CN")
    secret = link_of(EMAIL)
    taken = counter_operations.finish_claim(secret, code=code, password=PASSWORD, by=operations.VISITOR)
    assert taken.id == person.id
    assert guessing.check_password(EMAIL, PASSWORD, peer="127.0.0.1") == person.code
    with pytest.raises(Conflict):
        counter_operations.print_claim_code(person.code, by=clerk)
    with pytest.raises(Invalid):
        counter_operations.ask_claim(code, "other@example.org", lang="zh_Hans_CN")
    assert queries.person_by_identity(centres.identity_number()).id == person.id  # type: ignore[union-attr]


def test_neither_the_code_nor_the_link_alone_is_enough(clerk: Actor) -> None:
    """A mistyped address gives its owner a link, and no account."""
    person, other = centres.citizen(clerk, 1), centres.citizen(clerk, 2)
    code = counter_operations.print_claim_code(person.code, by=clerk)
    wrong = counter_operations.print_claim_code(other.code, by=clerk)
    counter_operations.ask_claim(code, EMAIL, lang="zh_Hans_CN")
    secret = link_of(EMAIL)
    for typed in (wrong, "7F3K-92QM-4TAB", ""):
        with pytest.raises(Invalid):
            counter_operations.finish_claim(secret, code=typed, password=PASSWORD, by=operations.VISITOR)
    with pytest.raises(DeadLink):
        counter_operations.finish_claim("nothing", code=code, password=PASSWORD, by=operations.VISITOR)
    with pytest.raises(DeadLink):
        operations.finish_sign_up(secret, name="别人", password=PASSWORD, by=operations.VISITOR)
    with pytest.raises(DeadLink):
        operations.confirm_email_change(secret, lang="zh_Hans_CN", by=operations.VISITOR)
    assert not queries.is_reached_by_mail(person)


def test_a_code_works_for_thirty_days_and_a_newer_one_ends_it(clerk: Actor) -> None:
    person = centres.citizen(clerk)
    old, new = (counter_operations.print_claim_code(person.code, by=clerk) for _ in range(2))
    with pytest.raises(Invalid):
        counter_operations.ask_claim(old, EMAIL, lang="zh_Hans_CN")
    with clock.frozen(NOON + timedelta(days=30)), pytest.raises(Invalid):
        counter_operations.ask_claim(new, EMAIL, lang="zh_Hans_CN")


def test_an_address_that_has_an_account_is_told_so_by_mail_alone(clerk: Actor) -> None:
    make.person(EMAIL)
    code = counter_operations.print_claim_code(centres.citizen(clerk).code, by=clerk)
    counter_operations.ask_claim(code, EMAIL, lang="en")
    (mail,) = make.mails_to(EMAIL)
    assert "/claim" not in mail.body
    assert "/link?key=" not in mail.body


def test_closing_the_account_erases_the_number_and_own_data_shows_it(clerk: Actor) -> None:
    person = centres.citizen(clerk)
    assert queries.own_data(person.code)["counter"]["identity_number"] == centres.identity_number()
    operations.close_account(person.code, lang="zh_Hans_CN", by=Actor(person.code))
    outbox.drain()
    assert queries.counter_person(person.code) is None
    assert queries.person_by_identity(centres.identity_number()) is None
    assert centres.citizen(clerk).id != person.id


def test_the_pages_lead_from_the_printed_code_to_the_sign_in(clerk: Actor, client: Any) -> None:
    person = centres.citizen(clerk)
    code = counter_operations.print_claim_code(person.code, by=clerk)
    assert client.get("/claim").status_code == 200
    assert client.submit("/claim", {"code": "AAAA-AAAA-AAAA", "email": EMAIL}).status_code == 422
    assert client.submit("/claim", {"code": code, "email": EMAIL}).status_code == 302
    found = client.get(make.link_in(make.mails_to(EMAIL)[0]))
    assert found.location.endswith("/claim/finish")
    assert client.get("/claim/finish").status_code == 200
    short = client.submit("/claim/finish", {"code": code, "password": "kurz"})
    assert short.status_code == 422
    done = client.submit("/claim/finish", {"code": code, "password": PASSWORD})
    assert done.location.endswith("/sign-in")
    assert queries.person_by_email(EMAIL).code == person.code  # type: ignore[union-attr]
