"""Everything about a tender derived again from its bundle, and compared: what differs is named.

Nothing of the file is believed. First every part is bound to the public record: checkpoints are signed as the policy
asks, leaves are in their tree, notice, envelopes, marks, pool and outcome have the digests that the leaves say. If
anything fails there, the findings end there. Then the order of things, the keys, the openings, the draw, the result
and the award are derived from the bound parts.

The policy (keys of log and witnesses, quorum, beacons) comes from outside. Needs the standard library,
`cryptography`, and `py_ecc` for the beacon's signature; the same checks without that signature run in the browser
(static/js/verify.js), line by line alike.
"""

from collections.abc import Iterable
from typing import Any

from market.bidding import auction, beacon, bundle, hpke, low_bids, methods
from market.bidding.bundle import Misshapen
from market.bidding.bundle_binding import Findings, check_leaves, check_parts, checkpoints_of, leaves_of, seen_by
from market.bidding.bundle_contents import LOW_PRICE, Contents, Received, Uncertain, winners
from market.bidding.leaves import READ, RECEIVED, Leaf
from market.bidding.methods import Outcome
from market.bidding.seal import Opened
from market.kernel.canonical import leaf as canonical
from market.record.findings import Finding
from market.record.notes import Checkpoint
from market.record.policy import Policy


def verify(content: bytes, trusted: Policy, *, signatures_of_beacons: bool = True) -> list[Finding]:
    """What is wrong with the bundle `content` under the policy `trusted`; an empty list when everything follows.

    `signatures_of_beacons` False leaves out the BLS signature of the beacon, as the browser must.
    """
    try:
        document = bundle.read(content)
    except Misshapen as error:
        return [Finding("file", str(error))]
    checkpoints, found = checkpoints_of(document, trusted)
    if checkpoints and checkpoints[-1] is not None:
        found += check_leaves(document, checkpoints[-1])
    if not found:
        found += check_parts(document, trusted, [one for one in checkpoints if one is not None])
    if found:
        return found
    return list(_derived(document, trusted, [one for one in checkpoints if one], signatures_of_beacons))


def contents_of(document: dict[str, Any]) -> Contents:
    """The parts of a bundle whose envelopes, leaves and reveals fit together, as the methods want them."""
    told = leaves_of(document)
    arrived: dict[str, int] = {}
    for index, leaf in told:
        if leaf["event"] == RECEIVED:
            arrived.setdefault(leaf["digest"], index)
    received = []
    for one in document["envelopes"]:
        value = bundle.digest_of(one)
        received.append(Received(one["envelope"], value, arrived[value]))
    given = document["beacon"]
    return Contents(
        notice=document["notice"],
        received=tuple(received),
        leaves=tuple((index, leaf) for index, leaf in told if leaf["event"] != RECEIVED),
        pool=tuple(document["pool"]),
        scores=document["scores"],
        randomness=None if given is None else beacon.randomness(bytes.fromhex(given["signature"])),
        reveals={one["digest"]: Opened(one["bid"], bytes.fromhex(one["nonce"])) for one in document["reveals"]},
    )


def _derived(
    document: dict[str, Any], trusted: Policy, checkpoints: list[Checkpoint], signatures_of_beacons: bool
) -> Findings:
    contents = contents_of(document)
    yield from _order(document, contents)
    yield from _keys(contents)
    yield from _beacon(document, contents, trusted, checkpoints, signatures_of_beacons)
    try:
        yield from _result(document, contents)
    except Uncertain as error:
        yield Finding("outcome" if error.index is None else f"leaf {error.index}", str(error))
    except auction.Refused as refused:
        yield Finding(f"leaf {refused.stamp}", f"the move breaks a rule: {refused.reason}")
    except (KeyError, TypeError, ValueError):
        yield Finding("outcome", "it cannot be derived: the notice lacks what its method needs")


def _order(document: dict[str, Any], contents: Contents) -> Findings:
    """What came too early or too late."""
    told = leaves_of(document)
    published = next(
        index for index, leaf in told if leaf["event"] == "tender.published" or leaf["event"] == "tender.amended"
    )
    closing = contents.of("tender.closed")[0][0]
    frozen = contents.of("pool.frozen")[0][0]
    first_key = min(
        (index for index, leaf in contents.of("key.published") if leaf["set"] == contents.last_set), default=None
    )
    for index, leaf in told:
        event = leaf["event"]
        fault = ""
        if index < published:
            fault = "it comes before the notice"
        elif event in ("tender.amended", RECEIVED) and index > closing:
            fault = "it comes after the closing"
        elif event in AFTER_CLOSING and index < closing:
            fault = "it comes before the closing"
        elif event == "pool.frozen" and first_key is not None and index > first_key:
            fault = "the pool was frozen when the seed could be known"
        elif event == "bidder.excluded" and index > frozen and leaf["reason"] != LOW_PRICE:
            fault = "somebody was excluded after the pool was frozen"
        if fault:
            yield Finding(f"leaf {index}", fault)


#: what cannot happen while bids are taken
AFTER_CLOSING = frozenset(READ) - {"tender.published", "tender.amended", "tender.closed"}


def _keys(contents: Contents) -> Findings:
    locked = min((index for index, _ in contents.of("scores.locked")), default=None)
    published: set[tuple[str, str]] = set()
    for index, leaf in contents.of("key.published"):
        named = {one["holder"]: one["key"] for one in contents.notice["keys"].get(leaf["set"], ())}
        if named.get(leaf["holder"]) != hpke.public_key(bytes.fromhex(leaf["key"])).hex():
            yield Finding(f"leaf {index}", "it is not the key that the notice names")
        if (leaf["set"], leaf["holder"]) in published:
            yield Finding(f"leaf {index}", "the key was published before")
        published.add((leaf["set"], leaf["holder"]))
        marked = methods.needs_quality(contents.notice["method"], contents.notice["rules"])
        if leaf["set"] == "price" and marked and (locked is None or index < locked):
            yield Finding(f"leaf {index}", "a key to the prices was published before the marks were locked")
    if contents.reveals and len(contents.keys[contents.last_set]) >= 2:
        yield Finding("reveals", "nobody needs to reveal a bid when the holders' keys are there")


def _beacon(
    document: dict[str, Any],
    contents: Contents,
    trusted: Policy,
    checkpoints: list[Checkpoint],
    signatures_of_beacons: bool,
) -> Findings:
    """Whether the draw used the round that the notice names, of a chain that the policy names, after the pool was
    seen frozen."""
    named, held = contents.notice["draw"], contents.of("draw.held")
    for index, leaf in held:
        if (leaf["chain"], leaf["round"]) != (named["chain"], named["round"]):
            yield Finding(f"leaf {index}", "it is not the round that the notice names")
        if leaf["entropies"] != contents.chance().entropies:
            yield Finding(f"leaf {index}", "its entropies are not those of the envelopes")
    if document["beacon"] is None:
        if held and named["chain"] != "none":
            yield Finding("beacon", "the notice names a round and the file holds none")
        return
    chain = next((one for one in trusted.beacons if one.chain == named["chain"]), None)
    if chain is None or chain.chain in beacon.ENDED:
        yield Finding("beacon", "the policy names no such chain")
        return
    frozen = contents.of("pool.frozen")[0][0]
    before = chain.genesis + (named["round"] - 1) * chain.period - 1
    if not any(one.size > frozen and seen_by(one, trusted, before) for one in checkpoints):
        yield Finding("beacon", "no checkpoint with the frozen pool was seen before its round")
    if signatures_of_beacons:
        constants = beacon.Chain(
            chain.name, "bls-unchained-g1-rfc9380", chain.period, chain.genesis, chain.public_key, ""
        )
        if not beacon.is_true(constants, named["round"], bytes.fromhex(document["beacon"]["signature"])):
            yield Finding(BEACON_SIGNATURE, "it is not of the chain's key")


#: the part of the one check that a browser leaves out
BEACON_SIGNATURE = "beacon signature"


def _result(document: dict[str, Any], contents: Contents) -> Findings:
    if [dict(entry) for entry in contents.pool] != contents.expected_pool():
        yield Finding("pool", "it is not everybody who took part and was not excluded")
        return
    yield from _low_prices(contents)
    outcome = contents.outcome()
    if canonical(outcome.plain()) != canonical(document["outcome"]):
        yield Finding("outcome", "it does not follow from the bids")
    if outcome.seeds and not contents.of("draw.held"):
        yield Finding("draw", "no leaf shows what its seed is made of")
    yield from _award(contents, outcome)


def _low_prices(contents: Contents) -> Findings:
    late = contents.excluded(late=True)
    if not late:
        return
    before = methods.outcome(contents.case(late=False))
    for index, leaf in contents.of("bidder.excluded"):
        if leaf["bidder"] in late and leaf["reason"] == LOW_PRICE:
            if leaf["bidder"] not in before.low:
                yield Finding(f"leaf {index}", "its price was not low under the notice's rule")
            elif not low_bids.may_exclude(len(before.ranking)):
                yield Finding(f"leaf {index}", "a low price excludes nobody among fewer than five bids")


def _award(contents: Contents, outcome: Outcome) -> Findings:
    ranking = [] if outcome.reason else [place.bidder for place in outcome.ranking]
    prices = {place.bidder: place.price for place in outcome.ranking}
    told = [*contents.of("award.proposed"), *contents.of("award.withdrawn")]
    expected = dict(winners(ranking, _by_number(told), contents.excluded(late=True)))
    for index, leaf in contents.of("award.proposed"):
        if leaf["winner"] in contents.excluded(late=True):
            continue
        if leaf["winner"] != expected[index] or leaf["price"] != prices.get(leaf["winner"]):
            yield Finding(f"leaf {index}", "the award does not follow the ranking")
    for index, _ in contents.of("tender.failed"):
        gone = {one["bidder"] for number, one in contents.of("award.withdrawn") if number < index}
        if methods.next_winner(ranking, sorted(gone)) is not None:
            yield Finding(f"leaf {index}", "it failed although somebody is left in the ranking")


def _by_number(told: Iterable[tuple[int, Leaf]]) -> list[tuple[int, Leaf]]:
    return sorted(told, key=lambda one: one[0])
