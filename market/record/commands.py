"""`bin/market record`: checks of what was recorded."""

import click

from market.commands import in_app, services


@click.group("record")
def cli() -> None:
    """What happened, and that nobody changed it afterwards."""


@services("postgresql")
@cli.command()
@in_app
def check() -> None:
    """Check the hash chain over all audit rows and the whole public log; names each fault and fails if there is one."""
    from itertools import chain

    from market.record.log_check import faults as log_faults
    from market.record.queries import chain_faults

    count = 0
    for fault in chain(chain_faults(), log_faults()):
        click.echo(fault)
        count += 1
    if count:
        raise SystemExit(f"{count} faults in the record")
    click.echo("The record is whole.")


@services()
@cli.command()
@click.option("--policy", required=True, metavar="POLICY", help="keys of log and witnesses, from a place you trust")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def verify(policy: str, files: tuple[str, ...]) -> None:
    """Check receipts, checkpoints and tender bundles against POLICY, offline; exit 1 with one line per finding.

    What a FILE is, its form says. Needs no server: the same as verify.pyz, which `record program` writes.
    """
    from market.verification import main

    raise SystemExit(main(["--policy", policy, "--", *files]))


@services("postgresql")
@cli.command()
@in_app
def policy() -> None:
    """Print the published policy: whose signatures make a checkpoint valid. Compare it with one from another place."""
    from market.record.log_queries import log

    click.echo(log().policy, nl=False)


@services("postgresql")
@cli.command()
@click.argument("position", type=int)
@in_app
def receipt(position: int) -> None:
    """Print the receipt of leaf POSITION (0 is the first)."""
    from market.record import log_queries, tlog_proof

    found = log_queries.receipt(log_queries.leaf_at(position))
    if found is None:
        raise SystemExit("No checkpoint that the witnesses have seen holds this leaf yet; try again in a moment.")
    click.echo(tlog_proof.write(found), nl=False)


@services("postgresql")
@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@in_app
def compare(files: tuple[str, ...]) -> None:
    """Compare checkpoints kept elsewhere (FILE, or - for standard input) with this log; exit 1 when one does not fit."""
    from market.record import comparing

    notes = []
    for name in files:
        with click.open_file(name, encoding="utf-8") as file:
            notes.append(file.read())
    results = comparing.compare(notes)
    for name, one in zip(files, results, strict=True):
        click.echo(f"{name}: {one.verdict}{f': {one.why}' if one.why else ''}")
    raise SystemExit(1 if any(one.is_misconduct or one.verdict == comparing.UNREADABLE for one in results) else 0)


@services()
@cli.command()
@click.argument("out", type=click.Path(dir_okay=False))
def program(out: str) -> None:
    """Write verify.pyz, the checking program for somebody who has no market, to OUT."""
    from pathlib import Path

    from market.record.program import packed

    Path(out).write_bytes(packed())
