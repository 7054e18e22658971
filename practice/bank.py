"""The practice bank: `python -m practice.bank --port N --data DIR` plays a payment service. There is no real money in it.

The key of the programs' part comes from the environment, PRACTICE_BANK_KEY. The books are DIR/bank.sqlite3, so that kill -9 loses
nothing. Three parts:

* for programs, with `Authorization: Bearer KEY`: POST and GET /v1/checkouts, refunds, accounts, transfers, payouts, endpoints;
  GET /v1/disputes/ID; lists of charges, refunds, payouts, disputes (?since=). An `Idempotency-Key` makes a request once: the same
  key gives the same answer, and with other parameters an error. It refuses to send back more than was paid, to transfer more
  than a charge brought, to pay out more than an account holds.
* for people: /pay/ID, where a buyer chooses one of the practice cards below, and /onboarding/ID for a vendor's bank account.
* events, signed with the endpoint's secret in Stripe's way (`t=SECONDS,v1=HMAC-SHA-256`) and of Stripe's shape, sent until they
  are answered with 2xx.

/control/NAME, for programs too, plays what only the world does: see CONTROLS.
"""

import argparse
import hashlib
import hmac
import html
import json
import os
import random
import re
import secrets
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from practice.serving import server

#: seconds until an event that was not taken is sent again, by the number of tries; the last one repeats
PAUSES = (1, 2, 5, 15, 60, 300)
#: seconds for one delivery
PATIENCE = 5.0
#: seconds after which a payment by the slow card arrives
DELAY = 5.0

#: the practice cards: what each of them plays
CARDS: Mapping[str, tuple[str, str]] = {
    "success": ("4242 4242 4242 4242", "付款成功"),
    "decline": ("4000 0000 0000 0002", "被发卡行拒绝"),
    "second": ("4000 0000 0000 3220", "需要再验证一次身份"),
    "delay": ("4000 0000 0000 0077", f"{int(DELAY)} 秒后才到账"),
    "duplicate": ("4000 0000 0000 0101", "付款成功，通知重复发送"),
    "before": ("4000 0000 0000 0119", "通知先于页面到达"),
    "silent": ("4000 0000 0000 0127", "付款成功，通知丢失"),
    "chargeback": ("4000 0000 0000 0259", "付款成功，随后被发卡行退单"),
}
#: the bank accounts a vendor may give: what each of them plays
BANKS: Mapping[str, tuple[str, str]] = {
    "good": ("6222 0000 0000 1116", "正常收款"),
    "bad": ("6222 0000 0000 2227", "收款后被退回"),
    "refusing": ("6222 0000 0000 3334", "拒收"),
}

TABLES = """
CREATE TABLE IF NOT EXISTS thing (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS thing_kind ON thing (kind, created);
CREATE TABLE IF NOT EXISTS asked (key TEXT PRIMARY KEY, digest TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
  id TEXT PRIMARY KEY, body TEXT NOT NULL, created REAL NOT NULL, due REAL, tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

Body = dict[str, Any]
Answer = tuple[int, Any]


class Refused(Exception):
    """A request that the bank understood and refuses: `status`, a code for programs and words for people."""

    def __init__(self, status: int, error: str, words: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.words = status, error, words


class Bank:
    """The bank's books and what it plays. One lock: everything happens one after the other, each in a transaction."""

    def __init__(self, folder: Path, url: str, key: str, now: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.url, self.key, self.now = url, key, now
        self.lock = threading.RLock()
        self.base = sqlite3.connect(folder / "bank.sqlite3", check_same_thread=False, isolation_level=None)
        self.base.execute("PRAGMA journal_mode = WAL")
        self.base.execute("PRAGMA synchronous = FULL")
        self.base.executescript(TABLES)
        self.depth = 0
        self.wake = threading.Event()

    @contextmanager
    def at_once(self) -> Any:
        """All or nothing; blocks within a block belong to the outer one."""
        with self.lock:
            if self.depth == 0:
                self.base.execute("BEGIN IMMEDIATE")
            self.depth += 1
            try:
                yield
            except BaseException:
                self.depth -= 1
                if self.depth == 0:
                    self.base.execute("ROLLBACK")
                raise
            self.depth -= 1
            if self.depth == 0:
                self.base.execute("COMMIT")

    # Books -----------------------------------------------------------------------------------------------------------

    def put(self, kind: str, body: Body) -> Body:
        """Keep a thing, new or changed."""
        body.setdefault("id", f"{kind[:3]}_{secrets.token_hex(8)}")
        body.setdefault("created", self.now())
        self.base.execute(
            "INSERT INTO thing VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (body["id"], kind, body["created"], json.dumps(body)),
        )
        return body

    def get(self, kind: str, key: Any) -> Body:
        """A thing, or `Refused` 404."""
        row = self.base.execute("SELECT body FROM thing WHERE id = ? AND kind = ?", (str(key), kind)).fetchone()
        if row is None:
            raise Refused(404, "no_such_thing", f"no {kind} {key}")
        return json.loads(row[0])

    def all(self, kind: str, since: float = 0.0) -> list[Body]:
        """All things of a kind, the oldest first."""
        rows = self.base.execute(
            "SELECT body FROM thing WHERE kind = ? AND created >= ? ORDER BY created, rowid", (kind, since)
        )
        return [json.loads(row[0]) for row in rows]

    def setting(self, name: str, default: str = "") -> str:
        """A switch of the play."""
        row = self.base.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return row[0] if row else default

    def set(self, name: str, value: str) -> Body:
        """Turn a switch; the setting as it is now."""
        self.base.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )
        return {name: value}

    # Events ----------------------------------------------------------------------------------------------------------

    def tell(self, kind: str, thing: Body, account: str | None = None, times: int = 1, silent: bool = False) -> str:
        """Have an event of this type sent about `thing`."""
        event = {
            "id": f"evt_{secrets.token_hex(10)}",
            "object": "event",
            "type": kind,
            "created": int(self.now()),
            "livemode": False,
            "data": {"object": {"id": thing["id"], "object": kind.split(".")[0]}},
        }
        if account:
            event["account"] = account
        due = None if silent or self.setting("quiet") == "yes" else self.now()
        self.base.execute(
            "INSERT INTO event (id, body, created, due) VALUES (?, ?, ?, ?)",
            (event["id"], json.dumps(event), self.now(), due),
        )
        self.wake.set()
        if times > 1:
            self.set(f"times {event['id']}", str(times))
        return str(event["id"])

    def signed(self, event: str) -> list[tuple[str, bytes, str]]:
        """An event as it is sent: (address, body, signature) for each endpoint. The signature is always fresh."""
        row = self.base.execute("SELECT body FROM event WHERE id = ?", (event,)).fetchone()
        if row is None:
            raise Refused(404, "no_such_event")
        body, stamp = row[0].encode(), int(self.now())
        found = []
        for one in self.all("endpoint"):
            mark = hmac.new(one["secret"].encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
            found.append((one["url"], body, f"t={stamp},v1={mark}"))
        return found

    def deliver(self, event: str) -> bool:
        """Send an event to every endpoint now; True when all took it, or there is none."""
        with self.lock:
            parcels = self.signed(event)
            times = int(self.setting(f"times {event}", "1"))
        return all(_send(*parcel) for parcel in parcels for _ in range(times))

    def deliver_due(self) -> float:
        """Send what is due; seconds until something is due again (at most one)."""
        with self.lock:
            rows = self.base.execute(
                "SELECT id, tries FROM event WHERE due IS NOT NULL AND due <= ? ORDER BY due, rowid LIMIT 20",
                (self.now(),),
            ).fetchall()
        for event, tries in rows:
            taken = self.deliver(event)
            due = None if taken else self.now() + PAUSES[min(tries, len(PAUSES) - 1)]
            with self.at_once():
                self.base.execute("UPDATE event SET due = ?, tries = tries + 1 WHERE id = ?", (due, event))
        self._arrive()
        return 0.0 if len(rows) == 20 else 0.5

    def _arrive(self) -> None:
        """Payments by the slow card arrive, visits run out."""
        now = self.now()
        with self.at_once():
            for one in self.all("checkout"):
                if one["stage"] == "open" and one.get("arrives") and one["arrives"] <= now:
                    self.succeed(one, "delay")
                elif one["stage"] == "open" and not one.get("arrives") and one["until"] <= now:
                    one |= {"stage": "failed", "cause": "expired"}
                    self.put("checkout", one)
                    self.tell("checkout.session.expired", one)

    # Payments --------------------------------------------------------------------------------------------------------

    def open_checkout(self, wish: Body) -> Answer:
        """A page where somebody pays."""
        if not isinstance(wish.get("amount"), int) or wish["amount"] <= 0:
            raise Refused(400, "amount_invalid", "an amount is a whole number of fen above zero")
        for name in ("reference", "what", "back", "cancel", "until"):
            if name not in wish:
                raise Refused(400, "parameter_missing", name)
        one = self.put("checkout", {**wish, "stage": "open", "charge": None, "cause": None})
        one["url"] = f"{self.url}/pay/{one['id']}"
        self.put("checkout", one)
        if (played := self.setting("next checkout")) in CARDS:
            # the world is quicker than the answer to the program that asked
            self.set("next checkout", "")
            self.succeed(one, played)
        return 200, self.get("checkout", one["id"])

    def close_checkout(self, key: str) -> Answer:
        """Nobody pays there any more; one that is paid stays paid."""
        one = self.get("checkout", key)
        if one["stage"] == "open" and not one.get("arrives"):
            one |= {"stage": "failed", "cause": "closed"}
            self.put("checkout", one)
            self.tell("checkout.session.expired", one)
        return 200, one

    def succeed(self, one: Body, card: str) -> Body:
        """The buyer's money is there."""
        charge = self.put(
            "charge",
            {
                "reference": one["reference"],
                "checkout": one["id"],
                "amount": one["amount"],
                "refunded": 0,
                "transferred": 0,
                "card": card,
            },
        )
        one |= {"stage": "done", "charge": charge["id"], "cause": None, "arrives": None}
        self.put("checkout", one)
        event = self.tell(
            "checkout.session.completed", one, times=3 if card == "duplicate" else 1, silent=card == "silent"
        )
        if card == "before":
            self.set("send now", event)
        if card == "chargeback":
            self.dispute(charge["id"])
        return one

    def refund(self, wish: Body, *, by_hand: bool = False) -> Answer:
        """Send money back; never more than is left of the charge."""
        charge = self.get("charge", wish.get("charge"))
        fen = wish.get("amount")
        if not isinstance(fen, int) or isinstance(fen, bool) or fen <= 0:
            raise Refused(400, "amount_invalid", "an amount is a whole number of fen above zero")
        if fen > charge["amount"] - charge["refunded"]:
            raise Refused(402, "charge_already_refunded", "more than is left of the charge")
        failing = self.setting("next refund") == "fail"
        charge["refunded"] += fen
        self.put("charge", charge)
        reference = None if by_hand else wish.get("reference")
        one = self.put(
            "refund",
            {"reference": reference, "charge": charge["id"], "amount": fen, "stage": "done", "cause": None},
        )
        self.tell("refund.created", one, silent=bool(wish.get("silent")))
        if failing:
            self.set("next refund", "")
            self.fail_refund(one["id"])
            one = self.get("refund", one["id"])
        return 200, one

    def fail_refund(self, key: str) -> Answer:
        """The buyer's bank returned it."""
        one = self.get("refund", key)
        if one["stage"] != "failed":
            charge = self.get("charge", one["charge"])
            charge["refunded"] -= one["amount"]
            self.put("charge", charge)
            one |= {"stage": "failed", "cause": "expired_or_canceled_card"}
            self.put("refund", one)
            self.tell("refund.failed", one)
        return 200, one

    def dispute(self, charge: str, silent: bool = False) -> Answer:
        """The buyer's bank takes a charge back."""
        found = self.get("charge", charge)
        one = self.put(
            "dispute",
            {
                "charge": charge,
                "amount": found["amount"] - found["refunded"],
                "stage": "open",
                "reason": "product_not_received",
            },
        )
        self.tell("charge.dispute.created", one, silent=silent)
        return 200, one

    def close_dispute(self, key: str, won: bool) -> Answer:
        """The buyer's bank decided."""
        one = self.get("dispute", key)
        one["stage"] = "done" if won else "failed"
        self.put("dispute", one)
        self.tell("charge.dispute.closed", one)
        return 200, one

    # Vendors ---------------------------------------------------------------------------------------------------------

    def open_account(self, wish: Body) -> Answer:
        """An account for a vendor: not ready before it named its bank account."""
        one = {"reference": wish.get("reference"), "name": wish.get("name", ""), "balance": 0, "bank": None}
        return 200, self.put("account", {**one, "ready": False, "needs": ["external_account"], "version": None})

    def name_bank(self, key: str, bank: str) -> Body:
        """The vendor named its bank account."""
        one = self.get("account", key)
        version = f"{bank}-{secrets.token_hex(4)}"
        one |= {"bank": bank, "ready": True, "needs": [], "version": version}
        self.put("account", one)
        self.tell("account.updated", one, account=one["id"])
        return one

    def transfer(self, wish: Body) -> Answer:
        """Move money of a charge into a vendor's account; never more than the charge brought."""
        account, fen = self.get("account", wish.get("account")), int(wish.get("amount") or 0)
        if fen <= 0:
            raise Refused(400, "amount_invalid")
        if wish.get("charge"):
            charge = self.get("charge", wish["charge"])
            if charge["transferred"] + fen > charge["amount"]:
                raise Refused(400, "transfer_source_insufficient", "more than the charge brought")
            charge["transferred"] += fen
            self.put("charge", charge)
        account["balance"] += fen
        self.put("account", account)
        return 200, self.put(
            "transfer",
            {"account": account["id"], "amount": fen, "charge": wish.get("charge"), "reversed": 0},
        )

    def reverse(self, key: str, wish: Body) -> Answer:
        """Take money back out of a vendor's account, which may owe it afterwards."""
        one, fen = self.get("transfer", key), int(wish.get("amount") or 0)
        if fen <= 0 or one["reversed"] + fen > one["amount"]:
            raise Refused(400, "amount_too_large", "more than was transferred")
        if self.setting("reversals") == "refuse":
            raise Refused(400, "balance_insufficient_for_reversal", "the vendor's account is empty")
        account = self.get("account", one["account"])
        account["balance"] -= fen
        one["reversed"] += fen
        self.put("account", account)
        self.put("transfer", one)
        if one["charge"]:
            charge = self.get("charge", one["charge"])
            charge["transferred"] -= fen
            self.put("charge", charge)
        return 200, self.put("reversal", {"transfer": key, "amount": fen})

    def pay_out(self, wish: Body) -> Answer:
        """Send money from a vendor's account to its bank."""
        account, fen = self.get("account", wish.get("account")), int(wish.get("amount") or 0)
        if not account["ready"]:
            raise Refused(400, "no_external_account", "the vendor named no bank account")
        if fen <= 0 or fen > account["balance"]:
            raise Refused(429, "balance_insufficient", "more than the account holds")
        if account["bank"] == "refusing":
            raise Refused(400, "account_closed", "the bank refuses this account")
        account["balance"] -= fen
        self.put("account", account)
        one = {"account": account["id"], "reference": wish.get("reference"), "amount": fen, "cause": None}
        one = self.put("payout", {**one, "stage": "done"})
        self.tell("payout.paid", one, account=account["id"])
        if account["bank"] == "bad":
            self.return_payout(one["id"])
            one = self.get("payout", one["id"])
        return 200, one

    def return_payout(self, key: str, silent: bool = False) -> Answer:
        """The vendor's bank returned a payout, even one that it had taken."""
        one = self.get("payout", key)
        if one["stage"] != "failed":
            account = self.get("account", one["account"])
            account["balance"] += one["amount"]
            self.put("account", account)
            one |= {"stage": "failed", "cause": "account_closed"}
            self.put("payout", one)
            self.tell("payout.failed", one, account=one["account"], silent=silent)
        return 200, one

    def endpoint(self, wish: Body) -> Answer:
        """Send events there from now on."""
        return 200, self.put("endpoint", {"url": str(wish["url"]), "secret": f"whsec_{secrets.token_urlsafe(24)}"})

    # Drift -----------------------------------------------------------------------------------------------------------

    def drift(self, wish: Body) -> Answer:
        """Four things that happen at the bank alone, told to nobody: a visit paid, a payout returned, a refund by hand, a
        charge taken back. `seed` chooses among what there is. Refused, naming what is missing, when one of them cannot be."""
        chance = random.Random(int(wish.get("seed", 1)))
        disputed = {one["charge"] for one in self.all("dispute")}
        whole = [
            one
            for one in self.all("charge")
            if not one["refunded"] and not one["transferred"] and one["id"] not in disputed
        ]
        found = {
            "an open visit": [one for one in self.all("checkout") if one["stage"] == "open" and not one.get("arrives")],
            "a paid payout": [one for one in self.all("payout") if one["stage"] == "done"],
            "two charges whose money is still held": whole,
        }
        missing = [name for name, rows in found.items() if len(rows) < (2 if rows is whole else 1)]
        if missing:
            raise Refused(409, "nothing_to_drift", "the bank does not have " + ", ".join(missing))
        visit = chance.choice(found["an open visit"])
        payout = chance.choice(found["a paid payout"])
        refunded, disputed_now = chance.sample(whole, 2)
        self.succeed(visit, "silent")
        self.return_payout(payout["id"], silent=True)
        hand = self.refund(
            {"charge": refunded["id"], "amount": refunded["amount"] // 2 or 1, "silent": True}, by_hand=True
        )
        dispute = self.dispute(disputed_now["id"], silent=True)
        return 200, {
            "paid without event": visit["id"],
            "payout returned": payout["id"],
            "refund by hand": hand[1]["id"],
            "chargeback": dispute[1]["id"],
        }


KINDS: tuple[str, ...] = (
    "checkout", "charge", "refund", "account", "transfer", "reversal", "payout", "dispute", "endpoint",
)  # fmt: skip

#: /control/NAME: what the world does, and what tests want to see
CONTROLS: Mapping[str, Callable[[Bank, Body], Answer]] = {
    # a buyer at the page: {checkout, card}
    "pay": lambda bank, wish: (200, _paid(bank, str(wish["checkout"]), str(wish.get("card", "success")))),
    # the next checkout is paid with this card before its program has the answer: {card}
    "next_checkout": lambda bank, wish: (200, bank.set("next checkout", str(wish["card"]))),
    "next_refund_fails": lambda bank, wish: (200, bank.set("next refund", "fail")),
    # vendors' accounts are empty: {refuse: bool}
    "reversals": lambda bank, wish: (200, bank.set("reversals", "refuse" if wish.get("refuse") else "")),
    "chargeback": lambda bank, wish: bank.dispute(str(wish["charge"]), bool(wish.get("silent"))),
    "close_dispute": lambda bank, wish: bank.close_dispute(str(wish["dispute"]), bool(wish["won"])),
    "return_payout": lambda bank, wish: bank.return_payout(str(wish["payout"]), bool(wish.get("silent"))),
    "fail_refund": lambda bank, wish: bank.fail_refund(str(wish["refund"])),
    "refund_by_hand": lambda bank, wish: bank.refund(wish, by_hand=True),
    "name_bank": lambda bank, wish: (200, bank.name_bank(str(wish["account"]), str(wish.get("bank", "good")))),
    # hold all events back from now on: {quiet: bool}
    "quiet": lambda bank, wish: (200, bank.set("quiet", "yes" if wish.get("quiet") else "")),
    # answer nothing but 503 to programs, or wait so many seconds first: {away: bool, wait: seconds}
    "away": lambda bank, wish: (200, bank.set("away", "yes" if wish.get("away") else "")),
    "events": lambda bank, wish: (200, {"data": _events(bank)}),
    "signed": lambda bank, wish: (200, {"data": [_parcel(*one) for one in bank.signed(str(wish["event"]))]}),
    "drift": lambda bank, wish: bank.drift(wish),
    "counts": lambda bank, wish: (200, {kind: len(bank.all(kind)) for kind in KINDS}),
}


def _paid(bank: Bank, key: str, card: str) -> Body:
    one = bank.get("checkout", key)
    if one["stage"] != "open":
        raise Refused(409, "checkout_over")
    if card == "decline":
        one["cause"] = "card_declined"
        return bank.put("checkout", one)
    if card == "delay":
        one["arrives"] = bank.now() + DELAY
        return bank.put("checkout", one)
    return bank.succeed(one, card)


def _events(bank: Bank) -> list[Body]:
    rows = bank.base.execute("SELECT body, due, tries FROM event ORDER BY rowid")
    return [{**json.loads(body), "waits": due is not None, "tries": tries} for body, due, tries in rows]


def _parcel(url: str, body: bytes, signature: str) -> Body:
    return {"url": url, "body": body.decode(), "signature": signature}


def _send(url: str, body: bytes, signature: str) -> bool:
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as reply:
            return 200 <= reply.status < 300
    except (OSError, urllib.error.URLError, ValueError):
        return False


# Programs ----------------------------------------------------------------------------------------------------------------


def for_programs(bank: Bank, method: str, path: str, query: Mapping[str, str], body: Body, key: str) -> Answer:
    """Answer a program: once for each idempotency key."""
    if path.startswith("/control/"):
        act = CONTROLS.get(path.removeprefix("/control/"))
        if act is None or method != "POST":
            raise Refused(404, "no_such_control")
        with bank.at_once():
            return act(bank, body)
    if bank.setting("away") == "yes":
        raise Refused(503, "away")
    digest = hashlib.sha256(f"{method} {path} {json.dumps(body, sort_keys=True)}".encode()).hexdigest()
    with bank.at_once():
        if key and (
            kept := bank.base.execute("SELECT digest, status, answer FROM asked WHERE key = ?", (key,)).fetchone()
        ):
            if kept[0] != digest:
                raise Refused(400, "idempotency_error", "the same key with other parameters")
            return kept[1], json.loads(kept[2])
        try:
            status, answer = _route(bank, method, path, query, body)
        except Refused as refusal:
            # what may succeed later is not kept
            if not key or refusal.status in (404, 429):
                raise
            status, answer = refusal.status, {"error": refusal.error, "words": refusal.words}
        if key:
            bank.base.execute("INSERT INTO asked VALUES (?, ?, ?, ?)", (key, digest, status, json.dumps(answer)))
    if (event := bank.setting("send now")) and path == "/v1/checkouts":
        with bank.at_once():
            bank.set("send now", "")
        bank.deliver(event)
    return status, answer


def _route(bank: Bank, method: str, path: str, query: Mapping[str, str], body: Body) -> Answer:
    parts = path.strip("/").split("/")[1:]
    match method, parts:
        case "POST", ["checkouts"]:
            return bank.open_checkout(body)
        case "POST", ["checkouts", key, "close"]:
            return bank.close_checkout(key)
        case "POST", ["refunds"]:
            return bank.refund(body)
        case "POST", ["accounts"]:
            return bank.open_account(body)
        case "POST", ["accounts", key, "link"]:
            one = bank.get("account", key)
            bank.put("account", {**one, "back": body.get("back", "")})
            return 200, {"url": f"{bank.url}/onboarding/{key}"}
        case "POST", ["transfers"]:
            return bank.transfer(body)
        case "POST", ["transfers", key, "reversals"]:
            return bank.reverse(key, body)
        case "POST", ["payouts"]:
            return bank.pay_out(body)
        case "POST", ["endpoints"]:
            return bank.endpoint(body)
        case "DELETE", ["endpoints", key]:
            bank.get("endpoint", key)
            bank.base.execute("DELETE FROM thing WHERE id = ?", (key,))
            return 200, {}
        case "GET", [kind] if kind.removesuffix("s") in KINDS:
            return 200, {"data": bank.all(kind.removesuffix("s"), float(query.get("since", "0")))}
        case "GET", [kind, key] if kind.removesuffix("s") in KINDS:
            return 200, bank.get(kind.removesuffix("s"), key)
    raise Refused(404, "no_such_address")


# People ------------------------------------------------------------------------------------------------------------------

STYLE = """
body{font:18px/1.6 "Noto Sans CJK SC",sans-serif;margin:0;background:#f4f1ea;color:#1c1a17}
header{background:#5a3a00;color:#fff;padding:12px 24px}main{max-width:640px;margin:24px auto;padding:0 24px}
fieldset{border:1px solid #8a8378;padding:16px;margin:0 0 16px}label{display:block;padding:6px 0}
button,.b{font:inherit;padding:10px 24px;border:1px solid #1c1a17;background:#1c1a17;color:#fff;text-decoration:none}
.b{background:#fff;color:#1c1a17}small{color:#5d574d}.bad{border-left:4px solid #b02a1e;padding-left:12px}
"""


def for_people(bank: Bank, method: str, path: str, form: Mapping[str, str]) -> tuple[int, str, str]:
    """A page, or an address to go to: (status, address or "", page)."""
    kind, _, key = path.strip("/").partition("/")
    if kind == "pay":
        return _pay_page(bank, method, key, form)
    if kind == "onboarding":
        return _onboarding_page(bank, method, key, form)
    if kind == "":
        return 200, "", _page("练习银行", "<p>这里没有真钱。西市的演示用它代替支付服务。</p>")
    raise Refused(404, "no_such_page")


def _pay_page(bank: Bank, method: str, key: str, form: Mapping[str, str]) -> tuple[int, str, str]:
    told = ""
    with bank.at_once():
        one = bank.get("checkout", key)
        if method == "POST" and one["stage"] == "open":
            card = form.get("card", "")
            if card not in CARDS:
                told = "请选择一张练习卡。"
            elif card == "second" and form.get("code") != "123456":
                return 200, "", _second_page(one, "code" in form)
            else:
                one = _paid(bank, key, card)
                told = "发卡行拒绝了这张卡，没有扣款。请换一张，或返回。" if card == "decline" else ""
        over = one["stage"] != "open" or bool(one.get("arrives"))
        event = bank.setting("send now")
        bank.set("send now", "")
    if event:
        bank.deliver(event)
    if method == "POST" and over:
        return 303, str(one["back"]), ""
    return 200, "", _cards_page(one, told)


def _cards_page(one: Body, told: str) -> str:
    price = f"¥{one['amount'] // 100:,}.{one['amount'] % 100:02d}"
    head = f"<h1>向西市付款 {price}</h1><p>{html.escape(one['what'])}</p>"
    if one["stage"] == "done":
        return _page("已付款", f"{head}<p>这笔款已付清，不会再扣。</p>{_link(one['back'], '返回西市')}")
    if one["stage"] == "failed":
        return _page("已关闭", f"{head}<p>这个付款页已关闭，没有扣款。</p>{_link(one['cancel'], '返回西市')}")
    if one.get("arrives"):
        return _page("处理中", f"{head}<p>银行正在处理，到账后会通知西市。</p>{_link(one['back'], '返回西市')}")
    cards = "".join(
        f'<label><input type="radio" name="card" value="{name}"{" checked" if name == "success" else ""} required> '
        f"{number}　{words}</label>"
        for name, (number, words) in CARDS.items()
    )
    bad = f'<p class="bad" role="alert">{told}</p>' if told else ""
    form = (
        f'{bad}<form method="post"><fieldset><legend>选择一张练习卡</legend>{cards}</fieldset>'
        f"<button>付款 {price}</button> {_link(one['cancel'], '不付了，返回西市')}</form>"
    )
    return _page("付款", head + form)


def _second_page(one: Body, again: bool) -> str:
    bad = '<p class="bad" role="alert">验证码不对。</p>' if again else ""
    return _page(
        "再验证一次",
        f'<h1>再验证一次身份</h1>{bad}<form method="post"><input type="hidden" name="card" value="second">'
        '<p><label for="code">短信验证码（练习：123456）</label><input id="code" name="code" inputmode="numeric" '
        f'autocomplete="one-time-code" required></p><button>确认</button> {_link(one["cancel"], "返回西市")}</form>',
    )


def _onboarding_page(bank: Bank, method: str, key: str, form: Mapping[str, str]) -> tuple[int, str, str]:
    with bank.at_once():
        one = bank.get("account", key)
        if method == "POST" and form.get("bank") in BANKS:
            one = bank.name_bank(key, form["bank"])
            return 303, str(one.get("back") or "/"), ""
    banks = "".join(
        f'<label><input type="radio" name="bank" value="{name}"{" checked" if name == "good" else ""} required> '
        f"{number}　{words}</label>"
        for name, (number, words) in BANKS.items()
    )
    body = (
        f"<h1>开通收款：{html.escape(str(one['name']))}</h1>"
        f'<form method="post"><fieldset><legend>选择一个练习银行账户</legend>{banks}</fieldset><button>开通</button></form>'
    )
    return 200, "", _page("开通收款", body)


def _link(url: str, words: str) -> str:
    return f'<a class="b" href="{html.escape(url, quote=True)}">{words}</a>'


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="zh-Hans-CN"><head><meta charset="utf-8"><title>{title} · 练习银行</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><header><b>练习银行</b>　没有真钱，只供演示。Practice bank: no real money.</header>"
        f"<main>{body}</main></body></html>"
    )


# Serving -----------------------------------------------------------------------------------------------------------------


def application(bank: Bank) -> Callable[..., Iterable[bytes]]:
    """The bank as a WSGI application."""

    def app(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            if not re.match(r"/(v1|control)/", path):
                form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
                status, url, page = for_people(bank, method, path, form)
                return _reply(start, status, page.encode(), "text/html", url)
            given = environ.get("HTTP_AUTHORIZATION", "")
            if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {bank.key}".encode()):
                raise Refused(401, "key_wrong")
            query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
            body = json.loads(raw or b"{}")
            status, answer = for_programs(bank, method, path, query, body, environ.get("HTTP_IDEMPOTENCY_KEY", ""))
            return _reply(start, status, json.dumps(answer, ensure_ascii=False).encode(), "application/json")
        except Refused as refusal:
            told = {"error": refusal.error, "words": refusal.words}
            return _reply(start, refusal.status, json.dumps(told).encode(), "application/json")
        except (KeyError, ValueError, TypeError) as error:
            told = {"error": "not_understood", "words": f"{type(error).__name__}: {error}"}
            return _reply(start, 400, json.dumps(told).encode(), "application/json")

    return app


def _reply(start: Callable[..., Any], status: int, body: bytes, kind: str, url: str = "") -> list[bytes]:
    headers = [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body)))]
    if url:
        headers.append(("Location", url))
    start(f"{status} {'OK' if status < 400 else 'Refused'}", headers)
    return [body]


def main() -> None:
    """Serve on the loopback address until stopped."""
    parser = argparse.ArgumentParser(description="The practice bank: no real money.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--data", type=Path, required=True, help="folder for the bank's books")
    given = parser.parse_args()
    key = os.environ.get("PRACTICE_BANK_KEY", "")
    if len(key) < 16:
        raise SystemExit("PRACTICE_BANK_KEY must hold the key of the programs' part, at least 16 characters.")
    with server(given.port, _missing) as serving:
        bank = Bank(given.data, f"http://127.0.0.1:{serving.server_port}", key)
        serving.set_app(application(bank))
        threading.Thread(target=_deliver, args=(bank,), daemon=True).start()
        print(f"practice bank on {bank.url}", flush=True)
        serving.serve_forever()


def _missing(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    return _reply(start, 503, b"", "text/plain")


def _deliver(bank: Bank) -> None:
    while True:
        try:
            pause = bank.deliver_due()
        except sqlite3.Error:
            pause = 1.0
        bank.wake.wait(pause)
        bank.wake.clear()


if __name__ == "__main__":
    main()
