"""The sequencer's work: `worker.py sequencer`. Any number may run; the one that holds the lease works, the others wait for it.

It looks for waiting leaves every few hundredths of a second, which costs one look at an index that is nearly always empty, and
has each witness cosign what it signed, each in a thread of its own so that a slow one delays nobody.
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from market.config import Settings
from market.db import db
from market.record import log_operations, log_queries, notes, witnesses
from market.record.findings import Unproven
from market.record.log_operations import BATCH, LEASE, Halted
from market.record.policy import Witness

log = structlog.get_logger()

#: seconds between looks for leaves, for the holder of the lease and for those who wait for it
PAUSE, STANDBY = 0.05, 0.5
#: seconds after which the lease is renewed though nothing waits
RENEWAL = 1.5
#: seconds before the next try when the database or a witness is away, and when the log has stopped
AGAIN, STOPPED = 1.0, 5.0


def serve(app: Flask, stopping: Event, holder: str | None = None) -> None:
    """Sequence, sign and have cosigned until `stopping`; goes on after every failure but a stopped log, which it reports."""
    settings: Settings = app.extensions["settings"]
    holder = holder or secrets.token_hex(8)
    private = Ed25519PrivateKey.from_private_bytes(settings.record_key)
    with app.app_context():
        _end_with_the_lease()
        _patiently(lambda: begin(settings, private), stopping)
    threads = [
        Thread(target=_attend, args=(app, witness, holder, stopping), daemon=True)
        for witness in witnesses.witnesses_of(settings)
    ]
    for thread in threads:
        thread.start()
    renewed = 0.0
    while not stopping.is_set():
        with app.app_context():
            try:
                if log_queries.is_waiting() or time.monotonic() - renewed > RENEWAL:
                    placed = work(settings, private, holder)
                    renewed = time.monotonic()
                    pause = STANDBY if placed is None else 0.0 if placed == BATCH else PAUSE
                else:
                    pause = PAUSE
            except Halted as why:
                log.error("the public record has stopped", why=str(why))
                pause = STOPPED
            except (SQLAlchemyError, Unproven) as error:
                db.session.rollback()
                log.warning("sequencer", error=f"{type(error).__name__}: {error}")
                pause = AGAIN
        stopping.wait(pause)
    for thread in threads:
        thread.join(witnesses.ANSWER + 1)


def begin(settings: Settings, private: Ed25519PrivateKey) -> None:
    """Name the log (practice mode makes a name up), publish its policy and leave its public key where the settings say."""
    origin = settings.record_origin or log_queries.log().origin
    origin = origin or f"west-market.example/practice/{secrets.token_hex(4)}"
    public = private.public_key().public_bytes_raw()
    log_operations.open_log(origin, witnesses.policy_of(settings, origin, public))
    if settings.record_public:
        Path(settings.record_public).write_text(f"{notes.Key(origin, notes.ED25519, public)}\n")


def work(settings: Settings, private: Ed25519PrivateKey, holder: str) -> int | None:
    """One turn: take the lease (then ask the witnesses first), place what waits, sign. How many were placed; None for a turn
    that belongs to another. Raises `Halted`."""
    try:
        turn = log_operations.place_leaves(holder)
        if turn is None:
            return None
        placed, taken = turn
        if taken:
            log.info("sequencing", holder=holder)
            if log_queries.newest_checkpoint() is None:
                # without a signed word, be it on an empty tree, there is nothing to ask about
                log_operations.sign_checkpoint(private)
            _ask_all(settings)
        log_operations.sign_checkpoint(private)
    except Halted as why:
        log_operations.halt(str(why))
        raise
    return placed


def settle(app: Flask) -> int:
    """Place and sign all that waits, here and now, for commands and tests; the number placed. Witnesses are not asked.

    Waits for a lease of another that runs out; one that is renewed is left to it.
    """
    settings: Settings = app.extensions["settings"]
    private = Ed25519PrivateKey.from_private_bytes(settings.record_key)
    begin(settings, private)
    holder, done = secrets.token_hex(8), 0
    until = time.monotonic() + LEASE.total_seconds() + 1
    while log_queries.is_waiting() and time.monotonic() < until:
        turn = log_operations.place_leaves(holder)
        if turn is None:
            time.sleep(PAUSE)
            continue
        done += turn[0]
        until = time.monotonic() + LEASE.total_seconds() + 1
    log_operations.sign_checkpoint(private)
    return done


def _ask_all(settings: Settings) -> None:
    """Whoever takes over asks all witnesses what they have seen; those that do not answer are asked later."""
    with _client() as client:
        for witness in witnesses.witnesses_of(settings):
            try:
                witnesses.bring_up_to_date(client, witness, old=0)
            except (httpx.HTTPError, witnesses.Refused, Unproven) as error:
                log.warning("witness", witness=witness.name, error=f"{type(error).__name__}: {error}")


def _attend(app: Flask, witness: Witness, holder: str, stopping: Event) -> None:
    """Keep one witness up to date as long as this process holds the lease."""
    told = False
    with _client() as client:
        while not stopping.is_set():
            pause = PAUSE
            with app.app_context():
                try:
                    if log_queries.log().holder == holder:
                        witnesses.bring_up_to_date(client, witness)
                    else:
                        pause = STANDBY
                    told = False
                except Halted:
                    pause = STOPPED
                except (httpx.HTTPError, SQLAlchemyError, witnesses.Refused, Unproven, LookupError) as error:
                    db.session.rollback()
                    if not told:
                        log.warning("witness", witness=witness.name, error=f"{type(error).__name__}: {error}")
                    told, pause = True, AGAIN
            stopping.wait(pause)


def _client() -> httpx.Client:
    return httpx.Client(timeout=httpx.Timeout(witnesses.ANSWER, connect=witnesses.CONNECT), trust_env=False)


def _end_with_the_lease() -> None:
    """Have the database end a transaction of this process in which it sleeps, so that its lock never outlives its lease."""
    milliseconds = int(LEASE.total_seconds() * 1000)

    @event.listens_for(db.engine, "do_connect")
    def limit(_dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        options = parameters.get("options", "")
        parameters["options"] = f"{options} -c idle_in_transaction_session_timeout={milliseconds}"


def _patiently(act: Callable[[], None], stopping: Event) -> None:
    while not stopping.is_set():
        try:
            act()
            return
        except SQLAlchemyError as error:
            db.session.rollback()
            log.warning("sequencer", error=f"{type(error).__name__}: {error}")
            stopping.wait(AGAIN)
