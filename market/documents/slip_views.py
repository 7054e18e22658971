"""The printable slip for paper originals: for whose it is, and for counter staff."""

from typing import Any

from flask import current_app, render_template, url_for

from market.documents import queries, rules
from market.documents.blueprint import bp
from market.documents.models import Slip
from market.documents.qr import svg
from market.http import allow, current_actor
from market.kernel.actor import Actor, Role
from market.kernel.errors import NotFound


@bp.route("/slips/<code>")
@allow()
def slip(code: str) -> Any:
    """The slip with its QR code, which leads here: the owner prints it, the counter scans it. It bears no name."""
    found = queries.slip(code)
    if found is None or not _may_see(found, current_actor()):
        raise NotFound()
    address = current_app.extensions["settings"].public_url + url_for("documents.slip", code=found.code)
    return render_template("documents/slip.html", slip=found, qr=svg(address), address=address)


def _may_see(slip: Slip, actor: Actor) -> bool:
    return actor.role is Role.COUNTER or rules.is_party(actor, slip.person or "", slip.organisation)
