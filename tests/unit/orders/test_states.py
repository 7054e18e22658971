"""The table of states, and who may move what."""

from market.orders import rules
from market.orders.states import AT_WORK, OPEN, TRANSITIONS, WHO, OrderState, Party

ENDS = {OrderState.CLOSED, OrderState.CANCELLED, OrderState.FAILED}


def test_every_verb_has_somebody_who_may_and_nobody_may_what_is_no_verb() -> None:
    assert {verb for _, verb in TRANSITIONS} == set(WHO)
    assert all(WHO.values())


def test_from_every_state_an_order_can_come_to_an_end() -> None:
    reach = {state: {after for (before, _), after in TRANSITIONS.items() if before is state} for state in OrderState}
    for state in OrderState:
        seen, new = {state}, {state}
        while new:
            new = {after for one in new for after in reach[one]} - seen
            seen |= new
        assert seen & ENDS, state
    assert all(not reach[state] for state in ENDS)


def test_every_state_but_the_first_is_reached() -> None:
    assert set(OrderState) - set(TRANSITIONS.values()) == set()
    assert set(OrderState) - ENDS == OPEN
    assert AT_WORK < OPEN


def test_who_may_call_off_is_what_the_table_allows() -> None:
    table = {state for state, verb in TRANSITIONS if verb == "cancel"}
    for party, states in rules.MAY_CANCEL.items():
        assert party in WHO["cancel"], party
        assert states <= table, party
    assert rules.MAY_CANCEL[Party.BUYER] == table
    # a vendor that is asked declines; it has nothing to call off before it is awarded
    assert OrderState.SELECTING not in rules.MAY_CANCEL[Party.VENDOR]


def test_every_state_says_what_can_be_done_instead() -> None:
    assert set(rules.INSTEAD) == set(OrderState)
