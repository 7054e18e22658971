"""What can have happened to vendors. Codes and plain facts only, no personal data."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class VendorBegun:
    """Somebody began an application for entry."""

    ABOUT: ClassVar = ("vendor", "organisation")
    vendor: str
    organisation: str


@dataclass(frozen=True, slots=True)
class VendorStepSaved:
    """A step of the application was saved; `changed` names the fields, not their contents."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    step: int
    changed: list[str]


@dataclass(frozen=True, slots=True)
class VendorApplied:
    """The application was handed in; the form check is due at `due_at` (UTC)."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    due_at: str


@dataclass(frozen=True, slots=True)
class VendorAccepted:
    """The form check was passed: the vendor is active in every district."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    on_time: bool


@dataclass(frozen=True, slots=True)
class VendorReturned:
    """The form check found gaps; `fields` names them, the reasons went to the vendor."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    fields: list[str]
    on_time: bool


@dataclass(frozen=True, slots=True)
class VendorSuspended:
    """The vendor may not take new orders; `appeal_until` is an ISO day."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    reason: str
    basis: str
    appeal_until: str


@dataclass(frozen=True, slots=True)
class VendorReinstated:
    """The vendor is active again."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    reason: str


@dataclass(frozen=True, slots=True)
class VendorStruckOff:
    """The vendor was removed from the market; `appeal_until` is an ISO day."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    reason: str
    basis: str
    appeal_until: str


@dataclass(frozen=True, slots=True)
class VendorWithdrawn:
    """The vendor left by its own wish."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str


@dataclass(frozen=True, slots=True)
class VendorReopened:
    """A vendor that had left begins a new application."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str


@dataclass(frozen=True, slots=True)
class VendorChanged:
    """Data of an active vendor changed and are checked again; `changes` maps field to [old, new] (personal data: none)."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    changes: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class VendorChangeAccepted:
    """An operator accepted a change of `kind` (firm, representative, licence, practitioner)."""

    ABOUT: ClassVar = ("vendor", "change")
    vendor: str
    change: str
    kind: str
    on_time: bool


@dataclass(frozen=True, slots=True)
class VendorChangeReturned:
    """An operator did not accept a change; the reason went to the vendor."""

    ABOUT: ClassVar = ("vendor", "change")
    vendor: str
    change: str
    kind: str
    on_time: bool


@dataclass(frozen=True, slots=True)
class CreditCodeOverridden:
    """An operator accepted a genuine credit code that the form doubts; the code is not told, it may be a person's number."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    reason: str


@dataclass(frozen=True, slots=True)
class LicenceGiven:
    """The vendor gave a licence; days are ISO texts."""

    ABOUT: ClassVar = ("licence", "vendor")
    licence: str
    vendor: str
    kind: str
    level: str | None
    number: str
    valid_to: str | None


@dataclass(frozen=True, slots=True)
class LicenceConfirmed:
    """A licence counts from now on: confirmed by the registry or an operator, renewed, or its first day has come (`begun`)."""

    ABOUT: ClassVar = ("licence", "vendor")
    licence: str
    vendor: str
    kind: str
    valid_to: str | None
    source: str


@dataclass(frozen=True, slots=True)
class LicenceRefused:
    """A licence does not count; `reason` is a code of rules.REASONS."""

    ABOUT: ClassVar = ("licence", "vendor")
    licence: str
    vendor: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class LicenceLapsed:
    """A licence ended by date or was revoked (`reason`: expired, revoked); listings that need it are suspended."""

    ABOUT: ClassVar = ("licence", "vendor")
    licence: str
    vendor: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class LicenceReplaced:
    """A newer licence took the place of this one."""

    ABOUT: ClassVar = ("licence", "vendor")
    licence: str
    vendor: str
    by: str | None


@dataclass(frozen=True, slots=True)
class LicenceEnding:
    """The vendor was warned: `days` days remain until the licence ends on `valid_to` (ISO day)."""

    ABOUT: ClassVar = ("licence", "vendor")
    licence: str
    vendor: str
    kind: str
    valid_to: str
    days: int


@dataclass(frozen=True, slots=True)
class PractitionerJoined:
    """A professional was added."""

    ABOUT: ClassVar = ("practitioner", "vendor")
    practitioner: str
    vendor: str
    profession: str


@dataclass(frozen=True, slots=True)
class PractitionerConfirmed:
    """An operator confirmed a professional: the registration counts from now on."""

    ABOUT: ClassVar = ("practitioner", "vendor")
    practitioner: str
    vendor: str
    profession: str


@dataclass(frozen=True, slots=True)
class PractitionerRefused:
    """A professional does not count: not confirmed (`reason` is a code of rules.REASONS), or the registration ended."""

    ABOUT: ClassVar = ("practitioner", "vendor")
    practitioner: str
    vendor: str
    profession: str
    reason: str


@dataclass(frozen=True, slots=True)
class PractitionerLeft:
    """A professional left the vendor."""

    ABOUT: ClassVar = ("practitioner", "vendor")
    practitioner: str
    vendor: str


@dataclass(frozen=True, slots=True)
class StandingChanged:
    """Ratings or job counts of a vendor changed, for `item` or in all."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    item: str | None


@dataclass(frozen=True, slots=True)
class PersonalDataRead:
    """Staff opened a vendor's personal data; `fields` names which."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    fields: list[str]
