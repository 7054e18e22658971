"""`bin/market practice`: make the practice bank play what only the world does."""

from typing import Any

import click

from market.commands import in_app, services


@click.group("practice")
def cli() -> None:
    """The practice servers."""


@cli.group()
def bank() -> None:
    """The practice bank."""


@services("postgresql", "valkey", "bank")
@bank.command()
@click.option("--seed", default=1, show_default=True, help="which payments, payouts and charges are chosen")
@in_app
def drift(seed: int) -> None:
    """Plant four differences: a payment without event, a returned payout, a refund by hand, a chargeback."""
    from market.kernel.errors import Refusal
    from market.payments import asking
    from market.payments.bank_gateway import BankGateway

    try:
        service = asking.gateway()
        if not isinstance(service, BankGateway):
            raise SystemExit("There is no practice bank here: STRIPE_API_KEY is set.")
        planted: dict[str, Any] = service.control("drift", {"seed": seed})
    except Refusal as refusal:
        raise SystemExit(f"Nothing was planted: {refusal}") from None
    for name, ref in planted.items():
        click.echo(f"{name:22} {ref}")
    click.echo(f"{len(planted)} planted")
