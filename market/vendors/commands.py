"""`bin/market vendors`: licences looked at now instead of tonight."""

import click

from market.commands import in_app, services


@click.group("vendors")
def cli() -> None:
    """Vendors and their licences."""


@services("postgresql", "valkey")
@cli.command("check-licences")
@in_app
def check_licences() -> None:
    """Do now what is done daily at 00:05: ended licences lapse, warnings are given, the registry is asked."""
    from market import clock, outbox
    from market.transaction import transactional
    from market.vendors import jobs, queries

    vendors, licences = queries.licences_to_check(clock.today()), queries.licences_to_ask_for(clock.now())
    transactional(jobs.check_licences)()
    outbox.drain(limit=100_000)
    click.echo(f"{len(vendors)} vendors looked at, {len(licences)} licences asked for.")


@services("postgresql", "valkey")
@cli.command()
@click.argument("code")
@in_app
def recheck(code: str) -> None:
    """Ask the registry about every licence of the vendor CODE, and say what it answers."""
    from market.kernel import codes
    from market.kernel.actor import Channel, system
    from market.kernel.errors import Refusal
    from market.vendors import licence_operations, queries

    try:
        vendor = queries.vendor(codes.normalise(code))
        for licence in queries.licences_of(vendor.id):
            _ask(licence.code)
        licence_operations.review_days(vendor.code, by=system(Channel.COMMAND))
        for licence in queries.licences_of(vendor.id):
            click.echo(f"{licence.code}  {licence.kind}  {licence.number}  {licence.registry_answer}  {licence.state}")
    except Refusal as refusal:
        raise SystemExit(str(refusal)) from None


def _ask(licence_code: str) -> None:
    from market.vendors import jobs

    jobs.ask_registry(licence_code)
