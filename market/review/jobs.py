"""What follows the clock for notices; safe to run twice."""

import structlog

from market import clock
from market.kernel.actor import system
from market.kernel.errors import Refusal
from market.review import notice_queries, operations
from market.transaction import attempt

log = structlog.get_logger()


def settle_notices() -> None:
    """Let every notice stand whose time for an objection is over. Every minute; one that cannot be moved stops no other."""
    for code in notice_queries.overdue(clock.now()):
        try:
            with attempt():
                operations.settle_notice(code, by=system())
        except Refusal as refusal:
            log.warning("notice not settled", notice=code, refusal=str(refusal))
