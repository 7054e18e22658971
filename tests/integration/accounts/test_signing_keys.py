"""Signing keys of accounts on the real database."""

import pytest

from market.accounts import kept_keys, operations, queries, signing, signing_operations
from market.accounts.models import AccountKey, Person
from market.db import db
from market.kernel.actor import Actor
from market.kernel.errors import Invalid, NotFound
from market.record.queries import history_of
from tests.integration.factories.accounts import PASSWORD, link_in, mails_to, person

pytestmark = pytest.mark.usefixtures("app")
NEW = "six other plain words"


def signed(who: Person, password: str = PASSWORD, text: bytes = b"text") -> tuple[AccountKey, str]:
    return signing_operations.sign(who.code, password, text, by=Actor(who.code))


def events_of(who: Person) -> list[str]:
    return [entry.event for entry in db.session.scalars(history_of(who.code)) if entry.event.startswith("SigningKey")]


def test_the_first_signature_makes_the_key_and_later_ones_use_it() -> None:
    who = person()
    key, first = signed(who)
    same, second = signed(who, text=b"another text")
    assert same.code == key.code
    assert signing.fits(key.public, first, b"text")
    assert signing.fits(key.public, second, b"another text")
    assert events_of(who) == ["SigningKeyMade"]


def test_within_one_go_the_password_is_tried_once_from_the_first_signature_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that was just made is kept open like one that was there."""
    who, opened = person(), []
    monkeypatch.setattr(
        signing, "opened", lambda *args, real=signing.opened, **more: opened.append(1) or real(*args, **more)
    )
    with kept_keys.keys_kept_open():
        key, first = signed(who)
        assert signed(who, text=b"another text")[0] is key
        with pytest.raises(Invalid):
            signed(who, "not my password")
    assert signing.fits(key.public, first, b"text")
    assert len(opened) == 1


def test_a_wrong_password_signs_nothing_and_makes_no_key() -> None:
    who = person()
    with pytest.raises(Invalid) as refused:
        signed(who, "not my password")
    assert "password" in refused.value.fields
    assert queries.signing_keys_of(who.code) == []


def test_nobody_signs_for_somebody_else() -> None:
    who = person()
    with pytest.raises(NotFound):
        signing_operations.sign(who.code, PASSWORD, b"text", by=Actor("P-0000TEST0"))


def test_the_database_holds_the_private_half_only_encrypted_twice() -> None:
    who = person()
    key, _ = signed(who)
    stored = db.session.connection().exec_driver_sql("select sealed from account_key").scalar()
    assert stored.startswith("k1:")
    assert (key.sealed or "") not in stored


def test_a_changed_password_keeps_the_key() -> None:
    who = person()
    key, _ = signed(who)
    row, _ = operations.begin_session(who.code, second_factor=False, network="", agent="", by=Actor(who.code))
    operations.change_password(who.code, NEW, current=PASSWORD, sign_in=row.code, by=Actor(who.code))
    same, after = signed(who, NEW)
    assert same.code == key.code
    assert signing.fits(key.public, after, b"text")
    assert events_of(who) == ["SigningKeyResealed", "SigningKeyMade"]
    with pytest.raises(Invalid):
        signed(who, PASSWORD)


def test_a_password_set_by_link_ends_the_key_and_the_next_signature_makes_another() -> None:
    who = person()
    key, before = signed(who)
    operations.ask_reset(who.email, lang="en")
    secret = link_in(mails_to(who.email)[0]).partition("key=")[2]
    operations.set_password_by_link(secret, NEW, by=Actor(who.code))
    assert queries.account_key(key.code).sealed is None  # type: ignore[union-attr]
    other, _ = signed(who, NEW)
    assert other.code != key.code
    ended = queries.account_key(key.code)
    assert ended is not None
    assert ended.sealed is None
    assert ended.ended_at is not None
    assert signing.fits(ended.public, before, b"text")
    assert events_of(who) == ["SigningKeyMade", "SigningKeyEnded", "SigningKeyMade"]


def test_closing_the_account_erases_the_private_half_and_keeps_what_checks_old_signatures() -> None:
    who = person()
    key, before = signed(who)
    operations.close_account(who.code, lang="en", by=Actor(who.code))
    ended = queries.account_key(key.code)
    assert ended is not None
    assert ended.sealed is None
    assert signing.fits(ended.public, before, b"text")
