"""What an operator with all the market's keys could try: each case is a bundle that is signed and in the record, and still wrong.

name -> (a function that makes the bundle, the part and the words that a verifier must answer with).
"""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

from market.bidding import bundle, draw, leaves
from market.bidding.seal import Opened

from . import synthetic
from .synthetic import HOLDERS, Record, Tender, vendor

Case = tuple[Callable[[], bytes], str]


def opened_until_freeze(**more: Any) -> Tender:
    """A tender for the lowest price with three bids, closed."""
    tender = Tender("lowest", {}, **more)
    tender.publish()
    for number, price in enumerate((300, 200, 100), start=1):
        tender.bid(vendor(number), price)
    return tender


def signed_up(tender: Tender) -> Tender:
    """A draw with three vendors and the holders' entropies, closed."""
    tender.publish()
    for number in (1, 2, 3):
        tender.bid(vendor(number))
    tender.entropies()
    tender.close()
    return tender


def opened(tender: Tender) -> Tender:
    """The pool frozen and the keys out, as it should be."""
    tender.freeze()
    tender.keys("bids")
    return tender


def awarded(tender: Tender) -> bytes:
    tender.award()
    return tender.bundle()


def drawn(tender: Tender) -> bytes:
    tender.hold()
    return awarded(tender)


def finished(tender: Tender) -> bytes:
    return awarded(opened(tender))


def late_favour() -> bytes:
    tender = opened_until_freeze()
    tender.record.checkpoint(tender.closes + timedelta(seconds=10))
    tender.bid(vendor(4), 99)
    tender.close(seen=61)
    return finished(tender)


def after_closing() -> bytes:
    """The closing leaf lists an envelope whose own leaf came later."""
    tender = opened_until_freeze()
    entry = {"salt": tender.chance(32).hex(), "envelope": tender.sealed(vendor(4), "bids", {"price": 99})}
    tender.envelopes.append(entry)
    tender.close()
    tender.received[bundle.digest_of(entry)] = tender.tell(leaves.received(bundle.digest_of(entry)))
    tender.record.notes.clear()
    tender.record.checkpoint(tender.closes + timedelta(seconds=30))
    return finished(tender)


def early_key() -> bytes:
    tender = opened_until_freeze()
    tender.keys("bids", HOLDERS[:1])
    tender.close()
    tender.freeze()
    tender.keys("bids", HOLDERS[1:2])
    return awarded(tender)


def other_winner() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    opened(tender)
    tender.award(winner=vendor(1))
    return tender.bundle()


def other_outcome() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    opened(tender)
    plain = tender.contents.outcome().plain()
    tender.award({**plain, "ranking": plain["ranking"][::-1], "winner": vendor(1)})
    return tender.bundle()


def price_keys_before_marks() -> bytes:
    tender = Tender(
        "best_value", {"formula": "F1", "price_points": 40, "quality_points": 60}, two_envelopes=True, ceiling=None
    )
    tender.publish()
    tender.bid(vendor(1), 10_000)
    tender.bid(vendor(2), 12_000)
    tender.close()
    tender.keys("technical")
    tender.freeze()
    tender.keys("price", HOLDERS[:1])
    tender.lock({vendor(1): (70_000,) * 3, vendor(2): (85_000,) * 3})
    tender.keys("price", HOLDERS[1:2])
    return awarded(tender)


def marks_missing() -> bytes:
    tender = synthetic.best_value()
    assert tender.scores is not None
    return replaced_marks(tender, tender.scores["marks"][:-1])


def replaced_marks(tender: Tender, marks: list[dict[str, Any]]) -> bytes:
    """The record told again with other marks from the beginning."""
    again = Tender(tender.method, tender.rules, two_envelopes=True, ceiling=tender.ceiling)
    again.publish()
    for number, price in enumerate((10_000, 12_000, 15_000), start=1):
        again.bid(vendor(number), price)
    again.close()
    again.keys("technical")
    again.scores = {"experts": ["expert 1", "expert 2", "expert 3"], "marks": marks}
    again.tell(leaves.scores_locked(again.code, again.scores))
    again.freeze()
    again.keys("price")
    again.award(tender.result)
    return again.bundle()


def shill_in_the_pool() -> bytes:
    tender = signed_up(Tender("draw", {}))
    tender.freeze([*tender.contents.expected_pool(), {"id": vendor(9), "key": "00" * 32}])
    tender.keys("bids")
    return drawn(tender)


def missing_from_the_pool() -> bytes:
    tender = signed_up(Tender("draw", {}))
    tender.freeze(tender.contents.expected_pool()[1:])
    tender.keys("bids")
    return drawn(tender)


def excluded_after_the_freeze() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    opened(tender)
    tender.exclude(vendor(3))
    return awarded(tender)


def frozen_after_the_keys() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    tender.keys("bids")
    tender.freeze()
    return awarded(tender)


def forged_key() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    opened(tender)
    tender.tell(leaves.key_published(tender.code, "bids", "operator", sha256(b"forged").digest()))
    return awarded(tender)


def key_twice() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    tender.freeze()
    tender.keys("bids", (*HOLDERS[:2], HOLDERS[0]))
    return awarded(tender)


def resigned() -> bytes:
    tender = opened_until_freeze(record=Record(log="another log"))
    tender.close()
    return finished(tender)


def without_witnesses() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    opened(tender)
    tender.award()
    tender.record.checkpoint(tender.closes + timedelta(hours=1), ("audit",))
    return tender.bundle()


def forked() -> bytes:
    """A checkpoint of another tree of the same log among those of the file."""
    tender = opened_until_freeze()
    other = Record()
    other.others(3)
    other.checkpoint(tender.closes - timedelta(hours=1))
    tender.record.notes += other.notes
    tender.close()
    return finished(tender)


def pool_seen_after_the_round() -> bytes:
    tender = signed_up(Tender("draw", {}, with_beacon=True))
    tender.pool = [dict(entry) for entry in tender.contents.expected_pool()]
    tender.tell(leaves.pool_frozen(tender.code, draw.entries_hash(tender.pool), 3))
    tender.record.checkpoint(tender.closes + timedelta(minutes=31))
    tender.keys("bids")
    return drawn(tender)


def other_round() -> bytes:
    tender = Tender("draw", {}, with_beacon=True)
    tender.notice["draw"]["round"] += 1
    signed_up(tender)
    opened(tender)
    tender.beacon = {"signature": synthetic.ROUND_SIGNATURE}
    found = tender.contents.chance()
    tender.tell(leaves.draw_held(tender.code, found.entropies, (found.beacon[0], synthetic.ROUND, found.beacon[2])))
    return awarded(tender)


def other_chain() -> bytes:
    tender = Tender("draw", {}, with_beacon=True)
    tender.notice["draw"]["chain"] = "ab" * 32
    signed_up(tender)
    return drawn(opened(tender))


def entropy_left_out() -> bytes:
    tender = signed_up(Tender("draw", {}))
    opened(tender)
    tender.tell(leaves.draw_held(tender.code, draw.entropies_hash([]), draw.NO_BEACON))
    return awarded(tender)


def tie_without_its_leaf() -> bytes:
    tender = Tender("lowest", {})
    tender.publish()
    tender.bid(vendor(1), 100)
    tender.bid(vendor(2), 100)
    tender.close()
    return finished(tender)


def out_of_turn(price: int = 900_000, at: int = 310, bidder: int = 1) -> bytes:
    tender = Tender("auction", {"variant": "rounds", "step": 10_000})
    tender.publish()
    tender.bid(vendor(1), 950_000)
    tender.bid(vendor(2), 960_000)
    tender.close()
    opened(tender)
    outcome = tender.contents.outcome().plain()
    starts = tender.closes + timedelta(hours=1)
    tender.schedule(starts)
    tender.move(vendor(bidder), price, starts + timedelta(seconds=at))
    tender.award(outcome)
    return tender.bundle()


def unknown_alias() -> bytes:
    tender = Tender("auction", {"variant": "rounds", "step": 10_000})
    tender.publish()
    tender.bid(vendor(1), 950_000)
    tender.close()
    opened(tender)
    outcome = tender.contents.outcome().plain()
    tender.schedule(tender.closes)
    tender.tell(leaves.auction_moved(tender.code, "00000000", 5, tender.closes + timedelta(seconds=310)))
    tender.award(outcome)
    return tender.bundle()


def low_price_of_four() -> bytes:
    tender = Tender("lowest", {}, low={"rule": "spain"})
    tender.publish()
    for number, price in enumerate((9_000_000, 9_100_000, 9_200_000, 5_000_000), start=1):
        tender.bid(vendor(number), price)
    tender.close()
    opened(tender)
    tender.exclude(vendor(4), "low_price")
    return awarded(tender)


def price_not_low() -> bytes:
    tender = Tender("lowest", {}, low={"rule": "spain"})
    tender.publish()
    for number in range(1, 7):
        tender.bid(vendor(number), 9_000_000 + number)
    tender.close()
    opened(tender)
    tender.exclude(vendor(1), "low_price")
    return awarded(tender)


def second_winner() -> bytes:
    tender = synthetic.lowest()
    tender.award(tender.result, winner=vendor(3))
    return tender.bundle()


def failed_with_winners() -> bytes:
    tender = synthetic.lowest()
    assert tender.result is not None
    tender.tell(leaves.failed(tender.code, "none_valid", tender.result))
    return tender.bundle()


def amended_afterwards() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    tender.tell(leaves.amended(tender.code, {**tender.notice, "ceiling": 1}))
    return finished(tender)


def other_notice() -> bytes:
    tender = opened_until_freeze()
    tender.tell(leaves.amended(tender.code, {**tender.notice, "ceiling": 1}))
    tender.close()
    return finished(tender)


def needless_reveal() -> bytes:
    tender = opened_until_freeze()
    tender.close()
    opened(tender)
    inside = tender.contents.opened[vendor(1), "bids"]
    assert isinstance(inside, Opened)
    name = tender.contents.counted[vendor(1), "bids"].digest
    tender.reveals = [{"digest": name, "nonce": inside.nonce.hex(), "bid": inside.bid}]
    return awarded(tender)


def other_reveal() -> bytes:
    tender = synthetic.self_revealed()
    tender.reveals[0] = {**tender.reveals[0], "bid": {"part": "bids", "price": 1}}
    return tender.bundle()


def before_the_notice() -> bytes:
    tender = Tender("lowest", {})
    tender.bid(vendor(1), 100)
    tender.publish()
    tender.bid(vendor(2), 200)
    tender.close()
    return finished(tender)


def rules_incomplete() -> bytes:
    tender = Tender("best_value", {"formula": "F2", "quality_points": 0}, ceiling=1000)
    tender.publish()
    tender.bid(vendor(1), 100)
    tender.close()
    opened(tender)
    tender.award({"reason": "", "ranking": [], "winner": vendor(1)})
    return tender.bundle()


def unknown_method() -> bytes:
    tender = Tender("favourite", {})
    tender.publish()
    tender.bid(vendor(1), 100)
    tender.close()
    opened(tender)
    tender.award({"reason": "", "ranking": [], "winner": vendor(1)})
    return tender.bundle()


CASES: dict[str, Case] = {
    "a bid slipped in before the closing leaf": (late_favour, "no checkpoint that the witnesses saw in time holds it"),
    "an envelope received after the closing": (after_closing, "it comes after the closing"),
    "a key before the closing": (early_key, "it comes before the closing"),
    "another winner": (other_winner, "the award does not follow the ranking"),
    "another ranking": (other_outcome, "outcome: it does not follow from the bids"),
    "prices opened before the marks": (price_keys_before_marks, "before the marks were locked"),
    "marks left out": (marks_missing, "an expert did not mark a bid"),
    "a shill in the pool": (shill_in_the_pool, "pool: it is not everybody"),
    "somebody missing from the pool": (missing_from_the_pool, "pool: it is not everybody"),
    "excluded after the freeze": (excluded_after_the_freeze, "excluded after the pool was frozen"),
    "frozen when the keys were out": (frozen_after_the_keys, "frozen when the seed could be known"),
    "a forged key": (forged_key, "it is not the key that the notice names"),
    "a key twice": (key_twice, "the key was published before"),
    "signed by another log": (resigned, "checkpoint 1: it is not signed as the policy asks"),
    "a checkpoint without its quorum": (without_witnesses, "checkpoint 3: it is not signed as the policy asks"),
    "a forked log": (forked, "checkpoint 1: its tree is not the beginning of the last one's"),
    "a pool frozen after the round": (pool_seen_after_the_round, "seen before its round"),
    "another round": (other_round, "it is not the round that the notice names"),
    "a chain of nobody": (other_chain, "beacon: the policy names no such chain"),
    "an entropy left out": (entropy_left_out, "its entropies are not those of the envelopes"),
    "a tie without its draw": (tie_without_its_leaf, "draw: no leaf shows what its seed is made of"),
    "a move out of turn": (out_of_turn, "the move breaks a rule: not_your_turn"),
    "a move of half a step": (lambda: out_of_turn(955_000, 310, 2), "the move breaks a rule: too_high"),
    "a move in the pause": (lambda: out_of_turn(900_000, 20, 2), "the move breaks a rule: not_bidding"),
    "a move of nobody": (unknown_alias, "no bidder has this alias"),
    "a low price among four": (low_price_of_four, "fewer than five bids"),
    "a price that is not low": (price_not_low, "its price was not low"),
    "two winners": (second_winner, "the award does not follow the ranking"),
    "failed although somebody is left": (failed_with_winners, "it failed although somebody is left"),
    "rules changed after the closing": (amended_afterwards, "it comes after the closing"),
    "an older notice": (other_notice, "notice: it is not the one that its leaf digests"),
    "a needless reveal": (needless_reveal, "nobody needs to reveal"),
    "another bid revealed": (other_reveal, "reveal 1: it is not the bid"),
    "a bid before the notice": (before_the_notice, "it comes before the notice"),
    "rules that lack something": (rules_incomplete, "the notice lacks what its method needs"),
    "a method of nobody": (unknown_method, "the notice lacks what its method needs"),
}
