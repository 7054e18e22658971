"""Accounts for programs: who am I. Tokens are made and ended on pages only."""

from typing import Any

import flask_smorest
from flask import g
from flask.typing import ResponseReturnValue

from market.accounts import queries, schemas
from market.http import allow, current_actor

blp = flask_smorest.Blueprint("accounts_api", __name__, url_prefix="/api/v1", description="Who the caller is")


@blp.route("/me")
@allow(scope="account:read")
@blp.response(200, schemas.MeOut)
def me() -> dict[str, Any] | ResponseReturnValue:
    """The person behind the token or session, the role it acts in, and the roles there are."""
    actor = current_actor()
    person = queries.person(actor.person)
    memberships = queries.memberships_of(actor.person)
    here = (actor.organisation, actor.role, actor.district)
    acting = next((row for row in memberships if (row.organisation.code, row.role, row.district) == here), None)
    scopes = getattr(g, "scopes", None)
    return {
        "person": actor.person,
        "name": person.name if person else "",
        "acting": acting,
        "memberships": memberships,
        "scopes": None if scopes is None else sorted(scopes),
    }
