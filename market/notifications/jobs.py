"""What notifications do after a commit."""

from market.notifications import operations


def send_message(code: str) -> None:
    """Mail one message; run again it finds that it was sent and does nothing."""
    operations.send_message(code)
