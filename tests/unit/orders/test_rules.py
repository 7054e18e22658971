"""Ways of selection, drafts, reasons, what calling off costs."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.kernel.errors import Invalid, RuleBroken
from market.orders import rules
from market.orders.rules import BuyerKind, DraftFacts, Fund, Need, Stage, Way
from market.orders.states import MilestoneState as M
from market.orders.states import Party

LIMIT = 5_000_000
PRIVATE = Need(BuyerKind.FIRM, Fund.PRIVATE, 9_000_000, 0, LIMIT, 365)
FISCAL = Need(BuyerKind.PUBLIC_BODY, Fund.FISCAL, 3_000_000, 0, LIMIT, 365)
REASON = "两个项目地点与立项都不同，分别审批，不是同一需求。"

#: need -> (permitted, needs a justification) of direct choice
DIRECT = [
    ("own money, however much", PRIVATE, (True, False)),
    ("own money, no amount said", replace(PRIVATE, amount_fen=None), (True, False)),
    ("own money is not added up", replace(PRIVATE, others_fen=LIMIT), (True, False)),
    ("fiscal, below the limit", FISCAL, (True, False)),
    ("fiscal, one fen below", replace(FISCAL, amount_fen=LIMIT - 1), (True, False)),
    ("fiscal, at the limit", replace(FISCAL, amount_fen=LIMIT), (False, False)),
    ("fiscal, above", replace(FISCAL, amount_fen=LIMIT + 1), (False, False)),
    ("fiscal, no amount said", replace(FISCAL, amount_fen=None), (False, False)),
    ("a firm with fiscal money", replace(FISCAL, kind=BuyerKind.FIRM, amount_fen=LIMIT), (False, False)),
    ("together one fen below", replace(FISCAL, others_fen=LIMIT - 3_000_001), (True, False)),
    ("together at the limit", replace(FISCAL, others_fen=LIMIT - 3_000_000), (True, True)),
    ("together above", replace(FISCAL, others_fen=LIMIT), (True, True)),
    ("zero is an amount", replace(FISCAL, amount_fen=0), (True, False)),
]


@pytest.mark.parametrize(("words", "need", "answer"), DIRECT, ids=[case[0] for case in DIRECT])
def test_direct_choice(words: str, need: Need, answer: tuple[bool, bool]) -> None:
    found = rules.way_for(need, Way.DIRECT)
    assert (found.permitted, found.justify) == answer
    assert found.why.what
    if not found.permitted:
        assert found.why.rule
        assert found.why.remedy


@pytest.mark.parametrize("way", list(Way))
def test_a_way_says_why_it_is_not_open(way: Way) -> None:
    found = rules.way_for(replace(FISCAL, price_kind="set"), way)
    assert found.permitted is (way not in rules.BY_PRICE)
    assert found.held is (way in rules.HELD)
    assert found.why.what
    if not found.permitted:
        assert found.why.remedy


def test_only_what_is_held_can_be_chosen() -> None:
    assert rules.check_way(FISCAL, Way.DIRECT, "") is False
    with pytest.raises(RuleBroken, match="not yet in this market"):
        rules.check_way(FISCAL, Way.DRAW, "")
    with pytest.raises(RuleBroken, match="not below the limit"):
        rules.check_way(replace(FISCAL, amount_fen=LIMIT), Way.DIRECT, REASON)


def test_a_divided_need_wants_a_reason_and_an_operator() -> None:
    divided = replace(FISCAL, others_fen=LIMIT)
    for words in ("", " " * 40, "x" * (rules.JUSTIFICATION - 1)):
        with pytest.raises(Invalid) as refused:
            rules.check_way(divided, Way.DIRECT, words)
        assert "justification" in refused.value.fields
    assert rules.check_way(divided, Way.DIRECT, REASON) is True


def test_whose_money_it_is() -> None:
    for kind, fund in ((BuyerKind.CITIZEN, Fund.FISCAL), (BuyerKind.PUBLIC_BODY, Fund.PRIVATE)):
        with pytest.raises(Invalid):
            rules.check_fund(kind, fund)
    for kind, fund in (
        (BuyerKind.CITIZEN, Fund.PRIVATE), (BuyerKind.PUBLIC_BODY, Fund.FISCAL), (BuyerKind.FIRM, Fund.PRIVATE),
        (BuyerKind.FIRM, Fund.FISCAL),
    ):  # fmt: skip
        rules.check_fund(kind, fund)


# A draft ----------------------------------------------------------------------------------------------------------------

TODAY = date(2026, 3, 4)
DRAFT = DraftFacts("stability-risk", "项目", "610117", None, None, Fund.PRIVATE, Way.DIRECT, "L-7K3M9Q2FX")

WRONG = [
    ("item", {"item": None}),
    ("title", {"title": " "}),
    ("district", {"district": None}),
    ("district", {"district": "110101"}),
    ("needed_by", {"needed_by": date(2026, 3, 3)}),
    ("ceiling", {"fund": Fund.FISCAL}),
    ("way", {"way": None}),
    ("listing", {"listing": None}),
]


@pytest.mark.parametrize(("field", "change"), WRONG)
def test_a_draft_that_nobody_could_answer_is_refused_by_field(field: str, change: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_draft(replace(DRAFT, **change), districts=frozenset({"610117"}), today=TODAY)
    assert list(refused.value.fields) == [field]


def test_a_whole_draft_passes_and_today_is_a_day() -> None:
    for draft in (DRAFT, replace(DRAFT, needed_by=TODAY), replace(DRAFT, fund=Fund.FISCAL, ceiling_fen=0)):
        rules.check_draft(draft, districts=frozenset({"610117"}), today=TODAY)


NUMBERS = [
    ("120", 120), ("1,200.5", Fraction(2401, 2)), ("１２０", 120), (" 80 ", 80), ("0.01", Fraction(1, 100)),
    ("", None), ("0", None), ("-5", None), ("NaN", None), ("Infinity", None), ("1e400", None), ("八十", None), (None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_numbers_as_people_type_them(text: str | None, value: Fraction | int | None) -> None:
    assert rules.number(text) == value


# Reasons ----------------------------------------------------------------------------------------------------------------


def test_a_reason_is_one_of_the_list_and_other_says_it_in_words() -> None:
    rules.check_reason("full", "", rules.DECLINE_REASONS)
    rules.check_reason("other", "说明", rules.DECLINE_REASONS)
    for reason, words in (("", ""), ("none", ""), ("other", " "), ("full", "x" * 2001)):
        with pytest.raises(Invalid):
            rules.check_reason(reason, words, rules.DECLINE_REASONS)
    for reasons in rules.CANCEL_REASONS_OF.values():
        assert set(reasons) <= set(rules.CANCEL_REASONS)


# Calling off ------------------------------------------------------------------------------------------------------------


def stages(*entries: tuple[int, bool, M]) -> list[Stage]:
    return [Stage(*entry) for entry in entries]


COSTS = [
    ("nothing held", stages((100_00, False, M.WAITING)), Party.BUYER, (0, 0)),
    ("held, not begun", stages((100_00, True, M.WAITING)), Party.BUYER, (100_00, 0)),
    ("under way", stages((100_00, True, M.UNDER_WAY)), Party.BUYER, (100_00, 30_00)),
    ("rounded half up", stages((5, True, M.UNDER_WAY)), Party.BUYER, (5, 2)),
    (
        "accepted stages were released",
        stages((70_00, True, M.ACCEPTED), (30_00, True, M.WAITING)),
        Party.BUYER,
        (30_00, 0),
    ),
    (
        "only the stage at work",
        stages((60_00, True, M.UNDER_WAY), (40_00, True, M.WAITING)),
        Party.BUYER,
        (100_00, 18_00),
    ),
    ("the vendor keeps nothing when it calls off", stages((100_00, True, M.UNDER_WAY)), Party.VENDOR, (100_00, 0)),
    ("nor when the market does", stages((100_00, True, M.UNDER_WAY)), Party.MARKET, (100_00, 0)),
]


@pytest.mark.parametrize(("words", "held", "party", "cost"), COSTS, ids=[case[0] for case in COSTS])
def test_what_calling_off_costs(words: str, held: list[Stage], party: Party, cost: tuple[int, int]) -> None:
    found = rules.cost_of_cancelling(held, party, waiting_permille=0, working_permille=300)
    assert (found.held_fen, found.vendor_fen) == cost
    assert found.buyer_fen == found.held_fen - found.vendor_fen


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.booleans(), st.sampled_from(list(M))), max_size=6),
    st.sampled_from([Party.BUYER, Party.VENDOR, Party.MARKET]),
    st.integers(0, 1000),
    st.integers(0, 1000),
)
def test_no_fen_is_lost_or_made(entries: list[tuple[int, bool, M]], party: Party, waiting: int, working: int) -> None:
    found = rules.cost_of_cancelling(stages(*entries), party, waiting_permille=waiting, working_permille=working)
    assert 0 <= found.vendor_fen <= found.held_fen
    assert found.vendor_fen + found.buyer_fen == found.held_fen
