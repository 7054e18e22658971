"""`bin/market payments`: arrange events with the gateway, compare with it, ask about what is open."""

import click

from market.commands import in_app, services


@click.group("payments")
def cli() -> None:
    """Payments and the payment service."""


@services("postgresql", "valkey", "bank")
@cli.command("set-up")
@in_app
def set_up() -> None:
    """Have the payment service send its events here; safe to run again."""
    from market.kernel.actor import Channel, system
    from market.kernel.errors import Refusal
    from market.payments import asking

    try:
        service = asking.gateway()
        made = asking.arrange_endpoints(by=system(Channel.COMMAND))
    except Refusal as refusal:
        raise SystemExit(f"Nothing was arranged: {refusal}") from None
    click.echo(f"{service.name}: {made} made" if made else f"{service.name}: arranged already")


@services("postgresql", "valkey", "bank")
@cli.command()
@in_app
def reconcile() -> None:
    """Compare the ledger with the payment service: every difference on a line, then how many there are."""
    from market.kernel.actor import Channel, system
    from market.kernel.errors import Refusal
    from market.kernel.money import Money
    from market.payments import reconciling

    try:
        comparison, found = reconciling.reconcile(by=system(Channel.COMMAND))
    except Refusal as refusal:
        raise SystemExit(f"Nothing was compared: {refusal}") from None
    for one, outcome in found:
        click.echo(
            f"{one.kind:18} {one.about or '-':11} {one.order or '-':11} ours {Money(one.ours_fen)!s:>14} "
            f"theirs {Money(one.theirs_fen)!s:>14}  {'mended' if outcome == 'mended' else 'before an officer'}"
        )
    click.echo(
        f"{len(found)} differences in {comparison.compared} things compared with {comparison.gateway}; "
        f"{reconciling.waiting()} wait for an officer."
    )


@services("postgresql", "valkey", "bank")
@cli.command()
@in_app
def sweep() -> None:
    """Do now what is done every few minutes: ask about open payments and what is on its way, and send what can go."""
    from market import outbox
    from market.payments import jobs
    from market.transaction import transactional

    transactional(jobs.sweep)()
    transactional(jobs.sweep_slowly)()
    click.echo(f"{outbox.drain(limit=100_000)} jobs done.")
