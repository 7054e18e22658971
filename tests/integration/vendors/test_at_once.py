"""Two at once: one wins under the lock or the constraint, the others are told in a sentence. Real commits, real threads."""

import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from market.accounts import operations as accounts
from market.db import db
from market.kernel.actor import Actor, system
from market.kernel.errors import Conflict, WrongState
from market.record.models import AuditEntry
from market.record.queries import chain_faults
from market.vendors import operations, queries
from market.vendors.models import Practitioner, Vendor
from market.vendors.states import VendorState
from tests.integration.factories import vendors as make


def person(number: int) -> Actor:
    """An account of its own."""
    found = accounts.open_account(email=f"at-once-{number}@example.org", name="测试人员", password=None, by=system())
    return Actor(person=found.code)


def at_once(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """What each act gave or raised, all released together."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[place] = act()
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def split(results: list[object], refusal: type[Exception]) -> tuple[int, int]:
    """How many got through, and how many were refused as they should be."""
    refused = sum(isinstance(one, refusal) for one in results)
    return sum(not isinstance(one, Exception) for one in results), refused


def count(event: str, vendor: str) -> int:
    statement = select(func.count()).where(AuditEntry.event == event, AuditEntry.subjects.contains([vendor]))
    return db.session.scalar(statement) or 0


def test_four_operators_decide_one_application(committed: Flask) -> None:
    with committed.app_context():
        vendor, _ = make.handed_in(person(1), 1, name="一号公司")
        answers, code = make.all_yes(vendor), vendor.code
    decide = [lambda: operations.check_application(code, answers, by=make.OPERATOR)] * 4
    assert split(at_once(committed, *decide), WrongState) == (1, 3)
    with committed.app_context():
        assert queries.vendor(code).state is VendorState.ACTIVE
        assert count("VendorAccepted", code) == 1
        assert chain_faults() == []


def test_handing_in_twice_is_handing_in_once(committed: Flask) -> None:
    with committed.app_context():
        vendor, actor = make.written(person(2), 2, name="二号公司")
        code = vendor.code
    click = lambda: operations.hand_in(code, by=actor)  # noqa: E731
    assert split(at_once(committed, click, click, click), WrongState) == (1, 2)
    with committed.app_context():
        assert count("VendorApplied", code) == 1


def test_of_two_accounts_with_one_credit_code_one_enters(committed: Flask) -> None:
    """KF-INT-02: unique, also when both hand in at the same moment."""
    with committed.app_context():
        pairs = [make.written(person(number), 3, name=f"{number}号账号") for number in (31, 32, 33)]
        acts = [(vendor.code, actor) for vendor, actor in pairs]
    hand_in = [lambda code=code, actor=actor: operations.hand_in(code, by=actor) for code, actor in acts]
    assert split(at_once(committed, *hand_in), Conflict) == (1, 2)
    with committed.app_context():
        held = select(func.count()).where(
            Vendor.credit_code == make.credit_code(3), Vendor.state == VendorState.APPLIED
        )
        assert db.session.scalar(held) == 1


def test_the_same_person_typed_twice_is_entered_once(committed: Flask) -> None:
    with committed.app_context():
        vendor, actor = make.written(person(4), 4, name="四号公司")
        code = vendor.code
    add = lambda: make.add_practitioner(queries.vendor(code), actor)  # noqa: E731
    assert split(at_once(committed, add, add, add), Conflict) == (1, 2)
    with committed.app_context():
        assert db.session.scalar(select(func.count()).select_from(Practitioner)) == 1


def test_the_market_and_an_operator_at_one_licence_do_not_wait_for_each_other(committed: Flask) -> None:
    """Registry, nightly review, operator and vendor touch one vendor at once: no deadlock, no lost decision."""
    from market.vendors import licence_operations
    from market.vendors.registry import Finding, Status

    with committed.app_context():
        vendor, actor = make.active(person(5), 5, name="五号公司")
        licence = make.give_licence(vendor, actor, number="测-5")
        [change] = queries.open_changes(vendor.id)
        names = vendor.code, licence.code, change.code
    vendor_code, licence_code, change_code = names
    from market.vendors import rules
    from market.vendors.change_operations import decide_change

    results = at_once(
        committed,
        lambda: licence_operations.note_finding(licence_code, Finding(Status.VALID), by=system()),
        lambda: decide_change(change_code, rules.Answer(True), by=make.OPERATOR),
        lambda: licence_operations.review_days(vendor_code, by=system()),
        lambda: operations.save_contact(
            vendor_code, representative="新人", contact_name="乙", contact_phone=make.PHONE, by=actor
        ),
    )
    assert [one for one in results if isinstance(one, Exception) and not isinstance(one, WrongState)] == []
    with committed.app_context():
        assert queries.licence(licence_code).state == "valid"
        assert [str(one.kind) for one in queries.open_changes(queries.vendor(vendor_code).id)] == ["representative"]
