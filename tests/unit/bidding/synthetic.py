"""Complete invented tenders with a public record of their own: what the market does, step by step, in memory and from one seed.

A dishonest operator is the same object with its steps taken in another order or with other arguments. Nothing here is secret.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from hashlib import sha256
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from market.bidding import beacon, bundle, draw, hpke, leaves, seal
from market.bidding.bundle_contents import Contents, Received
from market.bidding.methods import Outcome
from market.bidding.seal import Opened
from market.kernel.canonical import leaf as canonical
from market.record import merkle, notes, policy
from market.record.policy import Beacon, Group, Log, Policy, Witness

CLOSES = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
ORIGIN = "practice.example/record"
HOLDERS = ("buyer", "regulator", "operator")
#: the one round of a real chain whose signature is published: tests/vectors/draw/drand.json
ROUND = 657413
ROUND_SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
BEFORE_ROUND = datetime.fromtimestamp(beacon.time_of(beacon.QUICKNET, ROUND), UTC) - timedelta(minutes=30)


def chance(seed: str) -> Callable[[int], bytes]:
    """Bytes that look random and are the same each time."""
    count = 0

    def take(size: int) -> bytes:
        nonlocal count
        count += 1
        return sha256(f"{seed}/{count}".encode()).digest()[:size]

    return take


def private(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def witness_names() -> list[str]:
    return ["audit", "chamber", "university"]


def trusted(log: str = "log") -> Policy:
    """The policy of the invented record: two of three witnesses, and the real beacon."""
    quicknet = beacon.QUICKNET
    return Policy(
        logs=(Log(notes.Key(ORIGIN, notes.ED25519, private(log).public_key().public_bytes_raw())),),
        witnesses=tuple(
            Witness(
                name, notes.Key(f"{name}.example", notes.COSIGNATURE, private(name).public_key().public_bytes_raw())
            )
            for name in witness_names()
        ),
        groups=(Group("two-of-three", 2, tuple(witness_names())),),
        quorum="two-of-three",
        beacons=(Beacon("quicknet", quicknet.hash, quicknet.public_key, quicknet.period, quicknet.genesis),),
    )


@dataclass
class Record:
    """A public record with a key and witnesses."""

    log: str = "log"
    texts: list[bytes] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)

    def append(self, leaf: Mapping[str, Any]) -> int:
        self.texts.append(canonical(leaf))
        return len(self.texts) - 1

    def others(self, count: int) -> None:
        """Leaves of other tenders between ours."""
        for _ in range(count):
            self.append(leaves.received(sha256(f"other {len(self.texts)}".encode()).hexdigest()))

    @property
    def reader(self) -> merkle.Reader:
        return merkle.reader([merkle.leaf_hash(text) for text in self.texts])

    def checkpoint(self, at: datetime, witnesses: Sequence[str] = ("audit", "chamber")) -> str:
        size = len(self.texts)
        checkpoint = notes.Checkpoint(ORIGIN, size, merkle.root_of(self.reader, 0, size))
        signed = [notes.sign(checkpoint.body, ORIGIN, private(self.log))]
        signed += [
            notes.cosign(checkpoint, f"{name}.example", private(name), int(at.timestamp())) for name in witnesses
        ]
        note = str(notes.Note(checkpoint.body, tuple(signed)))
        self.notes.append((size, note))
        return note


@dataclass
class Tender:
    """A tender from its notice to its bundle. Steps return the number of their leaf."""

    method: str
    rules: dict[str, Any]
    code: str = "T-7K3M9Q2FE"
    two_envelopes: bool = False
    ceiling: int | None = 10_000_000
    minimum: int = 1
    low: dict[str, Any] | None = None
    with_beacon: bool = False
    record: Record = field(default_factory=Record)
    envelopes: list[dict[str, Any]] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)
    nonces: dict[str, bytes] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    scores: dict[str, Any] | None = None
    pool: list[dict[str, Any]] = field(default_factory=list)
    reveals: list[dict[str, Any]] = field(default_factory=list)
    beacon: dict[str, Any] | None = None
    result: dict[str, Any] | None = None

    @property
    def closes(self) -> datetime:
        return BEFORE_ROUND if self.with_beacon else CLOSES

    @cached_property
    def chance(self) -> Callable[[int], bytes]:
        return chance(f"{self.code} {self.method} {self.rules}")

    def key(self, key_set: str, holder: str) -> bytes:
        return sha256(f"{self.code} {key_set} {holder}".encode()).digest()

    @cached_property
    def notice(self) -> dict[str, Any]:
        sets = ("technical", "price") if self.two_envelopes else ("bids",)
        return {
            "tender": self.code,
            "title": "房产测绘服务（示例）",
            "item": "property-survey",
            "buyer": "O-7K3M9Q2FE",
            "district": "610113",
            "method": self.method,
            "closes": leaves.utc(self.closes),
            "ceiling": self.ceiling,
            "minimum": self.minimum,
            "keys": {
                name: [{"holder": holder, "key": hpke.public_key(self.key(name, holder)).hex()} for holder in HOLDERS]
                for name in sets
            },
            "draw": {"chain": beacon.QUICKNET.hash, "round": ROUND}
            if self.with_beacon
            else {"chain": "none", "round": 0},
            "low": self.low,
            "rules": self.rules,
            "about": {"place": "西市"},
        }

    def tell(self, leaf: Mapping[str, Any]) -> int:
        self.record.others(1)
        self.told.append(self.record.append(leaf))
        return self.told[-1]

    def publish(self) -> int:
        return self.tell(leaves.published(self.code, self.notice))

    def sealed(self, bidder: str, part: str, bid: Mapping[str, Any], *, tender: str | None = None) -> dict[str, Any]:
        key_set = part if part in self.notice["keys"] else list(self.notice["keys"])[-1]
        account = private(f"account {bidder}")
        return seal.sealed(
            tender or self.code,
            bidder,
            part,
            {"part": part, **bid},
            [bytes.fromhex(one["key"]) for one in self.notice["keys"][key_set]],
            account_key=account.public_key().public_bytes_raw(),
            sign=account.sign,
            chance=self.chance,
        )

    def receive(self, envelope: Mapping[str, Any]) -> int:
        entry = {"salt": self.chance(32).hex(), "envelope": dict(envelope)}
        self.envelopes.append(entry)
        index = self.tell(leaves.received(bundle.digest_of(entry)))
        self.received[bundle.digest_of(entry)] = index
        return index

    def bid(self, bidder: str, price: int | None = None, *, entropy: bool = False, **more: Any) -> None:
        """Everything that a bidder sends: one envelope, or a technical one and a price."""
        last: dict[str, Any] = dict(more)
        if price is not None:
            last["price"] = price
        if entropy:
            last["entropy"] = sha256(f"entropy {bidder}".encode()).hexdigest()
        if self.two_envelopes:
            self.receive(self.sealed(bidder, "technical", {"approach": f"方案 {bidder}"}))
            self.receive(self.sealed(bidder, "price", last))
        else:
            self.receive(self.sealed(bidder, "bids", last))

    def entropies(self, contributors: Iterable[str] = HOLDERS) -> None:
        for name in contributors:
            self.receive(self.sealed(name, "entropy", {"entropy": sha256(f"entropy {name}".encode()).hexdigest()}))

    def close(self, *, leave_out: Iterable[str] = (), seen: int = 20) -> int:
        """The closing leaf, and a checkpoint that the witnesses saw `seen` seconds after the deadline."""
        gone = set(leave_out)
        self.envelopes = [one for one in self.envelopes if bundle.digest_of(one) not in gone]
        index = self.tell(leaves.closed(self.code, map(bundle.digest_of, self.envelopes)))
        self.record.checkpoint(self.closes + timedelta(seconds=seen))
        return index

    def keys(self, key_set: str, holders: Iterable[str] = HOLDERS[:2]) -> list[int]:
        return [
            self.tell(leaves.key_published(self.code, key_set, holder, self.key(key_set, holder))) for holder in holders
        ]

    def lock(
        self, marks: Mapping[str, Sequence[int]], experts: Sequence[str] = ("expert 1", "expert 2", "expert 3")
    ) -> int:
        """Marks of each bidder by each expert, in thousandths."""
        self.scores = {
            "experts": list(experts),
            "marks": [
                {"bidder": bidder, "expert": expert, "marks": [mark]}
                for bidder, given in sorted(marks.items())
                for expert, mark in zip(experts, given, strict=True)
            ],
        }
        return self.tell(leaves.scores_locked(self.code, self.scores))

    def exclude(self, bidder: str, reason: str = "conflict") -> int:
        return self.tell(leaves.excluded(self.code, bidder, reason))

    @property
    def contents(self) -> Contents:
        return Contents(
            notice=self.notice,
            received=tuple(
                Received(one["envelope"], bundle.digest_of(one), self.received[bundle.digest_of(one)])
                for one in self.envelopes
            ),
            leaves=tuple(
                (index, leaf)
                for index in sorted(self.told)
                if (leaf := bundle.parsed(self.record.texts[index]))["event"] != leaves.RECEIVED
            ),
            pool=tuple(self.pool),
            scores=self.scores,
            randomness=None if self.beacon is None else beacon.randomness(bytes.fromhex(self.beacon["signature"])),
            reveals={one["digest"]: Opened(one["bid"], bytes.fromhex(one["nonce"])) for one in self.reveals},
        )

    def freeze(self, pool: Sequence[Mapping[str, Any]] | None = None) -> int:
        self.pool = [dict(entry) for entry in (self.contents.expected_pool() if pool is None else pool)]
        index = self.tell(leaves.pool_frozen(self.code, draw.entries_hash(self.pool), len(self.pool)))
        self.record.checkpoint(self.closes + timedelta(seconds=90))
        return index

    def hold(self) -> int:
        if self.with_beacon:
            self.beacon = {"signature": ROUND_SIGNATURE}
        chances = self.contents.chance()
        return self.tell(leaves.draw_held(self.code, chances.entropies, chances.beacon))

    def schedule(self, starts: datetime) -> int:
        return self.tell(leaves.auction_scheduled(self.code, starts))

    def move(self, bidder: str, price: int, at: datetime) -> int:
        inside = self.contents.opened[bidder, self.contents.last_set]
        assert isinstance(inside, Opened), inside
        return self.tell(leaves.auction_moved(self.code, leaves.alias(self.code, bidder, inside.nonce), price, at))

    def award(self, outcome: Mapping[str, Any] | None = None, winner: str | None = None) -> int:
        """Proposes the winner that follows, or whatever is handed in; fails where nobody wins."""
        found: Outcome | None = self.contents.outcome() if outcome is None else None
        self.result = dict(found.plain() if found else outcome or {})
        chosen = winner or self.result["winner"]
        if chosen is None:
            return self.tell(leaves.failed(self.code, self.result["reason"], self.result))
        price = next((one["price"] for one in self.result["ranking"] if one["bidder"] == chosen), None)
        return self.tell(leaves.award_proposed(self.code, chosen, price, self.result))

    def withdraw(self, bidder: str) -> int:
        return self.tell(leaves.withdrawn(self.code, bidder, "declined"))

    def bundle(self, *, last: bool = True) -> bytes:
        assert self.result is not None
        if last:
            self.record.others(2)
            self.record.checkpoint(self.closes + timedelta(hours=3), witness_names())
        size = self.record.notes[-1][0]
        read = self.record.reader
        return bundle.written(
            notice=self.notice,
            envelopes=self.envelopes,
            pool=self.pool,
            outcome=self.result,
            leaf_proofs=[
                {
                    "index": index,
                    "leaf": bundle.parsed(self.record.texts[index]),
                    "proof": [node.hex() for node in merkle.inclusion_proof(read, index, size)],
                }
                for index in sorted(self.told)
                if self._shown(index)
            ],
            checkpoints=[
                {"note": note, "proof": [node.hex() for node in merkle.consistency_proof(read, before, size)]}
                for before, note in self.record.notes
            ],
            scores=self.scores,
            beacon=self.beacon,
            reveals=self.reveals,
        )

    def _shown(self, index: int) -> bool:
        leaf = bundle.parsed(self.record.texts[index])
        return leaf["event"] != leaves.RECEIVED or leaf["digest"] in set(map(bundle.digest_of, self.envelopes))


def vendor(number: int) -> str:
    """An invented vendor's code."""
    return f"V-{number:08d}0"


def lowest(prices: Sequence[int] = (9_800_000, 8_750_000, 8_750_001), **more: Any) -> Tender:
    """Sealed lowest price, awarded."""
    tender = Tender("lowest", {}, **more)
    tender.publish()
    for number, price in enumerate(prices, start=1):
        tender.bid(vendor(number), price)
    tender.close()
    tender.freeze()
    tender.keys("bids")
    if len(set(prices)) < len(prices):
        tender.hold()
    tender.award()
    return tender


def drawn(count: int = 5, *, with_beacon: bool = False) -> Tender:
    """A draw among everybody who signed up, with sealed entropies."""
    tender = Tender("draw", {}, with_beacon=with_beacon)
    tender.publish()
    for number in range(1, count + 1):
        tender.bid(vendor(number), entropy=number == 1)
    tender.entropies()
    tender.close()
    tender.freeze()
    tender.keys("bids", ("regulator", "operator"))
    tender.hold()
    tender.award()
    return tender


def best_value(formula: str = "F1", *, method: str = "best_value", **rules: Any) -> Tender:
    """Two envelopes, marks locked before the price keys: the worked example of the formula F1."""
    tender = Tender(
        method,
        {"formula": formula, "price_points": 40, "quality_points": 60, **rules},
        two_envelopes=True,
        ceiling=20_000,
    )
    tender.publish()
    for number, price in enumerate((10_000, 12_000, 15_000), start=1):
        tender.bid(vendor(number), price)
    tender.close()
    tender.keys("technical")
    tender.lock({vendor(1): (70_000,) * 3, vendor(2): (80_000, 85_000, 90_000), vendor(3): (95_000,) * 3})
    tender.freeze()
    tender.keys("price", ("buyer", "operator"))
    tender.award()
    return tender


def merit_draw() -> Tender:
    """A draw among those at or above the quality line."""
    tender = Tender("merit_draw", {"line": 80_000}, two_envelopes=True)
    tender.publish()
    for number in range(1, 5):
        tender.bid(vendor(number))
    tender.entropies()
    tender.close()
    tender.keys("technical")
    tender.lock({vendor(number): (76_000 + 4_000 * (number - 1),) * 3 for number in range(1, 5)})
    tender.freeze()
    tender.keys("price")
    tender.hold()
    tender.award()
    return tender


def auctioned(variant: str = "rounds") -> Tender:
    """A live auction of four."""
    tender = Tender("auction", {"variant": variant, "step": 10_000, "rounds": 3, "turn": 120})
    tender.publish()
    for number, price in enumerate((1_000_000, 980_000, 1_000_000, 1_200_000), start=1):
        tender.bid(vendor(number), price)
    tender.close()
    tender.freeze()
    tender.keys("bids")
    starts = tender.closes + timedelta(hours=1)
    tender.schedule(starts)
    if variant == "rounds":
        # first round: 4 (1.2 million), then 3 (equal to 1, but later), 1, 2
        for bidder, price, at in ((4, 970_000, 310), (3, 960_000, 430), (1, 955_000, 550), (4, 940_000, 1030)):
            tender.move(vendor(bidder), price, starts + timedelta(seconds=at))
    else:
        for bidder, price, at in ((1, 970_000, 10), (3, 950_000, 890), (1, 930_000, 1005)):
            tender.move(vendor(bidder), price, starts + timedelta(seconds=at))
    tender.award()
    return tender


def direct() -> Tender:
    """One invited vendor."""
    tender = Tender("direct", {"vendor": vendor(1)})
    tender.publish()
    tender.bid(vendor(1), 4_000_000)
    tender.close()
    tender.freeze()
    tender.keys("bids")
    tender.award()
    return tender


def self_revealed() -> Tender:
    """Key holders failed: each bidder reveals his own bid against its commitment."""
    tender = Tender("lowest", {})
    tender.publish()
    opening = {}
    for number, price in ((1, 500), (2, 400)):
        envelope = tender.sealed(vendor(number), "bids", {"price": price})
        tender.receive(envelope)
        keys = {place: tender.key("bids", holder) for place, holder in enumerate(HOLDERS, start=1)}
        opening[bundle.digest_of(tender.envelopes[-1])] = seal.opened(envelope, keys)
    tender.close()
    tender.freeze()
    tender.keys("bids", ("regulator",))
    tender.reveals = [
        {"digest": value, "nonce": inside.nonce.hex(), "bid": inside.bid} for value, inside in sorted(opening.items())
    ]
    tender.award()
    return tender


def replaced() -> Tender:
    """The winner withdraws; the next of the ranking follows."""
    tender = lowest((300, 200, 100))
    tender.withdraw(vendor(3))
    tender.award(outcome=tender.result, winner=vendor(2))
    return tender


def failed() -> Tender:
    """Fewer valid bids than the notice's minimum."""
    return lowest((300, 20_000_000), minimum=2)


def low_price_excluded() -> Tender:
    """An unexplained low price among five bids, excluded after the opening."""
    tender = Tender("lowest", {}, low={"rule": "spain"})
    tender.publish()
    for number, price in enumerate((9_000_000, 9_100_000, 9_200_000, 9_300_000, 5_000_000), start=1):
        tender.bid(vendor(number), price)
    tender.close()
    tender.freeze()
    tender.keys("bids")
    tender.exclude(vendor(5), "low_price")
    tender.award()
    return tender


#: name -> a sound tender of that kind
SOUND: dict[str, Callable[[], Tender]] = {
    "lowest": lowest,
    "lowest with a tie": lambda: lowest((500, 400, 400, 400)),
    "draw": drawn,
    "draw with a beacon": lambda: drawn(with_beacon=True),
    "best value": best_value,
    "best value, linear": lambda: best_value("F2", anchor=8_000),
    "benchmark": lambda: best_value("F5", method="benchmark", k=950, e=1000, mandate="an invented rule"),
    "merit draw": merit_draw,
    "auction in rounds": auctioned,
    "auction with a soft close": lambda: auctioned("soft_close"),
    "direct": direct,
    "self-revealed": self_revealed,
    "replacement": replaced,
    "too few": failed,
    "low price excluded": low_price_excluded,
}


@cache
def sound(name: str) -> bytes:
    """The bundle of a sound tender, made once."""
    return SOUND[name]().bundle()


def policy_bytes() -> bytes:
    """The policy as its JSON file."""
    return policy.write_json(trusted())


def varied(seed: int) -> Tender:
    """A sound tender by lot: every formula, rule for low prices and way of averaging comes up within two dozen seeds."""
    random = Random(seed)
    low = [None, "italy", "spain", "turkey", "korea"][seed % 5]
    rule = None if low is None else {"rule": low, "estimate": 10_000, "rate": 87_745, "n": 110_000}
    formula = ["F1", "F2", "F4", "F5", "F6"][seed % 5 if seed % 2 else random.randrange(5)]
    rules: dict[str, Any] = {"formula": formula, "price_points": 30, "quality_points": 70, "k": 970, "e": 1500}
    rules |= {"trimmed": True} if random.random() < 0.5 else {}
    rules |= {"line": 72_000} if random.random() < 0.4 else {}
    points = seed % 3 > 0
    tender = Tender(
        "benchmark" if points else "lowest", rules if points else {}, two_envelopes=points, ceiling=12_000, low=rule
    )
    tender.publish()
    codes = [vendor(number) for number in range(1, random.randrange(2, 9))]
    for code in codes:
        tender.bid(
            code, random.choice((0, 13_000, 6_000, 8_000, 9_000, 9_500, 9_900, 10_000, random.randrange(7_000, 12_100)))
        )
    tender.entropies(HOLDERS[: random.randrange(4)])
    tender.close()
    experts = [f"expert {number}" for number in range(1, random.choice((3, 5, 6)))]
    if points:
        tender.keys("technical")
        tender.lock({code: [random.randrange(50_000, 100_000) for _ in experts] for code in codes}, experts)
    if len(codes) > 3:
        tender.exclude(codes[-1])
    tender.freeze()
    tender.keys("price" if points else "bids", random.sample(HOLDERS, 2))
    if tender.contents.outcome().seeds:
        tender.hold()
    tender.award()
    return tender
