"""`bin/market orders`: orders at a glance, for whoever runs the market."""

import click

from market.commands import services
from market.db import db
from market.kernel.errors import NotFound
from market.kernel.money import Money
from market.orders import queries
from market.orders.models import Order
from market.orders.states import OrderState


@click.group("orders")
def cli() -> None:
    """Orders: where they stand and what they wait for."""


@services("postgresql")
@cli.command("list")
@click.option("--state", type=click.Choice([str(one) for one in OrderState]), help="Only orders in this state.")
@click.option("--most", default=50, show_default=True, help="At most so many, the one touched last first.")
def list_(state: str | None, most: int) -> None:
    """Orders with state, service, price and clock. No name, no title: nothing personal is printed."""
    statement = db.select(Order).order_by(Order.updated_at.desc(), Order.id.desc()).limit(most)
    if state is not None:
        statement = statement.where(Order.state == OrderState(state))
    for row in db.session.scalars(statement):
        click.echo(_line(row))


@services("postgresql")
@cli.command("show")
@click.argument("code")
def show(code: str) -> None:
    """One order: its moments, whom it asked, what it waits for."""
    try:
        row = queries.order(code)
    except NotFound:
        raise click.ClickException(f"there is no order {code}") from None
    click.echo(_line(row))
    moments = ("created", "placed", "awarded", "contracted", "funded", "started", "delivered", "accepted", "ended")
    for name in moments:
        if (at := getattr(row, f"{name}_at")) is not None:
            click.echo(f"  {name:<11} {at:%Y-%m-%d %H:%M} UTC")
    for one in queries.asked_vendors(row):
        click.echo(f"  asked       {one.vendor.code} {Money(one.price_fen)} {one.answer}")
    if row.reason is not None:
        click.echo(f"  reason      {row.reason['code']}")


def _line(row: Order) -> str:
    price = str(Money(row.price_fen)) if row.price_fen is not None else "-"
    waits = f"{row.waiting_for} by {row.due_at:%Y-%m-%d}" if row.waiting_for and row.due_at else row.waiting_for or "-"
    return f"{row.code}  {row.state:<11} {row.item or '-':<24} {price:>16}  {waits}"
