"""A small Flask app that renders every macro of templates/macros on one page, with translations compiled from the .po files.

It stands on nothing but templates, static files and market/formats.py, so that the frame can be checked without a database.
"""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, current_app, flash, jsonify, render_template, request
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from jinja2 import ChoiceLoader, FileSystemLoader, Undefined
from werkzeug.datastructures import MultiDict
from werkzeug.serving import WSGIRequestHandler, make_server

from market import formats

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
NONCE = "specimen"
TODAY = date(2026, 11, 25)
PRACTISED = (
    "pages.home",
    "pages.search",
    "catalogue.standards",
    "record.explorer",
    "pages.kiosk",
    "accounts.sign_in",
    "accounts.choose_role",
    "accounts.sign_out",
)


def compiled(folder: Path) -> str:
    """shared.po as shared.mo below `folder`; the folder's name for Babel."""
    source = ROOT / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "shared.po"
    target = folder / "zh_Hans_CN" / "LC_MESSAGES" / "shared.mo"
    target.parent.mkdir(parents=True)
    with source.open("rb") as po, target.open("wb") as mo:
        write_mo(mo, read_po(po, locale="zh_Hans_CN"))
    return str(folder)


def create_app(folder: Path) -> Flask:
    """The specimen app; compiled translations go to `folder`."""
    app = Flask("specimen", root_path=str(ROOT), static_folder="static", template_folder="templates")
    app.config |= {
        "SECRET_KEY": "specimen",
        "BOOTSTRAP_SERVE_LOCAL": True,
        "BABEL_DOMAIN": "shared",
        "BABEL_TRANSLATION_DIRECTORIES": compiled(folder),
    }
    app.jinja_loader = ChoiceLoader(  # type: ignore[assignment]
        [FileSystemLoader(ROOT / "templates"), FileSystemLoader(ROOT / "tests" / "browser" / "templates")]
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = Undefined
    Bootstrap5(app)
    Babel(app, default_locale="zh_Hans_CN", locale_selector=_language)
    formats.register(app, today=lambda: TODAY)
    app.add_template_filter(lambda role: {"buyer": "项目业主", "vendor": "中介机构"}[role], "role_words")
    app.jinja_env.globals |= {
        "csp_nonce": lambda: NONCE,
        "csrf_token": lambda: "token",
        "has_endpoint": lambda endpoint: endpoint in app.view_functions,
        "nav_links": (
            ("pages.search", "Find a service"),
            ("bidding.notices", "Notices"),
            ("catalogue.standards", "Price standards"),
            ("record.explorer", "Public record"),
        ),
        "foot_links": (
            ("Rules", (("catalogue.standards", "Price standards"), ("pages.nothing", "Nothing"))),
            ("Nothing", (("pages.nothing", "Nothing"),)),
            ("Help", ()),
        ),
        "account_links": (("catalogue.standards", "Price standards", None),),
    }
    app.context_processor(_reader)
    app.extensions |= {"posts": [], "answering": threading.Event()}
    app.extensions["answering"].set()
    for endpoint in PRACTISED:
        address = "/" if endpoint == "pages.home" else "/" + endpoint.replace(".", "/")
        app.add_url_rule(address, endpoint, specimen, methods=["GET", "POST"])
    app.add_url_rule("/specimen", "specimen", specimen, methods=["GET", "POST"])
    app.add_url_rule("/errors/<name>", "error", error_page)
    app.add_url_rule("/api/v1/search/suggest", "suggest", suggest)
    app.after_request(_policy)
    return app


def _language() -> str:
    chosen = request.args.get("lang") or request.cookies.get("lang") or "zh"
    return "en" if chosen == "en" else "zh_Hans_CN"


def _reader() -> dict[str, Any]:
    mode = request.args.get("mode") or request.cookies.get("mode") or ""
    signed_in = request.args.get("signed_in") == "1"
    return {
        "lang": "en" if _language() == "en" else "zh-Hans-CN",
        "mode": mode if mode in ("care", "kiosk") else "",
        "practice_mode": True,
        "hotline": "12345",
        "actor": None,
        "current_user": _visitor() if signed_in else SimpleNamespace(is_authenticated=False),
    }


def _visitor() -> SimpleNamespace:
    firms = [("M-1", "秦岭机柜（虚构）", "buyer"), ("M-2", "陕西怀远环境技术有限公司（虚构）", "vendor")]
    memberships = [
        SimpleNamespace(code=code, organisation=SimpleNamespace(name=name), role=role) for code, name, role in firms
    ]
    return SimpleNamespace(
        is_authenticated=True, name="秦岭机柜（虚构）", memberships=memberships, membership=memberships[0]
    )


def _policy(response: Any) -> Any:
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=NONCE)
    return response


def specimen() -> str:
    """Every macro; ?bad=1 shows the form refused, ?flash=1 what was just done. A POST is counted, with the files it brought."""
    if request.method == "POST":
        names = [file.filename or "" for file in request.files.getlist("licence") if file.filename]
        current_app.extensions["posts"].append(names)
        current_app.extensions["answering"].wait(10)
        flash(f"received {len(names)}", "done")
    if request.args.get("flash"):
        flash("已保存。" if _language() != "en" else "Saved.", "done")
        flash("邮件没有发出。" if _language() != "en" else "The mail was not sent.", "error")
    return render_template("specimen.html", form=_form(), **_facts())


def _form() -> SimpleNamespace:
    if not request.args.get("bad"):
        return SimpleNamespace(values={}, errors={}, told=None)
    chinese = _language() != "en"
    typed = MultiDict(
        [
            ("name", "年产 2 万套机柜喷涂线技改项目"),
            ("investment", "1 亿"),
            ("district", ""),
            ("near", "homes"),
            ("near", "none"),
            ("phone", "1389200416"),
            ("memo", "<b>12 月下旬设备进场</b>"),
            ("area", "city"),
        ]
    )
    errors = {
        "investment": ["“1 亿”认不出来。若是一亿元，请填 10,000。" if chinese else "“1 亿” is not a number."],
        "district": ["还没有选。" if chinese else "Nothing is chosen yet."],
        "phone": ["手机号应为 11 位，现在是 10 位。" if chinese else "A number has 11 digits, this one 10."],
        "area": ["请选一项。" if chinese else "Choose one."],
        "licence": ["超过 30 MB。" if chinese else "Over 30 MB."],
        "agree": ["请先同意。" if chinese else "Agree first."],
        "": ["两处互相矛盾。" if chinese else "Two entries contradict each other."],
    }
    return SimpleNamespace(values=typed, errors=errors, told=None)


def _facts() -> dict[str, Any]:
    return {
        "t": lambda zh, en: en if _language() == "en" else zh,
        "at": datetime(2026, 11, 27, 9, 0, tzinfo=UTC),
        "day": date(2025, 3, 1),
        "only": request.args.getlist("district"),
        "share": Fraction(36, 38),
        "half": Fraction(1, 2),
    }


def error_page(name: str) -> tuple[str, int]:
    """An error page as market/http.py renders it."""
    chinese = _language() != "en"
    told = {
        "what": "报价 ¥5,800.00 高于上限 ¥5,000.00"
        if chinese
        else "The price ¥5,800.00 is above the ceiling ¥5,000.00",
        "rule": "收费标准 S-7 第三条" if chinese else "Price standard S-7, article 3",
        "remedy": "请填 ¥5,000.00 以内的价格。" if chinese else "Enter a price up to ¥5,000.00.",
    }
    ways = [("/", "改报价" if chinese else "Change the price", "上架不受影响" if chinese else "Nothing else changes")]
    found = [("/catalogue/standards", "L-7K3M9Q2FE")]
    refusal = SimpleNamespace(status=int(name) if name.isdigit() else 422, code="x", retry_after=90)
    body = render_template(
        f"errors/{name}.html",
        refusal=refusal,
        told=told,
        fields={"price": ["太高"]} if name == "refused" else {},
        suggestions=found if name == "404" else [],
        **({"ways": ways} if name == "refused" else {}),
    )
    return body, refusal.status


def suggest() -> Any:
    """Suggestions as GET /api/v1/search/suggest gives them."""
    q = request.args.get("q", "")
    found = [
        {"text": f"{q}检测", "kind": "服务事项", "url": "/specimen?found=1"},
        {"text": f"{q}评估", "kind": "服务事项"},
    ]
    return jsonify({"suggestions": found if q else []})


class Quiet(WSGIRequestHandler):
    """Requests leave no line in the output of the tests."""

    def log_request(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served() -> Iterator[tuple[str, Flask]]:
    """The specimen on a free port of this machine while the block runs: the address to open, and the app."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Path(folder))
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", app
        finally:
            server.shutdown()
            thread.join(5)
