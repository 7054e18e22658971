"""`bin/market accounts`: officials come in here first; sign-ins of the demonstration."""

import json
import re

import click
from flask import current_app

from market.accounts import operations, practice, queries
from market.accounts.models import Organisation, OrganisationKind
from market.commands import in_app, services
from market.kernel.actor import Channel, Role, system
from market.kernel.errors import Refusal
from market.kernel.names import display_name

#: an address without spaces and with one @; whether it receives mail shows when the link is followed
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
BY = system(Channel.COMMAND)


@click.group("accounts")
def cli() -> None:
    """People and what they may do."""


@services("postgresql")
@cli.command("sign-ins")
@click.option("--json", "as_json", is_flag=True, help="for programs")
@in_app
def sign_ins(as_json: bool) -> None:
    """Show one sign-in of the demonstration for each role, with the one-time code of this moment (practice mode only)."""
    try:
        found = practice.sign_ins()
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    if as_json:
        keys = ("role", "email", "password", "code", "organisation")
        click.echo(json.dumps([{key: getattr(one, key) for key in keys} for one in found], ensure_ascii=False))
        return
    if not found:
        click.echo("There are no invented people yet: bin/market demo makes them.")
        return
    width = max(len(one.email) for one in found)
    click.echo(f"{'role':<10}  {'address':<{width}}  {'password':<14}  code now")
    for one in found:
        click.echo(f"{one.role:<10}  {one.email:<{width}}  {one.password:<14}  {one.code or '-'}")
    click.echo("Codes change every 30 seconds: bin/market accounts code ADDRESS shows the next one.")


@services("postgresql")
@cli.command()
@click.argument("email")
@in_app
def code(email: str) -> None:
    """Show the one-time code that the app of EMAIL shows now (practice mode only)."""
    try:
        digits, seconds = practice.present_code(email)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{digits}  (for {seconds} more seconds)")


@services("postgresql")
@cli.command("add-official")
@click.option("--email", required=True, help="address of the office, not a private one")
@click.option("--name", required=True, help="as colleagues know the person")
@click.option(
    "--role", required=True, type=click.Choice([role.value for role in operations.ROLES_IN[OrganisationKind.OFFICE]])
)
@click.option("--district", help="code of six digits; without it the whole city")
@click.option("--office", help="name or code of the office (default: the first one there is)")
@click.option("--admin/--no-admin", default=True, help="may invite and remove others of the same role (default: yes)")
@in_app
def add_official(email: str, name: str, role: str, district: str | None, office: str | None, admin: bool) -> None:
    """Enter an official and print the link with which he chooses a password; one-time codes are set up at first sign-in.

    The link works once and for three days. Hand it over yourself: whoever has it is the official.
    """
    if not ADDRESS.fullmatch(email.strip()):
        raise click.BadParameter("not a mail address", param_hint="--email")
    if not display_name(name):
        raise click.BadParameter("a name, please", param_hint="--name")
    if district is not None and not re.fullmatch(r"[0-9]{6}", district, re.ASCII):
        raise click.BadParameter("six digits, for instance 610117", param_hint="--district")
    try:
        secret = operations.add_official(
            email=email, name=name, role=Role(role), district=district, office=_office(office), admin=admin, by=BY
        )
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    if secret is None:
        click.echo("Done: the person has an account already and signs in as before.")
    else:
        click.echo(f"{current_app.extensions['settings'].public_url}/link?key={secret}")


@services("postgresql")
@cli.command("remove-second-factor")
@click.argument("email")
@click.option("--yes", is_flag=True, help="do not ask")
@in_app
def remove_second_factor(email: str, yes: bool) -> None:
    """Remove the app for one-time codes of EMAIL, whose owner lost the telephone and has shown who he is.

    All his sessions end, he is told by mail, and an official acts only after setting up a new one.
    """
    person = queries.person_by_email(email.strip().lower())
    if person is None:
        raise click.ClickException("There is no account with this address.")
    if not yes:
        click.confirm(f"Remove the second factor of {person.name} ({person.code})?", abort=True)
    operations.remove_second_factor(person.code, by=BY)
    click.echo("Removed.")


def _office(given: str | None) -> Organisation | str:
    """The office that is meant, or the name of one that is to be made."""
    offices = queries.offices()
    if given is None:
        if not offices:
            raise click.UsageError("There is no office yet: name it with --office.")
        return offices[0]
    return next((one for one in offices if given in (one.code, one.name)), given)
