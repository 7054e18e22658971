"""Which language a page speaks, and the care of the translations.

The cookie `lang` decides (set by ?lang=en or ?lang=zh), default Chinese; the API follows Accept-Language. Messages lie in one
file per domain, translations/zh_Hans_CN/LC_MESSAGES/<domain>.po; `bin/market translations` keeps them complete.
"""

from babel.support import NullTranslations
from flask import Flask, Response, current_app, has_request_context, request
from flask_babel import Babel, get_locale, get_translations, gettext

from market.config import ROOT
from market.kernel.errors import Refusal

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
TRANSLATIONS = ROOT / "translations"
YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Set up Babel, the language cookie and what templates need to know of it."""
    folder = TRANSLATIONS / "zh_Hans_CN" / "LC_MESSAGES"
    # Flask-Babel merges one catalogue per pair of domain and folder
    domains = sorted(path.stem for path in folder.glob("*.po")) or ["shared"]
    app.config["BABEL_DOMAIN"] = ";".join(domains)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join([str(TRANSLATIONS)] * len(domains))
    Babel(app, default_locale="zh_Hans_CN", default_timezone="Asia/Shanghai", locale_selector=language)
    _translate_templates(app)
    app.after_request(_keep_choice)
    app.context_processor(lambda: {"lang": html_lang(), "mode": mode()})


def _translate_templates(app: Flask) -> None:
    """Templates look a text up hundreds of times a page; what Flask-Babel does for each of them takes a tenth of a search page's
    time, so here the catalogue of the reader's language is kept by its language.
    """
    catalogues: dict[str, NullTranslations] = {}

    def catalogue() -> NullTranslations:
        locale = get_locale()
        if locale is None:
            return get_translations()
        if (found := catalogues.get(locale.language)) is None:
            found = catalogues[locale.language] = get_translations()
        return found

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalogue().gettext(text),
        ngettext=lambda one, many, number: catalogue().ngettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: catalogue().pgettext(context, text),
        npgettext=lambda context, one, many, number: catalogue().npgettext(context, one, many, number),
    )


def language() -> str:
    """The Babel name of the reader's language: zh_Hans_CN or en."""
    if not has_request_context():
        return "zh_Hans_CN"
    if request.path.startswith("/api/"):
        best = request.accept_languages.best_match(["zh-CN", "zh-Hans-CN", "zh-Hans", "zh", "en"])
        return "en" if best == "en" else "zh_Hans_CN"
    chosen = request.args.get("lang") or request.cookies.get("lang") or "zh"
    return LANGUAGES.get(chosen, "zh_Hans_CN")


def html_lang() -> str:
    """The language as HTML names it: zh-Hans-CN or en."""
    return str(get_locale() or "zh_Hans_CN").replace("_", "-")


def mode() -> str:
    """How the page is shown: "" as usual, "care" (large, fewer choices) or "kiosk"."""
    if not has_request_context():
        return ""
    chosen = request.args.get("mode") or request.cookies.get("mode") or ""
    return chosen if chosen in ("care", "kiosk") else ""


def tell(refusal: Refusal) -> dict[str, str]:
    """A refusal's texts in the reader's language: what, rule, remedy."""
    params = {
        name: str(value) if not isinstance(value, int | float) else value for name, value in refusal.params.items()
    }

    def told(message: str) -> str:
        if not message:
            return ""
        return gettext(message, **params) if params else gettext(message)

    return {"what": told(refusal.what), "rule": told(refusal.rule), "remedy": told(refusal.remedy)}


def tell_line(text: Refusal | str) -> str:
    """One text about a field: what is wrong, then what is accepted instead."""
    if not isinstance(text, Refusal):
        return str(text)
    told = tell(text)
    return " ".join(part for part in (told["what"], told["remedy"]) if part)


def _keep_choice(response: Response) -> Response:
    for name, allowed in (("lang", ("zh", "en")), ("mode", ("care", "kiosk", "normal"))):
        chosen = request.args.get(name)
        if chosen is not None and chosen in allowed and request.cookies.get(name) != chosen:
            secure = not current_app.extensions["settings"].practice
            response.set_cookie(name, chosen, max_age=YEAR, samesite="Lax", httponly=True, secure=secure)
    response.vary.add("Cookie")
    if request.path.startswith("/api/"):
        response.vary.add("Accept-Language")
    return response
