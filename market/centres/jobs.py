"""What the timetable asks of centres. Each is safe to run twice."""

from market import clock
from market.centres import code_operations, counter_operations, operations, queries
from market.kernel.actor import system


def keep_places() -> None:
    """Note who did not come, and remind who comes tomorrow."""
    now = clock.now()
    for code in queries.overdue_bookings(now):
        operations.miss_booking(code, by=system())
    for code in queries.bookings_to_remind(now):
        operations.remind_booking(code, by=system())


def end_forgotten() -> None:
    """End visits that nobody ended; remove codes that are over."""
    for code in queries.forgotten_sessions(clock.real()):
        counter_operations.abandon_session(code, by=system())
    code_operations.forget_old(by=system())
