"""What can have happened to the ways by which messages leave the market. No address, number or secret stands here."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class WebhookAdded:
    """An organisation named an address for its software. `types` of events that go there; none: all."""

    ABOUT: ClassVar = ("webhook", "organisation")
    webhook: str
    organisation: str
    types: list[str]


@dataclass(frozen=True, slots=True)
class WebhookChanged:
    """Other types of events go there, or (`resumed`) it was switched on again."""

    ABOUT: ClassVar = ("webhook", "organisation")
    webhook: str
    organisation: str
    types: list[str]
    resumed: bool


@dataclass(frozen=True, slots=True)
class WebhookSecretRotated:
    """A new secret signs; the one before does so too until `until` (UTC)."""

    ABOUT: ClassVar = ("webhook", "organisation")
    webhook: str
    organisation: str
    until: str


@dataclass(frozen=True, slots=True)
class WebhookPaused:
    """The market switched an endpoint off. `cause`: gone (it said so), silent (nothing got through for days)."""

    ABOUT: ClassVar = ("webhook", "organisation")
    webhook: str
    organisation: str
    cause: str


@dataclass(frozen=True, slots=True)
class WebhookRemoved:
    """Nothing goes there any more."""

    ABOUT: ClassVar = ("webhook", "organisation")
    webhook: str
    organisation: str


@dataclass(frozen=True, slots=True)
class PhoneConfirmed:
    """A person's number for text messages was confirmed."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class PhoneRemoved:
    """A person took the number back."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class PreferencesChosen:
    """A person chose by which channels messages come. `digest`: one mail a day with what is unread."""

    ABOUT: ClassVar = ("person",)
    person: str
    digest: bool


@dataclass(frozen=True, slots=True)
class DeliveryRetried:
    """An operator, or the owner of an endpoint, had a failed delivery tried again."""

    ABOUT: ClassVar = ("delivery", "message")
    delivery: str
    message: str
    medium: str
