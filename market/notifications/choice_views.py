"""What a person chooses: channels, the daily mail, quiet hours, language, and the number for text messages."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from flask import Response, flash, jsonify, redirect, url_for
from flask import session as cookie
from flask_babel import gettext as _

from market import limits
from market.accounts import queries as accounts
from market.http import allow, current_actor, form
from market.kernel.actor import OFFICIALS, Role
from market.limits import limited
from market.notifications import phone_operations, preference_operations, queries, rules, schemas, sms, texts
from market.notifications.blueprint import bp
from market.notifications.states import CHOSEN_BY, MailChoice, Topic

#: topics that only some people hear of
FOR_VENDORS = frozenset({Topic.ENTRY, Topic.OFFERS})


def _topics(person_code: str) -> list[Topic]:
    """The topics that a person can hear of, by the roles he works in."""
    roles = {row.role for row in accounts.memberships_of(person_code)}
    hidden = (set() if Role.VENDOR in roles else set(FOR_VENDORS)) | (set() if roles & OFFICIALS else {Topic.DUTY})
    return [topic for topic in CHOSEN_BY if topic not in hidden]


def _preferences_page() -> dict[str, Any]:
    me = current_actor().person
    wish = queries.wish_of(me)
    person = accounts.person(me)
    quiet = [one.isoformat(timespec="minutes") for one in wish.quiet or ()] or ["", ""]
    values = {f"mail_{topic}": str(wish.mail.get(topic, MailChoice.SUGGESTED)) for topic in CHOSEN_BY}
    return {
        "values": values
        | {
            "sms": [str(topic) for topic in CHOSEN_BY if topic not in wish.no_sms],
            "digest": wish.digest,
            "quiet_from": quiet[0],
            "quiet_to": quiet[1],
            "language": person.language if person else "zh",
        },
        "topics": [(topic, texts.TOPICS[topic]) for topic in _topics(me)],
        "choices": [(str(choice), _(words)) for choice, words in texts.CHOICES.items()],
        "phone": queries.phone_of(me),
        "masked": rules.masked_phone,
        "offered": sms.is_offered(),
        "person": person,
    }


@bp.route("/messages/preferences", methods=["GET", "POST"])
@allow()
@form(schemas.PreferencesForm, "notifications/preferences.html", page=_preferences_page)
def preferences(data: dict[str, Any]) -> Any:
    """Which messages come by which channel, and in which language."""
    me = current_actor().person
    wish, shown = queries.wish_of(me), set(_topics(me))
    # what is not shown stays as it was chosen in another role
    unseen = [topic for topic in CHOSEN_BY if topic not in shown]
    has_sms = bool((phone := queries.phone_of(me)) and phone.confirmed_at)
    preference_operations.choose(
        {str(topic): data[f"mail_{topic}"] for topic in shown}
        | {str(topic): wish.mail[topic] for topic in unseen if topic in wish.mail},
        [*(data["sms"] if has_sms else _sms(wish, shown)), *_sms(wish, unseen)],
        digest=data["digest"],
        quiet=(_time(data["quiet_from"]), _time(data["quiet_to"])),
        by=current_actor(),
    )
    preference_operations.choose_language(data["language"], by=current_actor())
    cookie["told_in"] = data["language"]
    flash(_("Your choices are kept."))
    return redirect(url_for(".preferences"))


def _sms(wish: rules.Wish, topics: Iterable[Topic]) -> list[str]:
    return [str(topic) for topic in topics if topic not in wish.no_sms]


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def _phone_page() -> dict[str, Any]:
    return {
        "phone": queries.phone_of(current_actor().person),
        "masked": rules.masked_phone,
        "offered": sms.is_offered(),
    }


@bp.route("/messages/data.json")
@allow()
def own_data() -> Response:
    """Everything kept of my messages, choices and number, to take along (PIPL, article 45)."""
    answer = jsonify(queries.own_messages(current_actor().person))
    answer.headers["Content-Disposition"] = "attachment; filename=messages.json"
    return answer


@bp.route("/messages/phone", methods=["GET", "POST"])
@allow()
@form(schemas.PhoneForm, "notifications/phone.html", page=_phone_page)
@limited("phone code", "20/hour")
def phone(data: dict[str, Any]) -> Any:
    """Give a number for urgent text messages; a code goes there."""
    number = rules.normalise_phone(data["number"])
    limits.count("phone code of", current_actor().person, "5/hour", "10/day")
    limits.count("phone code to", number, "3/hour", "5/day")
    phone_operations.give_number(number, by=current_actor())
    flash(_("A code is on its way to this number."))
    return redirect(url_for(".phone_code"))


@bp.route("/messages/phone/code", methods=["GET", "POST"])
@allow()
@form(schemas.PhoneCodeForm, "notifications/phone_code.html", page=_phone_page)
@limited("phone code typed", "30/hour")
def phone_code(data: dict[str, Any]) -> Any:
    """Type the code that was sent."""
    try:
        phone_operations.confirm_number(data["code"], by=current_actor())
    except phone_operations.WrongCode:
        phone_operations.count_wrong(by=current_actor())
        raise
    flash(_("Your number is confirmed. Urgent messages come there too."))
    return redirect(url_for(".preferences"))


@bp.route("/messages/phone/remove", methods=["POST"])
@allow()
def remove_phone() -> Any:
    """Take the number back."""
    phone_operations.remove_number(by=current_actor())
    flash(_("Your number is forgotten."))
    return redirect(url_for(".preferences"))
