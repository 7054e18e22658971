"""What operations of the domains leave in the public record."""

import json
from typing import Any

from flask import Flask

from market.record import log_queries
from tests.integration.factories import records, work


def test_a_contract_s_fingerprint_is_public_its_parties_and_price_are_not_and_its_page_leads_to_the_entry(
    app: Flask, client: Any
) -> None:
    made = work.started()
    contract = made.contract()
    waiting = client.get(f"/orders/contracts/{contract.code}?lang=en").text
    assert "about to be entered" in waiting

    records.settle()
    (leaf,) = log_queries.leaves_about(contract.code, "contract.concluded")
    said = json.loads(leaf.body)
    assert said == {"event": "contract.concluded", "at": said["at"], "number": 1, "digest": contract.digest}
    page = client.get(f"/orders/contracts/{contract.code}").text
    assert f"/record/leaves/{leaf.position}" in page
    assert contract.digest in client.get(f"/record/leaves/{leaf.position}").text

    everything = b"".join(one.body for one in log_queries.db.session.scalars(log_queries.leaves()))
    for secret in (made.code, made.buyer.person, contract.code, "测试"):
        assert secret.encode() not in everything, secret
    # the vendor's entry and its licences came before, each under the vendor's code
    assert {leaf.event for leaf in log_queries.leaves_about(made.firm.code)} >= {"vendor.accepted"}
