"""The table of who is told what of which event, for readers."""

from collections.abc import Iterable
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from markupsafe import Markup

from market import telling
from market.http import public
from market.kernel.words import N_
from market.notifications import texts
from market.notifications.event_types import name_of
from market.notifications.rules import placeholders
from market.pages.blueprint import bp
from market.telling_facts import Telling

#: headings of the domains whose events are told
HEADINGS = {
    "orders": N_("Orders, contracts and work"),
    "payments": N_("Payments and payouts"),
    "ratings": N_("Ratings and credit"),
    "vendors": N_("Entry, licences and staff"),
    "listings": N_("Offers"),
    "documents": N_("Files and papers"),
    "centres": N_("Service centres"),
    "accounts": N_("Account and roles"),
    "notifications": N_("Webhooks"),
}


@bp.route("/messages/who-is-told")
@public
def who_is_told() -> Any:
    """Every event: who is told what of it, or why nobody is."""
    return render_template(
        "pages/who_is_told.html",
        groups=[(_(heading), list(_rows(domain))) for domain, heading in HEADINGS.items()],
        beside=[[_name(event), _(words)] for event, words in telling.BESIDE.items()],
        silent=list(_silent()),
    )


def _rows(domain: str) -> Iterable[list[Any]]:
    for event, tellings in telling.TELL.items():
        if event.__module__.split(".")[1] != domain:
            continue
        for one in tellings:
            who = _(one.to.words)
            if one.when.words:
                who = _("%(who)s, %(when)s", who=who, when=_(one.when.words))
            yield [_text(one), who, _(texts.IMPORTANCE[one.importance]), _name(event)]


def _text(one: Telling) -> Markup:
    """Subject and text with an ellipsis for each fact."""
    blanks = dict.fromkeys(placeholders(one.subject, one.body), "…")
    subject, body = (_(text, **blanks) if blanks else _(text) for text in (one.subject, one.body))
    return Markup("<b>{}</b><br>{}").format(subject, body)


def _silent() -> Iterable[list[Any]]:
    reasons: dict[str, list[Markup]] = {}
    for event, reason in telling.SILENT.items():
        reasons.setdefault(reason, []).append(_name(event))
    for reason, names in reasons.items():
        yield [_(reason), Markup(" ").join(names)]


def _name(event: type) -> Markup:
    return Markup("<code>{}</code>").format(name_of(event))
