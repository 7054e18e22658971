"""What the virus scanner says of stored files. It looks at each file once, after it was kept and before others may have it."""

import structlog
from flask import current_app
from sqlalchemy import select, update

from market import clock
from market.db import db
from market.documents import queries, scanner, store
from market.documents.events import DocumentQuarantined
from market.documents.models import Document, StoredFile
from market.documents.rules import Scan
from market.kernel.actor import system
from market.kernel.errors import Unavailable
from market.record.operations import record
from market.transaction import attempt, later, transactional

log = structlog.get_logger()

#: files that one nightly turn looks at, at most; when there were more, another follows
BATCH = 200


@transactional
def scan_document(document_code: str) -> Scan:
    """Have a document's bytes looked at, unless they were before; what is known of them now.

    Nothing happens where no scanner is set. What is found puts all documents with these bytes into quarantine: they are handed
    to nobody, and their owners are told. `scanner.Away` while the scanner does not answer: the job is tried again.
    """
    document = queries.document(document_code)
    if document is None or document.file.gone_at is not None:
        return Scan.NOT_SCANNED
    return _scan(document.file)


@transactional
def scan_unscanned() -> int:
    """Have files looked at that no scanner has seen, 200 at a time; their number now. Nothing where no scanner is set."""
    if scanner.of(current_app.extensions["settings"]) is None:
        return 0
    waiting = StoredFile.scan == Scan.NOT_SCANNED, StoredFile.gone_at.is_(None)
    files = list(db.session.scalars(select(StoredFile).where(*waiting).order_by(StoredFile.id).limit(BATCH)))
    seen = sum(_tried(file) for file in files)
    if len(files) == BATCH and seen:
        later("market.documents.jobs.scan_unscanned")
    return seen


def _tried(file: StoredFile) -> bool:
    """Whether the scanner has seen the file now. One that it does not take keeps no other waiting."""
    try:
        with attempt():
            return _scan(file) is not Scan.NOT_SCANNED
    except Unavailable as away:
        log.warning("not scanned", digest=file.digest, error=str(away))
        return False


def _scan(file: StoredFile) -> Scan:
    asked = scanner.of(current_app.extensions["settings"])
    if asked is None or file.scan is not Scan.NOT_SCANNED:
        return file.scan
    with store.open_whole(file.digest, file.size) as stream:
        found = asked.scan(stream)
    said = {"scan": Scan.FOUND if found else Scan.CLEAN, "scanned_at": clock.real(), "found": found}
    first = update(StoredFile).where(StoredFile.id == file.id, StoredFile.scan == Scan.NOT_SCANNED).values(said)
    # two workers may have asked at once: one of them says it
    if db.session.scalar(first.returning(StoredFile.id)) is not None and found:
        log.warning("virus found", digest=file.digest, found=found)
        for document in db.session.scalars(select(Document).where(Document.file_id == file.id).order_by(Document.id)):
            record(_quarantined(document, found), by=system())
    db.session.refresh(file)
    return file.scan


def _quarantined(document: Document, found: str) -> DocumentQuarantined:
    owner = document.organisation or document.person
    return DocumentQuarantined(document.code, document.belongs_to, owner.code if owner else None, found)
