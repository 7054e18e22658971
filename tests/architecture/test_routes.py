"""Rule 13: every address says who may use it, and changes nothing without a POST.

The table of all of them stands in routes.txt, one line each: methods, address, endpoint, who, scope for programs. A new or
changed route shows here as a difference; look whether that is what you want, then run

    python -m tests.architecture.test_routes > tests/architecture/routes.txt

tests/integration/accounts/test_route_roles.py asks each of them in each role and compares.
"""

import ast
import inspect
import re
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask

from market import config
from market.app import create_app

TABLE = Path(__file__).with_name("routes.txt")
#: files that everybody reads, and the description of the API
FRAMEWORK = {"static", "bootstrap.static", "api-docs.openapi_json"}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
#: views that take a POST without CSRF token and without API token, each with its own proof of where it comes from
WITHOUT_CSRF: set[str] = {
    "review_api.check", "payments.webhook", "payments.webhook_accounts",
    # the one-click links of mails (RFC 8058): the token in the address is the proof
    "notifications.stop_now", "alerts.stop_now",
}  # fmt: skip
#: looking at these is itself recorded (rule 12): the operation writes the record and nothing else
RECORDED_LOOKS = {"operations.read_document"}
#: what a visitor may change: everything before one has an account
PUBLIC_CHANGES = {
    "review.page", "review_api.check",  # a text is sent to be looked at; nothing is kept
    "record.compare",  # checkpoints are compared; nothing is kept
    "accounts.sign_in", "accounts.second_step", "accounts.sign_out", "accounts.sign_up", "accounts.finish_sign_up",
    "accounts.forgotten", "accounts.new_password", "accounts.confirm_email", "accounts.join", "accounts.claim",
    "accounts.finish_claim",
    # a kiosk, where nobody signs in: what was chosen, typed, forgotten; the second screen of a counter, by its secret
    "pages.kiosk_take", "pages.kiosk_text", "pages.kiosk_end", "pages.kiosk_order", "pages.kiosk_papers", "pages.kiosk_print",
    "pages.second_screen",
    # by the signed link in a mail: no more mails like it
    "notifications.stop_now", "alerts.stop_now",
    # signed events of the payment service
    "payments.webhook", "payments.webhook_accounts",
}  # fmt: skip


class Route(NamedTuple):
    """An address as the table shows it."""

    methods: str
    rule: str
    endpoint: str
    who: str
    scope: str

    def line(self) -> str:
        return "  ".join(part for part in self if part)


def make_app() -> Flask:
    """The application on services that are never asked."""
    with tempfile.TemporaryDirectory() as folder:
        nowhere = "127.0.0.1:9"
        return create_app(
            config.load(
                {
                    "DATABASE_URL": f"postgresql://{nowhere}/none",
                    "REDIS_URL": f"redis://{nowhere}/0",
                    "ELASTICSEARCH_URL": f"http://{nowhere}",
                    "WEST_MARKET_SECRETS": folder,
                }
            )
        )


def routes(app: Flask) -> list[Route]:
    """All addresses in order of address."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in FRAMEWORK:
            continue
        view = app.view_functions[rule.endpoint]
        permission = getattr(view, "permission", "UNDECLARED")
        who = permission if isinstance(permission, str) else ", ".join(sorted(permission))
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        found.append(Route(methods, rule.rule, rule.endpoint, who, getattr(view, "scope", "")))
    return sorted(found, key=lambda route: (route.rule, route.methods))


APP = make_app()
ROUTES = routes(APP)


def changing() -> Iterator[Route]:
    return (route for route in ROUTES if CHANGING & set(route.methods.split(",")))


def source(view: Callable[..., Any]) -> ast.FunctionDef:
    """The innermost function of a view with its decorators."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(view))))
    return next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def calls_operations(function: ast.FunctionDef) -> bool:
    names = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    return any(re.fullmatch(r"(\w+_)?operations\.\w+", name) for name in names - RECORDED_LOOKS)


def test_every_route_says_who_may_use_it() -> None:
    assert [route.line() for route in ROUTES if route.who == "UNDECLARED"] == []


def test_the_table_of_routes_is_what_was_looked_at() -> None:
    written = TABLE.read_text("utf-8").splitlines()
    now = [route.line() for route in ROUTES]
    assert {"new": sorted(set(now) - set(written)), "gone": sorted(set(written) - set(now))} == {"new": [], "gone": []}


def test_what_a_visitor_may_change_is_named_here() -> None:
    assert {route.endpoint for route in changing() if route.who == "public"} == PUBLIC_CHANGES


def test_nothing_is_changed_without_a_token_of_the_form_or_the_api() -> None:
    assert {name for name, view in APP.view_functions.items() if getattr(view, "no_csrf", False)} == WITHOUT_CSRF


def test_every_address_for_programs_has_a_scope_or_is_public() -> None:
    api = [route for route in ROUTES if route.rule.startswith("/api/")]
    assert api
    assert [route.line() for route in api if route.who != "public" and not route.scope] == []
    changing_api = [
        route for route in api if CHANGING & set(route.methods.split(",")) and route.endpoint != "review_api.check"
    ]
    assert [route.line() for route in changing_api if not route.scope] == []
    assert [route.line() for route in ROUTES if route.scope and not route.rule.startswith("/api/")] == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.methods} {route.rule}")
def test_looking_changes_nothing(route: Route) -> None:
    """A view that calls an operation takes no GET, or hands the GET to @form, which only shows the page."""
    function = source(APP.view_functions[route.endpoint])
    if not calls_operations(function) or "GET" not in route.methods.split(","):
        return
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    assert any(decorator.startswith(("form(", "http.form(")) for decorator in decorators), route.line()


@pytest.mark.parametrize(
    ("code", "found"),
    [("def v():\n    operations.end(1)", True), ("def v():\n    x = queries.find(1)\n    return x", False)],
)
def test_the_check_sees_a_call_of_an_operation(code: str, found: bool) -> None:
    assert calls_operations(ast.parse(code).body[0]) is found  # type: ignore[arg-type]


if __name__ == "__main__":
    print("\n".join(route.line() for route in ROUTES))
