"""What a message is about, how much it matters, by which channels it goes, and what became of each delivery."""

from collections.abc import Mapping
from enum import StrEnum


class Topic(StrEnum):
    """What a message is about; people choose their channels by it."""

    ORDERS = "orders"
    MONEY = "money"
    RATINGS = "ratings"
    ENTRY = "entry"
    OFFERS = "offers"
    FILES = "files"
    PLACES = "places"
    ALERTS = "alerts"
    ACCOUNT = "account"
    DUTY = "duty"
    #: the daily mail of what was not read: kept like a message, never shown among them
    DIGEST = "digest"


#: what a person can choose channels for
CHOSEN_BY = tuple(topic for topic in Topic if topic is not Topic.DIGEST)


class Importance(StrEnum):
    """How much a message matters."""

    #: a right or money is lost when it is not read in time
    URGENT = "urgent"
    #: worth a mail of its own
    IMPORTANT = "important"
    #: good to know: the inbox, and the daily mail while it is unread
    ORDINARY = "ordinary"


class Medium(StrEnum):
    """The ways a message leaves the market. The inbox is none of them: a message is there by being written."""

    MAIL = "mail"
    SMS = "sms"
    WEBHOOK = "webhook"


class MailChoice(StrEnum):
    """What of a topic is mailed at once."""

    #: what is urgent or important
    SUGGESTED = "suggested"
    #: everything
    ALL = "all"
    #: only what is urgent
    URGENT = "urgent"


class DeliveryState(StrEnum):
    """Of one message by one channel."""

    WAITING = "waiting"
    SENT = "sent"
    #: all tries failed: somebody must look, and can have it tried again
    FAILED = "failed"
    #: there was nothing left to say or nobody to say it to; `error` says why
    DROPPED = "dropped"


TRANSITIONS: Mapping[tuple[DeliveryState, str], DeliveryState] = {
    (DeliveryState.WAITING, "send"): DeliveryState.SENT,
    (DeliveryState.WAITING, "give_up"): DeliveryState.FAILED,
    (DeliveryState.WAITING, "drop"): DeliveryState.DROPPED,
    (DeliveryState.FAILED, "retry"): DeliveryState.WAITING,
    (DeliveryState.FAILED, "drop"): DeliveryState.DROPPED,
}
