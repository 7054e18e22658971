"""The part of bin/market that is about this machine: jars and servers."""

import click

from embedded import jars, services
from embedded.prepare import Trouble


@click.group()
def machine() -> None:
    """Jars and servers of this checkout; bin/market shows them beside the market's own commands."""


@machine.group("jars")
def jars_group() -> None:
    """Elasticsearch: the jars it is made of."""


@jars_group.command("lock")
def lock_jars() -> None:
    """Resolve the jars anew and write embedded/jars.lock."""
    jars.LOCK.write_text(jars.lock_text(jars.resolve()), encoding="utf-8")
    click.echo(f"{len(jars.read_lock())} jars in {jars.LOCK.name}")


@jars_group.command("fetch")
def fetch_jars() -> None:
    """Fetch the jars now, for a machine that will be without a network later."""
    try:
        click.echo(str(jars.fetch()))
    except Trouble as trouble:
        raise click.ClickException(str(trouble))


@machine.group()
def servers() -> None:
    """The embedded servers of this checkout."""


@servers.command("list")
def list_servers() -> None:
    """Show which servers run, on which port, and for how many processes."""
    found = services.running()
    for name, entry in found.items():
        click.echo(f"{name}: port {entry.port}, process {entry.process.pid}, held by {len(entry.holders)}")
    if not found:
        click.echo("No server of this checkout runs.")


@servers.command("stop")
def stop_servers() -> None:
    """Stop the servers of this checkout, whoever uses them; a running bin/run starts them again."""
    for name in services.running():
        services.stop(name)
        click.echo(f"{name} stopped")
