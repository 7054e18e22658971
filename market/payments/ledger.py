"""Double entry, pure: what each movement of money writes, and what no set of postings may do.

An entry is a set of lines, each an account, its owner (an order's or a vendor's code; none for the accounts of which there is
one) and fen: debit above zero, credit below. The lines of an entry add up to zero. Accounts of the debit side say where money
lies or who owes it, those of the credit side whose it is:

    debit   gateway       what lies at the payment service         credit  escrow     held for an order
            bank          what lies on the market's bank account           vendor     earned by a vendor, not yet sent
            chargebacks   taken by a buyer's bank, undecided               payouts    sent to a vendor, not yet there
            vendor_debt   to come back from a vendor                       refunds    on its way back to a buyer
            losses        borne by the market                              fee        the platform's fee

No account of an order or a vendor may fall below zero. The gateway may: a buyer's bank takes what was paid out already, so that
the market's own money stands in until the bank has decided or the vendor has given it back. So may the bank: a card's refund that
failed goes out by bank transfer, while the money itself lies at the gateway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from market.kernel.errors import RuleBroken
from market.kernel.money import Money
from market.kernel.words import N_


class Account(StrEnum):
    """The kinds of account."""

    GATEWAY = "gateway"
    BANK = "bank"
    CHARGEBACKS = "chargebacks"
    VENDOR_DEBT = "vendor_debt"
    LOSSES = "losses"
    ESCROW = "escrow"
    VENDOR = "vendor"
    PAYOUTS = "payouts"
    REFUNDS = "refunds"
    FEE = "fee"


DEBIT = frozenset({Account.GATEWAY, Account.BANK, Account.CHARGEBACKS, Account.VENDOR_DEBT, Account.LOSSES})
#: the accounts of which there is one for the whole market
SINGLE = frozenset({Account.GATEWAY, Account.BANK, Account.FEE, Account.LOSSES})
#: owned by an order, and by a vendor
OF_ORDERS = frozenset({Account.ESCROW, Account.REFUNDS, Account.CHARGEBACKS})
OF_VENDORS = frozenset({Account.VENDOR, Account.PAYOUTS, Account.VENDOR_DEBT})

Key = tuple[Account, str]


class Overdrawn(RuleBroken):
    """An account would fall below zero: more would leave it than is there."""

    code = "overdrawn"


class Unbalanced(ValueError):
    """The lines of an entry do not add up to zero: a fault of the program, never of a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """`fen` on an account: debit above zero, credit below, never zero."""

    account: Account
    owner: str
    fen: int


Lines = tuple[Line, ...]


def entry(*lines: Line) -> Lines:
    """The lines that move something, checked: at least two, owners as the account wants them, sum zero. Else Unbalanced."""
    kept = tuple(line for line in lines if line.fen)
    if len(kept) < 2 or sum(line.fen for line in kept) != 0:
        raise Unbalanced(f"{kept} does not balance")
    if wrong := [line for line in kept if (line.account in SINGLE) is bool(line.owner)]:
        raise Unbalanced(f"{wrong} has the wrong owner")
    return kept


def move(source: Key, target: Key, fen: int) -> Lines:
    """`fen` (above zero) out of `source` into `target`, whatever the sides of the two accounts.

    Out of an account of the debit side is a credit, and so is into one of the credit side; two accounts of one side simply
    exchange. A debit and a credit account change together: money that comes in (gateway, escrow) or goes out is `grow` and
    `shrink`.
    """
    if fen <= 0:
        raise Unbalanced(f"{fen} fen move nothing")
    if (source[0] in DEBIT) != (target[0] in DEBIT):
        raise Unbalanced(f"{source[0]} and {target[0]} grow and shrink together")
    out = -fen if source[0] in DEBIT else fen
    return entry(Line(*source, out), Line(*target, -out))


def grow(place: Key, whose: Key, fen: int) -> Lines:
    """`fen` come in: to `place` (debit side) and for `whose` (credit side)."""
    if fen <= 0 or place[0] not in DEBIT or whose[0] in DEBIT:
        raise Unbalanced(f"{fen} fen cannot come to {place[0]} for {whose[0]}")
    return entry(Line(*place, fen), Line(*whose, -fen))


def shrink(place: Key, whose: Key, fen: int) -> Lines:
    """`fen` go out: from `place` (debit side), out of what was `whose` (credit side)."""
    if fen <= 0 or place[0] not in DEBIT or whose[0] in DEBIT:
        raise Unbalanced(f"{fen} fen cannot leave {place[0]} out of {whose[0]}")
    return entry(Line(*place, -fen), Line(*whose, fen))


GATEWAY: Key = (Account.GATEWAY, "")
BANK: Key = (Account.BANK, "")
FEE: Key = (Account.FEE, "")


def place_of(by_transfer: bool) -> Key:
    """Where money lies: on the market's bank account when it came by bank transfer, else at the gateway."""
    return BANK if by_transfer else GATEWAY


def hold(order: str, fen: int, by_transfer: bool = False) -> Lines:
    """A buyer's payment is in escrow."""
    return grow(place_of(by_transfer), (Account.ESCROW, order), fen)


def release(order: str, vendor: str, fen: int, fee_fen: int) -> Lines:
    """`fen` of escrow become the vendor's, less `fee_fen` (0 to fen)."""
    if not 0 <= fee_fen <= fen or fen <= 0:
        raise Unbalanced(f"a fee of {fee_fen} on {fen}")
    return entry(
        Line(Account.ESCROW, order, fen), Line(Account.VENDOR, vendor, fee_fen - fen), Line(Account.FEE, "", -fee_fen)
    )


def refund_begun(order: str, fen: int) -> Lines:
    """Held money is on its way back to the buyer."""
    return move((Account.ESCROW, order), (Account.REFUNDS, order), fen)


def refund_done(order: str, fen: int, by_transfer: bool = False) -> Lines:
    """The buyer has it back."""
    return shrink(place_of(by_transfer), (Account.REFUNDS, order), fen)


def refund_returned(order: str, fen: int) -> Lines:
    """The buyer's bank returned a refund that was done: it lies at the gateway again and is still the buyer's."""
    return grow(GATEWAY, (Account.REFUNDS, order), fen)


def late_payment(order: str, fen: int, by_transfer: bool = False) -> Lines:
    """A payment that nobody owes any more came in: it is the buyer's from the first moment."""
    return grow(place_of(by_transfer), (Account.REFUNDS, order), fen)


def payout_begun(vendor: str, fen: int) -> Lines:
    """An earning is on its way to the vendor's bank."""
    return move((Account.VENDOR, vendor), (Account.PAYOUTS, vendor), fen)


def payout_paid(vendor: str, fen: int, by_transfer: bool = False) -> Lines:
    """The vendor's bank took it."""
    return shrink(place_of(by_transfer), (Account.PAYOUTS, vendor), fen)


def payout_returned(vendor: str, fen: int, was_paid: bool, by_transfer: bool = False) -> Lines:
    """The vendor's bank returned it (after it had taken it: `was_paid`): it is the vendor's again."""
    if was_paid:
        return grow(place_of(by_transfer), (Account.VENDOR, vendor), fen)
    return move((Account.PAYOUTS, vendor), (Account.VENDOR, vendor), fen)


def unreleased(order: str, vendor: str, fen: int, fee_fen: int) -> Lines:
    """An earning that was not sent yet goes back to escrow, with the fee that was kept of it."""
    return entry(
        Line(Account.ESCROW, order, -fen - fee_fen), Line(Account.VENDOR, vendor, fen), Line(Account.FEE, "", fee_fen)
    )


def clawback_begun(order: str, vendor: str, fen: int, fee_fen: int) -> Lines:
    """An earning that was sent already is to come back: held for the order again, owed by the vendor; with the fee kept of it."""
    return entry(
        Line(Account.ESCROW, order, -fen - fee_fen),
        Line(Account.VENDOR_DEBT, vendor, fen),
        Line(Account.FEE, "", fee_fen),
    )


def clawback_done(vendor: str, fen: int, by_transfer: bool = False) -> Lines:
    """The vendor's money is back where the market's money lies."""
    return move((Account.VENDOR_DEBT, vendor), place_of(by_transfer), fen)


def debt_met(vendor: str, fen: int) -> Lines:
    """A payout came back while money was to be taken back of it: the vendor owes nothing, since it never got it."""
    return shrink((Account.VENDOR_DEBT, vendor), (Account.VENDOR, vendor), fen)


def regained_twice(vendor: str, fen: int) -> Lines:
    """A payout came back after its money had been taken back of the vendor's account: what came back fills that account."""
    return shrink(GATEWAY, (Account.VENDOR, vendor), fen)


def chargeback_opened(order: str, fen: int) -> Lines:
    """The buyer's bank took the money; whose it is is not decided."""
    return move(GATEWAY, (Account.CHARGEBACKS, order), fen)


def chargeback_won(order: str, fen: int) -> Lines:
    """The bank gave it back."""
    return move((Account.CHARGEBACKS, order), GATEWAY, fen)


def chargeback_lost(order: str, fen: int) -> Lines:
    """The buyer keeps it: out of what the order holds."""
    return shrink((Account.CHARGEBACKS, order), (Account.ESCROW, order), fen)


def chargeback_borne(order: str, fen: int) -> Lines:
    """The buyer has it twice, since a refund had gone out before: the market bears it."""
    return move((Account.CHARGEBACKS, order), (Account.LOSSES, ""), fen)


def balance(account: Account, total: int) -> int:
    """What an account holds, from the sum of its lines: counted on its own side, so that it is not below zero."""
    return total if account in DEBIT else -total


def after(balances: Mapping[Key, int], lines: Iterable[Line]) -> dict[Key, int]:
    """The balances after an entry. `Overdrawn` when one would fall below zero and falls by this entry.

    An account whose balance is not given is not judged, nor the gateway's and the bank's.
    """
    found = dict(balances)
    for line in lines:
        key = (line.account, line.owner)
        if key not in found:
            continue
        change = balance(line.account, line.fen)
        found[key] += change
        if found[key] < 0 and change < 0 and line.account not in (Account.GATEWAY, Account.BANK):
            raise Overdrawn(
                N_("Only %(left)s is there."),
                remedy=N_("Load the page again: somebody else may have moved money meanwhile."),
                left=Money(found[key] - change),
            )
    return found


@dataclass(frozen=True, slots=True)
class Totals:
    """All money, seen from both sides: where it lies (and who owes it), and whose it is. Equal, or the ledger is wrong."""

    where: Mapping[Account, int]
    whose: Mapping[Account, int]

    @property
    def balanced(self) -> bool:
        """Both sides are equal."""
        return sum(self.where.values()) == sum(self.whose.values())


def totals(sums: Mapping[Account, int]) -> Totals:
    """The two sides from the sum of all lines of each kind of account."""
    held = {account: balance(account, sums.get(account, 0)) for account in Account}
    return Totals(
        {account: fen for account, fen in held.items() if account in DEBIT},
        {account: fen for account, fen in held.items() if account not in DEBIT},
    )
