"""Reverse auctions: whose turn it is, what counts, when it ends, and that nothing but the moves decides."""

from datetime import datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bidding import auction
from market.bidding.auction import Bid, Move, Refused, Rounds, SoftClose, Terms

TERMS = Terms(step=10)
OPENING = (Bid("a", 1000, 1), Bid("b", 980, 2), Bid("c", 1000, 3))


def rounds() -> Rounds:
    return Rounds(TERMS, {bid.bidder: bid for bid in OPENING})


def soft() -> SoftClose:
    return SoftClose(TERMS, {bid.bidder: bid for bid in OPENING}, TERMS.length)


def refused(reason: str, act: object, *arguments: object, **named: object) -> None:
    with pytest.raises(Refused) as caught:
        act(*arguments, **named)  # type: ignore[operator]
    assert caught.value.reason == reason


def test_the_worst_moves_first_and_the_best_last() -> None:
    state = rounds()
    assert [state.mover(at) for at in (0, 299, 300, 419, 420, 540, 660, 779, 780, 900)] == [
        None, None, "c", "c", "a", "b", None, None, "c", "a",
    ]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 1100), st.integers(0, 3000)), max_size=12))
def test_no_price_rises_and_each_move_is_a_step(moves: list[tuple[str, int, int]]) -> None:
    """I13, I15: whatever is sent, in any order of seconds that goes on."""
    state = rounds()
    for stamp, (bidder, price, at) in enumerate(sorted(moves, key=lambda one: one[2]), start=10):
        before = state.bids
        try:
            state = state.moved(bidder, price, at=at, stamp=stamp)
        except Refused:
            continue
        assert 0 < state.bids[bidder].price <= before[bidder].price - TERMS.step
        assert {name: bid for name, bid in state.bids.items() if name != bidder} == {
            name: bid for name, bid in before.items() if name != bidder
        }


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 1100), st.integers(0, 1500)), max_size=12))
def test_a_soft_close_ends_late_enough_after_the_last_bid_that_counted(moves: list[tuple[str, int, int]]) -> None:
    """I13, I14, KF-BID-05: refused bids put nothing off."""
    state = soft()
    for stamp, (bidder, price, at) in enumerate(sorted(moves, key=lambda one: one[2]), start=10):
        leader = auction.ranking(state.bids.values())[0]
        try:
            after = state.moved(bidder, price, at=at, stamp=stamp)
        except Refused:
            continue
        assert after.ends >= at + TERMS.extension
        assert bidder != leader.bidder
        assert price <= leader.price - TERMS.step
        state = after


def test_only_the_first_improving_bid_puts_the_end_off() -> None:
    """KF-BID-05, row by row: equal, worse, half a step, somebody unknown, then twice the same valid one."""
    state = soft()
    refused("too_high", state.moved, "a", 980, at=890, stamp=4)
    refused("too_high", state.moved, "a", 990, at=890, stamp=5)
    refused("too_high", state.moved, "a", 975, at=890, stamp=6)
    refused("unknown", state.moved, "barred", 900, at=890, stamp=7)
    refused("leading", state.moved, "b", 900, at=890, stamp=8)
    refused("too_low", state.moved, "a", 0, at=890, stamp=9)
    after = state.moved("a", 970, at=890, stamp=10)
    assert after.ends == 1010
    refused("leading", after.moved, "a", 960, at=891, stamp=11)
    refused("not_bidding", after.moved, "b", 950, at=1010, stamp=12)
    assert state.moved("a", 970, at=10, stamp=10).ends == TERMS.length


def test_rounds_refuse_what_is_not_due() -> None:
    refused("not_bidding", rounds().moved, "c", 900, at=-1, stamp=4)
    refused("not_bidding", rounds().moved, "c", 900, at=299, stamp=4)
    refused("not_bidding", rounds().moved, "c", 900, at=100_000, stamp=4)
    refused("not_your_turn", rounds().moved, "a", 900, at=300, stamp=4)
    refused("unknown", rounds().moved, "x", 900, at=300, stamp=4)
    refused("too_high", rounds().moved, "c", 991, at=300, stamp=4)


def test_equal_bids_stand_by_instant_in_every_order_of_arrival() -> None:
    """KF-BID-02, KF-BID-03: times of three ways of writing, as instants; winner, reserve and third the same in all six orders."""
    moments = ("2026-03-10T09:00:00+08:00", "2026-03-10T09:00:00.250000+08:00", "2026-03-10T00:59:59.999999+00:00")
    bids = [
        Bid(name, 1_200_000, int(datetime.fromisoformat(text).timestamp() * 1_000_000))
        for name, text in zip(("whole", "quarter", "utc"), moments, strict=True)
    ]
    for order in permutations(bids):
        assert [bid.bidder for bid in auction.ranking(order)] == ["utc", "whole", "quarter"]
        assert auction.order_of_moves(order) == ["quarter", "whole", "utc"]


def test_a_replay_does_not_depend_on_the_order_of_rows() -> None:
    """I15."""
    moves = [Move("c", 900, 300, 10), Move("a", 890, 420, 11), Move("b", 880, 540, 12)]
    results = {
        tuple(auction.replayed("rounds", TERMS, opening, [list(order)]))
        for order in permutations(moves)
        for opening in permutations(OPENING)
    }
    assert len(results) == 1


def test_a_replay_names_the_move_that_breaks_a_rule() -> None:
    with pytest.raises(Refused) as caught:
        auction.replayed("rounds", TERMS, OPENING, [[Move("c", 900, 300, 10), Move("c", 895, 301, 11)]])
    assert (caught.value.reason, caught.value.stamp) == ("too_high", 11)


def test_without_moves_the_sealed_prices_stand() -> None:
    assert [bid.bidder for bid in auction.replayed("soft_close", TERMS, OPENING, [])] == ["b", "a", "c"]
    with pytest.raises(ValueError, match="no auction"):
        auction.begun("dutch", TERMS, OPENING)
    with pytest.raises(ValueError, match="needs a bidder"):
        auction.begun("rounds", TERMS, [])


@pytest.mark.parametrize(
    ("kind", "late", "act"),
    [
        ("bids", 120, "run"),
        ("bids", 121, "reschedule_auction"),
        ("pause", 180, "reschedule_auction"),
        ("pre_announcement", 180, "run"),
        ("announcement", 9_000, "run"),
    ],
)
def test_what_is_late_begins_anew_but_results_stand(kind: str, late: int, act: str) -> None:
    """KF-BID-07."""
    assert auction.what_now(kind, late) == act
