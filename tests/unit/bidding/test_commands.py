"""Sealing without a browser."""

import json
from pathlib import Path

from click.testing import CliRunner

from market.bidding import seal
from market.bidding.commands import cli

from . import synthetic
from .synthetic import HOLDERS, Tender, vendor


def sealed(folder: Path, tender: Tender, *more: str) -> tuple[int, str]:
    notice = folder / "notice.json"
    notice.write_bytes(synthetic.canonical(tender.notice))
    result = CliRunner().invoke(
        cli, ["seal", "--notice", str(notice), "--bidder", vendor(1), "--out", str(folder / "out"), *more]
    )
    return result.exit_code, result.output


def test_two_envelopes_hold_words_and_price_apart(tmp_path: Path) -> None:
    tender = Tender("best_value", {"formula": "F1"}, two_envelopes=True)
    (tmp_path / "bid.json").write_text('{"approach": "先控制后碎部"}', encoding="utf-8")

    code, output = sealed(tmp_path, tender, "--price", "87500.01", "--bid", str(tmp_path / "bid.json"))

    assert code == 0, output
    bids = {}
    for part in ("technical", "price"):
        envelope = json.loads((tmp_path / "out" / f"envelope_{part}.json").read_bytes())
        bids[part] = seal.opened(envelope, {2: tender.key(part, HOLDERS[1]), 3: tender.key(part, HOLDERS[2])}).bid
    assert bids == {
        "technical": {"part": "technical", "approach": "先控制后碎部"},
        "price": {"part": "price", "price": 8_750_001},
    }


def test_what_cannot_be_sealed_is_told_and_writes_nothing(tmp_path: Path) -> None:
    """KF-BID-09: prices that are no amounts."""
    tender = Tender("lowest", {})
    for wrong in ("-0.01", "NaN", "Infinity", "1e3", "0x10", "12,5", "99999999999999999999", "0.005", "１２", ""):
        code, output = sealed(tmp_path, tender, "--price", wrong)
        assert code == 1, (wrong, output)
        assert "Error:" in output
    (tmp_path / "bid.json").write_text('{"area": 12.5}', encoding="utf-8")
    code, output = sealed(tmp_path, tender, "--bid", str(tmp_path / "bid.json"))
    assert code == 1
    assert "no fractions here" in output
    assert not (tmp_path / "out").exists()


def test_a_later_version_takes_the_bid_back(tmp_path: Path) -> None:
    tender = Tender("lowest", {})
    code, _ = sealed(tmp_path, tender, "--withdraw")
    assert code == 0
    envelope = json.loads((tmp_path / "out" / "envelope_bids.json").read_bytes())
    keys = {1: tender.key("bids", HOLDERS[0]), 2: tender.key("bids", HOLDERS[1])}
    assert seal.opened(envelope, keys).bid == {"part": "bids", "withdrawn": True}
