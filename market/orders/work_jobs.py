"""Jobs of contract and work: print, hand over to departments. Safe to run twice."""

from flask import current_app

from market.catalogue import queries as catalogue
from market.documents import queries as document_queries
from market.documents import store
from market.kernel.actor import system
from market.orders import contract_operations, exchange, queries, work_operations, work_queries
from market.orders.models import Order


def print_contract(contract_code: str) -> None:
    """Make the PDF of a contract version."""
    contract_operations.print_contract(contract_code, by=system())


def offer_result(order_code: str) -> None:
    """Hand the last accepted result over to the approving department. Raises `Away` to be tried again.

    Nothing happens where no department's system is connected, the item has no approving department, or it was taken already.
    """
    departments = exchange.of(current_app.extensions["settings"])
    if departments is None:
        return
    found = _result(queries.order(order_code))
    if found is None:
        return
    result, sizes = found

    def read(digest: str) -> bytes:
        with store.open_whole(digest, sizes[digest]) as stream:
            return stream.read()

    receipt = exchange.hand_over(departments, result, read)
    work_operations.note_offered(order_code, receipt, by=system())


def _result(order: Order) -> tuple[exchange.Result, dict[str, int]] | None:
    """The last accepted result, and the sizes of its files in bytes by digest."""
    item = catalogue.item(order.item or "")
    rows = work_queries.milestones_of(order)
    delivery = work_queries.last_delivery(rows[-1]) if rows else None
    contract = work_queries.contract_in_force(order)
    if item is None or not item.approval_matter or delivery is None or contract is None or order.vendor is None:
        return None
    if delivery.exchange_receipt is not None or delivery.accepted is not True:
        return None
    documents = document_queries.documents_with(delivery.documents)
    files = tuple(exchange.ResultFile(one.name, one.file.digest, one.file.media_type) for one in documents)
    result = exchange.Result(
        order=order.code, round=delivery.round, item=item.slug, matter=order.matter, department=item.department,
        title=order.title or item.name_zh, vendor=order.vendor.code, contract_digest=contract.digest, files=files,
    )  # fmt: skip
    return result, {one.file.digest: one.file.size for one in documents}
