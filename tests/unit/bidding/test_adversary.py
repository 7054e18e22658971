"""An operator with every key of the market but those of the witnesses does what it likes, in any order: either
nothing came of it, or the tender's file, or a bidder's receipt, shows it."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from market.bidding import bundle, leaves
from market.bidding.bundle_verifier import verify
from market.record import notes
from market.record.findings import Finding
from market.record.verifying import check_all

from . import synthetic
from .synthetic import HOLDERS, ORIGIN, Record, Tender, private, vendor

bidders = st.integers(1, 4).map(vendor)
prices = st.integers(1, 500)


class Operator(RuleBasedStateMachine):
    """A tender for the lowest price. `sins`: what was done that must be found; `receipts`: what honest bidders hold."""

    @initialize()
    def publish(self) -> None:
        self.tender = Tender("lowest", {})
        self.tender.publish()
        self.sins: list[str] = []
        self.receipts: dict[str, int] = {}
        self.dropped: set[str] = set()
        self.prices: dict[str, int] = {}
        self.keys = 2
        self.pool: list[dict[str, Any]] | None = None
        self.seen = 20
        self.late: list[dict[str, Any]] = []

    @rule(bidder=bidders, price=prices)
    def bid(self, bidder: str, price: int) -> None:
        """An honest bidder, perhaps for the second time; he keeps his receipt."""
        index = self.tender.receive(self.tender.sealed(bidder, "bids", {"price": price}))
        self.receipts[bundle.digest_of(self.tender.envelopes[-1])] = index
        self.prices[bidder] = price

    @precondition(lambda self: self.tender.envelopes)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """The envelope of a bidder sent once more: it is his own bid again, so his last version is what he sealed
        before."""
        envelope = data.draw(st.sampled_from(self.tender.envelopes))["envelope"]
        if not envelope["com"].startswith("00" * 32):
            self.tender.receive(envelope)
            keys = {1: self.tender.key("bids", HOLDERS[0]), 2: self.tender.key("bids", HOLDERS[1])}
            try:
                self.prices[envelope["bidder"]] = synthetic.seal.opened(envelope, keys).bid["price"]
            except synthetic.seal.Unopened:
                self.prices.pop(envelope["bidder"], None)

    @precondition(lambda self: self.tender.envelopes)
    @rule(data=st.data(), thief=st.integers(7, 9).map(vendor))
    def copy(self, data: st.DataObject, thief: str) -> None:
        """The envelope of somebody under another name: it opens for nobody."""
        envelope = data.draw(st.sampled_from(self.tender.envelopes))["envelope"]
        self.tender.receive({**envelope, "bidder": thief})
        self.prices.pop(thief, None)

    @rule(price=prices)
    def shill(self, price: int) -> None:
        """A straw bidder on time is a bidder like any other: it can win only by being lower."""
        self.tender.receive(self.tender.sealed(vendor(6), "bids", {"price": price}))
        self.prices[vendor(6)] = price

    @precondition(lambda self: len(self.receipts) > len(self.dropped) + 1)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """A bid is left out of the closing leaf."""
        self.dropped.add(data.draw(st.sampled_from(sorted(set(self.receipts) - self.dropped))))

    @rule()
    def publish_a_key_early(self) -> None:
        self.tender.keys("bids", HOLDERS[2:])
        self.sins.append("an early key")

    @rule(price=prices)
    def slip_in_later(self, price: int) -> None:
        """A favour after the witnesses saw the state that counts."""
        self.late.append({"bidder": vendor(5), "price": price})

    @rule()
    def close_late(self) -> None:
        """The closing state reaches the witnesses too late; they write their own time."""
        self.seen = 61

    @rule()
    def withhold(self) -> None:
        """One key holder too few: void, in public; nobody's bid was read."""
        self.keys = 1

    @rule()
    def fork(self) -> None:
        """A state of another tree, signed with the true key and, since it came first, by witnesses."""
        other = Record()
        other.others(2 + len(self.tender.record.notes))
        other.checkpoint(self.tender.closes - timedelta(hours=2))
        self.tender.record.notes[:0] = other.notes
        self.sins.append("a fork")

    @rule()
    def add_to_the_pool(self) -> None:
        self.pool = [{"id": vendor(99), "key": "00" * 32}]

    @rule()
    def reorder_and_restart(self) -> None:
        """A restart forgets nothing: all is read from the record. Rows in another order make no difference."""
        self.tender.envelopes.reverse()
        self.tender.told.reverse()

    def teardown(self) -> None:
        """Close, open, award; then look at what a stranger and the bidders can see."""
        if not hasattr(self, "tender") or not self.tender.envelopes:
            return
        tender = self.tender
        tender.record.notes.sort(key=lambda note: note[0])
        if self.late:
            tender.record.checkpoint(tender.closes)
            for one in self.late:
                tender.receive(tender.sealed(one["bidder"], "bids", {"price": one["price"]}))
            self.seen = 61
        tender.close(leave_out=self.dropped, seen=self.seen)
        tender.freeze(None if self.pool is None else [*tender.contents.expected_pool(), *self.pool])
        tender.keys("bids", HOLDERS[: self.keys])
        if tender.contents.outcome().seeds:
            tender.hold()
        tender.award()
        found = verify(tender.bundle(), synthetic.trusted())
        self.judge(found)

    def judge(self, found: list[Finding]) -> None:
        """Each sin has its line; without one the result is what a child would say."""
        text = "\n".join(map(str, found))
        told = {
            "an early key": "before the closing" in text,
            "a fork": "not the beginning of the last" in text or "not larger than the one before" in text,
        }
        bound = "checkpoint" not in text
        if "a fork" in self.sins:
            assert told["a fork"], text
        elif self.seen > 60:
            assert "no checkpoint that the witnesses saw in time" in text, text
        elif bound:
            assert told["an early key"] == ("an early key" in self.sins), text
            assert ("pool: " in text) == (self.pool is not None), text
        for digest in self.dropped:
            closing = next(leaf for _, leaf in self.tender.contents.leaves if leaf["event"] == "tender.closed")
            assert digest not in closing["digests"]
        if not (self.sins or self.dropped or self.pool or self.late or self.seen > 60):
            assert found == [], text
            assert self.tender.result is not None
            winner = self.tender.result["winner"]
            if self.keys < 2:
                assert winner is None
            elif self.prices:
                assert self.prices[winner] == min(self.prices.values())


TestOperator = Operator.TestCase
TestOperator.settings = settings(
    max_examples=60,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_two_roots_of_one_size_are_proof_of_two_views() -> None:
    """I2: the operator shows one state to some and another to others; whoever holds both has the proof."""
    shown = []
    for words in (b"one", b"two"):
        record = Record()
        record.others(2)
        record.texts.append(words)
        shown.append(record.checkpoint(synthetic.CLOSES))
    results = check_all(
        [("mine", shown[0].encode()), ("theirs", shown[1].encode())], synthetic.trusted(), lambda content, trusted: []
    )
    assert [bool(found) for _, found in results] == [False, True]
    assert "fork" in str(results[1][1][0])


def test_witnesses_write_their_own_time() -> None:
    """Back-dating: a cosignature with another time than the witness signed does not hold."""
    record = Record()
    record.others(2)
    honest = notes.read_note(record.checkpoint(synthetic.CLOSES + timedelta(hours=1)))
    earlier = int(synthetic.CLOSES.timestamp())
    forged = tuple(
        one if one.name == ORIGIN else notes.Signature(one.name, one.id, earlier.to_bytes(8, "big") + one.blob[8:])
        for one in honest.signatures
    )
    trusted = synthetic.trusted()
    assert check_all([("n", str(honest).encode())], trusted, lambda content, policy: [])[0][1] == []
    assert check_all([("n", str(notes.Note(honest.text, forged)).encode())], trusted, lambda content, policy: [])[0][1]


def test_a_key_that_was_never_in_the_notice_opens_nothing() -> None:
    tender = Tender("lowest", {})
    tender.publish()
    tender.bid(vendor(1), 5)
    tender.close()
    tender.freeze()
    made_up = private("nobody").private_bytes_raw()
    tender.tell(leaves.key_published(tender.code, "bids", "notary", made_up))
    tender.keys("bids", HOLDERS[:1])
    tender.award()
    assert tender.result is not None
    assert tender.result["winner"] is None
    assert "it is not the key that the notice names" in str(verify(tender.bundle(), synthetic.trusted())[0])
