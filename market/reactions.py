"""What follows from what: the one table of consequences between domains.

NOW runs inside the transaction, in the order given, and may record further events; LATER becomes outbox rows that are done
after the commit. Every event class of every events.py stands here, perhaps with nothing (a test compares).
"""

from collections.abc import Sequence

from market.transaction import Later, Reaction

NOW: dict[type, Sequence[Reaction]] = {}

LATER: dict[type, Sequence[Later]] = {}
