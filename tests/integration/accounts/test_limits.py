"""Limits on how often: per true peer, over all processes, stricter while Valkey is away."""

import dataclasses
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from market import config, limits
from market.kernel.errors import TooMany
from tests.integration.conftest import Browser

SIGN_IN = {"email": "nobody@example.org", "password": "wrong"}


def send(app: Flask, times: int, email: str = "n{}@example.org", **environ: Any) -> list[int]:
    client: Browser = app.test_client()  # type: ignore[assignment]
    return [
        client.submit(
            "/sign-in",
            {"email": email.format(n), "password": "wrong"},
            environ_base={name: value.format(n) for name, value in environ.items()},
        ).status_code
        for n in range(times)
    ]


def test_one_address_guessing_at_a_hundred_accounts_is_limited(app: Flask) -> None:
    """KF-ACC-02."""
    statuses = send(app, 100, REMOTE_ADDR="198.51.100.1")
    assert statuses == [422] * 30 + [429] * 70
    assert send(app, 1, REMOTE_ADDR="198.51.100.2") == [422], "KF-ACC-03: others are unaffected"


def test_a_refusal_says_when_to_come_back_and_keeps_what_was_typed(app: Flask) -> None:
    client: Browser = app.test_client()  # type: ignore[assignment]
    for _ in range(30):
        client.submit("/sign-in", {"email": "x", "password": "y"})
    for n in range(31):
        answer = client.submit("/sign-in", {"email": f"n{n}@example.org", "password": "wrong"})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600
    assert 'value="n30@example.org"' in answer.text


@pytest.mark.parametrize("header", ["192.0.2.{}", "192.0.2.{}, 192.0.2.200", "evil{}"])
def test_a_header_gives_nobody_a_fresh_limit(app: Flask, header: str) -> None:
    """KF-ACC-02: no proxy is configured, so the header is anybody's claim."""
    assert send(app, 40, REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR=header).count(429) == 10


@pytest.fixture
def proxied(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application behind one proxy in the network 10.0.0.0/8, as create_app sets it up."""
    settings = dataclasses.replace(app.extensions["settings"], proxies=1, proxy_networks=("10.0.0.0/8", "fd00::/8"))
    monkeypatch.setitem(app.extensions, "settings", settings)
    monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1))
    return app


def test_behind_the_proxy_each_caller_has_a_limit_of_his_own(proxied: Flask) -> None:
    """KF-ACC-03: one busy hall does not lock out the city."""
    assert send(proxied, 40, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1").count(429) == 10
    assert send(proxied, 1, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.2") == [422]


def test_of_several_addresses_only_the_one_the_proxy_added_counts(proxied: Flask) -> None:
    """KF-ACC-02: ten addresses in the header, the first ones the caller's own."""
    claims = "192.0.2.{0}, " * 9 + "198.51.100.1"
    assert send(proxied, 40, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=claims).count(429) == 10


def test_who_comes_past_the_proxy_claims_nothing(proxied: Flask) -> None:
    """KF-ACC-02: directly at the application's port."""
    assert send(proxied, 40, REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="192.0.2.{}").count(429) == 10


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_a_caller_is_his_network(address: str, network: str) -> None:
    assert limits.network_of(address) == network


def count_until_refused(most: int = 200) -> int:
    for number in range(most):
        try:
            limits.count("things", "one key", "40/minute")
        except TooMany:
            return number
    return most


def test_several_processes_share_one_count(app: Flask) -> None:
    """KF-ACC-03: four processes, each with counters of its own object, one sum in Valkey."""
    allowed = 0
    for _ in range(4):
        app.extensions.pop("limits", None)
        allowed += count_until_refused()
    assert allowed == 40


def test_while_valkey_is_away_limits_are_stricter_and_never_gone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """KF-ACC-03: and sign-in still works."""
    away = dataclasses.replace(app.extensions["settings"], redis_url="redis://127.0.0.1:9/0")
    monkeypatch.setitem(app.extensions, "settings", away)
    app.extensions.pop("limits", None)
    assert count_until_refused() == 10
    assert send(app, 40).count(422) == 7
    app.extensions.pop("limits", None)


def test_networks_of_proxies_are_read_from_the_settings(tmp_path: Any) -> None:
    environment = {
        "DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "ELASTICSEARCH_URL": "http://x",
        "WEST_MARKET_SECRETS": str(tmp_path), "WEST_MARKET_PROXY_NETWORKS": "192.0.2.7, 2001:db8::/32",
    }  # fmt: skip
    assert config.load(environment).proxy_networks == ("192.0.2.7/32", "2001:db8::/32")
    with pytest.raises(config.SettingsError, match="WEST_MARKET_PROXY_NETWORKS"):
        config.load(environment | {"WEST_MARKET_PROXY_NETWORKS": "proxy.local"})
