"""Double entry: what each movement writes, and what no set of postings may do. Pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from market.payments import ledger
from market.payments.ledger import DEBIT, OF_ORDERS, OF_VENDORS, SINGLE, Account, Line, Overdrawn, Unbalanced

ORDER, V = "R-0000000000", "V-0000000000"

#: every movement the market writes, with amounts that differ
MOVEMENTS = [
    ledger.hold(ORDER, 700),
    ledger.hold(ORDER, 700, by_transfer=True),
    ledger.release(ORDER, V, 700, 0),
    ledger.release(ORDER, V, 700, 35),
    ledger.release(ORDER, V, 700, 700),
    ledger.refund_begun(ORDER, 700),
    ledger.refund_done(ORDER, 700),
    ledger.refund_done(ORDER, 700, by_transfer=True),
    ledger.refund_returned(ORDER, 700),
    ledger.late_payment(ORDER, 700),
    ledger.payout_begun(V, 700),
    ledger.payout_paid(V, 700),
    ledger.payout_returned(V, 700, was_paid=True),
    ledger.payout_returned(V, 700, was_paid=False),
    ledger.unreleased(ORDER, V, 700, 35),
    ledger.clawback_begun(ORDER, V, 700, 35),
    ledger.clawback_done(V, 700),
    ledger.debt_met(V, 700),
    ledger.regained_twice(V, 700),
    ledger.chargeback_opened(ORDER, 700),
    ledger.chargeback_won(ORDER, 700),
    ledger.chargeback_lost(ORDER, 700),
    ledger.chargeback_borne(ORDER, 700),
]


@pytest.mark.parametrize("lines", MOVEMENTS, ids=lambda lines: "+".join(line.account for line in lines))
def test_every_movement_adds_up_to_zero_on_accounts_with_the_right_owners(lines: ledger.Lines) -> None:
    assert sum(line.fen for line in lines) == 0
    for line in lines:
        assert line.fen != 0
        owner = "" if line.account in SINGLE else ORDER if line.account in OF_ORDERS else V
        assert line.owner == owner


def test_every_account_has_a_side_and_a_kind_of_owner() -> None:
    assert sorted([*SINGLE, *OF_ORDERS, *OF_VENDORS]) == sorted(Account)
    assert set(Account) > DEBIT


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (Line(Account.GATEWAY, "", 5),),
        (Line(Account.GATEWAY, "", 5), Line(Account.ESCROW, ORDER, -4)),
        (Line(Account.GATEWAY, ORDER, 5), Line(Account.ESCROW, ORDER, -5)),
        (Line(Account.GATEWAY, "", 5), Line(Account.ESCROW, "", -5)),
        (Line(Account.GATEWAY, "", 0), Line(Account.ESCROW, ORDER, 0)),
    ],
)
def test_what_does_not_balance_or_has_the_wrong_owner_is_no_entry(lines: ledger.Lines) -> None:
    with pytest.raises(Unbalanced):
        ledger.entry(*lines)


@pytest.mark.parametrize("fen", [0, -1])
def test_nothing_and_less_than_nothing_cannot_be_moved(fen: int) -> None:
    for build in (ledger.hold, ledger.refund_begun, ledger.chargeback_opened):
        with pytest.raises(Unbalanced):
            build(ORDER, fen)
    with pytest.raises(Unbalanced):
        ledger.release(ORDER, V, fen, 0)


def test_a_fee_is_a_part_of_what_is_released() -> None:
    for fee in (-1, 101):
        with pytest.raises(Unbalanced):
            ledger.release(ORDER, V, 100, fee)


def test_more_than_an_account_holds_cannot_leave_it_and_the_refusal_says_how_much_is_there() -> None:
    book = {(Account.ESCROW, ORDER): 4000, (Account.REFUNDS, ORDER): 0}
    with pytest.raises(Overdrawn) as refused:
        ledger.after(book, ledger.refund_begun(ORDER, 6000))
    assert "¥40.00" in str(refused.value)
    assert ledger.after(book, ledger.refund_begun(ORDER, 4000))[Account.ESCROW, ORDER] == 0


def test_both_sides_of_the_totals_are_equal_exactly_when_all_lines_balance() -> None:
    sums: dict[Account, int] = {}
    for lines in (ledger.hold(ORDER, 700), ledger.release(ORDER, V, 500, 20), ledger.payout_begun(V, 480)):
        for line in lines:
            sums[line.account] = sums.get(line.account, 0) + line.fen
    found = ledger.totals(sums)
    assert found.balanced
    assert found.where[Account.GATEWAY] == 700
    assert (found.whose[Account.ESCROW], found.whose[Account.PAYOUTS], found.whose[Account.FEE]) == (200, 480, 20)
    sums[Account.FEE] -= 1
    assert not ledger.totals(sums).balanced


class Money(RuleBasedStateMachine):
    """Random orders, one after the other or at once: holds, releases, refunds, payouts, returns, clawbacks, chargebacks.

    Whatever the sequence, every entry balances, the totals of both sides are equal, and no account but the gateway's is ever
    below zero; what is refused leaves the books as they were.
    """

    @initialize()
    def begin(self) -> None:
        """Empty books."""
        self.book = {
            (account, owner): 0
            for account in Account
            for owner in ([""] if account in SINGLE else ["O1", "O2"] if account in OF_ORDERS else ["V1", "V2"])
        }

    def write(self, lines: ledger.Lines) -> bool:
        """Write an entry, or find it refused."""
        try:
            self.book = ledger.after(self.book, lines)
        except Overdrawn:
            return False
        return True

    orders = st.sampled_from(["O1", "O2"])
    amounts = st.integers(1, 500)

    @rule(order=orders, fen=amounts, by_transfer=st.booleans())
    def hold(self, order: str, fen: int, by_transfer: bool) -> None:
        """A buyer pays."""
        assert self.write(ledger.hold(order, fen, by_transfer))

    @rule(order=orders, fen=amounts, fee=st.integers(0, 100))
    def release(self, order: str, fen: int, fee: int) -> None:
        """A stage is accepted."""
        held = self.book[Account.ESCROW, order]
        assert self.write(ledger.release(order, order.replace("O", "V"), fen, min(fee, fen))) == (fen <= held)

    @rule(order=orders, fen=amounts)
    def refund(self, order: str, fen: int) -> None:
        """Money goes back."""
        held = self.book[Account.ESCROW, order]
        assert self.write(ledger.refund_begun(order, fen)) == (fen <= held)

    @rule(order=orders, fen=amounts)
    def refund_arrives(self, order: str, fen: int) -> None:
        """The buyer has it."""
        self.write(ledger.refund_done(order, fen))

    @rule(vendor=st.sampled_from(["V1", "V2"]), fen=amounts, act=st.sampled_from(["begin", "pay", "return", "bounce"]))
    def payout(self, vendor: str, fen: int, act: str) -> None:
        """An earning goes, arrives, or comes back."""
        if act == "begin":
            self.write(ledger.payout_begun(vendor, fen))
        elif act == "pay":
            self.write(ledger.payout_paid(vendor, fen))
        elif act == "return":
            self.write(ledger.payout_returned(vendor, fen, was_paid=False))
        else:
            self.write(ledger.payout_returned(vendor, fen, was_paid=True))

    @rule(order=orders, fen=amounts, sent=st.booleans())
    def claw_back(self, order: str, fen: int, sent: bool) -> None:
        """An earning comes back into escrow."""
        vendor = order.replace("O", "V")
        self.write((ledger.clawback_begun if sent else ledger.unreleased)(order, vendor, fen, 0))

    @rule(vendor=st.sampled_from(["V1", "V2"]), fen=amounts)
    def debt_is_paid(self, vendor: str, fen: int) -> None:
        """What a vendor owed is back."""
        self.write(ledger.clawback_done(vendor, fen))

    @rule(order=orders, fen=amounts)
    def chargeback(self, order: str, fen: int) -> None:
        """A buyer's bank takes money."""
        self.write(ledger.chargeback_opened(order, fen))

    @precondition(lambda self: any(self.book[Account.CHARGEBACKS, one] for one in ("O1", "O2")))
    @rule(order=orders, won=st.booleans(), fen=amounts)
    def chargeback_ends(self, order: str, won: bool, fen: int) -> None:
        """It decides."""
        self.write((ledger.chargeback_won if won else ledger.chargeback_lost)(order, fen))

    @invariant()
    def sound(self) -> None:
        """Both sides equal, nothing below zero."""
        where = sum(fen for (account, _), fen in self.book.items() if account in DEBIT)
        whose = sum(fen for (account, _), fen in self.book.items() if account not in DEBIT)
        assert where == whose
        assert whose >= 0
        below = {key for key, fen in self.book.items() if fen < 0}
        assert below <= {(Account.GATEWAY, "")}


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=12), st.integers(0, 1000))
def test_fees_and_shares_of_any_instalments_add_up_to_the_fen(instalments: list[int], permille: int) -> None:
    """KF-MON-17: one rule for every split; the parts add up and none is negative."""
    from datetime import date

    from market.payments import rules

    rates = {date(2020, 1, 1): permille}
    for fen in instalments:
        fee = rules.fee(rates, date(2026, 1, 1), fen)
        assert 0 <= fee <= fen
        assert abs(fee * 1000 - fen * permille) < 1000
        lines = ledger.release(ORDER, V, fen, fee)
        assert sum(line.fen for line in lines) == 0
