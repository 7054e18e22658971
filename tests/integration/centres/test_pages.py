"""The pages of centres, the counter and the kiosk, as a browser without scripts uses them."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.accounts import queries as accounts
from market.centres import code_operations, counter_operations, queries
from market.centres.models import Booking, CentreHours, CounterConsent, Handover
from market.centres.states import Outcome
from market.db import db
from market.documents import operations as documents
from market.kernel.actor import Actor, Channel, Role
from market.kernel.errors import NotFound
from market.orders import queries as order_queries
from market.orders.states import OrderState
from tests.integration.factories import centres as make
from tests.integration.factories import listings, vendors
from tests.integration.factories import orders as need

Someone = Callable[..., Any]
CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


# Citizens -----------------------------------------------------------------------------------------------------------------


def test_a_citizen_finds_a_centre_books_takes_the_date_along_and_gives_the_place_back(
    client: Any, someone: Someone
) -> None:
    assert "高陵区政务服务中心" in text(client.get("/centres?district=610117"))
    assert "09:00–12:00" in text(client.get(f"/centres/{make.CENTRE}"))
    assert client.get("/centres/nowhere").status_code == 404
    citizen = someone().client
    page = text(citizen.get(f"/centres/{make.CENTRE}/book?day=2026-03-05"))
    assert 'value="2026-03-05T10:00"' in page
    assert 'value="2026-03-05T12:00"' not in page
    wrong = citizen.submit(f"/centres/{make.CENTRE}/book", {"starts_at": "2026-03-05T10:00"})
    assert wrong.status_code == 422
    done = citizen.submit(f"/centres/{make.CENTRE}/book", {"starts_at": "2026-03-05T10:00", "visit": "papers"})
    assert done.location.endswith("/account/bookings")
    row = db.session.scalars(select(Booking)).one()
    event = citizen.get(f"/account/bookings/{row.code}.ics")
    assert event.mimetype == "text/calendar"
    assert "DTSTART:20260305T020000Z" in text(event)
    assert someone().client.get(f"/account/bookings/{row.code}.ics").status_code == 404
    citizen.submit(f"/account/bookings/{row.code}/cancel")
    assert str(db.session.scalars(select(Booking.state)).one()) == "cancelled"


def test_full_quarter_hours_cannot_be_chosen_and_are_refused_in_words(someone: Someone) -> None:
    data = {"starts_at": "2026-03-05T10:00", "visit": "advice"}
    for _ in range(2):
        assert someone().client.submit(f"/centres/{make.CENTRE}/book", data).status_code == 302
    third = someone().client
    page = text(third.get(f"/centres/{make.CENTRE}/book?day=2026-03-05"))
    assert re.search(r'value="2026-03-05T10:00" disabled', page)
    refused = third.submit(f"/centres/{make.CENTRE}/book", data)
    assert refused.status_code == 409
    assert "约满" in text(refused)


def test_the_nearest_centre_comes_from_the_order_s_district(someone: Someone) -> None:
    citizen = someone()
    order = need.drafted(citizen.actor, district="610102")
    found = citizen.client.get(f"/centres/nearest?order={order.code}")
    assert f"/centres/610102-01/book?order={order.code}" in found.location
    assert someone().client.get(f"/centres/nearest?order={order.code}").status_code == 404


def test_the_order_s_pages_show_its_pick_up_code_and_the_way_to_a_centre_to_its_buyer_alone(someone: Someone) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    buyer = someone()
    order = need.placed(buyer.actor, listings.published(vendor, seller))
    pickup = code_operations.give_pickup_code(order.code, by=buyer.actor)
    page = text(buyer.client.get(f"/orders/{order.code}"))
    assert pickup in page
    assert f"/centres/nearest?order={order.code}" in page
    draft = need.drafted(buyer.actor, item="eia-form")
    assert f"/centres/nearest?order={draft.code}" in text(buyer.client.get(f"/orders/{draft.code}/step/2"))
    assert pickup not in text(someone(Role.OPERATOR).client.get(f"/orders/{order.code}"))


def test_an_operator_sets_hours_and_others_may_not(someone: Someone) -> None:
    operator = someone(Role.OPERATOR).client
    assert operator.get("/desk/centres").status_code == 200
    data = {"centre": make.CENTRE, "weekday": "6", "hours": "09:00-11:00 x1", "valid_from": "2026-03-06"}
    assert operator.submit("/desk/centres", data | {"hours": "morning"}).status_code == 422
    assert operator.submit("/desk/centres", data).status_code == 302
    row = db.session.scalars(select(CentreHours).where(CentreHours.centre == make.CENTRE)).one()
    assert (row.weekday, row.places) == (6, 1)
    assert someone(Role.COUNTER).client.get("/desk/centres").status_code == 403


def test_figures_are_public_and_count_channels_and_visits(client: Any, someone: Someone) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    listing = listings.published(vendor, seller)
    need.placed(someone(Role.BUYER).actor, listing)
    clerk = someone(Role.COUNTER).actor
    row = make.visit(clerk)
    counter_operations.end_session(row.code, Outcome.DONE, by=clerk)
    page = text(client.get("/centres/figures?days=7"))
    assert "100.0%" in page
    assert "高陵区政务服务中心" in page
    assert client.get("/centres/figures?days=nonsense").status_code == 200


# The counter --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(someone: Someone) -> Any:
    return someone(Role.COUNTER)


def served(clerk: Any, acts: tuple[str, ...] = ("see", "order", "documents", "book", "messages", "accept")) -> Actor:
    """A visit through the pages, to the consent; the citizen."""
    browser = clerk.client
    begun = browser.submit("/counter/begin", {"centre": make.CENTRE, "window": "3"})
    assert begun.status_code == 302, text(begun)
    unknown = browser.submit("/counter/citizen", {"id_number": make.identity_number()})
    assert unknown.status_code == 422
    assert (
        browser.submit("/counter/citizen", {"id_number": make.identity_number(), "name": "邢测试"}).status_code == 302
    )
    empty = browser.submit("/counter/consent", {"acts": list(acts), "how": "signature_pad"})
    assert empty.status_code == 422
    given = browser.submit("/counter/consent", {"acts": list(acts), "how": "signature_pad", "signature": make.STROKES})
    assert given.status_code == 302, text(given)
    person = accounts.person_by_identity(make.identity_number())
    assert person is not None
    return Actor(person.code)


def test_the_counter_is_for_counter_staff(client: Any, someone: Someone) -> None:
    assert client.get("/counter").location.startswith("/sign-in")
    for role in (None, Role.BUYER, Role.OPERATOR):
        assert someone(role).client.get("/counter").status_code == 403


def test_the_whole_way_of_a_visit_from_next_please_to_the_receipt(clerk: Any, someone: Someone) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    listing = listings.published(vendor, seller)
    browser = clerk.client
    assert "下一位" in text(browser.get(f"/counter?centre={make.CENTRE}"))
    citizen = served(clerk)
    page = text(browser.get("/counter"))
    assert make.identity_number() not in page
    begun = browser.submit("/orders/new", {"listing": listing.code})
    assert begun.status_code == 302, text(begun)
    visit = queries.session_of(clerk.actor.person)
    assert visit is not None
    assert visit.order is not None
    order = order_queries.order(visit.order)
    assert (order.person.code, order.channel) == (citizen.person, Channel.COUNTER)
    step = browser.submit(
        f"/orders/{order.code}/step/2",
        {"title": "鹿塬小区加装电梯", "district": "610117", "needed_by": "2026-12-31", "quantity": "1"},
    )
    assert step.status_code == 302, text(step)
    chosen = browser.submit(f"/orders/{order.code}/step/4", {"way": "direct", "listing": listing.code})
    assert chosen.status_code == 302, text(chosen)
    straight = browser.submit(f"/orders/{order.code}/step/5")
    assert straight.status_code == 422
    assert "核对" in text(straight)
    said = browser.submit("/counter/say", {"deed": "place"})
    assert said.status_code == 302, text(said)
    shown = text(browser.get(said.location))
    assert "鹿塬小区加装电梯" in shown
    assert vendor.name in shown
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', shown)[1]  # type: ignore[index]
    unsigned = browser.submit(said.location, {"digest": digest, "how": "signature_pad"})
    assert unsigned.status_code == 422
    done = browser.submit(said.location, {"digest": digest, "how": "signature_pad", "signature": make.STROKES})
    assert done.location.endswith("/counter/receipt"), text(done)
    assert order_queries.order(order.code).state is OrderState.SELECTING
    receipt = text(browser.get("/counter/receipt"))
    assert CODE.search(receipt)
    assert make.identity_number()[:6] not in receipt
    assert "邢测试" not in re.search(r"<main.*</main>", receipt, re.DOTALL)[0]  # type: ignore[index]
    slip = browser.submit("/counter/slip", {"originals": "业主同意书，12 页\n户口簿"})
    assert "/slips/" in slip.location
    ended = browser.submit("/counter/end", {"outcome": "done"})
    assert ended.status_code == 302
    assert queries.session_of(clerk.actor.person) is None
    assert someone().client.get("/account/in-my-name").status_code == 200


def test_a_second_screen_confirms_by_touch_and_forgets_with_the_visit(
    clerk: Any, client: Any, someone: Someone
) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    listing = listings.published(vendor, seller)
    browser = clerk.client
    served(clerk)
    visit = queries.session_of(clerk.actor.person)
    assert visit is not None
    made = text(browser.submit("/counter/screen"))
    address = re.search(r'href="https?://[^/]+(/screen/[^"]+)"', made)[1]  # type: ignore[index]
    assert "请稍候" in text(client.get(address))
    from market.centres import acting

    on_behalf = acting.actor_for(clerk.actor)
    order = need.chosen(on_behalf, listing)
    said = browser.submit("/counter/say", {"deed": "place"})
    page = text(client.get(address))
    assert order.title in page
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)[1]  # type: ignore[index]
    assert client.submit(address, {"digest": "0" * 64}).status_code == 409
    assert client.submit(address, {"digest": digest}).status_code == 302
    done = browser.submit(said.location + "/do")
    assert done.location.endswith("/counter/receipt")
    assert order_queries.order(order.code).state is OrderState.SELECTING
    browser.submit("/counter/end", {"outcome": "done"})
    assert "接待已结束" in text(client.get(address))
    assert client.submit(address, {"digest": digest}).status_code == 409
    assert client.get("/screen/nothing").status_code == 200


def test_a_consent_on_paper_needs_its_scan_and_ends_when_it_is_taken_back(clerk: Any) -> None:
    from tests.integration.factories import documents as files

    browser = clerk.client
    browser.submit("/counter/begin", {"centre": make.CENTRE, "window": "3"})
    browser.submit("/counter/citizen", {"id_number": make.identity_number(), "name": "邢测试"})
    data = {"acts": ["see", "order"], "how": "paper"}
    assert browser.submit("/counter/consent", data).status_code == 422
    scan = (io.BytesIO(files.pdf("同意书")), "同意书.pdf")
    given = browser.submit("/counter/consent", data | {"scan": scan}, content_type="multipart/form-data")
    assert given.status_code == 302, text(given)
    consent = db.session.scalars(select(CounterConsent)).one()
    assert consent.document is not None
    assert browser.submit(f"/counter/consent/{consent.code}/withdraw").status_code == 302
    assert browser.submit("/orders/new", {"item": "stability-risk"}).status_code == 403


def test_the_citizen_takes_the_consent_back_from_home(clerk: Any, someone: Someone) -> None:
    citizen = someone()
    row = make.visit(clerk.actor, None)
    counter_operations.identify_by_pass(row.code, code_operations.make_pass(by=citizen.actor), by=clerk.actor)
    given = make.consent(clerk.actor, row)
    order = need.drafted(
        Actor(clerk.actor.person, Role.COUNTER, clerk.actor.organisation, None, citizen.actor.person, Channel.COUNTER)
    )
    page = text(citizen.client.get("/account/in-my-name"))
    assert order.code in page
    assert "新建订单" in page
    assert someone().client.submit(f"/account/consents/{given.code}/withdraw").status_code == 404
    assert citizen.client.submit(f"/account/consents/{given.code}/withdraw").status_code == 302
    assert clerk.client.get(f"/orders/{order.code}/step/2").status_code == 404


def test_the_paper_box_is_counted_and_what_is_missing_is_named(clerk: Any, someone: Someone) -> None:
    citizen = someone()
    order = need.drafted(citizen.actor)
    slip = documents.make_slip(order.code, ["业主同意书，12 页", "户口簿"], centre=make.CENTRE, by=citizen.actor)
    browser = clerk.client
    assert browser.get(f"/counter/slips?code={slip.code.lower()}").location.endswith(slip.code)
    assert "没有这个单号" in text(browser.get("/counter/slips?code=B-00000000X"))
    assert browser.submit(f"/counter/slips/{slip.code}", {"missing": ["户口簿"]}).status_code == 409
    row = make.visit(clerk.actor, 5)
    make.consent(clerk.actor, row)
    assert browser.submit(f"/counter/slips/{slip.code}", {"missing": ["户口簿"]}).status_code == 302
    assert "户口簿" in text(browser.get(f"/counter/slips/{slip.code}"))
    db.session.refresh(slip)
    assert (slip.received_by, slip.missing) == (clerk.person.code, ["户口簿"])


def test_a_code_for_an_account_of_one_s_own_is_printed_once(clerk: Any) -> None:
    served(clerk)
    printed = clerk.client.submit("/counter/claim")
    assert printed.status_code == 200
    assert re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", text(printed))
    assert "no-store" in printed.headers["Cache-Control"]


# The kiosk ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def kiosk(client: Any) -> Any:
    """A browser set up as machine 03 of the centre."""
    client.get(f"/kiosk?centre={make.CENTRE}&machine=03&mode=kiosk")
    return client


def test_the_kiosk_leads_from_a_matter_to_the_price_and_to_the_telephone(
    kiosk: Any, app: Flask, someone: Someone
) -> None:
    start = text(kiosk.get("/kiosk"))
    assert "03 号机" in start
    assert 'data-mode="kiosk"' in start
    assert "退出终端界面" not in start
    matters = text(kiosk.get("/kiosk/matters"))
    link = re.search(r'href="(/kiosk/matters/[^"?]+)"', matters)[1]  # type: ignore[index]
    assert kiosk.get(link).status_code == 200
    item = text(kiosk.get("/kiosk/items/eia-form?matter=nothing"))
    assert "¥" in item
    taken = kiosk.submit("/kiosk/take", {"item": "eia-form"})
    assert taken.location.endswith("/kiosk/phone")
    assert "30 分钟" in text(kiosk.get("/kiosk/phone"))
    row = db.session.scalars(select(Handover)).one()
    assert (row.item, row.centre) == ("eia-form", make.CENTRE)
    assert kiosk.submit("/kiosk/take", {"item": "nothing"}).status_code == 404


def test_what_was_handed_over_becomes_a_draft_of_the_kiosk_once(app: Flask, client: Any, someone: Someone) -> None:
    _, secret = code_operations.make_handover(
        centre=make.CENTRE, matter=None, item="eia-form", district=None, by=Actor("kiosk", channel=Channel.KIOSK)
    )
    assert "环境影响" in text(client.get(f"/take/{secret}"))
    assert client.get(f"/take/{secret}/begin").location.startswith("/sign-in")
    citizen = someone()
    first = citizen.client.submit(f"/take/{secret}/begin")
    assert first.status_code == 302, text(first)
    code = first.location.split("/")[2]
    assert order_queries.order(code).channel is Channel.KIOSK
    assert citizen.client.submit(f"/take/{secret}/begin").location == first.location
    assert someone().client.submit(f"/take/{secret}/begin").status_code == 404


def test_a_hand_over_lives_thirty_minutes(client: Any, someone: Someone) -> None:
    from datetime import timedelta

    from tests.integration.conftest import NOON

    _, secret = code_operations.make_handover(
        centre=None, matter=None, item="eia-form", district=None, by=Actor("kiosk", channel=Channel.KIOSK)
    )
    with clock.frozen(NOON + timedelta(minutes=30)):
        assert client.get(f"/take/{secret}").status_code == 404
        with pytest.raises(NotFound):
            code_operations.use_handover(secret, by=someone().actor)


def test_an_order_is_found_by_its_code_key_by_key_and_shows_no_person(kiosk: Any, someone: Someone) -> None:
    citizen = someone()
    order = need.drafted(citizen.actor, title="邢某某家加装电梯")
    pickup = code_operations.give_pickup_code(order.code, by=citizen.actor)
    typed = ""
    for key in pickup.replace("-", ""):
        page = text(kiosk.submit("/kiosk/order", {"typed": typed, "key": key}))
        typed = re.search(r'name="typed"[^>]*value="([^"]*)"', page)[1]  # type: ignore[index]
    assert typed == pickup.replace("-", "")
    page = text(kiosk.submit("/kiosk/order", {"typed": typed, "key": "back"}))
    assert f'value="{typed[:-1]}"' in page
    assert kiosk.submit("/kiosk/order", {"typed": typed[:-1]}).status_code == 422
    assert kiosk.submit("/kiosk/order", {"typed": typed}).location.endswith("/kiosk/state")
    state = text(kiosk.get("/kiosk/state"))
    assert pickup in state
    for hidden in ("邢某某", order.title, citizen.person.name, citizen.person.code, order.code):
        assert hidden not in state
    slip = documents.make_slip(order.code, ["户口簿"], by=citizen.actor)
    assert slip.code in text(kiosk.get("/kiosk/slip"))


def test_ending_forgets_all_but_the_machine_and_ends_a_session(kiosk: Any, someone: Someone) -> None:
    citizen = someone()
    for browser in (kiosk, citizen.client):
        browser.get(f"/kiosk?centre={make.CENTRE}&machine=03&mode=kiosk")
        browser.get("/kiosk?lang=en")
        ended = browser.submit("/kiosk/end")
        assert ended.location.endswith("/kiosk?mode=kiosk")
        assert browser.get_cookie("lang") is None
        assert browser.get_cookie("kiosk_place").value == f"{make.CENTRE}:03"
        assert kiosk.get("/kiosk/state").location.endswith("/kiosk/order")
    assert citizen.client.get("/account").location.startswith("/sign-in")


def test_an_untouched_kiosk_forgets_by_a_refresh_and_other_browsers_are_left_alone(
    kiosk: Any, someone: Someone
) -> None:
    page = text(kiosk.get("/kiosk"))
    assert '<noscript><meta http-equiv="refresh" content="90;url=/kiosk/over"></noscript>' in page
    kiosk.submit("/kiosk/take", {"item": "eia-form"})
    assert kiosk.get("/kiosk/over").location.endswith("/kiosk?mode=kiosk")
    assert kiosk.get("/kiosk/phone").location.endswith("/kiosk")
    citizen = someone().client
    assert citizen.get("/kiosk/over").location.endswith("/")
    assert citizen.get("/account").status_code == 200


def test_larger_text_is_one_touch_and_ends_with_the_visit(kiosk: Any) -> None:
    kiosk.submit("/kiosk/text")
    assert "wm-end wm-noprint is-big" in text(kiosk.get("/kiosk"))
    kiosk.submit("/kiosk/end")
    assert "wm-end wm-noprint is-big" not in text(kiosk.get("/kiosk"))


def test_every_page_of_the_kiosk_answers_in_both_languages(kiosk: Any) -> None:
    for lang in ("zh", "en"):
        for path in ("", "/matters", "/fields", "/fields/env", "/prices", "/order", "/papers", "/print", "/help"):
            assert kiosk.get(f"/kiosk{path}?lang={lang}", follow_redirects=True).status_code == 200, path
