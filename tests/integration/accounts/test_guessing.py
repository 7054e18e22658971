"""Guessing at passwords and codes: counted before it is judged, per network and over all, alike for unknown addresses."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, select, update

from market import clock, limits
from market.accounts import guessing, operations, passwords, rules
from market.accounts.models import Guesses, GuessKind, Person, SignIn
from market.db import db
from market.kernel.errors import Refusal, RuleBroken, TooMany
from market.record import chain
from market.record.models import AuditEntry, AuditHead, OutboxRow
from tests.integration.conftest import NOON, Browser
from tests.integration.factories import accounts as make

HERE, THERE = "198.51.100.7", "203.0.113.9"


def guess(
    email: str = "sun@example.org", password: str = "wrong wrong wrong", peer: str = HERE
) -> type[Refusal] | None:
    """How a guess was answered: None when it was right."""
    try:
        guessing.check_password(email, password, peer=peer)
    except Refusal as refusal:
        return type(refusal)
    return None


@pytest.mark.parametrize("email", ["sun@example.org", "nobody@example.org"])
def test_after_five_wrong_guesses_even_the_right_one_is_refused(app: Flask, email: str) -> None:
    """KF-ACC-04: the same for an address without an account."""
    make.person()
    assert [guess(email) for _ in range(7)] == [RuleBroken] * 5 + [TooMany] * 2
    assert guess(email, make.PASSWORD) is TooMany
    with clock.frozen(NOON + timedelta(minutes=15, seconds=1)):
        assert guess(email, make.PASSWORD) is (None if email.startswith("sun") else RuleBroken)


def test_a_stranger_pauses_himself_and_not_the_owner(app: Flask) -> None:
    """KF-ACC-02: a lock-out that cannot be used to lock others out."""
    make.person()
    for _ in range(20):
        guess(peer=THERE)
    assert guess(password=make.PASSWORD, peer=THERE) is TooMany
    assert guess(password=make.PASSWORD, peer=HERE) is None


def sign_in_from(person: Person, network: str) -> None:
    operations.begin_session(person.code, second_factor=False, network=network, agent="", by=make.BY)


def test_many_networks_together_are_limited_too_but_not_the_owners_own(app: Flask) -> None:
    """KF-ACC-02: a hundred wrong passwords for one account, each from another address."""
    person = make.person()
    sign_in_from(person, HERE)
    answers = Counter(guess(peer=f"203.0.113.{n}") for n in range(100))

    assert answers == {RuleBroken: 50, TooMany: 50}
    assert guess(password=make.PASSWORD, peer="192.0.2.77") is TooMany, "from a place where the owner never was"
    assert guess(password=make.PASSWORD, peer=HERE) is None, "from where he was before"
    guessing.forgive_all("sun@example.org")
    assert guess(password=make.PASSWORD, peer="192.0.2.77") is None


def test_the_owner_signing_in_gives_strangers_no_fresh_guesses(app: Flask) -> None:
    person = make.person()
    sign_in_from(person, HERE)
    for n in range(49):
        guess(peer=f"203.0.113.{n}")
    assert guess(password=make.PASSWORD, peer=HERE) is None
    assert [guess(peer=f"203.0.113.{n}") for n in (100, 101)] == [RuleBroken, TooMany]


def test_a_right_guess_begins_a_new_count(app: Flask) -> None:
    make.person()
    for _ in range(3):
        assert [guess() for _ in range(4)] == [RuleBroken] * 4
        assert guess(password=make.PASSWORD) is None


def test_codes_are_counted_like_passwords(app: Flask) -> None:
    person = make.person()
    secret = operations.demo_second_factor(person.code, by=make.BY)
    for _ in range(5):
        with pytest.raises(RuleBroken):
            guessing.check_code(person, "000000", peer=HERE)
    with pytest.raises(TooMany):
        guessing.check_code(person, rules.code_at(secret, clock.real()), peer=HERE)
    guessing.check_code(person, rules.code_at(secret, clock.real()), peer=THERE)


def test_the_owner_is_told_of_a_pause_and_of_no_more_than_three_an_hour(app: Flask) -> None:
    make.person()
    for n in range(5):
        for _ in range(6):
            guess(peer=f"203.0.113.{n}")
    assert [m.subject for m in make.mails_to("sun@example.org")] == ["登录多次输错"] * 3
    assert make.mails_to("nobody@example.org") == []


def test_addresses_without_an_account_leave_no_trace_that_reads(app: Flask) -> None:
    guess("private.person@example.org")
    [row] = db.session.scalars(select(Guesses).where(Guesses.peer == HERE))
    assert "private" not in row.account
    operations.forget_old()
    assert db.session.scalars(select(Guesses)).all() != []
    with clock.frozen(NOON + timedelta(days=2)):
        operations.forget_old()
    assert db.session.scalars(select(Guesses)).all() == []


@pytest.fixture
def work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[list[str], int]]]:
    """`work(f)`: the SQL statements that `f` sends and the number of hashes it works through."""
    statements: list[str] = []
    hashes: list[str] = []
    fits = passwords.fits

    def counted(stored: str, password: str) -> bool:
        hashes.append(stored)
        return fits(stored, password)

    def listen(*arguments: Any) -> None:
        if "SAVEPOINT" not in arguments[2]:  # each has a name of its own
            statements.append(arguments[2])

    monkeypatch.setattr(passwords, "fits", counted)
    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", listen)

    def measure(act: Callable[[], object]) -> tuple[list[str], int]:
        statements.clear(), hashes.clear()
        db.session.expire_all()
        act()
        return list(statements), len(hashes)

    yield measure
    event.remove(connection, "before_cursor_execute", listen)


def test_unknown_and_wrong_take_the_same_work_and_a_pause_the_same_hash(app: Flask, work: Any) -> None:
    """KF-ACC-04: what takes the time is the hash; the statements beside it are the same too."""
    make.person()
    db.session.commit()
    guess("warm@example.org")

    wrong = work(lambda: guess(peer="a"))
    unknown = work(lambda: guess("nobody@example.org", peer="a"))
    for _ in range(5):
        guess(peer="a"), guess("nobody@example.org", peer="a")
    paused = work(lambda: guess(peer="a"))
    paused_unknown = work(lambda: guess("nobody@example.org", peer="a"))

    assert wrong == unknown
    assert paused == paused_unknown
    assert wrong[1] == paused[1] == 1


def test_all_three_are_told_the_same(client: Browser) -> None:
    """KF-ACC-04: same text; only the status says that a pause began, for unknown addresses too."""
    make.person()

    def told(email: str, password: str = "wrong") -> tuple[int, str]:
        answer = client.submit("/sign-in", {"email": email, "password": password})
        return answer.status_code, answer.text.split('id="errors-title"')[1].split("</div>")[0]

    wrong, unknown = told("sun@example.org"), told("nobody@example.org")
    assert wrong == unknown
    for _ in range(4):
        told("sun@example.org"), told("nobody@example.org")
    paused, paused_unknown = told("sun@example.org", make.PASSWORD), told("nobody@example.org", make.PASSWORD)
    assert paused == paused_unknown
    assert (wrong[0], paused[0]) == (422, 429)
    assert wrong[1] == paused[1]
    answer = client.submit("/sign-in", {"email": "sun@example.org", "password": make.PASSWORD})
    assert 0 < int(answer.headers["Retry-After"]) <= 900


# At the same time: with commits of their own, so the tables are emptied afterwards --------------------------------------


@pytest.fixture
def owner(migrated_app: Flask) -> Iterator[str]:
    """An account that other connections see."""
    with migrated_app.app_context(), clock.frozen(NOON):
        limits.forget_all()
        code = make.person("parallel@example.org").code
        db.session.remove()
    yield code
    with migrated_app.app_context():
        db.session.remove()
        for table in (Guesses, SignIn, Person, OutboxRow, AuditEntry):
            db.session.execute(delete(table))
        db.session.execute(update(AuditHead).values(number=0, hash=chain.GENESIS))
        db.session.commit()
        db.session.remove()


def test_guesses_sent_at_once_all_count(migrated_app: Flask, owner: str) -> None:
    """KF-ACC-04: limit 5, forty wrong passwords at once, then the right one."""
    answers: list[type[Refusal] | None] = []
    begin = threading.Barrier(8)

    def try_some() -> None:
        with migrated_app.app_context(), clock.frozen(NOON):
            begin.wait(5)
            for _ in range(5):
                answers.append(guess("parallel@example.org"))
            db.session.remove()

    threads = [threading.Thread(target=try_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert Counter(answers) == {RuleBroken: 5, TooMany: 35}
    with migrated_app.app_context(), clock.frozen(NOON):
        assert guess("parallel@example.org", make.PASSWORD) is TooMany
        row = db.session.scalars(select(Guesses).where(Guesses.kind == GuessKind.PASSWORD, Guesses.peer == HERE)).one()
        assert row.failed == 5
        db.session.remove()


def test_a_code_sent_twice_at_once_is_accepted_once(migrated_app: Flask, owner: str) -> None:
    """KF-ACC-04, RFC 6238, 5.2."""
    with migrated_app.app_context(), clock.frozen(NOON):
        secret = operations.demo_second_factor(owner, by=make.BY)
        code = rules.code_at(secret, clock.real())
        db.session.remove()
    answers: list[bool] = []
    begin = threading.Barrier(4)

    def use() -> None:
        with migrated_app.app_context(), clock.frozen(NOON):
            begin.wait(5)
            try:
                operations.use_code(owner, code)
                answers.append(True)
            except RuleBroken:
                answers.append(False)
            db.session.remove()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [False, False, False, True]
