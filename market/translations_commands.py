"""`bin/market translations`: collect the texts of each domain, check that all are translated.

A text belongs to the domain whose folder under market/ or templates/ it stands in; texts of several domains and of files
outside them belong to `shared`. Each domain has one file translations/zh_Hans_CN/LC_MESSAGES/<domain>.po.
"""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po, write_po

from market.commands import services
from market.config import ROOT

FOLDER = ROOT / "translations" / "zh_Hans_CN" / "LC_MESSAGES"
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "N_": None, "lazy_gettext": None}
SHARED = "shared"
PLACEHOLDER = re.compile(r"%\((\w+)\)")


@click.group("translations")
def cli() -> None:
    """Texts and their translations."""


@services()
@cli.command()
@click.argument("domains", nargs=-1)
def update(domains: tuple[str, ...]) -> None:
    """Bring the files of DOMAINS (default: all) up to date: new texts are added untranslated, vanished ones removed."""
    found = texts_by_domain()
    # a text that moves to another domain keeps its translation
    known = {key(m.id): m.string for path in FOLDER.glob("*.po") for m in read(path) if m.id and not m.fuzzy}
    for domain in domains or sorted({*found, *(path.stem for path in FOLDER.glob("*.po"))}):
        path = FOLDER / f"{domain}.po"
        new = Catalog(locale="zh_Hans_CN", project="West Market", fuzzy=False, header_comment=f"# Texts of {domain}.")
        for message, places in sorted(found.get(domain, {}).items(), key=lambda pair: key(pair[0])):
            translated = known.get(key(message)) or (("",) if isinstance(message, tuple) else "")
            new.add(message, translated, locations=[(place, None) for place in sorted(places)])  # type: ignore[misc]
        if not len(new):
            path.unlink(missing_ok=True)
            continue
        out = io.BytesIO()
        write_po(out, new, width=120, omit_header=False, include_lineno=False)
        # a date in the head would change with every run
        lines = [
            line
            for line in out.getvalue().decode().splitlines()
            if not line.startswith(('"POT-', '"PO-R', '"Generated'))
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@services()
@cli.command()
def check() -> None:
    """Name every text that has no Chinese, and every translation whose placeholders differ; fails if there is one."""
    faults = list(faults_in(texts_by_domain()))
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(f"{len(faults)} texts are not translated as they should be: bin/market translations update")


def faults_in(found: dict[str, dict[str | tuple[str, ...], set[str]]]) -> Iterator[str]:
    """One line for each text without a fitting translation."""
    known: dict[str, object] = {}
    for path in sorted(FOLDER.glob("*.po")):
        for message in read(path):
            if message.id and message.string and not message.fuzzy and all(_list(message.string)):
                if (other := known.get(key(message.id))) not in (None, message.string):
                    yield f"{path.stem}: {key(message.id)!r} is translated in two ways: {other!r} and {message.string!r}"
                known[key(message.id)] = message.string
    for domain, messages in sorted(found.items()):
        for text, places in messages.items():
            translated = known.get(key(text))
            if translated is None:
                yield f"{domain}: no Chinese for {key(text)!r} ({', '.join(sorted(places))})"
                continue
            wanted = set(PLACEHOLDER.findall(" ".join(_list(text))))
            for chinese in _list(translated):  # type: ignore[arg-type]
                # a plural may leave its number unsaid
                if extra := (set(PLACEHOLDER.findall(chinese)) ^ wanted) - {"num"}:
                    yield f"{domain}: placeholders differ in {chinese!r}: {', '.join(sorted(extra))}"


def texts_by_domain() -> dict[str, dict[str | tuple[str, ...], set[str]]]:
    """All texts of code and templates: domain -> text (or singular and plural) -> files it stands in."""
    places: dict[str | tuple[str, ...], set[Path]] = {}
    for path in source_files():
        method = "jinja2.ext:babel_extract" if path.suffix == ".html" else "python"
        options = {"trimmed": "true", "silent": "false"} if path.suffix == ".html" else {}
        for _, message, _, _ in extract_from_file(method, path, keywords=KEYWORDS, options=options):
            text = tuple(message) if isinstance(message, list | tuple) else message
            if text and text != ("",):
                places.setdefault(text, set()).add(path.relative_to(ROOT))
    found: dict[str, dict[str | tuple[str, ...], set[str]]] = {}
    for text, paths in places.items():
        domains = {domain_of(path) for path in paths}
        domain = domains.pop() if len(domains) == 1 else SHARED
        found.setdefault(domain, {})[text] = {str(path) for path in paths}
    return found


def source_files() -> Iterable[Path]:
    """Every file that can hold a text."""
    for folder, pattern in (("market", "*.py"), ("search", "*.py"), ("templates", "*.html")):
        yield from sorted((ROOT / folder).rglob(pattern))


def domain_of(path: Path) -> str:
    """The domain that a file (relative to the root) belongs to. What the table of who is told says belongs to notifications."""
    parts = path.parts
    if parts[0] == "market" and parts[-1] in ("telling.py", "telling_facts.py"):
        return "notifications"
    inside = len(parts) > 2 and parts[0] in ("market", "templates") and parts[1] not in ("macros", "errors")
    return parts[1] if inside else SHARED


def read(path: Path) -> Catalog:
    """The catalogue in a .po file."""
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def key(message: str | tuple[str, ...] | list[str]) -> str:
    """A text, or the singular of a text with a plural."""
    return message if isinstance(message, str) else message[0]


def _list(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)
