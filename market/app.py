"""The web application: `create_app` puts the parts together.

DOMAINS stands in order of dependence: a domain imports only from those before it (tests/architecture holds it to that).
"""

import importlib
import importlib.util
from typing import Any

import structlog
from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from market import api, config, formats, http, i18n, public_leaves, reactions, transaction
from market.accounts import session
from market.db import db
from market.kernel.actor import Role
from market.kernel.words import N_

DOMAINS = (
    "record",
    "accounts",
    "documents",
    "notifications",
    "review",
    "catalogue",
    "vendors",
    "listings",
    "bidding",
    "orders",
    "payments",
    "ratings",
    "centres",
    "alerts",
    "pages",
)

#: the main navigation and the foot: (endpoint, message id); a link appears once its page exists
NAV_LINKS = (
    ("pages.search", N_("Find a service")),
    ("bidding.notices", N_("Notices")),
    ("catalogue.standards", N_("Price standards")),
    ("record.explorer", N_("Public record")),
    ("fairness.market", N_("Market figures")),
)

#: the foot: (heading, list of (endpoint, message id))
FOOT_LINKS = (
    (
        N_("Buying"),
        (
            ("pages.search", N_("Find a service")),
            ("catalogue.matters", N_("Government matters")),
            ("catalogue.browse", N_("All services")),
        ),
    ),
    (N_("Offering"), (("vendors.begin", N_("Enter as a vendor")), ("vendors.index", N_("Vendors")))),
    (
        N_("Rules"),
        (
            ("catalogue.standards", N_("Price standards")),
            ("catalogue.proposals", N_("Proposals")),
            ("review.page", N_("Check a notice")),
            ("review.notices", N_("Reviewed notices")),
            ("review.findings", N_("Findings by rule and month")),
            ("pages.neutral_order", N_("How lists are ordered")),
            ("ratings.formula", N_("How the score is counted")),
            ("ratings.table", N_("Credit: the table of deductions")),
        ),
    ),
    (
        N_("Help"),
        (
            ("pages.help", N_("Help")),
            ("centres.index", N_("Service centres")),
            ("pages.open_interfaces", N_("For programs")),
            ("pages.who_is_told", N_("Who is told of what")),
            ("pages.accessibility", N_("Accessibility")),
        ),
    ),
)
#: the account menu: (endpoint, message id, roles or none for everybody signed in)
ACCOUNT_LINKS = (
    ("vendors.desk", N_("Vendor's desk"), (Role.VENDOR,)),
    ("orders.desk", N_("Orders for us"), (Role.VENDOR,)),
    ("orders.deliveries", N_("Our work"), (Role.VENDOR,)),
    ("payments.vendor_money", N_("Earnings and payouts"), (Role.VENDOR,)),
    ("listings.mine", N_("Our offers"), (Role.VENDOR,)),
    ("ratings.ours", N_("Our ratings"), (Role.VENDOR,)),
    ("review.reasons", N_("Reasons to look at"), (Role.REGULATOR,)),
    ("vendors.queue", N_("Entry checks"), (Role.OPERATOR,)),
    ("ratings.queue", N_("Ratings and credit"), (Role.OPERATOR,)),
    ("orders.queue", N_("Needs that may be divided"), (Role.OPERATOR,)),
    ("orders.disputes", N_("Disputes"), (Role.OPERATOR,)),
    ("payments.desk", N_("Payments"), (Role.OPERATOR,)),
    ("catalogue.desk", N_("Catalogue"), (Role.OPERATOR,)),
    ("record.compare", N_("Compare checkpoints"), (Role.REGULATOR, Role.AUDITOR)),
    ("orders.mine", N_("My orders"), None),
    ("pages.counter", N_("Counter"), (Role.COUNTER,)),
    ("centres.hours", N_("Hours of centres"), (Role.OPERATOR,)),
    ("notifications.messages", N_("Messages"), None),
    ("alerts.mine", N_("Saved searches"), None),
    ("notifications.failed", N_("What could not be delivered"), (Role.OPERATOR,)),
    ("centres.bookings", N_("My places"), None),
    ("centres.in_my_name", N_("Done in my name"), None),
    ("accounts.account", N_("Account and security"), None),
)


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application on `settings` (default: from the environment). Raises `SettingsError` naming all that is missing."""
    settings = settings or config.load()
    app = Flask(__name__, root_path=str(config.ROOT), template_folder="templates", static_folder="static")
    app.config |= {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "MAX_CONTENT_LENGTH": settings.upload_limit + 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "TEMPLATES_AUTO_RELOAD": False,
    }
    app.extensions["settings"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies)  # type: ignore[method-assign]
    db.init_app(app)
    Migrate(app, db, directory=str(config.ROOT / "migrations"))
    Bootstrap5(app)
    i18n.init_app(app)
    session.init_app(app, settings)
    http.init_headers(app)
    http.init_errors(app)
    formats.register(app)
    transaction.install(reactions.NOW, reactions.LATER, reactions.check, public_leaves.PUBLIC)
    app.context_processor(lambda: {"practice_mode": settings.practice, "hotline": settings.hotline})
    app.jinja_env.globals |= {
        "nav_links": NAV_LINKS,
        "foot_links": FOOT_LINKS,
        "account_links": ACCOUNT_LINKS,
        "has_endpoint": lambda endpoint: endpoint in app.view_functions,
        "page_args": _page_args,
        "tell": i18n.tell,
    }
    rest = api.init_app(app)
    for domain in DOMAINS:
        part(domain, "models")
        if views := part(domain, "views"):
            app.register_blueprint(views.bp)
        if endpoints := part(domain, "api"):
            rest.register_blueprint(endpoints.blp)
    return app


def part(domain: str, name: str) -> Any:
    """The module `market.<domain>.<name>`, or None where the domain has no such file."""
    module = f"market.{domain}.{name}"
    return importlib.import_module(module) if importlib.util.find_spec(module) else None


def _page_args(**changes: Any) -> dict[str, Any]:
    """This page's address arguments with `changes`, for links that keep the rest of the query."""
    from flask import request

    arguments = request.args.to_dict(flat=False) | {name: [value] for name, value in changes.items()}
    return {
        **(request.view_args or {}),
        **{name: values for name, values in arguments.items() if values != [None]},
    }


structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
)
