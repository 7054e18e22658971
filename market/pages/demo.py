"""The demo market: built through the operations from a fixed seed, told over the past year, and marked as invented.

All of it is one transaction: a run that is killed leaves nothing, and the next one makes the whole. Every operation happens at
its own moment (transaction.in_bulk), so that entries, checks, publications, lapses and consultations lie where they belong.
"""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from market import clock
from market.accounts import operations as accounts
from market.accounts import queries as account_queries
from market.accounts.models import Organisation, OrganisationKind
from market.accounts.practice import DEMO_DOMAIN, demo_password
from market.catalogue import operations as catalogue_operations
from market.catalogue import queries as catalogue
from market.db import db
from market.documents import operations as documents
from market.documents.rules import Purpose
from market.kernel.actor import OFFICIALS, Actor, Channel, Role, system
from market.kernel.calendar import end_of_day, start_of_day
from market.kernel.errors import Forbidden
from market.kernel.words import N_
from market.listings import operations as listings
from market.listings import queries as listing_queries
from market.listings.models import Listing
from market.pages.demo_plan import (
    DATA,
    IN_THE_MARKET,
    LATEST,
    Facts,
    Fate,
    Firm,
    Offer,
    Paper,
    Professional,
    Shelf,
    Size,
    plan,
)
from market.transaction import in_bulk, later, transactional
from market.vendors import jobs as vendor_jobs
from market.vendors import licence_operations, rules
from market.vendors import operations as vendors
from market.vendors import queries as vendor_queries
from market.vendors.models import Vendor

SEED = 1125
BY = system(Channel.COMMAND)
#: who has it has the demo market: it is the last thing that matters, and comes with all the rest or not at all
MARKER = f"{Role.OPERATOR}@{DEMO_DOMAIN}"
#: where counter staff of the demonstration work
COUNTER_DISTRICT = "610117"
#: so far back the history begins, in days
HISTORY = 330
#: the late one of the two guided standards comes into force this part of the history before its end
LATE = 0.82
#: a mobile number of nobody: 199 9999 0000 and up
PHONE = 19999990000

#: what a vendor does with an offer soon after its publication
LATER_ACTS: Mapping[Shelf, Callable[..., object]] = {
    Shelf.PAUSED: listings.pause_listing,
    Shelf.WITHDRAWN: listings.withdraw_listing,
}

Say = Callable[[str], object]
Step = tuple[datetime, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build left: whether it made anything, and how many vendors and listings there are."""

    made: bool
    vendors: int
    listings: int
    seconds: float


def build(size: Size = Size(), seed: int = SEED, say: Say = print) -> Built:  # noqa: B008 (frozen)
    """Make the demo market on the present database, once; one that is there already is left as it is.

    `Forbidden` outside practice mode. `say` is told how far it is every few seconds. The index is brought up to date by a job
    after the commit.
    """
    if not current_app.extensions["settings"].practice:
        raise Forbidden(N_("The demo market is made in practice mode only."))
    began = time.monotonic()
    made = _build(size, seed, say)
    counts = [db.session.scalar(select(func.count()).select_from(model)) or 0 for model in (Vendor, Listing)]
    db.session.rollback()
    return Built(made, counts[0], counts[1], time.monotonic() - began)


@transactional
def _build(size: Size, seed: int, say: Say) -> bool:
    # two at once: the second waits, and then finds the marker
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("demo market"))))
    if account_queries.person_by_email(MARKER) is not None:
        return False
    story = _Story(size, seed)
    steps = sorted(story.steps(), key=lambda step: step[0])
    in_bulk(_told(steps, say))
    later("market.listings.jobs.sweep_index")
    return True


def _told(steps: list[Step], say: Say) -> Iterator[Step]:
    spoken = time.monotonic()
    for number, step in enumerate(steps):
        if time.monotonic() - spoken > 3:
            spoken = time.monotonic()
            say(
                f"  {number * 100 // len(steps)} % ({step[0].astimezone(clock.SHANGHAI):%Y-%m-%d} in the market's history)"
            )
        yield step
    say("  writing it down")


@dataclass(slots=True)
class _Told:
    """What a firm of the plan has become: the codes that its later steps need."""

    firm: Firm
    person: str = ""
    vendor: str = ""
    actor: Actor = BY
    people: list[str] = field(default_factory=list)
    offers: dict[int, str] = field(default_factory=dict)


class _Story:
    """The steps of the history, each with its moment. Steps of one firm follow each other; those of several mingle."""

    def __init__(self, size: Size, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 (nothing here is secret)
        self.now = clock.now()
        self.today = clock.today()
        self.days = history(self.today, size.days)
        self.facts = facts_for(self.today, self.days)
        self.firms = [_Told(firm) for firm in plan(size, self.facts, self.chance)]
        self.operator = BY
        self.buyer = BY

    def steps(self) -> Iterator[Step]:
        """Everything that happens, in no order yet."""
        yield from self._people()
        for spec in DATA["standards"]:
            yield from self._standard(spec, _in_force(spec, self.days))
        yield from self._consultation()
        for told in self.firms:
            yield from self._entry(told)
            if told.firm.fate in IN_THE_MARKET:
                yield from self._papers(told)
                yield from self._offers(told)
                yield from self._end(told)
        yield from self._changes([told for told in self.firms if told.firm.fate is Fate.CHANGED])

    def _at(self, day: int, hour: float, minute: float = 0) -> datetime:
        """A moment on a day of the history, in working hours of Xi'an; never in the future."""
        at = start_of_day(self.days[day]) + timedelta(hours=hour, minutes=minute)
        return min(at, self.now - timedelta(minutes=1))

    # People -------------------------------------------------------------------------------------------------------------

    def _people(self) -> Iterator[Step]:
        at = self._at(0, 8)
        yield at, self._open_offices

    def _open_offices(self) -> None:
        password = demo_password()
        offices: dict[str, Organisation] = {}
        for role in (Role.BUYER, *sorted(OFFICIALS), Role.EXPERT):
            person = accounts.open_account(
                email=f"{role}@{DEMO_DOMAIN}", name=DATA["people"][role], password=password, by=BY
            )
            if role is Role.BUYER:
                kinds = {"firm": OrganisationKind.FIRM, "public_body": OrganisationKind.PUBLIC_BODY}
                for name, kind in kinds.items():
                    organisation = accounts.add_organisation(DATA["buyers"][name], kind, by=BY)
                    accounts.give_membership(person.code, organisation.code, role, admin=True, by=BY)
                self.buyer = _acting(person.code, role, organisation)
                continue
            name = DATA["offices"][role]
            offices[name] = offices.get(name) or accounts.add_organisation(name, OrganisationKind.OFFICE, by=BY)
            district = COUNTER_DISTRICT if role is Role.COUNTER else None
            accounts.give_membership(person.code, offices[name].code, role, district=district, admin=True, by=BY)
            if role in OFFICIALS:
                accounts.demo_second_factor(person.code, by=BY)
            if role is Role.OPERATOR:
                self.operator = _acting(person.code, role, offices[name])

    # The catalogue ------------------------------------------------------------------------------------------------------

    def _standard(self, spec: Mapping[str, Any], day: int) -> Iterator[Step]:
        """A local guided standard: proposed, open for comments for a week, in force from `day` of the history on."""
        holds_from = self.days[day]
        opened = start_of_day(holds_from) - timedelta(days=10)
        version: list[str] = []

        def propose() -> None:
            proposal = catalogue_operations.propose_version(
                "standard", spec["slug"], _standard_content(spec, holds_from), reason=spec["reason"], valid_from=holds_from,
                items=spec["items"], by=self.operator,
            )  # fmt: skip
            version.append(proposal.code)

        yield opened + timedelta(hours=9), propose
        yield (
            opened + timedelta(hours=9, minutes=20),
            lambda: catalogue_operations.consult(version[0], by=self.operator),
        )
        for number, text in enumerate(DATA["comments"]):
            at = opened + timedelta(days=1 + number, hours=11)
            yield at, partial(self._comment, version, text)
        at = start_of_day(holds_from) + timedelta(hours=8)
        yield at, lambda: catalogue_operations.put_in_force(version[0], by=self.operator)
        yield at + timedelta(minutes=5), lambda: self._recheck(spec["items"])

    def _comment(self, version: list[str], text: str) -> None:
        catalogue_operations.comment(version[0], text, by=self.buyer)

    def _recheck(self, items: list[str]) -> None:
        """What the job after `put_in_force` does, for the offers that the new standard binds."""
        for told in self.firms:
            for place, code in told.offers.items():
                if told.firm.offers[place].item in items:
                    listings.recheck_standard(code)

    def _consultation(self) -> Iterator[Step]:
        """A change of an item that is open for comments now, and one that an operator has not opened yet."""
        opened = min(self._at(len(self.days) - 2, 10), self.now - timedelta(hours=1))
        version: list[str] = []

        def propose(slug: str, **changes: Any) -> None:
            content = {**self.facts.items[slug].content, **changes}
            proposal = catalogue_operations.propose_version(
                "item", slug, content, reason="演示：虚构的修改建议，供试用公示与意见功能。",
                valid_from=self.today + timedelta(days=20), by=self.operator,
            )  # fmt: skip
            version.append(proposal.code)

        house = self.facts.items["house-safety"]
        yield opened, lambda: propose("house-safety", aliases_zh=[*house.aliases_zh, "老房子安全检测"])
        yield opened + timedelta(minutes=5), lambda: catalogue_operations.consult(version[0], by=self.operator)
        yield (
            opened + timedelta(minutes=30),
            lambda: catalogue_operations.comment(version[0], DATA["comments"][0], by=self.buyer),
        )
        lightning = self.facts.items["lightning-test"]
        yield (
            opened + timedelta(minutes=40),
            lambda: propose("lightning-test", aliases_zh=[*lightning.aliases_zh, "避雷检查"]),
        )

    # Entry --------------------------------------------------------------------------------------------------------------

    def _entry(self, told: _Told) -> Iterator[Step]:
        firm, chance = told.firm, self.chance
        begun = self._at(firm.entered, 8.2, chance.uniform(1, 100))
        if firm.number == 0:
            # before all others: bin/market accounts sign-ins shows the oldest member
            begun = self._at(0, 8, 10)
        if firm.fate is Fate.APPLIED:
            # one is overdue, the others wait
            back = LATEST - 1 if firm.number % 5 == 0 else chance.randint(0, 1)
            begun = self._at(max(len(self.days) - 1 - back, 0), 8.2, chance.uniform(1, 60))
        acts = self._application(told)
        for place, act in enumerate(acts):
            yield begun + timedelta(seconds=10 * place), act
        if firm.fate in (Fate.APPLIED, Fate.DRAFT):
            return
        day = min(firm.entered + (1 if firm.late else 0), len(self.days) - 1)
        decided = max(self._at(day, 14, chance.uniform(0, 180)), begun + timedelta(minutes=10))
        yield decided, lambda: self._decide(told)

    def _application(self, told: _Told) -> Iterator[Callable[[], object]]:
        """The steps of an application as the firm's people make them."""
        firm = told.firm
        waits = firm.fate is Fate.APPLIED
        doubted = waits and firm.number % 5 == 1
        # a code that fails its own check: an operator must see the paper
        code = firm.credit_code[:-1] + ("A" if firm.credit_code[-1] != "A" else "B") if doubted else firm.credit_code

        yield lambda: self._begin(told)
        yield lambda: vendors.save_firm(
            told.vendor, name=firm.name, legal_form=firm.legal_form, credit_code=code, as_printed=doubted, address=firm.address,
            introduction=firm.introduction, languages=firm.languages, by=told.actor,
            paper=_file(told.actor, "营业执照（示例）.pdf") if doubted else None,
        )  # fmt: skip
        if firm.fate is Fate.DRAFT:
            return
        yield lambda: vendors.save_contact(
            told.vendor, representative=f"示例代表{firm.number:03d}", contact_name=f"示例联系人{firm.number:03d}",
            contact_phone=str(PHONE + firm.number), by=told.actor,
        )  # fmt: skip
        for place, paper in enumerate(firm.papers):
            yield from self._give(told, paper, known=not (waits and place == 0))
        for one in firm.people:
            yield partial(self._add, told, one)
        if firm.tied:
            yield lambda: vendors.declare_tie(
                told.vendor,
                body="示例街道办事处（虚构）",
                kind="staff",
                explanation="示例：一名顾问在该单位兼职。",
                by=told.actor,
            )
        yield lambda: vendors.save_undertakings(
            told.vendor, given=list(rules.UNDERTAKINGS), no_ties=not firm.tied, by=told.actor
        )
        yield lambda: vendors.hand_in(told.vendor, by=told.actor)

    def _add(self, told: _Told, one: Professional) -> None:
        person = licence_operations.add_practitioner(
            told.vendor, name=one.name, id_number=one.id_number, profession=one.profession,
            registration=one.registration, by=told.actor,
        )  # fmt: skip
        told.people.append(person.code)

    def _begin(self, told: _Told) -> None:
        firm = told.firm
        name, password = f"firm-{firm.number:03d}", None
        if firm.number == 0:
            name, password = str(Role.VENDOR), demo_password()
        person = accounts.open_account(
            email=f"{name}@{DEMO_DOMAIN}", name=DATA["people"]["vendor"], password=password, by=BY
        )
        vendor, _ = vendors.begin_application(firm.name, by=Actor(person.code))
        told.person, told.vendor = person.code, vendor.code
        told.actor = _acting(person.code, Role.VENDOR, vendor.organisation)

    def _give(self, told: _Told, paper: Paper, *, known: bool = True) -> Iterator[Callable[[], object]]:
        """Give a licence; the practice registry confirms it. One that is not `known` there waits for an operator."""
        code: list[str] = []
        number = paper.number if known else f"示例证字第{told.firm.number:04d}号"

        def give() -> None:
            licence = licence_operations.give_licence(
                told.vendor, kind=paper.kind, level=paper.level, number=number, issuer=paper.issuer,
                valid_from=paper.valid_from, valid_to=paper.valid_to, by=told.actor,
                document=None if known else _file(told.actor, "资质证书（示例）.pdf"),
            )  # fmt: skip
            code.append(licence.code)

        yield give
        yield lambda: vendor_jobs.ask_registry(code[0])

    def _decide(self, told: _Told) -> None:
        questions = vendor_queries.questions_about(vendor_queries.vendor(told.vendor))
        answers = {question.key: rules.Answer(True, text="与原件一致") for question in questions}
        if told.firm.fate is Fate.RETURNED:
            wrong = questions[told.firm.number % len(questions)]
            answers[wrong.key] = rules.Answer(False, "incomplete", "示例：第二页缺少盖章，请补齐后重新提交。")
        vendors.check_application(told.vendor, answers, by=self.operator)

    # Licences -----------------------------------------------------------------------------------------------------------

    def _papers(self, told: _Told) -> Iterator[Step]:
        """Warnings before the end of a licence, its lapse, and its renewal where there is one."""
        ends = [paper.valid_to for paper in told.firm.papers if paper.valid_to is not None]
        if not ends or min(ends) > self.today + timedelta(days=max(rules.WARNINGS)):
            return
        begins = min(ends) - timedelta(days=max(rules.WARNINGS))
        for number, day in enumerate(self.days):
            if day >= begins and number > told.firm.entered + 1:
                yield self._at(number, 0.1), lambda: licence_operations.review_days(told.vendor, by=system())
        for paper in told.firm.papers:
            if paper.renewal is None or paper.valid_to is None:
                continue
            after = [number for number, day in enumerate(self.days) if day > paper.valid_to]
            if len(after) < 2 or after[1] <= told.firm.entered + 1:
                continue
            renewal, until = paper.renewal
            renewed = Paper(paper.kind, paper.level, renewal, paper.issuer, self.days[after[1]], until)
            for place, act in enumerate(self._give(told, renewed)):
                yield self._at(after[1], 15, place), act

    # Offers -------------------------------------------------------------------------------------------------------------

    def _offers(self, told: _Told) -> Iterator[Step]:
        for place, offer in enumerate(told.firm.offers):
            at = self._at(offer.day, 9, self.chance.uniform(0, 280))
            yield at, partial(self._draft, told, place, offer)
            if offer.shelf is Shelf.DRAFT:
                continue
            at += timedelta(minutes=5)
            yield at, partial(self._act, listings.publish_listing, told, place)
            if offer.shelf in LATER_ACTS:
                yield at + timedelta(hours=2), partial(self._act, LATER_ACTS[offer.shelf], told, place)
            elif offer.shelf is Shelf.EXPIRED:
                end = end_of_day(offer.fields["valid_to"]) + timedelta(minutes=10)
                yield end, partial(self._expire, told, place)

    def _act(self, operation: Callable[..., object], told: _Told, place: int) -> None:
        operation(told.offers[place], by=told.actor)

    def _expire(self, told: _Told, place: int) -> None:
        listings.expire_listing(told.offers[place])

    def _draft(self, told: _Told, place: int, offer: Offer) -> None:
        fields = dict(offer.fields)
        if offer.names_people:
            fields["practitioners"] = tuple(told.people[:2])
        told.offers[place] = listings.draft_listing(told.vendor, offer.item, fields, by=told.actor).code

    # How it ends --------------------------------------------------------------------------------------------------------

    def _end(self, told: _Told) -> Iterator[Step]:
        chance, last = self.chance, len(self.days) - 1
        reason, basis = chance.choice(DATA["suspensions"]), DATA["basis"]
        match told.firm.fate:
            case Fate.SUSPENDED:
                yield (
                    self._at(last - 2, 16, chance.uniform(0, 60)),
                    lambda: vendors.suspend_vendor(told.vendor, reason=reason, basis=basis, by=self.operator),
                )
            case Fate.REINSTATED:
                yield (
                    self._at(last - 3, 16, chance.uniform(0, 60)),
                    lambda: vendors.suspend_vendor(told.vendor, reason=reason, basis=basis, by=self.operator),
                )
                yield (
                    self._at(last - 1, 16, chance.uniform(0, 60)),
                    lambda: vendors.reinstate_vendor(
                        told.vendor, reason="示例：已更正并重新提交，经核对无误。", by=self.operator
                    ),
                )
            case Fate.STRUCK_OFF:
                strike = chance.choice(DATA["strikes"])
                yield (
                    self._at(last - 1, 15, chance.uniform(0, 60)),
                    lambda: vendors.strike_off_vendor(told.vendor, reason=strike, basis=basis, by=self.operator),
                )
            case Fate.WITHDRAWN:
                yield (
                    self._at(last - 2, 11, chance.uniform(0, 60)),
                    lambda: vendors.withdraw_vendor(told.vendor, by=told.actor),
                )

    def _changes(self, firms: list[_Told]) -> Iterator[Step]:
        """What firms in the market changed and an operator has not looked at yet: each kind in turn, one overdue."""
        for number, told in enumerate(firms):
            back = LATEST - 1 if number == 4 else number % 2
            at = self._at(len(self.days) - 1 - back, 10, number * 3)
            yield at, partial(self._change, told, number % 4)

    def _change(self, told: _Told, kind: int) -> None:
        firm = told.firm
        phone = str(PHONE + firm.number)
        if kind == 0:
            vendors.save_contact(
                told.vendor, representative=f"示例新任代表{firm.number:03d}", contact_name=f"示例联系人{firm.number:03d}",
                contact_phone=phone, by=told.actor,
            )  # fmt: skip
        elif kind == 1:
            vendors.save_firm(
                told.vendor, name=firm.name.replace(DATA["mark"], f"（更名示例）{DATA['mark']}"), legal_form=firm.legal_form,
                credit_code=firm.credit_code, address=firm.address, introduction=firm.introduction, languages=firm.languages,
                by=told.actor,
            )  # fmt: skip
        elif kind == 2:
            licence_operations.give_licence(
                told.vendor, kind="检验检测机构资质认定（CMA）", number=f"示例证字第{firm.number:04d}号",
                issuer=DATA["issuers"][0], document=_file(told.actor, "资质证书（示例）.pdf"), by=told.actor,
                valid_from=self.today - timedelta(days=30), valid_to=self.today + timedelta(days=2000),
            )  # fmt: skip
        else:
            spare = firm.people[0] if firm.people else None
            licence_operations.add_practitioner(
                told.vendor, name=f"示例新进人员{firm.number:03d}", id_number=_newcomer(firm.number, self.today),
                profession=spare.profession if spare else "一级造价工程师", registration=f"示例注字{firm.number:04d}99",
                by=told.actor,
            )  # fmt: skip


# Parts ------------------------------------------------------------------------------------------------------------------


def facts_for(today: date, days: list[date]) -> Facts:
    """What the plan rests on: the catalogue and its references as they are `today`, for a history of `days`."""
    items = {item.slug: item for item in catalogue.items()}
    references = {}
    for slug in items:
        held = listing_queries.held_for(slug)
        if held is not None and held.reference is not None:
            references[slug] = (held.reference, listing_queries.typical_quantity(held.standard))
    guided = {
        item: (_in_force(spec, days), Fraction(spec["area"])) for spec in DATA["standards"] for item in spec["items"]
    }
    return Facts(items, references, guided, [one.code for one in catalogue.districts()], days, today)


def _in_force(spec: Mapping[str, Any], days: list[date]) -> int:
    """The day of the history from which an invented standard holds."""
    return int(len(days) * LATE) if spec["late"] else 1


def history(today: date, count: int) -> list[date]:
    """Working days of the history, the last of them today or the last one before it."""
    works = catalogue.calendar().is_working_day
    latest: list[date] = []
    day = today
    while len(latest) < LATEST:
        if works(day):
            latest.append(day)
        day -= timedelta(days=1)
    first = today - timedelta(days=HISTORY)
    span = (min(latest) - first).days
    earlier: list[date] = []
    for number in range(count - LATEST):
        day = first + timedelta(days=span * number // (count - LATEST))
        while not works(day):
            day += timedelta(days=1)
        if day < min(latest) and day not in earlier:
            earlier.append(day)
    return [*earlier, *sorted(latest)]


def _acting(person: str, role: Role, organisation: Organisation) -> Actor:
    return Actor(person, role, organisation.code)


def _standard_content(spec: Mapping[str, Any], since: date) -> dict[str, Any]:
    """A guided standard in the form of docs/price-standards.md: slices by floor area, 30 % up and down."""
    invented = {"zh": "虚构示例，不是任何机关的文件", "en": "An invented example, no authority's document"}
    bounds = [*({"up_to": bound} for bound in spec["bounds"]), {}]
    slices = [{**bound, "rate": f"{rate} 元/平方米"} for bound, rate in zip(bounds, spec["rate"], strict=True)]
    inputs = {
        "area": {
            "label": {"zh": "建筑面积", "en": "Floor area"}, "takes": "area", "required": True,
            "help": {"zh": "按平方米填写。", "en": "In square metres."},
        },
        "band": {
            "label": {"zh": "浮动幅度", "en": "Place in the band"}, "takes": "number", "least": "-0.3", "most": "0.3",
            "help": {
                "zh": "在允许的幅度内取值，例如下浮一成填 -0.1；不填即基准价。",
                "en": "A place within the band, for instance -0.1 for ten per cent down; leave empty for the base.",
            },
        },
    }  # fmt: skip
    version = {
        "id": "demo", "basis": invented, "inputs": inputs,
        "tables": {
            "fee": {
                "shape": "progressive", "columns": ["rate"], "bounds_in": "平方米", "article": spec["article"], "mark": "D",
                "slices": slices,
            }
        },
        "parts": [{"of": "area", "table": "fee", "column": "rate"}],
        "band": {"down": "30%", "up": "30%", "mark": "D"},
        "rounding_yuan": "1",
        "notes": [{"text": invented}],
    }  # fmt: skip
    return {
        "id": spec["slug"], "title": spec["title"], "number": spec["number"],
        "issuer": {"zh": "示例价格主管部门（虚构）", "en": "Example price authority (invented)"},
        "region": {"zh": "西安市（虚构示例）", "en": "Xi'an (invented example)"},
        "kinds": [{"since": since.isoformat(), "kind": "guided", "basis": invented, "mark": "D"}],
        "source": invented, "mark": "D", "versions": [version],
    }  # fmt: skip


def _newcomer(number: int, today: date) -> str:
    """A well-formed identity number like those of demo_plan, of the day before them."""
    from market.kernel.identifiers import OLDEST_YEARS, resident_check

    body = f"610102{today.year - OLDEST_YEARS + 1}0101{number % 900:03d}"
    return body + resident_check(body)


def _file(by: Actor, name: str) -> str:
    """Hand in a one-page PDF that says it is a sample; the code of the document."""
    pdf = sample_pdf("INVENTED SAMPLE - NOT A LICENCE")
    return documents.give(io.BytesIO(pdf), name, Purpose.LICENCE, by=by).code


def sample_pdf(line: str) -> bytes:
    """A page with one line (ASCII, without brackets) and the name of the demonstration."""
    text = f"BT /F1 28 Tf 90 640 Td ({line}) Tj 0 -40 Td (West Market demonstration) Tj ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 700 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


__all__ = ["SEED", "Built", "Size", "build"]
