"""The second part of the demo market: orders in every state, told through the operations, with money that moves.

Each order is a tale of its own: one transaction (transaction.in_bulk) in which every act happens at its own moment of the past
months, known again by the number in its title. A run that is killed leaves whole tales only, and the next one tells the rest; a
last account marks the end. Where a practice bank is configured, firms and citizens really pay there and vendors' accounts are
opened and paid; without one public bodies order in their place and pay by bank transfers that two officers find on the
statement. Everything is invented and says so.
"""

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from flask import current_app
from sqlalchemy import func, select

from market import clock
from market.accounts import kept_keys
from market.accounts import operations as accounts
from market.accounts import queries as account_queries
from market.accounts.models import Membership, Organisation, OrganisationKind, Person
from market.accounts.practice import DEMO_DOMAIN, demo_password
from market.catalogue import queries as catalogue
from market.centres import acting, counter_operations
from market.centres import operations as centres
from market.centres import queries as centre_queries
from market.centres.states import Act, ConfirmedHow, ConsentHow, Deed, Outcome, Visit
from market.db import db
from market.documents import operations as documents
from market.documents.rules import Purpose
from market.kernel.actor import Actor, Role, system
from market.kernel.calendar import start_of_day
from market.kernel.errors import Forbidden, Refusal
from market.kernel.identifiers import OLDEST_YEARS, resident_check
from market.kernel.words import N_
from market.listings import queries as listings
from market.listings.models import Listing
from market.listings.states import ListingState
from market.orders import (
    answer_operations,
    contract_operations,
    dispute_operations,
    draft_operations,
    notice_operations,
    offers,
    operations,
    placing_operations,
    work_operations,
    work_queries,
)
from market.orders import queries as orders
from market.orders.models import BuyerKind, Contract, Order
from market.orders.rules import QUANTITY, Project, Way
from market.pages.demo import BY, COUNTER_DISTRICT, MARKER, sample_pdf
from market.pages.demo_plan import DATA
from market.payments import asking, payout_operations, transfer_operations
from market.payments import jobs as payment_jobs
from market.payments import operations as payments
from market.payments.bank_gateway import BankGateway
from market.payments.models import Escrow, Method, Payment, Payout, PayoutAccount, Refund, TransferKind
from market.payments.states import PAYABLE
from market.ratings import operations as ratings
from market.ratings.rules import DIMENSIONS
from market.transaction import in_bulk, later, transactional
from market.vendors.models import Vendor
from market.vendors.states import VendorState

TEXTS: Mapping = DATA["orders"]
SEED = 2511
#: who has it has all orders of the demo: it is opened last
DONE = f"orders@{DEMO_DOMAIN}"
CENTRE = f"{COUNTER_DISTRICT}-01"
#: most of one service from one public body, so that none is divided (terms.py, direct_limit_fen)
FISCAL_MOST = 4_900_000
#: an offer is chosen at a price (fen) in between
LEAST, MOST = 5_000, 2_400_000
#: the first half of a year: finished orders begin so many days back at most, and end so many before today
SPAN, REST = 190, 55
#: vendors with finished orders, vendors with orders at all
BUSY, SELLERS = 8, 14
#: so many orders of one vendor finish
EACH = 6

Step = tuple[datetime, Callable[[], object]]
Say = Callable[[str], object]

#: what happens in a tale, in order; a figure is how many working days pass before it
SIGNED = "begin place confirm:1 sign"
PAID = f"{SIGNED} pay:1"
DELIVERED = f"{PAID} start:1 deliver:2"
#: tales that are not over: how they went, and whether a firm or citizen pays at the bank (else a public body by transfer)
RUNNING: tuple[tuple[str, bool], ...] = (
    ("begin papers", True),
    ("begin papers:1 book", True),
    ("begin place", True),
    ("begin place", False),
    ("begin place decline", True),
    ("begin place confirm", True),
    ("begin place confirm sign_buyer", False),
    (SIGNED, True),
    (f"{SIGNED} visit", True),
    (f"{SIGNED} record:1", False),
    (PAID, True),
    (PAID, True),
    (f"{PAID} start:1 write:1", True),
    (f"{PAID} start:1", True),
    (f"{PAID} start:1", False),
    (f"{PAID} start:1 pause:1", True),
    (f"{PAID} start:1 extend:1", False),
    (DELIVERED, True),
    (DELIVERED, True),
    (f"{DELIVERED} rework:1", False),
    (f"{DELIVERED} dispute:1", True),
    (f"{PAID} cancel:1", True),
    (f"{DELIVERED} accept:1 payout", True),
    (f"{DELIVERED} accept:1 payout", False),
    ("counter", True),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run did: orders told now, all orders of the demo, and the seconds."""

    told: int
    orders: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Client:
    """Who orders: an actor who buys for a citizen, a firm or a public body."""

    actor: Actor
    kind: BuyerKind

    @property
    def key(self) -> str:
        """Whose needs are added up, and whose ratings are one client's."""
        return self.actor.organisation or self.actor.person


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that fits: its code, vendor, item and district, what is typed about the job, its price, days and first day, and
    how many jobs more it takes."""

    listing: str
    vendor: str
    organisation: str
    item: str
    district: str
    facts: Mapping[str, str]
    fen: int
    days: int
    since: date
    free: int
    #: held to a binding standard, which may not have been in force long
    bound: bool
    #: its vendor declared a tie with the first of the public bodies
    tied: bool
    seller: Actor


def build(finished: int = 60, seed: int = SEED, say: Say = print) -> Told:
    """Tell `finished` orders to their end and one or two in every other state, once; what was told before stays.

    `Forbidden` outside practice mode and before the first part was made. `say` is told how far it is every few seconds.
    """
    if not current_app.extensions["settings"].practice or account_queries.person_by_email(MARKER) is None:
        raise Forbidden(N_("The demo market is made in practice mode only."))
    began = time.monotonic()
    told = 0 if account_queries.person_by_email(DONE) is not None else _build(finished, seed, say)
    count = db.session.scalar(select(func.count()).select_from(Order).where(Order.title.like("%（示例 %）"))) or 0
    db.session.rollback()
    return Told(told, count, time.monotonic() - began)


def _build(finished: int, seed: int, say: Say) -> int:
    bank = asking.gateway() if asking.is_connected() else None
    service = bank if isinstance(bank, BankGateway) else None
    cast = _cast()
    tales = _tales(finished, cast, Random(seed), service)  # noqa: S311 (nothing here is secret)
    there = set(db.session.scalars(select(Order.title)))
    missing = [tale for tale in tales if tale.title not in there]
    db.session.rollback()
    spoken, told = time.monotonic(), 0
    try:
        if service is not None:
            # nobody hears of what happens in the past
            service.control("quiet", {"quiet": True})
        with kept_keys.keys_kept_open():
            for number, tale in enumerate(missing):
                if time.monotonic() - spoken > 3:
                    spoken = time.monotonic()
                    say(f"  orders: {number} of {len(missing)}")
                told += _tell(tale, say)
    finally:
        if service is not None:
            service.control("quiet", {"quiet": False})
    _finish(cast)
    return told


def _tell(tale: "_Tale", say: Say) -> bool:
    try:
        in_bulk(tale.steps())
    except Refusal as refusal:
        # the market is in use already: what no longer fits is left out, and the others are told
        say(f"  order {tale.number} is left out: {refusal}")
        return False
    finally:
        db.session.rollback()
    return True


# Who is in it ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cast:
    bodies: list[Client]
    private: list[Client]
    sellers: Mapping[str, Actor]
    officers: tuple[Actor, Actor]
    clerk: Actor


@transactional
def _cast() -> _Cast:
    """The invented people of the orders; those who are there already are found."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("demo market"))))
    own = [_acting(one) for one in _memberships(f"{Role.BUYER}@{DEMO_DOMAIN}")]
    kinds: dict[str | None, OrganisationKind] = {one.code: one.kind for one in db.session.scalars(select(Organisation))}
    bodies = [
        Client(one, BuyerKind.PUBLIC_BODY) for one in own if kinds[one.organisation] is OrganisationKind.PUBLIC_BODY
    ]
    firms = [Client(one, BuyerKind.FIRM) for one in own if kinds[one.organisation] is OrganisationKind.FIRM]
    buyers = _person("buyers", password=True)
    joined = {one.organisation.name: one for one in account_queries.memberships_of(buyers.code)}
    for name, kind, found, sort in [
        *((name, OrganisationKind.PUBLIC_BODY, bodies, BuyerKind.PUBLIC_BODY) for name in TEXTS["bodies"]),
        *((name, OrganisationKind.FIRM, firms, BuyerKind.FIRM) for name in TEXTS["firms"]),
    ]:
        if name not in joined:
            organisation = accounts.add_organisation(name, kind, by=BY)
            joined[name] = accounts.give_membership(buyers.code, organisation.code, Role.BUYER, admin=True, by=BY)
        found.append(Client(_acting(joined[name]), sort))
    citizen = Client(Actor(own[0].person), BuyerKind.CITIZEN)
    operator = _acting(_memberships(MARKER)[0])
    clerk = _acting(_memberships(f"{Role.COUNTER}@{DEMO_DOMAIN}")[0])
    officer = _person("officer")
    second = account_queries.memberships_of(officer.code) or [
        accounts.give_membership(officer.code, operator.organisation or "", Role.OPERATOR, by=BY)
    ]
    return _Cast(bodies, [*firms, citizen], _sellers(), (operator, _acting(second[0])), clerk)


def _sellers() -> dict[str, Actor]:
    """Who signs for the vendors that may have orders, the oldest first: their own member where the password is known."""
    manager = _person("vendors", password=True)
    joined = {one.organisation_id: one for one in account_queries.memberships_of(manager.code)}
    oldest = select(Vendor).where(Vendor.state == VendorState.ACTIVE).order_by(Vendor.id).limit(2 * SELLERS)
    desk = {one.organisation_id: one for one in _memberships(f"{Role.VENDOR}@{DEMO_DOMAIN}")}
    found = {}
    for vendor in db.session.scalars(oldest).all():
        member = desk.get(vendor.organisation_id) or joined.get(vendor.organisation_id)
        if member is None:
            member = accounts.give_membership(manager.code, vendor.organisation.code, Role.VENDOR, by=BY)
        found[vendor.code] = _acting(member)
    return found


def _person(name: str, *, password: bool = False) -> Person:
    email = f"orders-{name}@{DEMO_DOMAIN}"
    return account_queries.person_by_email(email) or accounts.open_account(
        email=email, name=TEXTS["people"][name], password=demo_password() if password else None, by=BY
    )


def _memberships(email: str) -> list[Membership]:
    person = account_queries.person_by_email(email)
    return account_queries.memberships_of(person.code) if person is not None else []


def _acting(member: Membership) -> Actor:
    return Actor(member.person.code, Role(member.role), member.organisation.code, member.district)


def _finish(cast: _Cast) -> None:
    """What jobs would have done: standings, contracts in print, the index."""
    for vendor in cast.sellers:
        ratings.refresh_vendor(vendor, by=system())
    _close(cast)


@transactional
def _close(cast: _Cast) -> None:
    told = select(Order.id).where(Order.title.like("%（示例 %）"))
    for code in db.session.scalars(
        select(Contract.code).where(Contract.order_id.in_(told), Contract.document_id.is_(None))
    ):
        later(contract_operations.PRINT, code)
    later("market.listings.jobs.sweep_index")
    accounts.open_account(email=DONE, name=TEXTS["people"]["archive"], password=None, by=BY)


# The plan ----------------------------------------------------------------------------------------------------------------


def _tales(finished: int, cast: _Cast, chance: Random, bank: BankGateway | None) -> list["_Tale"]:
    """All tales: the finished ones first, then what runs. The same for the same market, seed and bank."""
    found = _offers(cast)
    spent: Counter[tuple[str, str]] = Counter()
    tales: list[_Tale] = []

    def add(offer: Offer, acts: str, by_bank: bool, turn: int, starts: date) -> None:
        private = by_bank and (bank is not None or "sign" not in acts)
        clients = cast.private if private else cast.bodies[1:] if offer.tied else cast.bodies
        client = next(
            one
            for one in (clients[(turn + more) % len(clients)] for more in range(len(clients) + 1))
            if private or spent[one.key, offer.item] + offer.fen <= FISCAL_MOST or one is clients[-1]
        )
        spent[client.key, offer.item] += offer.fen
        number = len(tales) + 1
        tales.append(
            _Tale(number, client, offer, cast, acts, Random(f"{number}"), bank if private else None, starts)  # noqa: S311
        )

    today = clock.today()
    plain = [one for one in found if not one.bound] or found
    busy = [one for one in plain if one.since < today - timedelta(days=REST + 40)] or plain
    busy = busy[: min(BUSY, max(1, finished // EACH))]
    for number in range(finished):
        offer, turn = busy[number % len(busy)], number // len(busy)
        first = max(today - timedelta(days=SPAN), offer.since + timedelta(days=2))
        room = max((today - timedelta(days=REST) - first).days, 1)
        starts = first + timedelta(days=room * number // finished)
        acts = f"{PAID} start:1 {_work(number, offer.days)} accept:{chance.randint(1, 3)} payout rate:1 close"
        add(offer, acts, turn % 4 == 2, number + turn, starts)
    taken: Counter[str] = Counter()
    for turn, (acts, by_bank) in enumerate(RUNNING):
        in_turn = [found[(turn + more) % len(found)] for more in range(len(found))]
        if turn % 4 == 2:
            in_turn.insert(0, found[0])
        offer = next((one for one in in_turn if taken[one.vendor] < one.free), in_turn[0])
        # each is counted, so that it can be asked once more
        taken[offer.vendor] += 1
        add(offer, acts, by_bank, turn, today)
    return tales


def _work(number: int, days: int) -> str:
    """How long the work took: mostly in time, sometimes late, sometimes handed over twice."""
    if number % 9 == 4:
        return f"deliver:{max(days - 2, 1)} rework:2 deliver:3"
    return f"deliver:{days + 2 if number % 11 == 6 else max(days - number % 4, 1)}"


def _offers(cast: _Cast) -> list[Offer]:
    """The first fitting offer of each vendor, the desk of the demo's vendor first: a price that is known, licences in order."""
    buyer = cast.private[-1].actor
    person = account_queries.person(buyer.person)
    assert person is not None
    found: list[Offer] = []
    for vendor, seller in cast.sellers.items():
        rows = (
            select(Listing).join(Listing.vendor).where(Vendor.code == vendor, Listing.state == ListingState.PUBLISHED)
        )
        judged = (_fitting(row, person, seller) for row in db.session.scalars(rows.order_by(Listing.id)))
        offer = next((one for one in judged if one is not None), None)
        if offer is not None:
            found.append(offer)
        if len(found) == SELLERS:
            break
    return found


def _fitting(row: Listing, person: Person, seller: Actor) -> Offer | None:
    held = listings.held_for(row.item)
    published = row.publications[-1]
    district = next(iter(published.content["districts"]), COUNTER_DISTRICT)
    typical = {name: str(value) for name, value in (held.standard.typical_inputs if held else {}).items()}
    for quantity in ("120", "20", "5", "1"):
        facts = typical | ({} if "area" in typical else {QUANTITY: quantity})
        need = Order(
            item=row.item, facts=facts, district=district, person_id=person.id, buyer_kind=BuyerKind.CITIZEN, ceiling_fen=None,
            needed_by=None, organisation_id=None,
        )  # fmt: skip
        match = offers.judge_one(need, row.code)
        if match is None or not match.eligible:
            continue
        fen = match.offer.quote.fen or 0
        if LEAST <= fen <= MOST and not (held and orders.input_faults(held, typical)):
            since = published.published_at.astimezone(clock.SHANGHAI).date()
            return Offer(
                row.code, match.offer.vendor, seller.organisation or "", row.item, district, facts, fen, match.offer.days, since,
                match.offer.capacity - match.offer.open_jobs, match.offer.binds, bool(row.vendor.ties),
                seller,
            )  # fmt: skip
    return None


# A tale ------------------------------------------------------------------------------------------------------------------


class _Tale:
    """One order from its beginning to where it stands now. `at` is the moment of the act that is told."""

    def __init__(
        self, number: int, client: Client, offer: Offer, cast: _Cast, acts: str, chance: Random, bank: BankGateway | None,
        starts: date,
    ) -> None:  # fmt: skip
        self.number, self.client, self.offer, self.cast, self.chance, self.bank = (
            number,
            client,
            offer,
            cast,
            chance,
            bank,
        )
        self.acts = [(name, int(days or 0)) for name, _, days in (act.partition(":") for act in acts.split())]
        self.buyer, self.seller = client.actor, offer.seller
        self.title = f"{TEXTS['projects'][number % len(TEXTS['projects'])]}（示例 {number:02d}）"
        self.now = clock.now()
        self.calendar = catalogue.calendar()
        self.at = self._morning(self._first_day(starts))
        self.order = ""

    def steps(self) -> Iterator[Step]:
        """Every act at its moment; what would lie ahead is left out."""
        for name, days in self.acts:
            if days:
                self._wait(days)
            elif name != self.acts[0][0]:
                self.at += timedelta(minutes=self.chance.randint(20, 70))
            for act in getattr(self, f"_{name}")():
                if self.at > self.now - timedelta(minutes=1):
                    if self.acts[-1][0] == "close":
                        return
                    self.at = self.now - timedelta(minutes=1)
                yield self.at, act
                self.at += timedelta(minutes=self.chance.randint(2, 9))

    def _first_day(self, starts: date) -> date:
        """A finished tale begins on the day given, one that runs so long ago that it stands where it does now."""
        if self.acts[-1][0] == "close":
            return self.calendar.next_working_day(starts).day
        back = sum(days for _, days in self.acts)
        today = clock.today()
        late = self.now < start_of_day(today) + timedelta(hours=12)
        return self.calendar.add_working_days(today, -back - (1 if late else 0)).day if back or late else today

    def _morning(self, day: date) -> datetime:
        return start_of_day(day) + timedelta(hours=9, minutes=self.chance.randint(0, 120))

    def _wait(self, days: int) -> None:
        day = self.at.astimezone(clock.SHANGHAI).date()
        self.at = self._morning(self.calendar.add_working_days(day, days).day)

    # The need

    def _begin(self) -> Iterator[Callable[[], object]]:
        yield self._begin_order
        yield lambda: draft_operations.save_project(self.order, self._project(), by=self.buyer)
        if self._keeps_a_clause():
            reasons = TEXTS["kept"]["reasons"]
            yield lambda: notice_operations.save_wording(self.order, reasons=reasons, by=self.buyer)

    def _keeps_a_clause(self) -> bool:
        """Every third need of a public body has a clause that stays with a reason, for the regulator to look at."""
        return self.client.kind is BuyerKind.PUBLIC_BODY and self.number % 3 == 0

    def _begin_order(self) -> None:
        self.order = draft_operations.begin_order(item=self.offer.item, listing=self.offer.listing, by=self.buyer).code

    def _project(self) -> Project:
        said = {
            "title": self.title, "description": TEXTS["description"], "district": self.offer.district,
            "facts": dict(self.offer.facts),
        }  # fmt: skip
        if self.client.kind is BuyerKind.PUBLIC_BODY:
            said["ceiling_fen"] = self.offer.fen
            said["requirements"] = TEXTS["kept"]["asked"] if self._keeps_a_clause() else TEXTS["asked"]
        return Project(given=frozenset(said), **said)

    def _papers(self) -> Iterator[Callable[[], object]]:
        yield lambda: draft_operations.save_papers(self.order, by=self.buyer)

    def _book(self) -> Iterator[Callable[[], object]]:
        yield self._book_place

    def _book_place(self) -> None:
        days = centre_queries.open_days(CENTRE, clock.now())
        free = [slot for day in days[1:3] for slot in centre_queries.free_slots(CENTRE, day, clock.now()) if slot.free]
        if free:
            centres.book(CENTRE, free[len(free) // 2].starts_at, Visit.ORDER, order=self.order, by=self.buyer)

    def _place(self) -> Iterator[Callable[[], object]]:
        yield lambda: draft_operations.save_way(self.order, way=Way.DIRECT, listing=self.offer.listing, by=self.buyer)
        yield lambda: placing_operations.place_order(self.order, by=self.buyer)

    def _counter(self) -> Iterator[Callable[[], object]]:
        """A citizen without an account orders at a window; everything is read back first."""
        clerk, serial = self.cast.clerk, f"{self.number % 100:02d}"
        visit: list[str] = []

        def come() -> None:
            visit.append(counter_operations.begin_session(CENTRE, "3", by=clerk).code)

        def know() -> None:
            body = f"610102{clock.today().year - OLDEST_YEARS + 1}12319{serial}"
            number = body + resident_check(body)
            counter_operations.register_citizen(visit[0], name=TEXTS["people"]["citizen"], id_number=number, by=clerk)

        def consent() -> None:
            acts = frozenset({Act.SEE, Act.ORDER, Act.DOCUMENTS})
            counter_operations.give_consent(visit[0], acts, ConsentHow.SIGNATURE_PAD, signature=STROKES, by=clerk)
            self.buyer = acting.actor_for(clerk)

        def find() -> None:
            counter_operations.note_order(self.order, by=clerk)
            counter_operations.find_order(visit[0], self.order, by=self.buyer)

        def place() -> None:
            shown = counter_operations.show_read_back(visit[0], Deed.PLACE, {}, by=self.buyer)
            how = ConfirmedHow.SIGNATURE_PAD
            counter_operations.confirm_read_back(shown.code, how, digest=shown.digest, signature=STROKES, by=self.buyer)
            counter_operations.do_read_back(shown.code, by=self.buyer)

        yield come
        yield know
        yield consent
        yield self._begin_order
        yield find
        yield lambda: draft_operations.save_project(self.order, self._project(), by=self.buyer)
        yield lambda: draft_operations.save_way(self.order, way=Way.DIRECT, listing=self.offer.listing, by=self.buyer)
        yield place
        yield lambda: counter_operations.end_session(visit[0], Outcome.DONE, by=clerk)

    # The answer and the contract

    def _confirm(self) -> Iterator[Callable[[], object]]:
        yield lambda: answer_operations.answer_order(self.order, accept=True, by=self.seller)

    def _decline(self) -> Iterator[Callable[[], object]]:
        yield lambda: answer_operations.answer_order(
            self.order, accept=False, reason="full", words=TEXTS["decline"], by=self.seller
        )

    def _sign(self) -> Iterator[Callable[[], object]]:
        yield from self._sign_buyer()
        yield lambda: self._sign_as(self.seller)

    def _sign_buyer(self) -> Iterator[Callable[[], object]]:
        yield lambda: self._sign_as(self.buyer)

    def _sign_as(self, who: Actor) -> None:
        contract = work_queries.contract_offered(self._row())
        assert contract is not None
        contract_operations.sign_contract(contract.code, password=demo_password(), by=who)

    # The money

    def _pay(self) -> Iterator[Callable[[], object]]:
        if self.bank is not None:
            yield lambda: self._visit_bank("success")
        else:
            yield from self._record()
            yield lambda: self._confirm_transfer(self._payment().code)
        yield self._fund

    def _visit(self) -> Iterator[Callable[[], object]]:
        """The buyer is on the bank's page just now; without a bank the payment is only due."""
        if self.bank is not None:
            self.at = self.now - timedelta(minutes=1)
            yield lambda: self._visit_bank("")

    def _visit_bank(self, card: str) -> None:
        assert self.bank is not None
        if card:
            # paid before the answer is here: the page of a visit in the past would have run out by now
            self.bank.control("next_checkout", {"card": card})
        visit = payments.begin_payment(self._payment().code, Method.CARD, self.bank.name, by=self.buyer)
        asking.checkout(visit.code)

    def _record(self) -> Iterator[Callable[[], object]]:
        yield lambda: payments.ask_invoice(self._payment().code, by=self.buyer)
        yield lambda: self._record_transfer(TransferKind.PAID_IN, self._payment().code, self._payment().fen)

    def _record_transfer(self, kind: TransferKind, about: str, fen: int) -> None:
        reference = f"示例流水 {self.number:03d}-{kind}"
        transfer_operations.record_transfer(kind, about, fen, reference, clock.today(), by=self.cast.officers[0])

    def _confirm_transfer(self, payment: str) -> None:
        rows = db.session.scalars(select(Payment).where(Payment.code == payment)).one().transfers
        waiting = next(row.code for row in rows if row.answered_at is None)
        transfer_operations.confirm_transfer(waiting, by=self.cast.officers[1])

    def _fund(self) -> None:
        payment_jobs.fund_order(self.order, self._any_payment().code)

    def _payout(self) -> Iterator[Callable[[], object]]:
        if self.bank is None:
            yield lambda: self._record_transfer(TransferKind.PAYOUT, self._earning().code, self._earning().fen)
            yield lambda: self._confirm_transfer(self._any_payment().code)
            return
        yield self._open_account
        yield lambda: payout_operations.begin_payout(self._earning().code, by=system())
        yield lambda: asking.payout(self._earning().code)

    def _open_account(self) -> None:
        """The vendor told the bank about itself, once."""
        if db.session.scalar(
            select(PayoutAccount.id).where(PayoutAccount.code == self.offer.vendor, PayoutAccount.ready)
        ):
            return
        assert self.bank is not None
        asking.onboarding(self.offer.vendor, by=self.seller)
        ref = db.session.scalar(select(PayoutAccount.ref).where(PayoutAccount.code == self.offer.vendor))
        self.bank.control("name_bank", {"account": ref, "bank": "good"})
        asking.account(self.offer.vendor)

    def _cancel(self) -> Iterator[Callable[[], object]]:
        yield lambda: operations.cancel_order(self.order, reason="no_need", words=TEXTS["cancel"], by=self.buyer)
        if self.bank is not None:
            yield lambda: asking.refund(self._refund().code)
        else:
            yield lambda: self._record_transfer(TransferKind.REFUND, self._refund().code, self._refund().fen)
            yield lambda: self._confirm_transfer(self._any_payment().code)

    # The work

    def _start(self) -> Iterator[Callable[[], object]]:
        yield lambda: work_operations.start_work(self.order, by=self.seller)

    def _write(self) -> Iterator[Callable[[], object]]:
        yield lambda: work_operations.send_message(self.order, TEXTS["message"], by=self.seller)

    def _pause(self) -> Iterator[Callable[[], object]]:
        yield lambda: work_operations.pause_work(self.order, "applicant", TEXTS["pause"], by=self.seller)

    def _extend(self) -> Iterator[Callable[[], object]]:
        yield lambda: work_operations.ask_extension(self.order, 3, TEXTS["extend"], by=self.seller)

    def _deliver(self) -> Iterator[Callable[[], object]]:
        yield self._hand_over

    def _hand_over(self) -> None:
        pdf = io.BytesIO(sample_pdf(f"INVENTED RESULT {self.number:02d}-{self.at:%m%d}"))
        result = documents.give(pdf, f"成果报告（示例 {self.number:02d}）.pdf", Purpose.RESULT, by=self.seller)
        work_operations.deliver(self.order, [result.code], TEXTS["note"], by=self.seller)

    def _rework(self) -> Iterator[Callable[[], object]]:
        yield lambda: work_operations.ask_rework(self.order, ["wrong"], TEXTS["reword"], by=self.buyer)

    def _accept(self) -> Iterator[Callable[[], object]]:
        yield lambda: work_operations.accept_milestone(self.order, by=self.buyer)

    def _dispute(self) -> Iterator[Callable[[], object]]:
        yield lambda: dispute_operations.open_dispute(
            self.order, self.offer.fen * 3 // 10, TEXTS["dispute"], by=self.buyer
        )

    # The end

    def _rate(self) -> Iterator[Callable[[], object]]:
        clumsy = any(name == "rework" for name, _ in self.acts)
        middle = 3 if clumsy else self.chance.choice((4, 4, 5, 5, 5, 4, 3))
        words = TEXTS["poor" if clumsy else "fair" if middle < 4 else "praise"]
        given = {name: min(max(middle + self.chance.choice((-1, 0, 0, 0, 1)), 1), 5) for name in DIMENSIONS}
        back = {name: self.chance.choice((4, 5, 5)) for name in DIMENSIONS}
        said, answer = self.chance.choice(words), self.chance.choice(TEXTS["to_buyer"])
        yield lambda: ratings.give_rating(self.order, levels=given, text=said, by=self.buyer)
        yield lambda: ratings.give_rating(self.order, levels=back, text=answer, by=self.seller)

    def _close(self) -> Iterator[Callable[[], object]]:
        until = work_queries.dispute_until(self._row())
        assert until is not None
        self.at = until + timedelta(minutes=1)
        yield lambda: payment_jobs.close_order(self.order)

    # Parts

    def _row(self) -> Order:
        return orders.order(self.order)

    def _payment(self) -> Payment:
        """The instalment that is to be paid."""
        return self._one(
            select(Payment).join(Payment.escrow).where(Escrow.code == self.order, Payment.state.in_(PAYABLE))
        )

    def _any_payment(self) -> Payment:
        return self._one(select(Payment).join(Payment.escrow).where(Escrow.code == self.order))

    def _earning(self) -> Payout:
        return self._one(select(Payout).join(Payout.payment).join(Payment.escrow).where(Escrow.code == self.order))

    def _refund(self) -> Refund:
        return self._one(select(Refund).join(Refund.payment).join(Payment.escrow).where(Escrow.code == self.order))

    def _one(self, statement):  # type: ignore[no-untyped-def]
        return db.session.scalars(statement.limit(1)).one()


#: a signature on the pad
STROKES = "M10,10" + "".join(f"L{x},{10 + x % 7}" for x in range(11, 40))

__all__ = ["Told", "build"]
