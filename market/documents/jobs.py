"""What documents do by the timetable."""

import structlog

from market.documents import operations

log = structlog.get_logger()


def sweep() -> None:
    """Remove what was given and never used, and bytes that nothing has any more."""
    swept = operations.sweep()
    log.info("files swept", arrivals=swept.arrivals, files=swept.files, documents=swept.documents)
