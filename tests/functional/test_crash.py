"""Orders whose servers are killed with -9 meanwhile: nothing is lost or doubled. `bin/market bench crash` runs hundreds."""

import pytest

from bench import crash


@pytest.mark.timeout(600)
def test_nothing_of_five_orders_is_lost_or_doubled_while_web_workers_database_queue_and_bank_are_killed() -> None:
    """KF-JOB-02, KF-JOB-06."""
    outcome = crash.play(5, seed=4, say=lambda line: None, spacing=(5, 11))
    assert outcome.wrong == []
    assert outcome.kills.total() >= 3
    assert outcome.counts["orders closed"] == (5, 5)
    assert outcome.counts["payouts that arrived"] == (5, 5)
