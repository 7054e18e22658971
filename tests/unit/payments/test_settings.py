"""Which payment service a market has, by its settings."""

from pathlib import Path

import pytest

from market import config
from market.config import SettingsError

KEY = "k" * 43 + "="
PRODUCTION = {
    "WEST_MARKET_MODE": "production",
    "DATABASE_URL": "postgresql://u:p@db/market",
    "REDIS_URL": "redis://valkey/0",
    "ELASTICSEARCH_URL": "http://search:9200",
    "WEST_MARKET_SECRET_KEY": "s" * 48,
    "WEST_MARKET_DATA_KEYS": f"k1:{KEY}",
    "WEST_MARKET_LOOKUP_KEY": KEY,
    "WEST_MARKET_RECORD_KEY": KEY,
    "WEST_MARKET_RECORD_ORIGIN": "market.example/record",
    "WEST_MARKET_MAIL": "smtp://mail.example.org:25",
    "WEST_MARKET_LICENCE_REGISTRY": "https://registry.example.org",
}


def test_production_takes_stripe_and_never_the_practice_bank() -> None:
    assert config.load({**PRODUCTION, "STRIPE_API_KEY": "sk_live_x"}).stripe_key == "sk_live_x"
    assert config.load(PRODUCTION).practice_bank == ""
    with pytest.raises(SettingsError, match="PRACTICE_BANK_URL is for practice mode"):
        config.load({**PRODUCTION, "PRACTICE_BANK_URL": "http://127.0.0.1:1", "PRACTICE_BANK_KEY": "k" * 40})


def test_practice_mode_makes_the_banks_key_once_and_only_where_there_is_a_bank(tmp_path: Path) -> None:
    practice = {name: PRODUCTION[name] for name in ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL")}
    practice["WEST_MARKET_SECRETS"] = str(tmp_path)
    assert config.load(practice).practice_bank_key == ""
    with_bank = {**practice, "PRACTICE_BANK_URL": "http://127.0.0.1:1/"}
    first = config.load(with_bank)
    assert first.practice_bank == "http://127.0.0.1:1"
    assert len(first.practice_bank_key) > 32
    assert config.load(with_bank).practice_bank_key == first.practice_bank_key


def test_the_key_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "stripe"
    secret.write_text("sk_live_y\n")
    assert config.load({**PRODUCTION, "STRIPE_API_KEY_FILE": str(secret)}).stripe_key == "sk_live_y"
