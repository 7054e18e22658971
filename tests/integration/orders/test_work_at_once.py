"""Two at once on real commits: signatures, acceptances, acceptance against lapse, deliveries, decisions, messages."""

import threading
from collections.abc import Callable
from datetime import datetime

from flask import Flask

from market import clock
from market.db import db
from market.kernel.actor import system
from market.kernel.errors import Refusal
from market.orders import contract_operations, dispute_operations, work_operations, work_queries
from market.orders.contract_text import Stage
from market.orders.states import OrderState
from market.record.queries import chain_faults, history_of
from tests.integration.factories import work
from tests.integration.factories.accounts import PASSWORD


def at_once(app: Flask, *acts: Callable[[], object], at: datetime | None = None) -> list[object]:
    """What each act gave or raised, all released together; anything but a refusal is a fault of ours."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        with app.app_context(), clock.frozen(at or clock.real()):
            barrier.wait()
            try:
                act()
                results[place] = "done"  # type: ignore[call-overload]
            except Exception as error:
                results[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    faults = [one for one in results if isinstance(one, Exception) and not isinstance(one, Refusal)]
    assert faults == []
    return list(results)


def counts(made: work.Work) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in db.session.scalars(history_of(made.code)):
        found[entry.event] = found.get(entry.event, 0) + 1
    return found


def test_both_sign_at_once_and_one_contract_is_concluded(committed: Flask) -> None:
    with committed.app_context():
        made = work.awarded(1)
        code = made.contract().code
    sign = [
        lambda by=by: contract_operations.sign_contract(code, password=PASSWORD, by=by)
        for by in (made.buyer, made.vendor) * 2
    ]
    assert at_once(committed, *sign) == ["done"] * 4
    with committed.app_context():
        found = counts(made)
        assert (found["ContractSigned"], found["ContractConcluded"]) == (2, 1)
        assert made.fresh().state is OrderState.CONTRACTED
        assert len(work_queries.milestones_of(made.order)) == 1


def test_two_members_sign_first_time_with_one_new_key_each(committed: Flask) -> None:
    with committed.app_context():
        one, other = work.awarded(11), work.awarded(12)
        codes = [one.contract().code, other.contract().code]
    sign = [
        lambda c=c, by=by: contract_operations.sign_contract(c, password=PASSWORD, by=by)
        for c, by in zip(codes, (one.buyer, other.buyer), strict=True)
    ]
    assert at_once(committed, *sign) == ["done", "done"]


def test_the_money_is_marked_once(committed: Flask) -> None:
    with committed.app_context():
        made = work.contracted(2)
    mark = [lambda: work_operations.mark_funded(made.code, 1, by=system())] * 4
    assert at_once(committed, *mark) == ["done"] * 4
    with committed.app_context():
        assert counts(made)["OrderFunded"] == 1


def test_a_file_handed_over_by_two_clicks_is_one_delivery(committed: Flask) -> None:
    with committed.app_context():
        made = work.started(3)
        code = work.result_file(made.vendor)
    click = [lambda: work_operations.deliver(made.code, [code], "请查收。", by=made.vendor)] * 3
    assert at_once(committed, *click) == ["done"] * 3
    with committed.app_context():
        assert counts(made)["WorkDelivered"] == 1


def test_two_acceptances_are_one(committed: Flask) -> None:
    with committed.app_context():
        made = work.delivered(4)
    accept = [lambda: work_operations.accept_milestone(made.code, number=1, round=1, by=made.buyer)] * 4
    assert at_once(committed, *accept) == ["done"] * 4
    with committed.app_context():
        found = counts(made)
        assert (found["MilestoneAccepted"], found["OrderAccepted"]) == (1, 1)


def test_acceptance_rework_and_lapse_meet_and_one_of_them_counts(committed: Flask) -> None:
    with committed.app_context():
        made = work.delivered(5)
        accept_by = work_queries.running(made.fresh()).accept_by  # type: ignore[union-attr]
        assert accept_by is not None
        with clock.frozen(accept_by):
            work_operations.remind(made.code, by=system())
            accept_by = work_queries.running(made.fresh()).accept_by  # type: ignore[union-attr]
    results = at_once(
        committed,
        lambda: work_operations.accept_milestone(made.code, number=1, round=1, by=made.buyer),
        lambda: work_operations.ask_rework(made.code, ["wrong"], "第 3 页的人口数有误，请更正。", by=made.buyer),
        lambda: work_operations.lapse_acceptance(made.code, by=system()),
        lambda: work_operations.lapse_acceptance(made.code, by=system()),
        at=accept_by,
    )
    with committed.app_context():
        found = counts(made)
        accepted, sent_back = found.get("MilestoneAccepted", 0), found.get("ReworkAsked", 0)
        assert accepted + sent_back == 1, (found, results)
        assert found.get("OrderAccepted", 0) == accepted
        assert made.fresh().state is (OrderState.ACCEPTED if accepted else OrderState.UNDER_WAY)


def test_a_dispute_and_an_acceptance_meet(committed: Flask) -> None:
    with committed.app_context():
        made = work.delivered(6)
    words = "成果与约定不符，少了一个社区的走访记录，要求退款。"
    at_once(
        committed,
        lambda: work_operations.accept_milestone(made.code, number=1, round=1, by=made.buyer),
        lambda: dispute_operations.open_dispute(made.code, 1, words, by=made.vendor),
        lambda: dispute_operations.open_dispute(made.code, 1, words, by=made.vendor),
    )
    with committed.app_context():
        order, found = made.fresh(), counts(made)
        assert order.state is OrderState.DISPUTED
        assert found["DisputeOpened"] == 1
        assert found.get("MilestoneAccepted", 0) == (order.state_before is OrderState.ACCEPTED)


def test_two_operators_decide_one_dispute(committed: Flask) -> None:
    with committed.app_context():
        made = work.delivered(7)
        words = "成果与约定不符，少了一个社区的走访记录，要求退款。"
        dispute = dispute_operations.open_dispute(made.code, 1, words, by=made.buyer).code
    decide = [
        lambda vendor=vendor: dispute_operations.decide_dispute(
            dispute, outcome="settle", buyer_fen=work.PRICE - vendor, vendor_fen=vendor, reasons=words, by=made.operator
        )
        for vendor in (1, 2, 3)
    ]
    results = at_once(committed, *decide)
    assert results.count("done") == 1
    with committed.app_context():
        assert counts(made)["DisputeDecided"] == 1
        assert made.fresh().state is OrderState.ACCEPTED


def test_two_changes_proposed_at_once_are_one(committed: Flask) -> None:
    with committed.app_context():
        made = work.started(8)
    propose = [
        lambda by=by: contract_operations.propose_amendment(
            made.code,
            [Stage("全部成果", work.DAYS + 5, work.PRICE, "验收通过")],
            "业主增加了一次走访，需要五天。",
            by=by,
        )
        for by in (made.buyer, made.vendor, made.buyer)
    ]
    assert at_once(committed, *propose).count("done") == 1
    with committed.app_context():
        assert counts(made)["ContractOffered"] == 2


def test_one_form_sent_by_two_clicks_is_one_message(committed: Flask) -> None:
    with committed.app_context():
        made = work.started(9)
    send = [lambda: work_operations.send_message(made.code, "请看。", form_key="X-once", by=made.buyer)] * 4
    assert at_once(committed, *send) == ["done"] * 4
    with committed.app_context():
        assert counts(made)["OrderMessageSent"] == 1
        assert len(work_queries.messages_of(made.fresh())) == 1


def test_the_chain_of_the_record_is_whole_after_all_that(committed: Flask) -> None:
    with committed.app_context():
        assert chain_faults() == []
