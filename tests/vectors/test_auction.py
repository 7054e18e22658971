"""Reverse auctions and what follows them: Prozorro's published cases, exact numbers throughout."""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest

from market.bidding import auction, award_order, low_bids, objection_fee, scoring
from market.bidding.auction import Bid, Refused, Rounds, Terms

from .conftest import read_cases

Given = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    document = read_cases(metafunc.config, "auction/prozorro-cases.json") or {"cases": []}
    cases = [case for case in document["cases"] if case["kind"] in KINDS]
    metafunc.parametrize("case", cases, ids=[case["id"] for case in cases])


def test_auctions_agree_with_the_published_cases(case: Given) -> None:
    found = KINDS[case["kind"]](case["input"])

    assert {name: found[name] for name in case["expected"]} == case["expected"], case["source"]


def exact(text: Any) -> Fraction:
    return Fraction(text)


def plain(value: Fraction) -> str:
    """A number as the cases write it: without needless zeros."""
    if value.denominator == 1:
        return str(value.numerator)
    places = next(n for n in range(30) if (value * 10**n).denominator == 1)
    sign, digits = ("-" if value < 0 else ""), str(abs(value * 10**places)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def bid(given: Given) -> Bid:
    moment = datetime.fromisoformat(given["time"])
    return Bid(
        given["id"],
        exact(given["amount"]),
        int(moment.timestamp() * 1_000_000),
        exact(given.get("coefficient", given.get("denominator", "1"))),
        exact(given.get("non_price_cost", given.get("addition", "0"))),
    )


def turn_order(given: Given) -> Given:
    bids = [bid(one) for one in given["bids"]]
    awards = [one.bidder for one in auction.ranking(bids)]
    return {"move_order": auction.order_of_moves(bids), "winner": awards[0], "award_order": awards}


def own_price(given: Given) -> Fraction:
    """The bidder's last price, from what the case says that it costs."""
    if "amount" in given:
        return exact(given["amount"])
    if "amount_features" in given:
        return exact(given["amount_features"]) * exact(given["coefficient"])
    cost = exact(given["amount_weighted"]) - exact(given.get("non_price_cost", given.get("addition", "0")))
    return cost * exact(given.get("denominator", "1"))


def bid_check(given: Given) -> Given:
    if "situation" in given:
        return situation(given["situation"])
    if given["offer"] == "-1":
        return {"accepted": True, "action": auction.TAKE_BACK}
    own, step = own_price(given["current"]), exact(given["min_step"])
    found: Given = {"max_allowed": plain(Fraction(auction.highest_allowed(own, step))), "accepted": True}
    try:
        auction.check(exact(given["offer"]), own, step)
    except Refused as refused:
        found |= {"accepted": False, "reason": refused.reason.replace("_", " ")}
    return found


def situation(words: str) -> Given:
    """Two bidders, b to move first at second 300: a offers in b's turn, or b in the pause."""
    bids = {name: Bid(name, price, place) for place, (name, price) in enumerate({"a": 100, "b": 200}.items())}
    at, who = (300, "a") if "another" in words else (0, "b")
    with pytest.raises(Refused):
        Rounds(Terms(step=1), bids).moved(who, 50, at=at, stamp=9)
    return {"accepted": False, "reason": "refused"}


def three_rounds(given: Given) -> Given:
    state = Rounds(Terms(step=exact(given["min_step"])), {one["id"]: bid(one) for one in given["bids"]})
    begin = datetime.fromisoformat(given["bids"][0]["time"]).replace(hour=10, minute=0, second=0).timestamp()
    rounds, turns = [], 0
    for number in range(1, 4):
        order = auction.order_of_moves(state.bids.values())
        moves = given["moves"].get(str(number), {})
        accepted, refused = [], []
        for stage in (
            one for one in auction.stages(len(order), state.terms) if (one.round, one.kind) == (number, "bids")
        ):
            turns += 1
            who = state.mover(stage.at)
            assert who == order[stage.turn - 1]
            if who in moves:
                stamp = int((begin + 60 * turns) * 1_000_000)
                try:
                    state = state.moved(who, exact(moves[who]), at=stage.at, stamp=stamp)  # type: ignore[arg-type]
                    accepted.append([who, moves[who]])
                except Refused:
                    refused.append([who, moves[who]])
        rounds.append({"round": number, "move_order": order, "accepted": accepted, "refused": refused})
    final = auction.ranking(state.bids.values())
    return {
        "rounds": rounds,
        "result_order": [one.bidder for one in final],
        "winner": final[0].bidder,
        "price": plain(Fraction(final[0].price)),
    }


def schedule(given: Given) -> Given:
    terms = Terms(
        step=1, first_pause=given["pause_before_round_1_s"], pause=given["pause_other_s"], turn=given["turn_s"]
    )
    stages = auction.stages(given["bidders"], terms)
    return {
        "stages": [[stage.at, stage.kind] for stage in stages],
        "pre_announcement_at_s": stages[-2].at,
        "announcement_at_s": stages[-1].at,
    }


def late_stage(given: Given) -> Given:
    assert given["latency_limit_s"] == auction.LATEST
    return {"action": auction.what_now(given["stage"], given["late_by_s"])}


def meat_cost(given: Given) -> Given:
    coefficient = auction.coefficient(map(exact, given["values"]), exact(given["max_non_price_share"]))
    cost = Bid("x", exact(given["amount"]), 0, coefficient).cost
    return {
        "coefficient": f"{coefficient.numerator}/{coefficient.denominator}",
        "cost_exact": f"{cost.numerator}/{cost.denominator}",
        "cost": scoring.shown(cost),
    }


def lcc_cost(given: Given) -> Given:
    if "non_price_cost" in given:
        addition = exact(given["non_price_cost"])
    else:
        addition = sum((exact(given[name]) for name in given if name != "amount"), Fraction(0))
    return {
        "non_price_cost": plain(addition),
        "cost": plain(Bid("x", exact(given["amount"]), 0, addition=addition).cost),
    }


def mixed_cost(given: Given) -> Given:
    cost = Bid("x", exact(given["amount"]), 0, exact(given["denominator"]), exact(given["addition"])).cost
    return {"cost": scoring.shown(cost)}


def abnormally_low(given: Given) -> Given:
    first, final = ([exact(text) for text in given[name]] for name in ("first_bids", "final_bids"))
    return {"reasons": low_bids.ukrainian_reasons(first, final, given["checked"])}


def award_sequence(given: Given) -> Given:
    awards = award_order.begun(given["bids"], one_at_a_time=given["awarding_order"])
    for action in given["actions"]:
        verb, number = action.split()
        awards = awards.done(verb, int(number))
    return {"awards": [[one.bid, one.state] for one in awards.awards]}


def complaint_fee(given: Given) -> Given:
    value, rate = exact(given["value"]), exact(given["rate_percent"]) / 100
    return {"fee": str(objection_fee.complaint_fee(value, rate, int(given["min"]), int(given["max"])))}


KINDS: dict[str, Callable[[Given], Given]] = {
    "turn_order": turn_order,
    "bid_check": bid_check,
    "three_rounds": three_rounds,
    "schedule": schedule,
    "late_stage": late_stage,
    "meat_cost": meat_cost,
    "lcc_cost": lcc_cost,
    "mixed_cost": mixed_cost,
    "abnormally_low": abnormally_low,
    "award_sequence": award_sequence,
    "complaint_fee": complaint_fee,
}
