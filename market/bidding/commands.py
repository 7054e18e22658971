"""`bin/market tenders`: what bidders and strangers do with tenders on their own machine, and what the operator publishes."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from market.bidding import seal as sealing
from market.bidding.bundle import Misshapen, check_shape
from market.commands import services
from market.kernel import canonical
from market.kernel.errors import Refusal
from market.kernel.money import Money


@click.group("tenders")
def cli() -> None:
    """Tenders: sealing a bid without a browser, and the files that anybody can check."""


@services()
@cli.command()
@click.option("--notice", required=True, type=click.File("rb"), help="the notice's file, from the tender's page")
@click.option("--bidder", required=True, metavar="V-…", help="your vendor's code")
@click.option("--price", metavar="YUAN", help="the price, such as 87500.01")
@click.option("--bid", type=click.File("rb"), help="further parts of the bid: a JSON object of texts and integers")
@click.option("--withdraw", is_flag=True, help="a later version that takes the bid back")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="folder for the envelopes")
def seal(notice: Any, bidder: str, price: str | None, bid: Any, withdraw: bool, out: Path) -> None:
    """Seal a bid on this machine, offline, for a browser that cannot: one envelope for each key set of the notice.

    Hand the files in on the tender's page under "sealed elsewhere"; the page signs them with your account key. Nobody can read
    them before two key holders publish their keys; keep nothing else, since the bid comes out of the envelope by itself.
    """
    told = _json(notice, "--notice")
    try:
        check_shape(told.get("keys"), "keys", "keys")
        fen = None if price is None else _fen(price)
        envelopes = envelopes_of(told, bidder, fen, _json(bid, "--bid") if bid else {}, withdraw)
        texts = {part: canonical.leaf(envelope) for part, envelope in envelopes.items()}
    except (Misshapen, Refusal, ValueError) as error:
        raise click.ClickException(str(error)) from None
    out.mkdir(parents=True, exist_ok=True)
    for part, text in texts.items():
        path = out / f"envelope_{part}.json"
        path.write_bytes(text)
        click.echo(f"{path}  {canonical.sha256_hex(text)}")


def envelopes_of(
    notice: Mapping[str, Any], bidder: str, fen: int | None, more: Mapping[str, Any], withdraw: bool = False
) -> dict[str, dict[str, Any]]:
    """Key set -> envelope (seal.locked): the price in fen goes to the last set, everything else to the first."""
    sets = sorted(notice["keys"], key=lambda name: name != "technical")
    envelopes = {}
    for part in sets:
        inside: dict[str, Any] = {**(more if part == sets[0] else {}), "part": part}
        if part == sets[-1] and fen is not None:
            inside["price"] = fen
        if withdraw:
            inside["withdrawn"] = True
        holders = [bytes.fromhex(one["key"]) for one in notice["keys"][part]]
        envelopes[part] = sealing.locked(notice["tender"], bidder, part, inside, holders, chance=secrets.token_bytes)
    return envelopes


def _fen(yuan: str) -> int:
    """A price in fen; the canonical form has no larger number than 2**53 - 1. ValueError for what is no price."""
    fen = Money.yuan(yuan).fen
    if not 0 <= fen <= canonical.LARGEST_INTEGER:
        raise ValueError(f"{yuan} yuan is no price")
    return fen


def _json(file: Any, option: str) -> dict[str, Any]:
    try:
        found = json.load(file)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise click.ClickException(f"the file of {option} is no JSON object")
    return found
