"""One order from its first click to the last rating, by HTTP, as its buyer and its vendor do it.

Each step looks first whether it came about already (in the database, which is where a page reads it) and is done again when it
did not: what a person does whose page did not come. So whatever is killed meanwhile, a journey that ends has done each step at
least once, and what must happen once is the market's business.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import psycopg

from bench.visitor import NO_TLS, Stuck, Visitor, insist

#: what hands over the result: a whole one-page PDF
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)
LEVELS = {"quality": "5", "timeliness": "4", "attitude": "5", "charge": "4", "norms": "5"}


@dataclass(frozen=True, slots=True)
class Side:
    """Who signs in: address and password, the person's code."""

    email: str
    password: str
    person: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What is ordered, and the vendor's person who answers for it."""

    listing: str
    vendor: Side


@dataclass
class Journey:
    """One buyer's order. `look` asks the database; `chance` decides where somebody clicks twice."""

    url: str
    look: "Look"
    buyer_side: Side
    offer: Offer
    chance: Random
    #: shares of steps that are sent twice at once
    twice: float = 0.2
    #: told of each step that came about
    noted: Callable[[], object] = lambda: None
    order: str = ""
    steps: list[str] = field(default_factory=list)

    def run(self) -> None:
        """All of it. `Stuck` when a step does not come about."""
        # each at a place of their own, in the addresses that are set aside for benches
        buyer, vendor = (
            Visitor(self.url, address=f"198.18.{self.chance.randrange(256)}.{self.chance.randrange(1, 255)}")
            for _ in range(2)
        )
        try:
            buyer.sign_in(self.buyer_side.email, self.buyer_side.password)
            vendor.sign_in(self.offer.vendor.email, self.offer.vendor.password)
            self.placed(buyer)
            self._contract(buyer, vendor)
            self._pay(buyer)
            self._work(buyer, vendor)
            self._rate(buyer, vendor)
        finally:
            buyer.close()
            vendor.close()

    def drafted(self, buyer: Visitor) -> None:
        """From the offer to a draft that waits for its last step."""
        self._draft(buyer)

    def placed(self, buyer: Visitor) -> None:
        """The need alone: from the offer to the order that waits for its vendor."""
        self._draft(buyer)
        self._place(buyer)

    # The steps ----------------------------------------------------------------------------------------------------------

    def _draft(self, buyer: Visitor) -> None:
        listing = self.offer.listing
        self.order = self._until(
            "begin",
            lambda: self.look.one(
                'SELECT o.code FROM "order" o JOIN person p ON p.id = o.person_id WHERE p.code = %s',
                self.buyer_side.person,
            ),
            lambda: buyer.submit(f"/orders/new?listing={listing}", listing=listing),
            buyer,
            once=True,
        )
        step = f"/orders/{self.order}/step"
        self._until(
            "project", lambda: self._has("title <> '' AND district IS NOT NULL"),
            lambda: buyer.submit(f"{step}/2", title="演练项目（虚构）", district="610117", fund="private"), buyer,
        )  # fmt: skip
        self._until("papers", lambda: self._has("step >= 3"), lambda: buyer.submit(f"{step}/3"), buyer)
        self._until(
            "way", lambda: self._has("step >= 4 AND listing IS NOT NULL"),
            lambda: buyer.submit(f"{step}/4", way="direct", listing=listing, plan="whole"), buyer,
        )  # fmt: skip

    def _place(self, buyer: Visitor) -> None:
        step = f"/orders/{self.order}/step"
        self._until("place", lambda: self._has("state <> 'draft'"), lambda: buyer.submit(f"{step}/5"), buyer)

    def _contract(self, buyer: Visitor, vendor: Visitor) -> None:
        path = f"/orders/{self.order}"
        self._until(
            "confirm", lambda: self._has("state NOT IN ('draft', 'selecting')"),
            lambda: vendor.submit(f"{path}/answer", answer="yes"), vendor,
        )  # fmt: skip
        contract = self._until("contract", lambda: self.look.one(CONTRACT, self.order), lambda: None, vendor)
        for who, party, side in ((buyer, "buyer", self.buyer_side), (vendor, "vendor", self.offer.vendor)):
            self._until(
                f"{party} signs",
                lambda party=party: self.look.one(SIGNED, contract, party),  # type: ignore[misc]
                lambda who=who, side=side: who.submit(  # type: ignore[misc]
                    f"{path}/contracts/{contract}", password=side.password, read="true"
                ),
                who,
            )

    def _pay(self, buyer: Visitor) -> None:
        payment = self._until("due", lambda: self.look.one(PAYMENT, self.order), lambda: None, buyer)

        def pay() -> None:
            # what the page shows: the button, or the way on to the bank where an earlier click led
            answer = buyer.submit(f"/pay/{payment}", method="card")
            address = answer.headers.get("Location", "")
            if not address.startswith("http") or address.startswith(self.url):
                address = self.look.one(CHECKOUT, payment) or ""
            if address:
                httpx.post(address, data={"card": "success"}, timeout=20, verify=NO_TLS)

        self._until(
            "pay", lambda: self._has("funded_at IS NOT NULL"), pay, buyer, may_double=False
        )  # fmt: skip

    def _work(self, buyer: Visitor, vendor: Visitor) -> None:
        path = f"/orders/{self.order}"
        for who, words, key in ((buyer, "请先看附件。", "a"), (vendor, "收到，明天进场。", "b")):
            unique = f"{self.order}-{key}"
            self._until(
                f"message {key}",
                lambda unique=unique: self.look.one("SELECT 1 FROM order_message WHERE form_key = %s", unique),  # type: ignore[misc]
                lambda who=who, words=words, unique=unique: who.submit(  # type: ignore[misc]
                    f"{path}/messages", text=words, form_key=unique
                ),
                who,
            )
        self._until(
            "start", lambda: self._has("started_at IS NOT NULL"), lambda: vendor.submit(f"{path}/start"), vendor
        )
        self._until(
            "deliver", lambda: self._has("delivered_at IS NOT NULL"),
            lambda: vendor.submit(f"{path}/deliver", note="成果", files=[("files", ("成果.pdf", PDF, "application/pdf"))]),
            vendor,
        )  # fmt: skip
        self._until(
            "accept", lambda: self._has("accepted_at IS NOT NULL"),
            lambda: buyer.submit(f"{path}/accept", number="1", round="1"), buyer,
        )  # fmt: skip

    def _rate(self, buyer: Visitor, vendor: Visitor) -> None:
        for who, party in ((buyer, "buyer"), (vendor, "vendor")):
            self._until(
                f"{party} rates",
                lambda party=party: self.look.one(RATED, self.order, party),  # type: ignore[misc]
                lambda who=who: who.submit(f"/orders/{self.order}/rating", **LEVELS, text="如约完成"),  # type: ignore[misc]
                who,
            )

    # How a step is done -------------------------------------------------------------------------------------------------

    def _has(self, condition: str) -> Any:
        return self.look.one(f'SELECT 1 FROM "order" WHERE code = %s AND {condition}', self.order)

    def _until(
        self,
        name: str,
        seen: Callable[[], Any],
        act: Callable[[], object],
        who: Visitor,
        *,
        once: bool = False,
        may_double: bool = True,
    ) -> Any:
        """Do a step until it is seen. Now and then the button is pressed twice; never where two drafts would be no fault."""
        double = may_double and not once and self.chance.random() < self.twice

        def press() -> None:
            if double:
                other = threading.Thread(target=_quietly, args=(act,))
                other.start()
                _quietly(act)
                other.join()
            else:
                act()

        try:
            found = insist(name, seen, press, lambda: who.last)
        except Stuck as stuck:
            raise Stuck(f"{self.order or self.buyer_side.email}: {stuck}") from None
        self.steps.append(name)
        self.noted()
        return found


CONTRACT = (
    'SELECT c.code FROM contract c JOIN "order" o ON o.id = c.order_id '
    "WHERE o.code = %s AND c.state IN ('offered', 'in_force') ORDER BY c.number LIMIT 1"
)
SIGNED = "SELECT 1 FROM signature s JOIN contract c ON c.id = s.contract_id WHERE c.code = %s AND s.party = %s"
PAYMENT = "SELECT p.code FROM payment p JOIN escrow e ON e.id = p.escrow_id WHERE e.code = %s ORDER BY p.number LIMIT 1"
CHECKOUT = (
    "SELECT c.url FROM checkout c JOIN payment p ON p.id = c.payment_id "
    "WHERE p.code = %s AND c.url IS NOT NULL ORDER BY c.id DESC LIMIT 1"
)
RATED = 'SELECT 1 FROM rating r JOIN "order" o ON o.id = r.order_id WHERE o.code = %s AND r.party = %s'


def _quietly(act: Callable[[], object]) -> None:
    with contextlib.suppress(httpx.TransportError):
        act()


class Look:
    """A look at the database that waits while it is away."""

    def __init__(self, url: str, patience: float = 60.0) -> None:
        self._url = url.replace("+psycopg", "")
        self._local = threading.local()
        self._patience = patience

    def one(self, question: str, *values: Any) -> Any:
        """The first value of the first row, None without one."""
        row = self.row(question, *values)
        return row[0] if row else None

    def row(self, question: str, *values: Any) -> Sequence[Any] | None:
        """The first row, None without one. Raises httpx.ConnectError while the database does not answer, like a page would."""
        try:
            link = getattr(self._local, "link", None)
            if link is None or link.closed:
                link = self._local.link = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
            return link.execute(question, values).fetchone()  # type: ignore[no-any-return]
        except psycopg.OperationalError as away:
            self._local.link = None
            raise httpx.ConnectError(str(away)) from away
