"""Words that pages of accounts share: the roles, and what a browser calls itself."""

import re

from flask_babel import lazy_gettext as _l

from market.kernel.actor import Role

ROLES = {
    Role.BUYER: _l("Buyer"),
    Role.VENDOR: _l("Intermediary"),
    Role.OPERATOR: _l("Market operator"),
    Role.REGULATOR: _l("Regulator"),
    Role.AUDITOR: _l("Auditor"),
    Role.COUNTER: _l("Counter staff"),
    Role.CUSTODIAN: _l("Key custodian"),
    Role.EXPERT: _l("Expert"),
}

_SYSTEMS = (
    ("HarmonyOS", r"HarmonyOS|OpenHarmony"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)
#: in this order: most browsers also name others
_BROWSERS = (
    ("WeChat", r"MicroMessenger"),
    ("Edge", r"\bEdgA?/"),
    ("Opera", r"\bOPR/"),
    ("QQ", r"\bM?QQBrowser/"),
    ("Huawei", r"HuaweiBrowser/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"Chrome/|\bCriOS/"),
    ("Safari", r"\bSafari/"),
)


def device(agent: str) -> str:
    """A browser's User-Agent in the words people know it by: "Windows, Edge"; unknown ones by their first word."""
    named = [_first(_SYSTEMS, agent), _first(_BROWSERS, agent)]
    return ", ".join(filter(None, named)) or agent.partition("/")[0][:40] or "-"


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, agent)), "")
