"""Between the browser and the operations: permissions, forms, refusals as pages, paging, headers.

A view is `@allow(Role...)` or `@public`, and `@form(Schema, template)` when it takes input. Operations raise refusals; `form`
catches them for its page (422 or the refusal's own status, everything typed still there), the handlers here for all others.
"""

import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from math import ceil
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from marshmallow import Schema, ValidationError
from sqlalchemy import Select, func, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from market import i18n
from market.db import db
from market.kernel.actor import Actor, Role
from market.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn, Refusal, TooMany, Unavailable
from market.kernel.words import N_

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "signed in"


# Permissions ------------------------------------------------------------------------------------------------------------


def public(view: View) -> View:
    """Anybody may call this view."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    return view


def allow(*roles: Role, scope: str = "") -> Callable[[View], View]:
    """Only a signed-in person acting in one of `roles` may call this view; no role given: any signed-in person.

    A program's token must also hold `scope`; a view without one is not for programs.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if (scopes := getattr(g, "scopes", None)) is not None and scope not in scopes:
                raise Forbidden(N_("This API token lacks the scope %(scope)s."), scope=scope or "-")
            if roles and actor.role not in roles:
                raise Forbidden(
                    N_("This page belongs to another role."),
                    remedy=N_("If you work in several roles, choose the right one in the account menu."),
                )
            return view(*args, **kwargs)

        guarded.permission = frozenset(roles) or SIGNED_IN  # type: ignore[attr-defined]
        guarded.scope = scope  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def no_csrf(view: View) -> View:
    """Mark a view that takes POSTs from programs which prove themselves otherwise, by a signature or a signed address."""
    view.no_csrf = True  # type: ignore[attr-defined]
    return view


def current_actor() -> Actor:
    """Who acts in this request, or `NotSignedIn`."""
    actor = maybe_actor()
    if actor is None:
        raise NotSignedIn()
    return actor


def maybe_actor() -> Actor | None:
    """Who acts in this request, None for a visitor. Set by market/accounts/session.py or an API token."""
    return getattr(g, "actor", None)


# Forms ------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class FormState:
    """What a form shows: `values` by field name, `errors` by field name, and a refusal that belongs to no field."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, str] | None = None

    def value(self, name: str, default: Any = "") -> Any:
        """The value to show in the field `name`."""
        found = self.values.get(name)
        return default if found is None else found

    def all(self, name: str) -> list[Any]:
        """All values of a field that may be chosen several times."""
        if isinstance(self.values, MultiDict):
            return self.values.getlist(name)
        found = self.values.get(name)
        return [] if found is None else list(found) if isinstance(found, list | tuple | set | frozenset) else [found]


def form(
    schema: type[Schema], template: str, page: Callable[..., Mapping[str, Any]] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view behind an HTML form.

    GET shows `template` with what `page(**view_args)` returns (its "values" fill the form). POST checks the input with
    `schema` and calls the view with the result as `data`; on wrong input or a refusal the page is shown again with status 422
    (or the refusal's own), all that was typed, and the reasons in `form.errors` and `form.told`.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def handle(**view_args: Any) -> Any:
            if request.method in ("GET", "HEAD"):
                context = dict(page(**view_args)) if page else {}
                return render_template(template, form=FormState(context.pop("values", {})), **context)
            typed: MultiDict[str, Any] = CombinedMultiDict([request.form, request.files])
            try:
                data = parse(schema, typed)
                return view(data=data, **view_args)
            except Refusal as refusal:
                # these are about the person or the address, not about what was typed
                if isinstance(refusal, NotFound | NotSignedIn | Forbidden):
                    raise
                state = FormState(typed, *_told(refusal))
                context = dict(page(**view_args)) if page else {}
                context.pop("values", None)
                body = render_template(template, form=state, **context)
                return body, refusal.status, _headers(refusal)

        return handle

    return decorate


def parse(schema: type[Schema], typed: MultiDict[str, Any]) -> dict[str, Any]:
    """`typed` as the schema understands it, or `Invalid` with the texts by field."""
    try:
        return dict(schema().load(typed))
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> Invalid:
    """A marshmallow error as our own; nested fields become "parent.child"."""
    fields: dict[str, list[str]] = {}

    def collect(prefix: str, messages: Any) -> None:
        if isinstance(messages, Mapping):
            for name, inner in messages.items():
                collect(f"{prefix}.{name}" if prefix else str(name), inner)
        else:
            fields.setdefault(prefix, []).extend(messages if isinstance(messages, list) else [str(messages)])

    collect("", error.messages)
    return Invalid(fields)


def _told(refusal: Refusal) -> tuple[dict[str, list[str]], dict[str, str] | None]:
    if isinstance(refusal, Invalid):
        return {name: [i18n.tell_line(text) for text in texts] for name, texts in refusal.fields.items()}, None
    return {}, i18n.tell(refusal)


# Paging -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: `items`, page `number` from 1, `pages` in all, `total` items in all."""

    items: list[Any]
    number: int
    pages: int
    total: int


def page(query: Select[Any], per: int = 20, number: int | None = None) -> Page:
    """The page that ?page= asks for (numbers out of range give the nearest page). `query` must have a full order."""
    total = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    pages = max(1, ceil(total / per))
    number = min(max(1, page_number() if number is None else number), pages)
    items = list(db.session.scalars(query.limit(per).offset((number - 1) * per)).unique())
    return Page(items, number, pages, total)


def page_number() -> int:
    """The number that ?page= asks for, 1 for whatever is none; not yet within the pages that there are."""
    asked = request.args.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1


# Refusals as answers ----------------------------------------------------------------------------------------------------


def problem(refusal: Refusal) -> Response:
    """A refusal as application/problem+json (RFC 9457), texts in the reader's language."""
    told = i18n.tell(refusal)
    body: dict[str, Any] = {
        "type": "about:blank",
        "status": refusal.status,
        "code": refusal.code,
        "title": told["what"],
    }
    body |= {name: told[name] for name in ("rule", "remedy") if told[name]}
    if isinstance(refusal, Invalid):
        body["fields"] = {name: [i18n.tell_line(text) for text in texts] for name, texts in refusal.fields.items()}
    response = jsonify(body)
    response.status_code = refusal.status
    response.content_type = "application/problem+json"
    response.headers.extend(_headers(refusal))
    return response


def wants_json() -> bool:
    """True when the answer should be for a program."""
    return request.path.startswith("/api/")


def answer(refusal: Refusal) -> Any:
    """A refusal as the page or the problem that the caller can use."""
    if wants_json():
        return problem(refusal)
    if isinstance(refusal, NotSignedIn) and request.method == "GET":
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    template = (
        f"errors/{refusal.status}.html" if refusal.status in (401, 403, 404, 429, 500, 503) else "errors/refused.html"
    )
    texts = {} if not isinstance(refusal, Invalid) else _told(refusal)[0]
    body = render_template(
        template, refusal=refusal, told=i18n.tell(refusal), fields=texts, suggestions=_suggestions(refusal)
    )
    return body, refusal.status, _headers(refusal)


def _headers(refusal: Refusal) -> dict[str, str]:
    return {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooMany) else {}


def _suggestions(refusal: Refusal) -> list[tuple[str, str]]:
    if isinstance(refusal, NotFound) and (suggest := current_app.extensions.get("suggest_addresses")):
        return suggest(request.path)
    return []


def init_errors(app: Flask) -> None:
    """Refusals, HTTP errors and faults as pages or problems, for the whole application."""

    @app.before_request
    def nothing_has_a_nul() -> None:
        # PostgreSQL cannot hold one, so no address can have it
        if "\x00" in request.path:
            raise NotFound()

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Any:
        db.session.rollback()
        return answer(refusal)

    app.register_error_handler(HTTPException, http_error)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Any:
        app.logger.exception("fault at %s %s", request.method, request.path)
        with contextlib.suppress(SQLAlchemyError):
            db.session.rollback()
        app.extensions["as_visitor"]()
        return answer(Fault())


def http_error(error: HTTPException) -> Any:
    """An HTTP error of the framework as our page or problem."""
    db.session.rollback()
    refusal = _from_http(error)
    if refusal is None or error.code is None:
        return error
    reply = current_app.make_response(answer(refusal))
    if methods := getattr(error, "valid_methods", None):
        reply.headers["Allow"] = ", ".join(sorted(methods))
    reply.status_code = error.code
    return reply


class Fault(Refusal):
    """A fault of ours: nothing the person did. The log has the details, the page has none."""

    status = 500
    code = "fault"
    title = N_("Something went wrong on our side. Nothing you sent was kept.")


def _from_http(error: HTTPException) -> Refusal | None:
    if error.code == 404:
        return NotFound()
    if error.code == 503:
        return Unavailable()
    if error.code == 429:
        return TooMany()
    if error.code == 413:
        return Refusal(N_("What you sent is too large."), remedy=N_("Send a smaller file."))
    if error.code == 405:
        return Refusal(N_("This address cannot be used in that way."))
    if error.code == 400:
        return Refusal(
            N_("The form was too old or came from elsewhere."),
            remedy=N_("Open the page again and send the form once more."),
        )
    if error.code and error.code >= 400:
        return Refusal(N_("The request could not be understood."))
    return None


# Headers ----------------------------------------------------------------------------------------------------------------

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def csp_nonce() -> str:
    """The nonce that this response's scripts carry."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def init_headers(app: Flask) -> None:
    """Security headers on every answer; HSTS in production. Pages of a signed-in person are not stored by caches."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def add(response: BaseResponse) -> BaseResponse:
        response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=csp_nonce()))
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        if not app.extensions["settings"].practice:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if maybe_actor() is not None:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response
