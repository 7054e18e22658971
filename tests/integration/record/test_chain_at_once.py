"""Many operations at once leave one chain: numbers without gap or branch."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from market.accounts import operations as accounts
from market.accounts.models import OrganisationKind
from market.db import db
from market.kernel.actor import system
from market.record.models import AuditEntry
from market.record.queries import chain_faults
from market.transaction import transactional


def test_operations_at_once_never_fork_the_chain(committed: Flask) -> None:
    """KF-AUD-02: 48 operations from 6 sides at once."""
    barrier, failures = threading.Barrier(6), []

    def work(side: int) -> None:
        barrier.wait()
        for number in range(8):
            try:
                with committed.app_context():
                    accounts.add_organisation(f"单位{side}-{number}", OrganisationKind.FIRM, by=system())
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=work, args=(side,)) for side in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with committed.app_context():
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 48
        assert chain_faults() == []


@transactional
def dying() -> None:
    """Records, and dies before the commit."""
    accounts.add_organisation("无", OrganisationKind.FIRM, by=system())
    raise RuntimeError


def test_an_operation_that_dies_between_two_others_leaves_no_gap(committed: Flask) -> None:
    """KF-AUD-02: a rolled-back operation takes no number."""
    with committed.app_context():
        accounts.add_organisation("一", OrganisationKind.FIRM, by=system())
        with pytest.raises(RuntimeError):
            dying()
        accounts.add_organisation("二", OrganisationKind.FIRM, by=system())
        assert chain_faults() == []
        numbers = list(db.session.scalars(select(AuditEntry.number).order_by(AuditEntry.number)))
        assert numbers == list(range(1, len(numbers) + 1))
