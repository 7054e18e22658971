"""What documents do by the timetable."""

import structlog

from market.documents import operations, retention_operations, scan_operations, upload_operations
from market.kernel.actor import system

log = structlog.get_logger()


def sweep() -> None:
    """Remove what was given and never used, and bytes that nothing has any more."""
    swept = operations.sweep()
    log.info("files swept", arrivals=swept.arrivals, files=swept.files, documents=swept.documents)


def scan(document: str) -> None:
    """Have a new document looked at by the virus scanner, where there is one. Raises while the scanner is away: tried again."""
    scan_operations.scan_document(document)


def scan_unscanned() -> None:
    """Have everything looked at that no scanner has seen: files from before there was one."""
    log.info("files scanned", files=scan_operations.scan_unscanned())


def end_owner(owner: str) -> None:
    """What `owner` (code of an order, a vendor, an offer) names has ended: the terms of its documents run."""
    operations.end_owner(owner, by=system())


def revive_owner(owner: str) -> None:
    """What `owner` names goes on after all."""
    operations.revive_owner(owner, by=system())


def keep_terms() -> None:
    """Let the bytes go of documents whose term of retention is over; their rows and digests stay."""
    log.info("terms kept", erased=retention_operations.keep_terms())


def forget_uploads() -> None:
    """Forget uploads that were not finished within a day."""
    log.info("uploads forgotten", uploads=upload_operations.forget_expired())
