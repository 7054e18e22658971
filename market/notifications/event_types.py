"""The types of events that programs of an organisation can listen to. market/telling.py, which knows all domains, fills it."""

from market.notifications.states import Topic

#: the type of what the test button sends
TEST = "test"
#: type -> topic, in the order of the table of who is told
KNOWN: dict[str, Topic] = {}


def name_of(event: type) -> str:
    """The type of an event class: market.orders.events.OrderPlaced is "orders.order_placed"."""
    domain = event.__module__.split(".")[1]
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in event.__name__)
    return f"{domain}.{words.lstrip('_')}"
