"""`bin/market`: every management command, by domain.

Each domain's commands.py has a click group `cli`. A command says with `@services(...)` which servers it needs (default: all
three); bin/market starts those before it calls `cli`. Commands that need the application run inside its context.
"""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=click.Command)

ALL = frozenset({"postgresql", "valkey", "elasticsearch"})

#: command group -> module with its `cli`, loaded only when it is called (most commands should start at once)
GROUPS = {
    "standards": "market.catalogue.commands",
    "catalogue": "market.catalogue.catalogue_commands",
    "accounts": "market.accounts.commands",
    "vendors": "market.vendors.commands",
    "listings": "market.listings.commands",
    "review": "market.review.commands",
    "tenders": "market.bidding.commands",
    "orders": "market.orders.commands",
    "documents": "market.documents.commands",
    "search": "market.pages.search_commands",
    "record": "market.record.commands",
    "database": "market.database_commands",
    "clock": "market.clock_commands",
    "outbox": "market.outbox_commands",
    "translations": "market.translations_commands",
    "requirements": "market.requirements_commands",
    "payments": "market.payments.commands",
    "ledger": "market.payments.ledger_commands",
    "practice": "market.payments.practice_commands",
    "demo": "market.pages.demo_commands",
    "bench": "bench.commands",
}


class Market(click.Group):
    """The root group: knows the groups by name without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The groups that exist, in alphabetical order."""
        return sorted(name for name, module in GROUPS.items() if _exists(module))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The group `name`, loaded now; None if there is no such group."""
        module = GROUPS.get(name)
        return importlib.import_module(module).cli if module and _exists(module) else None


@click.command(cls=Market, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """The West Market's management commands."""


def services(*names: str) -> Callable[[C], C]:
    """Mark a command with the servers it needs: postgresql, valkey, elasticsearch, or none of them."""

    def mark(command: C) -> C:
        command.services = frozenset(names)  # type: ignore[attr-defined]
        return command

    return mark


def services_needed(argv: list[str]) -> frozenset[str]:
    """The servers that the command line `argv` (without the program's name) needs. Help and unknown commands need none."""
    if not argv or {"-h", "--help"} & set(argv):
        return frozenset()
    command: Any = cli
    context = click.Context(cli)
    for word in argv:
        if not isinstance(command, click.Group):
            break
        if word.startswith("-"):
            continue
        command = command.get_command(context, word)
        if command is None:
            return frozenset()
    if isinstance(command, click.Group) and not command.invoke_without_command:
        return frozenset()
    return getattr(command, "services", ALL)


def in_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command's function inside the application's context."""
    from functools import wraps

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        from market.app import create_app

        with create_app().app_context():
            return function(*args, **kwargs)

    return run


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
