"""What a person chooses: channels, the daily mail, quiet hours."""

from collections.abc import Collection, Mapping
from datetime import time

from sqlalchemy.dialects.postgresql import insert

from market.accounts.models import Person
from market.db import db
from market.i18n import LANGUAGES
from market.kernel.actor import Actor
from market.kernel.errors import Invalid
from market.kernel.words import N_
from market.locks import lock
from market.notifications import rules
from market.notifications.events import PreferencesChosen
from market.notifications.models import Preference
from market.record.operations import record
from market.transaction import transactional


@transactional
def choose(
    mail: Mapping[str, str], sms: Collection[str], *, digest: bool, quiet: tuple[time | None, time | None], by: Actor
) -> Preference:
    """Keep what the person wants: what of each topic is mailed at once, of which topics urgent messages come by SMS, whether one
    mail a day names what is unread, and the quiet hours (both ends or none). `Invalid` for one end alone.
    """
    person = lock(Person, by.person)
    if (quiet[0] is None) != (quiet[1] is None):
        name = "quiet_from" if quiet[0] is None else "quiet_to"
        raise Invalid.field(name, N_("Quiet hours need both ends."))
    kept, without = rules.wish_from(mail, sms)
    values = {"mail": kept, "no_sms": without, "digest": digest, "quiet_from": quiet[0], "quiet_to": quiet[1]}
    statement = insert(Preference).values(person_id=person.id, **values)
    statement = statement.on_conflict_do_update(index_elements=["person_id"], set_=values)
    row = db.session.scalars(statement.returning(Preference), execution_options={"populate_existing": True}).one()
    record(PreferencesChosen(by.person, digest), by=by)
    return row


@transactional
def end_digest(person_code: str, *, by: Actor) -> None:
    """No daily mail any more: by the link in it, which needs no sign-in. Nothing for an account that is gone."""
    person = lock(Person, person_code)
    if person.closed_at is not None:
        return
    values = {"mail": {}, "no_sms": [], "digest": False}
    statement = insert(Preference).values(person_id=person.id, **values)
    db.session.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_={"digest": False}))
    record(PreferencesChosen(person_code, False), by=by)


@transactional
def choose_language(language: str, *, by: Actor) -> None:
    """What is sent to the person is in this language from now on. ValueError for one that the market does not speak."""
    if language not in LANGUAGES:
        raise ValueError(f"the market does not speak {language!r}")
    lock(Person, by.person).language = language
