"""From the parts of a tender to what its method asks: envelopes opened with the published keys, marks, moves,
entropies.

The market builds `Contents` from its rows when it proposes an award; the verifier builds the same from a bundle after
it has bound every part of it to the public record. What does not open sets its bidder aside with a reason and blocks
nobody else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from market.bidding import auction, draw, leaves, methods, scoring, seal
from market.bidding.leaves import Leaf
from market.bidding.methods import Bid, Case, Chance, Outcome
from market.bidding.seal import Opened, Unopened

#: an exclusion for this reason may come after the pool was frozen: the price is known only then
LOW_PRICE = "low_price"


class Uncertain(ValueError):
    """The parts do not add up: the marks are not complete, an alias belongs to nobody. `index` names the leaf where
    one is at fault."""

    def __init__(self, what: str, index: int | None = None) -> None:
        super().__init__(what)
        self.index = index


@dataclass(frozen=True)
class Received:
    """An envelope and the number of the leaf that shows when it was received."""

    envelope: Mapping[str, Any]
    digest: str
    index: int


@dataclass(frozen=True)
class Contents:
    """All parts of a tender after its closing. `leaves`: number and text of each leaf that names it, by number."""

    notice: Mapping[str, Any]
    received: tuple[Received, ...]
    leaves: tuple[tuple[int, Leaf], ...]
    pool: tuple[Mapping[str, Any], ...] = ()
    scores: Mapping[str, Any] | None = None
    randomness: str | None = None
    reveals: Mapping[str, Opened] = field(default_factory=dict)

    def of(self, event: str) -> list[tuple[int, Leaf]]:
        """The leaves with this name, by number."""
        return [(index, leaf) for index, leaf in self.leaves if leaf["event"] == event]

    @property
    def last_set(self) -> str:
        """The key set that locks prices and entropies: `price`, or `bids` where there is one set only."""
        return "price" if "price" in self.notice["keys"] else "bids"

    @property
    def first_part(self) -> str:
        """The part by which somebody takes part: `technical`, or `bids` where there is one envelope only."""
        return "technical" if "technical" in self.notice["keys"] else "bids"

    @cached_property
    def counted(self) -> dict[tuple[str, str], Received]:
        """(bidder, part) -> the envelope that counts: the last before the closing. Envelopes of another tender are
        left out."""
        found: dict[tuple[str, str], Received] = {}
        for one in sorted(self.received, key=lambda received: received.index):
            if one.envelope["tender"] == self.notice["tender"]:
                found[one.envelope["bidder"], one.envelope["part"]] = one
        return found

    @cached_property
    def bidders(self) -> list[str]:
        """Everybody who takes part, by code."""
        return sorted(bidder for bidder, part in self.counted if part == self.first_part)

    @cached_property
    def keys(self) -> dict[str, dict[int, bytes]]:
        """Key set -> place of the holder in the notice (from 1) -> private key. A leaf that names an unknown holder
        gives none."""
        found: dict[str, dict[int, bytes]] = {name: {} for name in self.notice["keys"]}
        for _, leaf in self.of("key.published"):
            for place, one in enumerate(self.notice["keys"].get(leaf["set"], ()), start=1):
                if one["holder"] == leaf["holder"]:
                    found[leaf["set"]].setdefault(place, bytes.fromhex(leaf["key"]))
        return found

    @cached_property
    def opened(self) -> dict[tuple[str, str], Opened | Unopened]:
        """(bidder, part) -> what lay in the envelope that counts, or why it did not open."""
        return {place: self._opened(one) for place, one in self.counted.items()}

    def set_of(self, part: str) -> str | None:
        """The key set that locks envelopes of `part`; None for a part that this tender has not."""
        if part == "entropy":
            return self.last_set
        return part if part in self.notice["keys"] else None

    def excluded(self, *, late: bool) -> dict[str, str]:
        """Bidder -> reason, of those excluded before the pool was frozen, or (`late`) after it."""
        frozen = min((index for index, _ in self.of("pool.frozen")), default=None)
        return {
            leaf["bidder"]: leaf["reason"]
            for index, leaf in self.of("bidder.excluded")
            if (frozen is not None and index > frozen) == late
        }

    def expected_pool(self) -> list[dict[str, str]]:
        """The pool as it must be frozen: everybody who takes part and was not excluded, in merit draws from the line
        upwards."""
        out = self.excluded(late=False)
        line = self.notice["rules"].get("line") if self.notice["method"] == "merit_draw" else None
        marks = self.quality() if line is not None else {}
        return [
            {"id": bidder, "key": self.counted[bidder, self.first_part].envelope["key"]}
            for bidder in self.bidders
            if bidder not in out and (line is None or marks.get(bidder, -1) >= line)
        ]

    def quality(self) -> dict[str, int]:
        """Bidder -> quality in thousandths. Raises `Uncertain` unless each expert marked each of these bidders
        exactly once."""
        if self.scores is None:
            return {}
        totals: dict[str, dict[str, int]] = {}
        for mark in self.scores["marks"]:
            of_bidder = totals.setdefault(mark["bidder"], {})
            if mark["expert"] in of_bidder or mark["expert"] not in self.scores["experts"]:
                raise Uncertain("an expert is unknown or marked a bid twice")
            of_bidder[mark["expert"]] = sum(mark["marks"])
        if any(len(of_bidder) != len(set(self.scores["experts"])) for of_bidder in totals.values()):
            raise Uncertain("an expert did not mark a bid")
        trimmed = bool(self.notice["rules"].get("trimmed"))
        return {bidder: scoring.quality(list(marks.values()), trimmed=trimmed) for bidder, marks in totals.items()}

    def entropies(self) -> list[bytes]:
        """The numbers for the seed, in the order of their leaves: of each envelope that counts, is locked by the last
        key set, opened and holds one."""
        found = []
        for place, one in sorted(self.counted.items(), key=lambda item: item[1].index):
            inside = self.opened[place]
            if self.set_of(place[1]) == self.last_set and isinstance(inside, Opened):
                text = inside.bid.get("entropy")
                if isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef"):
                    found.append((one.index, bytes.fromhex(text)))
        return [entropy for _, entropy in found]

    def chance(self) -> Chance:
        """What seeds are made of: the entropies, and the beacon of the notice."""
        named = self.notice["draw"]
        beacon = draw.NO_BEACON
        if named["chain"] != "none":
            beacon = (named["chain"], named["round"], self.randomness or "-")
        return Chance(draw.entropies_hash(self.entropies()), beacon)

    def case(self, *, late: bool = True) -> Case:
        """What the method asks. `late` False: as it was before anybody was excluded after the freeze. Raises
        `Uncertain`."""
        aside = self.excluded(late=False)
        marks = self.quality()
        bids = []
        for bidder in self.bidders:
            if bidder not in aside:
                if reason := self._unusable(bidder):
                    aside[bidder] = reason
                else:
                    bids.append(Bid(bidder, self._price(bidder), marks.get(bidder), self._index(bidder)))
        if self._void:
            aside |= dict.fromkeys((bid.bidder for bid in bids), "unopened:keys")
            bids = []
        return Case(
            tender=self.notice["tender"],
            method=self.notice["method"],
            rules=self.notice["rules"],
            ceiling=self.notice["ceiling"],
            minimum=self.notice["minimum"],
            bids=tuple(bids),
            pool=self.pool,
            chance=self.chance(),
            set_aside=aside,
            runs=tuple(tuple(run) for run in self.runs()),
            low=self.notice["low"],
            late=self.excluded(late=True) if late else {},
        )

    def outcome(self) -> Outcome:
        """The result. Raises `Uncertain`, `auction.Refused`, and KeyError, TypeError or ValueError for rules that
        lack something."""
        return methods.outcome(self.case())

    def runs(self) -> list[list[auction.Move]]:
        """The moves of each time that the auction was begun. Raises `Uncertain` for a move before it or of an unknown
        alias."""
        aliases = {
            leaves.alias(self.notice["tender"], bidder, inside.nonce): bidder
            for (bidder, part), inside in self.opened.items()
            if part == self.last_set and isinstance(inside, Opened)
        }
        runs: list[list[auction.Move]] = []
        starts = 0
        for index, leaf in self.leaves:
            if leaf["event"] == "auction.scheduled":
                starts = leaves.seconds(leaf["starts"])
                runs.append([])
            elif leaf["event"] == "auction.moved":
                if not runs:
                    raise Uncertain("it comes before the auction", index)
                if leaf["alias"] not in aliases:
                    raise Uncertain("no bidder has this alias", index)
                at = leaves.seconds(leaf["at"]) - starts
                runs[-1].append(auction.Move(aliases[leaf["alias"]], leaf["price"], at, index))
        return runs

    @property
    def _void(self) -> bool:
        """Whether key holders failed and not every bidder revealed his bid: then no bid counts, whoever revealed
        his."""
        return any(isinstance(inside, Unopened) and inside.reason == "keys" for inside in self.opened.values())

    def _opened(self, one: Received) -> Opened | Unopened:
        envelope = one.envelope
        key_set = self.set_of(envelope["part"])
        if key_set is None or sorted(envelope["boxes"]) != sorted(seal.pairs(len(self.notice["keys"][key_set]))):
            return Unopened("part")
        if not seal.is_signed(envelope):
            return Unopened("unsigned")
        keys = self.keys[key_set]
        if len(keys) < 2 and one.digest in self.reveals:
            inside = self.reveals[one.digest]
        else:
            try:
                inside = seal.opened(envelope, keys)
            except Unopened as unopened:
                return unopened
        return inside if inside.bid.get("part") == envelope["part"] else Unopened("part")

    def _unusable(self, bidder: str) -> str:
        """Why a bidder's envelopes give no bid; empty when they do."""
        for part in dict.fromkeys((self.first_part, self.last_set)):
            inside = self.opened.get((bidder, part))
            if inside is None:
                return "one_envelope"
            if isinstance(inside, Unopened):
                return f"unopened:{inside.reason}"
            if inside.bid.get("withdrawn"):
                return "withdrawn"
        return ""

    def _price(self, bidder: str) -> int | None:
        inside = self.opened[bidder, self.last_set]
        price = inside.bid.get("price") if isinstance(inside, Opened) else None
        return price if isinstance(price, int) and not isinstance(price, bool) and price >= 0 else None

    def _index(self, bidder: str) -> int:
        return self.counted[bidder, self.last_set].index


def winners(
    ranking: Sequence[str], told: Iterable[tuple[int, Leaf]], gone: Iterable[str]
) -> Iterable[tuple[int, str | None]]:
    """For each proposal among the leaves `told` of awards and withdrawals: its number and who had to be proposed.

    `gone` are bidders excluded later, for whom an earlier proposal is not looked at (None).
    """
    withdrawn: list[str] = []
    later = set(gone)
    for index, leaf in told:
        if leaf["event"] == "award.withdrawn":
            withdrawn.append(leaf["bidder"])
        elif leaf["event"] == "award.proposed":
            yield index, None if leaf["winner"] in later else methods.next_winner(ranking, withdrawn)
