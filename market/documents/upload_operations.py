"""Large files in parts: begun, continued where they broke off, put together when a form names them, forgotten after a day."""

from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from market import clock
from market.accounts.queries import person as person_with
from market.db import db, new_code
from market.documents import rules, store
from market.documents.events import UploadBegun
from market.documents.models import Upload, UploadPart
from market.kernel.actor import Actor
from market.kernel.errors import NotFound, NotSignedIn
from market.kernel.names import safe_file_name
from market.locks import lock, lock_where
from market.record.operations import record
from market.transaction import transactional

#: an upload that is not named by a form within this time after its last part is forgotten
KEPT = timedelta(hours=24)
BATCH = 500


@transactional
def begin_upload(name: str, size: int, *, by: Actor) -> Upload:
    """Begin to send a file of `size` bytes called `name`.

    `Invalid` when it is empty or above the limit, `RuleBroken` when 20 files or 1 GB of the person are on their way.
    """
    person = person_with(by.person)
    if person is None:
        raise NotSignedIn()
    limit = current_app.extensions["settings"].upload_limit
    running = select(func.count(), func.coalesce(func.sum(Upload.size), 0)).where(Upload.person_id == person.id)
    number, together = db.session.execute(running).one()
    rules.check_uploads(number, together, size, limit)
    now = clock.real()
    upload = Upload(
        code=new_code("U"), person=person, name=safe_file_name(name, "file"), size=size, received=0, begun_at=now,
        expires_at=now + KEPT,
    )  # fmt: skip
    db.session.add(upload)
    record(UploadBegun(upload.code, size), by=by)
    return upload


@transactional
def keep_part(upload_code: str, offset: int, arrival: store.Arrival, *, by: Actor) -> Upload:
    """Keep what arrived as the part that begins at `offset`. `NotFound` for others' uploads; `OtherOffset` when somebody was
    faster; `Unavailable` when it cannot be stored."""
    upload = lock(Upload, upload_code)
    if upload.person.code != by.person or upload.expires_at <= clock.real():
        raise NotFound()
    if upload.received != offset:
        raise rules.OtherOffset(upload.received)
    key = f"{upload.code}.{offset}.{arrival.digest[:16]}"
    arrival.keep_part(key)
    upload.parts.append(UploadPart(start=offset, size=arrival.size, key=key))
    upload.received += arrival.size
    upload.expires_at = clock.real() + KEPT
    return upload


@transactional
def stop_upload(upload_code: str, *, by: Actor) -> None:
    """Forget an upload of one's own with all its parts. `NotFound` for others'."""
    upload = lock(Upload, upload_code)
    if upload.person.code != by.person:
        raise NotFound()
    _forget(upload)


@transactional
def forget_expired() -> int:
    """Forget uploads to which nothing came for a day, and parts that belong to none; the number of uploads."""
    before = clock.real()
    expired = lock_where(Upload, Upload.expires_at <= before)
    for upload in expired[:BATCH]:
        _forget(upload)
    keys = store.current().parts_before(before - 2 * KEPT)
    known = set(db.session.scalars(select(UploadPart.key).where(UploadPart.key.in_(keys))))
    for key in keys:
        if key not in known:
            store.current().forget_part(key)
    return len(expired[:BATCH])


def _forget(upload: Upload) -> None:
    for part in upload.parts:
        store.current().forget_part(part.key)
    db.session.delete(upload)
