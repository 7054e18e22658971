"""What happens to accounts."""

from sqlalchemy import select

from market import clock
from market.accounts.models import SignIn
from market.db import db
from market.transaction import transactional


@transactional
def note_seen(sign_in_code: str) -> None:
    """Keep when a session was last used. Not an event: it happens with every visit."""
    row = db.session.scalar(select(SignIn).where(SignIn.code == sign_in_code))
    if row is not None:
        row.seen_at = clock.real()
