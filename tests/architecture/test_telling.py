"""One table says who is told what of which event: every event stands in it, or says why nobody is told."""

import re
from dataclasses import fields

import pytest

from market import reactions, telling
from market.kernel.actor import Role
from market.notifications.event_types import KNOWN, name_of
from market.notifications.rules import placeholders
from market.notifications.states import Topic
from market.telling_facts import CLERK, MEMBERS, VENDOR, Telling, is_fact
from tests.architecture.test_routes import APP
from tests.architecture.test_structure import event_classes

LINES = [(event, line) for event, lines in telling.TELL.items() for line in lines]


def label(value: object) -> str:
    return value.__name__ if isinstance(value, type) else value.subject if isinstance(value, Telling) else ""


@pytest.mark.parametrize("event", list(event_classes()), ids=label)
def test_every_event_is_told_or_says_why_not(event: type) -> None:
    places = [event in table for table in (telling.TELL, telling.BESIDE, telling.SILENT)]
    assert sum(places) == 1, f"{event.__name__} stands in {sum(places)} of TELL, BESIDE and SILENT"


def test_no_line_is_empty_and_every_reason_is_a_sentence() -> None:
    assert all(telling.TELL.values())
    assert all(len(reason) > 10 for reason in (*telling.SILENT.values(), *telling.BESIDE.values()))


@pytest.mark.parametrize(("event", "line"), LINES, ids=label)
def test_every_placeholder_is_a_fact_of_the_event(event: type, line: Telling) -> None:
    unknown = [name for name in placeholders(line.subject, line.body) if not is_fact(event, name)]
    assert unknown == []


@pytest.mark.parametrize(("event", "line"), LINES, ids=label)
def test_every_path_is_made_of_codes_of_the_event(event: type, line: Telling) -> None:
    own = {one.name for one in fields(event)} | {"today"}
    if "rating" in own:
        own.add("order")
    assert line.path.startswith("/")
    assert set(re.findall(r"{(\w+)}", line.path + line.once)) <= own


@pytest.mark.parametrize(("event", "line"), LINES, ids=label)
def test_no_message_names_the_person_who_did_it(event: type, line: Telling) -> None:
    """Personal data stay out of messages: mails lie on others' servers."""
    assert not {"person", "citizen", "email", "phone", "clerk"} & set(placeholders(line.subject, line.body))


def test_the_table_is_applied_after_everything_else() -> None:
    for event in telling.TELL:
        assert list(reactions.NOW[event]).count(telling.tell_of) == 1
        assert reactions.NOW[event][-1] is telling.tell_of


def test_programs_can_listen_to_what_organisations_are_told() -> None:
    assert "orders.order_placed" in KNOWN
    assert "payments.payout_failed" in KNOWN
    assert set(KNOWN) <= {name_of(event) for event in telling.TELL}
    assert Topic.DIGEST not in KNOWN.values()


#: the role in which an audience reads; None: any signed-in person
READS_AS = {VENDOR: Role.VENDOR, CLERK: Role.COUNTER, MEMBERS: Role.BUYER}


@pytest.mark.parametrize(("event", "line"), LINES, ids=label)
def test_every_path_is_a_page_that_its_readers_may_open(event: type, line: Telling) -> None:
    path = re.sub(r"{\w+}", "X-000000000", line.path)
    endpoint, _ = APP.url_map.bind("localhost").match(path, method="GET")
    permission = APP.view_functions[endpoint].permission  # type: ignore[attr-defined]
    role = line.to.role or READS_AS.get(line.to)
    assert isinstance(permission, str) or role in permission, f"{endpoint} is for {permission}"
