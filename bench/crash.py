"""bench crash: whole orders by HTTP while web, workers, PostgreSQL, Valkey and the bank are killed with -9 at random points.

The first journey goes undisturbed. At the end everything is counted, and each other order must have left exactly what the first
one left (bench/traces.py): no order, payment, posting, message or rating may be lost or doubled, the ledger must balance, the
record's chain must hold, and nothing may need a person's help. What is killed when goes by the steps that succeeded, not by
the clock: on a busy machine a run takes longer and is the same.
"""

import contextlib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
from sqlalchemy import select

from bench import report, traces
from bench.journey import Journey, Look, Offer, Side
from bench.report import Figure
from bench.stage import SERVERS, Stage, opened, until
from bench.visitor import Stuck
from market import clock, outbox
from market.accounts import operations as accounts
from market.accounts import queries as account_queries
from market.accounts.practice import demo_password
from market.db import db
from market.kernel.actor import Actor, Channel, Role, system
from market.listings.models import Listing, Publication
from market.listings.pricing import PriceModel
from market.listings.states import ListingState
from market.pages import demo
from market.payments import asking, queries, reconciling
from market.record.queries import chain_faults
from market.transaction import later, transactional
from market.vendors.models import Vendor
from market.vendors.states import VendorState

#: what is killed, and how often beside the others
TARGETS: Mapping[str, int] = {"web": 4, "jobs": 4, "timetable": 1, "postgresql": 2, "valkey": 3, "bank": 1}
#: orders that are under way at once
AT_ONCE = 8
#: so many steps of journeys succeed between two kills, least and most
SPACING = (4, 22)
#: seconds that a market on a busy machine may take until its pages are there again, or until nothing waits
WITHIN = 300.0
#: the term for disputes and the days until ratings are shown are over by then
AFTERWARDS = timedelta(days=40)
SIZE = demo.Size(vendors=24, listings=150, days=12)
#: a service that needs no licence and has no standard: what is tested here is not the price
ITEM = "stability-risk"
BY = system(Channel.COMMAND)
#: jobs of the timetable that bring orders to their end
OF_THE_MINUTE = ("market.orders.jobs.keep_terms", "market.ratings.jobs.reveal_due")
Say = Callable[[str], object]


@dataclass
class Outcome:
    """What was found at the end: `wrong` names every single fault."""

    journeys: int
    seed: int
    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def expect(self, name: str, found: int, right: int) -> None:
        """Note a count and what it must be."""
        self.counts[name] = (found, right)
        if found != right:
            self.wrong.append(f"{name}: {found} instead of {right}")


def run(journeys: int, seed: int, say: Say) -> str:
    """The table of what was counted, and a line for each fault."""
    outcome = play(journeys, seed, say)
    figures = [
        Figure(name, str(found), str(right), "-", "equal", found == right)
        for name, (found, right) in outcome.counts.items()
    ]
    killed = ", ".join(f"{name} {count}" for name, count in sorted(outcome.kills.items()))
    figures.append(Figure("kill -9", str(sum(outcome.kills.values())), killed or "-"))
    figures.append(Figure("seconds", f"{outcome.seconds:.0f}"))
    table = report.table(f"bench crash: {journeys} journeys, seed {seed}", figures)
    return "\n".join((table, *outcome.wrong))


def play(journeys: int, seed: int, say: Say, *, spacing: tuple[int, int] | None = SPACING, **settings: str) -> Outcome:
    """Run the journeys under kills and count. `spacing`: steps between two kills, least and most (None: nothing is killed);
    `settings`: further settings of the processes, by variable.
    """
    outcome = Outcome(journeys, seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        Path(folder).chmod(0o755)
        with opened(Path(folder), SIZE, say, **settings) as stage:
            sides, offers = _people(stage, journeys)
            progress = Progress()
            say("one order undisturbed")
            _travel(stage, sides[:1], offers, seed, outcome, progress, say)
            say(f"{journeys - 1} orders, {AT_ONCE} at once" + (", killing meanwhile" if spacing else ""))
            with (
                _killer(stage, Random(seed), outcome.kills, progress, spacing) if spacing else contextlib.nullcontext()
            ):
                _travel(stage, sides[1:], offers, seed, outcome, progress, say)
            say("waiting until nothing waits")
            _settle(stage, SETTLED, journeys, outcome)
            _pass_time(stage)
            _settle(stage, CLOSED, journeys, outcome)
            say("counting")
            _count(stage, journeys, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


# People and offers -------------------------------------------------------------------------------------------------------


def _people(stage: Stage, journeys: int) -> tuple[list[Side], list[Offer]]:
    """A buyer for each journey, and offers whose vendors have an account at the bank."""
    with stage.app.app_context():
        password = demo_password()
        sides, firm = buyers(journeys, password), offers(password)
        until(lambda: _arranged(stage), "the bank's events")
        for offer in firm:
            _open_account(offer)
        outbox.drain()
        db.session.remove()
    until(lambda: _accounts_ready(stage, len({one.vendor.person for one in firm})), "accounts at the bank")
    return sides, firm


@transactional
def buyers(number: int, password: str) -> list[Side]:
    """So many new people with accounts."""
    sides = []
    for one in range(number):
        email = f"traveller-{one}@example.org"
        person = accounts.open_account(email=email, name="演练买家", password=password, by=BY)
        sides.append(Side(email, password, person.code))
    return sides


@transactional
def offers(password: str) -> list[Offer]:
    """Firm offers of the free item in the invented market, with room for everybody."""
    rows = db.session.scalars(
        select(Listing)
        .join(Listing.vendor)
        .where(
            Listing.item == ITEM, Listing.state == ListingState.PUBLISHED, Listing.price_model == PriceModel.FIXED,
            Vendor.state == VendorState.ACTIVE,
        )
        .order_by(Listing.id)
    ).all()  # fmt: skip
    found = []
    for row in rows:
        row.capacity = 1000
        for publication in db.session.scalars(select(Publication).where(Publication.listing_id == row.id)):
            publication.content = {**publication.content, "capacity": 1000, "districts": [], "covers": None}
        found.append(Offer(row.code, _member_of(row.vendor.organisation.code, password)))
    if not found:
        raise RuntimeError(f"the invented market has no firm offer of {ITEM}")
    return found


def _member_of(organisation: str, password: str) -> Side:
    """Somebody new who works for a vendor."""
    email = f"seller-{organisation.lower()}@example.org"
    if (person := account_queries.person_by_email(email)) is None:
        person = accounts.open_account(email=email, name="演练经办人", password=password, by=BY)
        accounts.give_membership(person.code, organisation, Role.VENDOR, by=BY)
    return Side(email, password, person.code)


def _arranged(stage: Stage) -> bool:
    with contextlib.suppress(Exception):
        asking.arrange_endpoints(by=BY)
        return True
    return False


def _open_account(offer: Offer) -> None:
    listing = db.session.scalar(select(Listing).where(Listing.code == offer.listing))
    assert listing is not None
    vendor = listing.vendor
    actor = Actor(offer.vendor.person, Role.VENDOR, vendor.organisation.code)
    asking.onboarding(vendor.code, by=actor)
    account = queries.vendor_money(vendor.code).account
    assert account is not None
    assert account.ref is not None
    asking.gateway().control("name_bank", {"account": account.ref, "bank": "good"})  # type: ignore[attr-defined]


def _accounts_ready(stage: Stage, vendors: int) -> bool:
    with _connected(stage) as link:
        found = link.execute("SELECT count(*) FROM payout_account WHERE ready").fetchone()
    return found is not None and found[0] >= vendors


# Killing ------------------------------------------------------------------------------------------------------------------


class Progress:
    """The steps of all journeys that succeeded, and a way to wait for more of them."""

    def __init__(self) -> None:
        self._steps = 0
        self._changed = threading.Condition()

    def note(self) -> None:
        """One more step succeeded; or nothing more is to be waited for."""
        with self._changed:
            self._steps += 1
            self._changed.notify_all()

    def wait(self, more: int, over: threading.Event) -> bool:
        """True once so many more steps have succeeded; False when `over` is set (and `note` called) before."""
        with self._changed:
            goal = self._steps + more
            self._changed.wait_for(lambda: over.is_set() or self._steps >= goal)
            return not over.is_set()


@contextlib.contextmanager
def _killer(
    stage: Stage, chance: Random, kills: Counter[str], progress: Progress, spacing: tuple[int, int]
) -> Iterator[None]:
    """While the block runs, kill something whenever some more steps have succeeded, start it again a little later, and go on
    once pages are there."""
    over = threading.Event()
    faults: list[BaseException] = []

    def kill() -> None:
        [name] = chance.choices(list(TARGETS), list(TARGETS.values()))
        # anywhere in the midst of a step
        time.sleep(chance.uniform(0.0, 0.5))
        stage.kill(name)
        kills[name] += 1
        time.sleep(chance.uniform(0.0, 1.0))
        _start_again(stage, name)
        until(stage.answers, f"pages after {name} was killed", WITHIN)

    def work() -> None:
        try:
            while progress.wait(chance.randint(*spacing), over):
                kill()
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        progress.note()
        thread.join()
    if faults:
        raise faults[0]


def _start_again(stage: Stage, name: str) -> None:
    for _ in range(5):
        try:
            stage.start(name)
            return
        except Exception:  # a server's port may be held for a moment by the dead one
            if name not in SERVERS:
                raise
            time.sleep(0.5)
    stage.start(name)


def _travel(
    stage: Stage,
    sides: Sequence[Side],
    offers: Sequence[Offer],
    seed: int,
    outcome: Outcome,
    progress: Progress,
    say: Say,
) -> None:
    look = Look(stage.settings.database_url)
    finished = 0

    def travel(side: Side) -> str:
        chance = Random(f"{seed}/{side.email}")
        journey = Journey(stage.url, look, side, chance.choice(offers), chance, noted=progress.note)
        try:
            journey.run()
        except Stuck as stuck:
            return str(stuck)
        return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for fault in pool.map(travel, sides):
            finished += 1
            if fault:
                outcome.wrong.append(fault)
            if finished % 20 == 0:
                say(f"{finished} of {len(sides)} journeys, {sum(outcome.kills.values())} kills")


# Counting -----------------------------------------------------------------------------------------------------------------


def _settle(stage: Stage, question: str, journeys: int, outcome: Outcome) -> None:
    """Wait until everything that was accepted has had its consequences, without help."""

    def settled() -> bool:
        with _connected(stage) as link:
            found = link.execute(question).fetchone()
            return found is not None and found[0] == 0 and found[1] >= journeys

    with contextlib.suppress(TimeoutError):
        until(settled, "nothing waits any more", WITHIN)
    with _connected(stage) as link:
        for job, error in link.execute("SELECT job, error FROM outbox WHERE done_at IS NULL AND error IS NOT NULL"):
            outcome.wrong.append(f"waits: {job}: {str(error).strip().splitlines()[-1]}")


def _pass_time(stage: Stage) -> None:
    """The market's clock goes on to where nothing can be disputed any more."""
    with stage.app.app_context():
        _go_on()
        db.session.remove()


@transactional
def _go_on() -> None:
    clock.move(skip=AFTERWARDS, practice=True)
    for job in OF_THE_MINUTE:
        later(job)  # what the timetable does within a minute


def _count(stage: Stage, journeys: int, outcome: Outcome) -> None:
    with _connected(stage) as link:
        for name, (question, each) in COUNTS.items():
            found = link.execute(question).fetchone()
            outcome.expect(name, found[0] if found else 0, each * journeys)
        left = traces.of_orders(link, TRAVELLERS)
    with stage.app.app_context():
        since = datetime.now(UTC) - timedelta(days=1)
        outcome.expect("charges at the bank", sum(1 for _ in asking.gateway().charges(since)), journeys)
        outcome.expect("ledger entries that do not balance", len(queries.unbalanced_entries()), 0)
        outcome.expect("accounts overdrawn", len(queries.overdrawn_accounts()), 0)
        outcome.expect("ledger out of balance", 0 if queries.ledger_totals().balanced else 1, 0)
        outcome.expect("faults in the chain of the record", len(chain_faults()), 0)
        outcome.expect("differences with the bank", len(reconciling.reconcile(by=BY)[1]), 0)
        db.session.remove()
    _compare(left, outcome)


def _compare(left: Mapping[str, Counter[str]], outcome: Outcome) -> None:
    """Each order must have left what the first one left."""
    pattern = next(iter(left.values()), Counter[str]())
    others = 0
    for code, marks in left.items():
        # what somebody may do twice without harm is not counted, only whether it was done
        faults = [name for name in pattern | marks if marks[name] != pattern[name] and not _may_repeat(name, marks)]
        others += bool(faults)
        outcome.wrong += [f"{code}: {name}: {marks[name]} instead of {pattern[name]}" for name in sorted(faults)]
    outcome.expect(f"orders that left all {pattern.total()} traces of the first", len(left) - others, len(left))


def _may_repeat(name: str, marks: Counter[str]) -> bool:
    return name in traces.REPEATED and marks[name] > 0


@contextlib.contextmanager
def _connected(stage: Stage) -> Iterator[psycopg.Connection]:
    with psycopg.connect(stage.settings.database_url.replace("+psycopg", ""), autocommit=True) as link:
        yield link


#: what is due, and what was tried and is to be tried again; what shall happen later only is not waited for
WAITING = "SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL AND (attempts > 0 OR due_at <= now()))"
SETTLED = f"{WAITING}, (SELECT count(*) FROM escrow WHERE settled_at IS NOT NULL)"
CLOSED = f"""{WAITING}, (SELECT count(*) FROM "order" WHERE state = 'closed')"""

TRAVELLERS = "o.person_id IN (SELECT id FROM person WHERE email LIKE 'traveller-%')"
ORDER = f'"order" o WHERE {TRAVELLERS} AND'
#: name -> (question, how many for each journey)
COUNTS: Mapping[str, tuple[str, int]] = {
    "orders placed": (f"SELECT count(*) FROM {ORDER} o.state <> 'draft'", 1),
    "orders closed": (f"SELECT count(*) FROM {ORDER} o.state = 'closed'", 1),
    "contracts in force": ("SELECT count(*) FROM contract WHERE state = 'in_force'", 1),
    "signatures": ("SELECT count(*) FROM signature", 2),
    "payments held": ("SELECT count(*) FROM ledger_entry WHERE kind = 'hold'", 1),
    "payments held in the record": ("SELECT count(*) FROM audit_entry WHERE event = 'PaymentHeld'", 1),
    "payouts that arrived": ("SELECT count(*) FROM ledger_entry WHERE kind = 'paid'", 1),
    "messages between the sides": ("SELECT count(*) FROM order_message", 2),
    "results delivered": ("SELECT count(*) FROM delivery", 1),
    "acceptances": ("SELECT count(*) FROM audit_entry WHERE event = 'OrderAccepted'", 1),
    "ratings": ("SELECT count(*) FROM rating", 2),
}
