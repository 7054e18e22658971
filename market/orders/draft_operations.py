"""What happens to a draft: begun, saved step by step, its papers put and dropped, forgotten."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from market import clock
from market.accounts import queries as accounts
from market.accounts.models import Organisation, OrganisationKind, Person
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.documents import operations as documents
from market.kernel.actor import Actor, Role
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from market.kernel.states import next_state
from market.kernel.words import N_
from market.listings import queries as listings
from market.locks import lock, lock_where
from market.orders import choice, locked, notices, offers, queries, rules
from market.orders.events import (
    DraftForgotten,
    OrderBegun,
    OrderStepSaved,
)
from market.orders.models import Order, OrderPaper, PaperSource
from market.orders.rules import BuyerKind, Fund, PaymentPlan, Way
from market.orders.states import TRANSITIONS, OrderState
from market.record.operations import record
from market.transaction import transactional

#: a second "begin" of the same need within this time gives the draft of the first (double click, Back)
SAME_BEGINNING = timedelta(minutes=10)
KINDS: Mapping[OrganisationKind, BuyerKind] = {OrganisationKind.PUBLIC_BODY: BuyerKind.PUBLIC_BODY}


@transactional
def begin_order(
    *,
    matter: str | None = None,
    item: str | None = None,
    listing: str | None = None,
    facts: Mapping[str, str] | None = None,
    by: Actor,
) -> Order:
    """Begin an order from a government matter, an item or an offer, as a draft that is kept 30 days.

    Buyer is the organisation for which `by` buys, the citizen whom counter staff serve, else the person himself. `facts`: what
    was typed about the job already (inputs of the standard, quantity). Beginning the same need again within ten minutes gives
    the same draft. `NotFound` for an unknown matter, item or offer; `Forbidden` for officials in duty; `RuleBroken` beyond 50
    drafts.
    """
    person, organisation = _buyer(by)
    if matter is not None and catalogue.matter(matter) is None:
        raise NotFound(N_("There is no such matter."))
    if listing is not None:
        item = listings.published(listing).item
    if item is not None and catalogue.item(item) is None:
        raise NotFound(N_("There is no such service."))
    now = clock.now()
    # two clicks at once wait for each other here
    lock_where(Person, Person.id == person.id)
    drafts = lock_where(
        Order,
        Order.state == OrderState.DRAFT,
        Order.person_id == person.id,
        Order.organisation_id == organisation.id if organisation is not None else Order.organisation_id.is_(None),
    )
    clerk = by.person if by.on_behalf_of else None
    asked = (matter, item, listing, 1, clerk)
    same = (row for row in drafts if (row.matter, row.item, row.listing, row.step, row.clerk) == asked)
    for row in same:
        if row.updated_at == row.created_at and row.created_at > now - SAME_BEGINNING:
            return row
    if len(drafts) >= rules.MOST_DRAFTS:
        raise RuleBroken(
            N_("You have %(most)s drafts already."),
            remedy=N_("Place or drop one of them first."),
            most=rules.MOST_DRAFTS,
        )
    kind = KINDS.get(organisation.kind, BuyerKind.FIRM) if organisation is not None else BuyerKind.CITIZEN
    row = Order(
        code=new_code("O"),
        state=OrderState.DRAFT,
        buyer_kind=kind,
        person=person,
        organisation=organisation,
        channel=by.channel,
        clerk=clerk,
        matter=matter,
        item=item,
        facts=dict(facts or {}),
        fund=Fund.FISCAL if kind is BuyerKind.PUBLIC_BODY else Fund.PRIVATE,
        plan=PaymentPlan.WHOLE,
        way=Way.DIRECT if listing is not None else None,
        listing=listing,
        step=1,
        created_at=now,
        updated_at=now,
        kept_until=queries.kept_until(item, None),
    )
    db.session.add(row)
    _put_papers(row)
    db.session.flush()
    if organisation is not None:
        documents.let_read(row.code, organisation=organisation.code, by=by)
    else:
        documents.let_read(row.code, person=person.code, by=by)
    record(OrderBegun(row.code, str(kind), item, matter), by=by)
    return row


@transactional
def save_what(code: str, *, matter: str | None, item: str | None, by: Actor) -> Order:
    """Step 1: from which matter, and which item. Another item drops the chosen offer and what only the old standard asked.
    `Invalid` for what does not exist."""
    row = locked.draft(code, by)
    if matter is not None and catalogue.matter(matter) is None:
        raise Invalid.field("matter", N_("There is no such matter."))
    if item is not None and catalogue.item(item) is None:
        raise Invalid.field("item", N_("There is no such service."))
    if item != row.item:
        row.facts = {}
        choice.choose_none(row)
    if matter != row.matter:
        row.matter = matter
        _put_papers(row)
    row.item = item
    return _saved(row, 1, by)


@transactional
def save_project(code: str, project: rules.Project, *, by: Actor) -> Order:
    """Step 2: the project. Keeps whatever is given, complete or not; a chosen offer is priced anew for the new facts.
    `Invalid` for a fund that the buyer does not have."""
    row = locked.draft(code, by)
    if "fund" in project.given and project.fund is not None:
        rules.check_fund(row.buyer_kind, project.fund)
        row.fund = project.fund
    for name in ("title", "description", "requirements", "conditions", "district", "ceiling_fen", "needed_by"):
        if name in project.given:
            setattr(row, name, getattr(project, name))
    if "facts" in project.given:
        row.facts = dict(project.facts or {})
    if row.listing is not None:
        choice.price_again(row)
    notices.note(row, by=by)
    return _saved(row, 2, by)


@transactional
def save_papers(code: str, *, given: Mapping[int, str] | None = None, by: Actor) -> Order:
    """Step 3: documents (`given`: codes) by position of the paper.

    Documents are attached to the order. `NotFound` for another's document, `Invalid` for a paper that the order does not have.
    """
    given = given or {}
    attached = {position: documents.attach(document, code, by=by) for position, document in sorted(given.items())}
    row = locked.draft(code, by)
    papers = {one.position: one for one in queries.papers_of(row)}
    if unknown := set(given) - set(papers):
        raise Invalid.field("paper", N_("The order has no paper %(position)s."), position=min(unknown))
    for position, document in attached.items():
        one = papers[position]
        one.document, one.source, one.saved, one.given_at = document, PaperSource.BUYER, False, clock.now()
    return _saved(row, 3, by)


@transactional
def put_paper(code: str, name: str, document: Any, *, saved: bool, by: Actor) -> Order:
    """Put a document that is attached to the order already (fetched from the city's hub, used again) to the paper it stands
    for; `saved`: the buyer did not have to bring it."""
    row = locked.draft(code, by)
    one = next((paper for paper in queries.papers_of(row) if paper.name == name), None)
    if one is None:
        raise NotFound()
    one.document, one.source, one.saved, one.given_at = document, PaperSource.HUB, saved, clock.now()
    return _saved(row, 3, by)


@transactional
def drop_paper(code: str, position: int, *, by: Actor) -> Order:
    """Take a document off a paper again; the paper stays. `NotFound` when there is none."""
    found = queries.own_order(code, by)
    before = next((one for one in queries.papers_of(found) if one.position == position and one.document), None)
    if before is None or before.document is None:
        raise NotFound()
    mine = before.source is PaperSource.BUYER
    if mine:
        documents.take_off(before.document.code, code, by=by)
    row = locked.draft(code, by)
    before.document, before.saved, before.given_at, before.source = None, False, None, PaperSource.BUYER
    return _saved(row, 3, by)


@transactional
def save_way(
    code: str, *, way: Way, listing: str | None = None, justification: str | None = None, plan: PaymentPlan | None = None,
    by: Actor
) -> Order:  # fmt: skip
    """Step 4: the way of selection and, for direct choice, the offer: its publication, price for this project and days are
    remembered as the buyer saw them.

    Refuses a way that is not open to the need (rules.check_way, without asking for the justification yet), an offer that is no
    longer offered or of another service (`Invalid`), and one that does not fit (`NotFitting`).
    """
    row = locked.draft(code, by)
    found = rules.way_for(queries.need_facts(row), way)
    if not found.permitted:
        raise found.why
    row.way = way
    if justification is not None:
        row.justification = justification
    if plan is not None:
        row.plan = plan
    if way is not Way.DIRECT or listing is None:
        if way is not Way.DIRECT:
            choice.choose_none(row)
            row.way = way
        return _saved(row, 4, by)
    match = offers.judge_one(row, listing)
    if match is None or not match.offer.offered:
        raise Invalid.field("listing", N_("This offer is no longer there: choose another one."))
    choice.check_fits(match)
    choice.choose(row, match)
    return _saved(row, 4, by)


@transactional
def forget_draft(code: str, *, by: Actor) -> None:
    """End a draft that nobody touched for its term, with what was typed about the project; nothing while the term runs."""
    row = lock(Order, code)
    if row.state is not OrderState.DRAFT or row.kept_until is None or clock.now() < row.kept_until:
        return
    row.state = next_state(TRANSITIONS, row.state, "cancel")
    row.ended_at, row.kept_until = clock.now(), None
    row.title, row.description, row.facts, row.justification = "", "", {}, None
    row.requirements, row.conditions, row.reasons = "", "", {}
    row.reason = rules.reason_facts("forgotten", N_("The draft was not touched for its term."))
    row.updated_at = clock.now()
    record(DraftForgotten(row.code), by=by)


def _buyer(by: Actor) -> tuple[Person, Organisation | None]:
    """The person and organisation for whom `by` orders."""
    if by.on_behalf_of is not None:
        served = accounts.person(by.on_behalf_of)
        if by.role is not Role.COUNTER or served is None or served.closed_at is not None:
            raise NotFound()
        return served, None
    if by.role is not None and by.role not in queries.BUYING:
        raise Forbidden(
            N_("Officials do not order in duty."),
            remedy=N_(
                "To order for yourself, choose no role in the account menu; at the counter, serve a citizen first."
            ),
        )
    person = accounts.person(by.person)
    organisation = accounts.organisation(by.organisation) if by.organisation is not None else None
    if person is None:
        raise NotFound()
    return person, organisation


#: where the catalogue says that a paper comes from
SOURCES: Mapping[str, PaperSource] = {
    "shared": PaperSource.HUB, "applicant": PaperSource.BUYER, "intermediary": PaperSource.RESULT,
}  # fmt: skip


def _put_papers(row: Order) -> None:
    """The papers that the matter asks for; those of another matter without a document go, the others stay."""
    matter = catalogue.matter(row.matter) if row.matter is not None else None
    before = {one.name: one for one in row.papers}
    wanted = {str(one["name_zh"]): SOURCES[one["source"]] for one in (matter.documents if matter is not None else [])}
    for name, one in before.items():
        if name not in wanted and one.document_id is None:
            db.session.delete(one)
    for position, (name, source) in enumerate(wanted.items(), 1):
        if name in before:
            before[name].position = position
        else:
            db.session.add(OrderPaper(order=row, position=position, name=name, source=source))


def _saved(row: Order, step: int, by: Actor) -> Order:
    row.step = max(row.step, step)
    row.kept_until = queries.kept_until(row.item, row.district)
    row.updated_at = clock.now()
    record(OrderStepSaved(row.code, step), by=by)
    return row
