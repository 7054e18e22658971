"""What is done in a citizen's name after it was read back: placing, accepting, sending back; and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from market import clock
from market.centres import acting, code_operations, counter_operations, deeds, queries, rules
from market.centres.models import CounterSession, ReadBack
from market.centres.states import Act, ConfirmedHow, Deed, ReadBackState
from market.db import db
from market.documents.rules import Purpose
from market.kernel.actor import Actor, Channel, Role, system
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.orders import contract_operations, draft_operations, placing_operations, work_operations
from market.orders import queries as orders
from market.orders.models import SignMethod
from market.orders.states import MilestoneState, OrderState
from market.record.models import AuditEntry
from market.record.queries import done_for
from tests.integration.factories import centres as make
from tests.integration.factories import documents as files
from tests.integration.factories import listings, vendors, work
from tests.integration.factories import orders as need

Someone = Callable[..., Any]


@pytest.fixture
def clerk(someone: Someone) -> Actor:
    return someone(Role.COUNTER).actor


@pytest.fixture
def client_of(app: Any) -> Callable[[Actor], Any]:
    return lambda actor: work.browser(app, actor)


@pytest.fixture
def draft(clerk: Actor, someone: Someone) -> tuple[CounterSession, Actor, str]:
    """A visit, the clerk acting for its citizen, and the citizen's draft with an offer chosen."""
    vendor, seller = vendors.active(someone(None).actor)
    listing = listings.published(vendor, seller)
    row, _, on_behalf = make.served(clerk)
    return row, on_behalf, need.chosen(on_behalf, listing).code


def serving(clerk: Actor, buyer: Actor, acts: frozenset[Act] = make.ALL_ACTS, order: str = "") -> tuple[str, Actor]:
    """A visit of somebody with an account of his own, with a consent and the order open: its code, and the clerk's actor."""
    row = make.visit(clerk, None)
    counter_operations.identify_by_pass(row.code, code_operations.make_pass(by=buyer), by=clerk)
    make.consent(clerk, row, acts)
    on_behalf = acting.actor_for(clerk)
    if order:
        counter_operations.find_order(row.code, order, by=on_behalf)
    return row.code, on_behalf


def confirmed(visit: str, deed: Deed, said: dict[str, Any], by: Actor) -> ReadBack:
    shown = counter_operations.show_read_back(visit, deed, said, by=by)
    return counter_operations.confirm_read_back(
        shown.code, ConfirmedHow.SIGNATURE_PAD, digest=shown.digest, signature=make.STROKES, by=by
    )


def test_an_order_is_placed_once_it_was_found_right(draft: tuple[CounterSession, Actor, str]) -> None:
    visit, on_behalf, code = draft
    row = confirmed(visit.code, Deed.PLACE, {}, on_behalf)
    counter_operations.do_read_back(row.code, by=on_behalf)
    placed = orders.order(code)
    assert (placed.state, placed.channel) == (OrderState.SELECTING, Channel.COUNTER)
    events = [entry.event for entry in db.session.scalars(done_for(on_behalf.on_behalf_of or ""))]
    assert {"OrderBegun", "OrderStepSaved", "ReadBackShown", "ReadBackConfirmed", "ReadBackDone", "OrderPlaced"} <= set(
        events
    )
    with pytest.raises(WrongState):
        counter_operations.do_read_back(row.code, by=on_behalf)


def test_the_order_s_own_button_is_undone_when_nothing_was_read_back(draft: tuple[CounterSession, Actor, str]) -> None:
    _, on_behalf, code = draft
    with pytest.raises(RuleBroken) as refused:
        placing_operations.place_order(code, by=on_behalf)
    assert refused.value.remedy
    db.session.expire_all()
    assert orders.order(code).state is OrderState.DRAFT


def test_what_was_not_confirmed_or_was_put_away_is_not_done(draft: tuple[CounterSession, Actor, str]) -> None:
    visit, on_behalf, code = draft
    shown = counter_operations.show_read_back(visit.code, Deed.PLACE, {}, by=on_behalf)
    with pytest.raises(WrongState):
        counter_operations.do_read_back(shown.code, by=on_behalf)
    counter_operations.drop_read_back(shown.code, by=on_behalf)
    for act in (counter_operations.do_read_back, counter_operations.drop_read_back):
        with pytest.raises(WrongState):
            act(shown.code, by=on_behalf)
    assert orders.order(code).state is OrderState.DRAFT


def test_an_order_that_changed_since_is_read_back_anew(draft: tuple[CounterSession, Actor, str]) -> None:
    visit, on_behalf, code = draft
    row = confirmed(visit.code, Deed.PLACE, {}, on_behalf)
    draft_operations.save_project(code, need.project(title="另一个项目"), by=on_behalf)
    with pytest.raises(Conflict):
        counter_operations.do_read_back(row.code, by=on_behalf)
    assert orders.order(code).state is OrderState.DRAFT


def test_the_citizen_confirms_what_is_shown_and_nothing_older(draft: tuple[CounterSession, Actor, str]) -> None:
    visit, on_behalf, code = draft
    old = counter_operations.show_read_back(visit.code, Deed.PLACE, {}, by=on_behalf)
    draft_operations.save_project(code, need.project(title="另一个项目"), by=on_behalf)
    new = counter_operations.show_read_back(visit.code, Deed.PLACE, {}, by=on_behalf)
    db.session.refresh(old)
    assert old.state is ReadBackState.DROPPED
    citizen = Actor(on_behalf.on_behalf_of or "", channel=Channel.COUNTER)
    with pytest.raises(Conflict):
        counter_operations.confirm_read_back(new.code, ConfirmedHow.SCREEN, digest=old.digest, by=citizen)
    counter_operations.confirm_read_back(new.code, ConfirmedHow.SCREEN, digest=new.digest, by=citizen)
    counter_operations.do_read_back(new.code, by=on_behalf)
    assert orders.order(code).state is OrderState.SELECTING


def test_nobody_but_the_citizen_or_the_clerk_of_the_visit_confirms_does_or_puts_away(
    draft: tuple[CounterSession, Actor, str], someone: Someone
) -> None:
    visit, on_behalf, code = draft
    citizen, other = Actor(on_behalf.on_behalf_of or "", channel=Channel.COUNTER), someone(Role.COUNTER).actor
    shown = counter_operations.show_read_back(visit.code, Deed.PLACE, {}, by=on_behalf)
    screen = {"how": ConfirmedHow.SCREEN, "digest": shown.digest}
    pad = {"how": ConfirmedHow.SIGNATURE_PAD, "digest": shown.digest, "signature": make.STROKES}
    others = replace(other, on_behalf_of=on_behalf.on_behalf_of)
    for by, said in (
        (on_behalf, screen),
        (others, screen),
        (others, pad),
        (someone(None).actor, screen),
        (citizen, pad),
    ):
        with pytest.raises((NotFound, Forbidden)):
            counter_operations.confirm_read_back(shown.code, **said, by=by)
    counter_operations.confirm_read_back(shown.code, **screen, by=citizen)
    for act in (counter_operations.do_read_back, counter_operations.drop_read_back):
        for by in (others, citizen):
            with pytest.raises((NotFound, Forbidden)):
                act(shown.code, by=by)
    counter_operations.do_read_back(shown.code, by=on_behalf)
    assert orders.order(code).state is OrderState.SELECTING


def test_what_was_confirmed_can_be_put_away_and_ends_with_a_forgotten_visit(
    draft: tuple[CounterSession, Actor, str], client_of: Any
) -> None:
    visit, on_behalf, _ = draft
    first = confirmed(visit.code, Deed.PLACE, {}, on_behalf)
    page = client_of(on_behalf).get(f"/counter/read-back/{first.code}").get_data(as_text=True)
    assert f"/counter/read-back/{first.code}/drop" in page
    counter_operations.drop_read_back(first.code, by=on_behalf)
    second = confirmed(visit.code, Deed.PLACE, {}, on_behalf)
    with clock.frozen(clock.real() + rules.LONGEST_SESSION):
        assert counter_operations.abandon_session(visit.code, by=system())
    assert queries.open_read_back(visit.id) is None
    db.session.refresh(second)
    assert second.state is ReadBackState.DROPPED


def test_a_result_that_is_answered_meanwhile_is_read_back_anew(clerk: Actor, client_of: Any) -> None:
    job = work.delivered()
    visit, on_behalf = serving(clerk, job.buyer, order=job.code)
    row = confirmed(visit, Deed.ACCEPT, {}, on_behalf)
    work_operations.accept_milestone(job.code, by=job.buyer)
    page = client_of(clerk).get(f"/counter/read-back/{row.code}")
    assert page.status_code == 200
    assert "重新" in page.get_data(as_text=True)
    with pytest.raises(Conflict):
        counter_operations.do_read_back(row.code, by=on_behalf)


def test_an_empty_pad_confirms_nothing(draft: tuple[CounterSession, Actor, str]) -> None:
    visit, on_behalf, _ = draft
    shown = counter_operations.show_read_back(visit.code, Deed.PLACE, {}, by=on_behalf)
    with pytest.raises(Invalid):
        counter_operations.confirm_read_back(
            shown.code, ConfirmedHow.SIGNATURE_PAD, digest=shown.digest, signature="M1,1", by=on_behalf
        )


def test_a_consent_withdrawn_after_the_confirmation_stops_the_deed(draft: tuple[CounterSession, Actor, str]) -> None:
    visit, on_behalf, code = draft
    row = confirmed(visit.code, Deed.PLACE, {}, on_behalf)
    consent = queries.running_consent(visit, clock.real())
    assert consent is not None
    counter_operations.withdraw_consent(consent.code, by=Actor(on_behalf.on_behalf_of or ""))
    with pytest.raises(RuleBroken):
        counter_operations.do_read_back(row.code, by=on_behalf)
    db.session.expire_all()
    assert orders.order(code).state is OrderState.DRAFT
    assert queries.read_back(row.code).state is ReadBackState.CONFIRMED


def test_a_result_is_accepted_with_the_citizen_s_words(clerk: Actor) -> None:
    job = work.delivered()
    visit, on_behalf = serving(clerk, job.buyer, order=job.code)
    row = confirmed(visit, Deed.ACCEPT, {"words": "报告说能装，就按这个来。"}, on_behalf)
    counter_operations.do_read_back(row.code, by=on_behalf)
    order = job.fresh()
    assert order.milestones[0].state is MilestoneState.ACCEPTED
    facts = db.session.scalars(
        select(AuditEntry).where(AuditEntry.event == "MilestoneAccepted", AuditEntry.subjects.contains([job.code]))
    ).one()
    assert (facts.person, facts.on_behalf_of, facts.channel) == (clerk.person, job.buyer.person, "counter")


def test_a_result_is_sent_back_with_reasons(clerk: Actor) -> None:
    job = work.delivered()
    visit, on_behalf = serving(clerk, job.buyer, order=job.code)
    for said in ({"words": "缺少附图，请补上附图。"}, {"reasons": ["incomplete"], "words": "缺图"}):
        with pytest.raises(Invalid):
            counter_operations.show_read_back(visit, Deed.REWORK, said, by=on_behalf)
    said = {"reasons": ["incomplete"], "words": "缺少附图，请补上全部附图。"}
    counter_operations.do_read_back(confirmed(visit, Deed.REWORK, said, on_behalf).code, by=on_behalf)
    assert job.fresh().reworks == 1


def test_accepting_without_that_act_or_without_reading_back_is_undone(clerk: Actor) -> None:
    job = work.delivered()
    visit, on_behalf = serving(clerk, job.buyer, make.ALL_ACTS - {Act.ACCEPT}, order=job.code)
    with pytest.raises(RuleBroken):
        work_operations.accept_milestone(job.code, by=on_behalf)
    row = confirmed(visit, Deed.ACCEPT, {}, on_behalf)
    with pytest.raises(RuleBroken):
        counter_operations.do_read_back(row.code, by=on_behalf)
    assert job.fresh().state is OrderState.DELIVERED


def test_a_deed_that_the_order_is_not_open_to_is_refused(draft: tuple[CounterSession, Actor, str]) -> None:
    visit, on_behalf, code = draft
    for deed, said in ((Deed.ACCEPT, {}), (Deed.MESSAGE, {"words": "您好，请问几号进场？"})):
        with pytest.raises(WrongState):
            counter_operations.show_read_back(visit.code, deed, said, by=on_behalf)
    assert deeds.open_to(orders.order(code)) == [Deed.PLACE]


def test_a_contract_is_signed_on_paper_by_the_citizen_in_person_and_in_no_other_way(clerk: Actor) -> None:
    job = work.awarded()
    _, on_behalf = serving(clerk, job.buyer, order=job.code)
    contract = job.contract()
    with pytest.raises((Forbidden, RuleBroken)):
        contract_operations.sign_contract(contract.code, password=work.PASSWORD, by=on_behalf)
    with pytest.raises(RuleBroken):
        contract_operations.sign_contract(
            contract.code, method=SignMethod.QUALIFIED, qualified=("serial", "c2lnbmF0dXJl"), by=on_behalf
        )
    scan = files.given(on_behalf, files.pdf("签字页"), "签字页.pdf", Purpose.CONTRACT).code
    contract_operations.sign_contract(contract.code, method=SignMethod.PAPER, document=scan, by=on_behalf)
    db.session.expire_all()
    assert [str(one.method) for one in job.contract().signatures] == ["paper"]


def test_a_clerk_without_the_on_behalf_actor_is_nobody_to_the_order(clerk: Actor) -> None:
    job = work.delivered()
    serving(clerk, job.buyer, order=job.code)
    assert orders.party_of(orders.order(job.code), replace(clerk, on_behalf_of=None)) is None
