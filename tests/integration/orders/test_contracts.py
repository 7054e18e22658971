"""Contracts on the real database: offered, printed, signed, concluded, amended, lapsed."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from market import clock
from market.accounts import queries as accounts
from market.accounts import signing
from market.db import db
from market.documents import operations as documents
from market.documents import queries as document_queries
from market.documents import store
from market.documents.rules import Purpose
from market.kernel.actor import Actor, system
from market.kernel.calendar import last_day
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.orders import contract_operations, contract_text, queries, work_operations, work_queries
from market.orders.contract_text import Stage
from market.orders.models import Contract, SignMethod
from market.orders.states import ContractState, MilestoneState, OrderState, Party
from market.record.queries import history_of
from tests.integration.factories import centres, orders, work
from tests.integration.factories import documents as files
from tests.integration.factories.accounts import PASSWORD

pytestmark = pytest.mark.usefixtures("app")


def events_of(made: work.Work) -> list[str]:
    return [entry.event for entry in reversed(list(db.session.scalars(history_of(made.code))))]


def paper(made: work.Work, by: Actor, text: str = "厂区平面图", name: str = "平面图.pdf") -> str:
    """A paper of the order that a side gave."""
    code = files.given(by, files.pdf(text), name, Purpose.PAPER).code
    documents.attach(code, made.code, by=by)
    return code


# Offered ----------------------------------------------------------------------------------------------------------------


def test_an_award_lays_a_contract_before_both_sides() -> None:
    made = work.awarded()
    contract = made.contract()
    order = made.fresh()
    assert (contract.number, contract.state) == (1, ContractState.OFFERED)
    assert contract.digest == contract_text.digest(contract.content)
    assert contract.content["price"]["fen"] == work.PRICE
    assert contract.content["buyer"]["name"] == "测试买家1"
    assert contract.content["vendor"]["code"] == made.firm.code
    assert contract.content["project"]["district"] == "高陵区"
    assert contract.content["project"]["facts"] == [["数量", "2"]]
    assert (order.waiting_for, order.due_at) == ("sign", contract.sign_by)
    # five working days after Wednesday: the end of Wednesday
    assert last_day(contract.sign_by).isoformat() == "2026-03-11"
    assert events_of(made)[-1] == "ContractOffered"


def test_the_pdf_is_made_by_a_job_once_and_read_by_both_sides() -> None:
    made = work.awarded()
    work.drain()
    contract = made.contract()
    assert contract.document is not None
    first = contract.document.code
    assert contract.document.name == f"社会稳定风险评估服务合同 {contract.code}.pdf"
    contract_operations.print_contract(contract.code, by=system())
    assert made.contract().document.code == first  # type: ignore[union-attr]
    for actor in (made.buyer, made.vendor):
        assert documents.read_document(first, by=actor).code == first
    stranger, _, _ = work.sides(9)
    with pytest.raises(NotFound):
        documents.read_document(first, by=stranger)


def test_a_contract_printed_after_the_first_signature_is_bound_like_one_that_was_there_before() -> None:
    made = work.awarded()
    contract = made.contract()
    contract_operations.sign_contract(contract.code, password=PASSWORD, by=made.buyer)
    work.drain()
    printed = made.contract().document
    assert printed is not None
    assert printed.bound_at is not None


def test_the_papers_of_the_order_are_annexes_by_digest() -> None:
    """What the buyer gave and what the market made do not mix: the PDF of an earlier version is no annex."""
    made = work.started()
    work.drain()
    code = paper(made, made.buyer)
    longer = [Stage("全部成果", work.DAYS + 1, work.PRICE, "验收通过")]
    contract = contract_operations.propose_amendment(made.code, longer, "补充附件一份，多一天。", by=made.buyer)
    document = document_queries.document(code)
    assert document is not None
    assert contract.content["annexes"] == [
        {"code": code, "name": "平面图.pdf", "digest": document.file.digest, "size": document.file.size}
    ]


# Signed -----------------------------------------------------------------------------------------------------------------


def test_both_signatures_conclude_the_contract() -> None:
    made = work.awarded()
    offered = made.contract()
    contract_operations.sign_contract(offered.code, password=PASSWORD, by=made.vendor)
    assert made.fresh().state is OrderState.AWARDED
    assert made.order.waiting_on is Party.BUYER
    contract_operations.sign_contract(offered.code, password=PASSWORD, by=made.buyer)
    order = made.fresh()
    assert order.state is OrderState.CONTRACTED
    assert (order.waiting_for, order.waiting_on) == ("pay", Party.BUYER)
    assert work_queries.contract_in_force(order).code == offered.code  # type: ignore[union-attr]
    assert [(one.number, one.fen, one.days) for one in work_queries.milestones_of(order)] == [
        (1, work.PRICE, work.DAYS)
    ]
    concluded = next(entry for entry in db.session.scalars(history_of(made.code)) if entry.event == "ContractConcluded")
    assert concluded.facts["instalments"] == [work.PRICE]
    assert concluded.facts["digest"] == offered.digest


def test_a_signature_can_be_checked_with_the_public_key_alone() -> None:
    made = work.awarded()
    contract = work.sign(made)
    for one in contract.signatures:
        key = accounts.account_key(one.key or "")
        assert key is not None
        text = contract_text.signed_text(made.code, contract.code, contract.digest, str(one.party))
        assert signing.fits(key.public, one.signature or "", text)
        other = contract_text.signed_text(made.code, contract.code, contract.digest, "market")
        assert not signing.fits(key.public, one.signature or "", other)


def test_signing_twice_leaves_one_signature() -> None:
    made = work.awarded()
    code = made.contract().code
    for _ in range(2):
        contract_operations.sign_contract(code, password=PASSWORD, by=made.buyer)
    assert events_of(made).count("ContractSigned") == 1


def test_a_wrong_password_signs_nothing() -> None:
    made = work.awarded()
    with pytest.raises(Invalid) as refused:
        contract_operations.sign_contract(made.contract().code, password="not my password", by=made.buyer)
    assert "password" in refused.value.fields
    assert "ContractSigned" not in events_of(made)


def test_strangers_and_officials_sign_nothing() -> None:
    """KF-ACC-05."""
    made = work.awarded()
    code = made.contract().code
    other_buyer, other_vendor, _ = work.sides(2)
    for stranger in (other_buyer, other_vendor):
        with pytest.raises(NotFound):
            contract_operations.sign_contract(code, password=PASSWORD, by=stranger)
    with pytest.raises(Forbidden):
        contract_operations.sign_contract(code, password=PASSWORD, by=made.operator)


def test_counter_staff_sign_on_paper_with_the_scan() -> None:
    _, _, clerk = centres.served(work.clerk())
    citizen = clerk.on_behalf_of
    assert citizen is not None
    made = work.awarded(buyer=Actor(citizen))
    code = made.contract().code
    with pytest.raises(Forbidden, match="on paper only"):
        contract_operations.sign_contract(code, password=PASSWORD, by=clerk)
    with pytest.raises(Invalid):
        contract_operations.sign_contract(code, method=SignMethod.PAPER, by=clerk)
    scan = files.given(clerk, files.pdf("签字页"), "签字页.pdf", Purpose.CONTRACT).code
    contract_operations.sign_contract(code, method=SignMethod.PAPER, document=scan, by=clerk)
    signed = work_queries.signature_of(made.contract(), Party.BUYER)
    assert signed is not None
    assert (signed.method, signed.person, signed.key) == (SignMethod.PAPER, clerk.person, None)
    with pytest.raises(Forbidden):
        contract_operations.sign_contract(code, method=SignMethod.PAPER, document=scan, by=made.vendor)


# KF-FIL-04 --------------------------------------------------------------------------------------------------------------


def test_a_later_file_of_the_same_name_changes_nothing_that_was_signed() -> None:
    """KF-FIL-04: v2 is a document of its own; the contract goes on naming v1 by its digest."""
    made = work.started()
    order = made.fresh()
    first = paper(made, made.buyer, "第一版")
    contract_operations.propose_amendment(
        made.code, [Stage("全部成果", work.DAYS + 1, work.PRICE, "验收通过")], "补充附件一份，多一天。", by=made.buyer
    )
    contract = work.sign(made)
    [annex] = contract.content["annexes"]
    second = paper(made, made.buyer, "第二版")
    again = work_queries.contract(contract.code)
    assert again.content["annexes"] == [annex]
    assert annex["code"] == first != second
    assert contract_text.digest(again.content) == again.digest
    kept = document_queries.document(first)
    assert kept is not None
    assert kept.bound_at is not None
    with pytest.raises(RuleBroken):
        documents.remove(first, by=made.buyer)
    store.open_whole(annex["digest"], annex["size"]).close()
    assert order.code == made.code


def test_a_text_that_was_changed_cannot_be_signed() -> None:
    """KF-FIL-04: bytes that do not match their digest are reported, not signed."""
    made = work.awarded()
    contract = made.contract()
    forged = {**contract.content, "price": {**contract.content["price"], "fen": 1}}
    db.session.execute(update(Contract).where(Contract.id == contract.id).values(content=forged))
    db.session.commit()
    with pytest.raises(RuleBroken, match="differs from its digest"):
        contract_operations.sign_contract(contract.code, password=PASSWORD, by=made.buyer)
    assert "ContractSigned" not in events_of(made)


@pytest.mark.parametrize(
    ("fault", "why"), [("changed", "missing or differs"), ("gone", "missing or differs"), ("empty", "is empty")]
)
def test_an_annex_that_is_not_whole_cannot_be_signed(fault: str, why: str) -> None:
    """KF-FIL-04: an empty or changed annex is refused."""
    made = work.started()
    paper(made, made.buyer, f"附件 {fault}")
    contract_operations.propose_amendment(
        made.code, [Stage("全部成果", work.DAYS + 2, work.PRICE, "验收通过")], "补充附件一份，多两天。", by=made.buyer
    )
    contract = made.contract()
    [annex] = contract.content["annexes"]
    path = store.path_of(annex["digest"])
    if fault == "changed":
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    elif fault == "gone":
        path.unlink()
    else:
        content = {**contract.content, "annexes": [{**annex, "size": 0}]}
        db.session.execute(
            update(Contract)
            .where(Contract.id == contract.id)
            .values(content=content, digest=contract_text.digest(content))
        )
        db.session.commit()
    with pytest.raises(RuleBroken, match=why):
        contract_operations.sign_contract(contract.code, password=PASSWORD, by=made.buyer)


# Lapsed -----------------------------------------------------------------------------------------------------------------


def after_term(made: work.Work) -> object:
    return clock.frozen(made.contract().sign_by)


def test_nobody_signs_after_the_term_and_the_order_ends_by_who_did_not() -> None:
    for buyer_signs, state, cause in ((True, OrderState.DRAFT, "unsigned"), (False, OrderState.FAILED, "unsigned")):
        made = work.awarded(10 + buyer_signs)
        code = made.contract().code
        contract_operations.sign_contract(code, password=PASSWORD, by=made.buyer if buyer_signs else made.vendor)
        with after_term(made):  # type: ignore[attr-defined]
            with pytest.raises(WrongState, match="time for signing is over"):
                contract_operations.sign_contract(
                    code, password=PASSWORD, by=made.vendor if buyer_signs else made.buyer
                )
            contract_operations.lapse_signing(made.code, by=system())
            contract_operations.lapse_signing(made.code, by=system())
        order = made.fresh()
        assert order.state is state
        assert order.waiting_for is None
        assert order.reason["code"] == cause  # type: ignore[index]
        assert work_queries.contract(code).state is ContractState.DROPPED
        assert events_of(made).count("ContractDropped") == 1
        assert (order.vendor is None) is buyer_signs


def test_before_the_end_of_the_term_nothing_lapses() -> None:
    made = work.awarded()
    with clock.frozen(made.contract().sign_by - timedelta(microseconds=1)):
        contract_operations.lapse_signing(made.code, by=system())
    assert made.fresh().state is OrderState.AWARDED


def test_a_contract_that_nobody_pays_ends_and_one_that_is_paid_does_not() -> None:
    unpaid, paid = work.contracted(1), work.funded(2)
    at = unpaid.fresh().due_at
    assert at is not None
    with clock.frozen(at):
        contract_operations.lapse_payment(unpaid.code, by=system())
        contract_operations.lapse_payment(paid.code, by=system())
    assert unpaid.fresh().state is OrderState.FAILED
    assert [one.state for one in work_queries.milestones_of(unpaid.order)] == [MilestoneState.ENDED]
    assert paid.fresh().state is OrderState.FUNDED
    # money that comes too late does not wake the order
    work_operations.mark_funded(unpaid.code, 1, by=system())
    assert unpaid.fresh().state is OrderState.FAILED


# Amended ----------------------------------------------------------------------------------------------------------------

LONGER = [Stage("全部成果", work.DAYS + 5, work.PRICE, "验收通过")]


def test_an_amendment_counts_when_both_have_signed() -> None:
    made = work.started()
    before = work_queries.running(made.fresh()).due_on  # type: ignore[union-attr]
    made_by_vendor = contract_operations.propose_amendment(made.code, LONGER, "业主增加了一次走访。", by=made.vendor)
    contract_operations.sign_contract(made_by_vendor.code, password=PASSWORD, by=made.vendor)
    assert work_queries.running(made.fresh()).due_on == before  # type: ignore[union-attr]
    contract_operations.sign_contract(made_by_vendor.code, password=PASSWORD, by=made.buyer)
    order = made.fresh()
    row = work_queries.running(order)
    assert row is not None
    # 25 March and five working days more: the Tomb-Sweeping holiday lies behind
    assert (before.isoformat(), row.due_on.isoformat()) == ("2026-03-25", "2026-04-01")  # type: ignore[union-attr]
    assert order.due_at is not None
    assert last_day(order.due_at) == row.due_on
    assert order.days == work.DAYS + 5
    first, second = work_queries.contracts_of(order)
    assert (first.state, second.state) == (ContractState.REPLACED, ContractState.IN_FORCE)
    assert second.content["replaces"] == first.digest


def test_an_amendment_adds_stages_and_leaves_out_what_did_not_begin() -> None:
    made = work.awarded(milestones=True)
    work.sign(made)
    work.fund(made, 1)
    rows = work_queries.milestones_of(made.fresh())
    assert len(rows) == 2
    stages = [
        Stage(rows[0].title, rows[0].days, rows[0].fen, "验收通过"),
        Stage("报批稿", 4, 700_000, "验收通过"),
        Stage("答辩", 2, 50_000, "验收通过"),
    ]
    contract_operations.propose_amendment(made.code, stages, "增加一次答辩，两个工作日。", by=made.buyer)
    work.sign(made)
    order = made.fresh()
    found = [(one.number, one.title, one.days, one.fen, one.is_funded) for one in work_queries.milestones_of(order)]
    assert found[1:] == [(2, "报批稿", 4, 700_000, False), (3, "答辩", 2, 50_000, False)]
    assert found[0][4] is True
    assert order.price_fen == rows[0].fen + 750_000
    contract_operations.propose_amendment(made.code, stages[:1], "后面的阶段不做了，另行安排。", by=made.vendor)
    work.sign(made)
    assert [one.number for one in work_queries.milestones_of(made.fresh())] == [1]


def test_one_change_at_a_time_and_either_side_drops_it() -> None:
    made = work.started()
    contract = contract_operations.propose_amendment(made.code, LONGER, "业主增加了一次走访。", by=made.vendor)
    with pytest.raises(WrongState, match="waits for signatures"):
        contract_operations.propose_amendment(made.code, LONGER, "业主增加了一次走访。", by=made.buyer)
    contract_operations.drop_amendment(contract.code, by=made.buyer)
    contract_operations.drop_amendment(contract.code, by=made.buyer)
    assert events_of(made).count("ContractDropped") == 1
    with pytest.raises(WrongState):
        contract_operations.sign_contract(contract.code, password=PASSWORD, by=made.buyer)
    assert contract_operations.propose_amendment(made.code, LONGER, "业主增加了一次走访。", by=made.buyer).number == 3


def test_a_change_nobody_signs_is_dropped_by_the_timetable_job() -> None:
    """Each in a job of its own: two at once would lock an order after a contract."""
    both = [work.started(number) for number in (1, 2)]
    codes = [
        contract_operations.propose_amendment(made.code, LONGER, "业主增加了一次走访。", by=made.vendor).code
        for made in both
    ]
    orders.keep_terms()
    assert {work_queries.contract(code).state for code in codes} == {ContractState.OFFERED}
    with clock.frozen(work_queries.contract(codes[0]).sign_by):
        orders.keep_terms()
        orders.keep_terms()
    assert {work_queries.contract(code).state for code in codes} == {ContractState.DROPPED}
    assert {made.fresh().state for made in both} == {OrderState.UNDER_WAY}


def test_the_contract_itself_is_not_dropped_like_a_change() -> None:
    made = work.awarded()
    with pytest.raises(WrongState, match="contract itself"):
        contract_operations.drop_amendment(made.contract().code, by=made.buyer)


def test_after_a_return_the_next_vendor_s_contract_is_the_first_again() -> None:
    made = work.awarded()
    dropped = made.contract()
    contract_operations.sign_contract(dropped.code, password=PASSWORD, by=made.buyer)
    with after_term(made):  # type: ignore[attr-defined]
        contract_operations.lapse_signing(made.code, by=system())
    assert work_queries.contract(dropped.code).number < 0
    _, other, firm = work.sides(2)
    work.award_again(made, firm)
    assert made.contract().number == 1
    assert made.contract().content["vendor"]["code"] == firm.code
    assert queries.party_of(made.fresh(), other) is Party.VENDOR
    assert queries.party_of(made.fresh(), made.vendor) is None
