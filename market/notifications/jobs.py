"""What notifications do after a commit and by the timetable. All safe to run twice."""

from market import clock
from market.notifications import delivery_operations, operations, phone_operations, queries


def deliver(code: str) -> None:
    """Send one message by one channel; run again it finds that it was sent and does nothing."""
    delivery_operations.deliver(code)


def make_digests() -> None:
    """The daily mail of what was not read, for everybody who has something new; once a day each."""
    for person in queries.due_for_digest(clock.now()):
        operations.make_digest(person)


def send_phone_code(person_code: str) -> None:
    """Send the code with which a number is confirmed."""
    phone_operations.send_code(person_code)


def forget_deliveries() -> None:
    """Remove what was sent or dropped long ago."""
    delivery_operations.forget_deliveries()
