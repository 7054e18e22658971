"""What can have happened to accounts. Codes only: names and addresses are personal data and stay outside."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PersonJoined:
    """Somebody opened an account with an address shown to be his."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class EmailChangeAsked:
    """A new address was typed; messages go to the old one until it is confirmed."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class EmailChanged:
    """The new address was confirmed and took the place of the old one."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class NameChanged:
    """The person corrected the name that is shown."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """A new password; all other sessions ended. `by_link`: through a reset link."""

    ABOUT: ClassVar = ("person",)
    person: str
    by_link: bool


@dataclass(frozen=True, slots=True)
class PasswordResetAsked:
    """A reset link was sent; older ones died."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class SecondFactorSet:
    """A one-time code generator was set up and confirmed."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class SecondFactorRemoved:
    """The one-time code generator was removed: by the person (non-officials only), or by the market after a lost telephone."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session began."""

    ABOUT: ClassVar = ("person", "sign_in")
    person: str
    sign_in: str
    second_factor: bool


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A session was ended by the person, from here or from the list of sessions."""

    ABOUT: ClassVar = ("person", "sign_in")
    person: str
    sign_in: str


@dataclass(frozen=True, slots=True)
class SignInPaused:
    """Too many wrong guesses at the password or one-time code: sign-in pauses until `until` (UTC).

    `everywhere`: the guesses came from many networks, and those the person has signed in from stay open; else one network.
    """

    ABOUT: ClassVar = ("person",)
    person: str
    kind: str
    everywhere: bool
    until: str


@dataclass(frozen=True, slots=True)
class RoleChosen:
    """The person acts in another of his roles from here on."""

    ABOUT: ClassVar = ("person", "membership")
    person: str
    membership: str


@dataclass(frozen=True, slots=True)
class OrganisationAdded:
    """An organisation was entered."""

    ABOUT: ClassVar = ("organisation",)
    organisation: str
    kind: str


@dataclass(frozen=True, slots=True)
class MembershipGiven:
    """A person got a role in an organisation, in one district or the whole city."""

    ABOUT: ClassVar = ("membership", "person", "organisation")
    membership: str
    person: str
    organisation: str
    role: str
    district: str | None


@dataclass(frozen=True, slots=True)
class AdminChanged:
    """A member became, or is no longer, one who invites and removes members."""

    ABOUT: ClassVar = ("membership", "person", "organisation")
    membership: str
    person: str
    organisation: str
    admin: bool


@dataclass(frozen=True, slots=True)
class MembershipEnded:
    """A membership ended."""

    ABOUT: ClassVar = ("membership", "person", "organisation")
    membership: str
    person: str
    organisation: str


@dataclass(frozen=True, slots=True)
class InvitationSent:
    """Somebody was invited into an organisation by mail."""

    ABOUT: ClassVar = ("organisation",)
    organisation: str
    role: str


@dataclass(frozen=True, slots=True)
class ApiTokenMade:
    """A token for programs was made, with these scopes."""

    ABOUT: ClassVar = ("token", "person")
    token: str
    person: str
    scopes: list[str]


@dataclass(frozen=True, slots=True)
class ApiTokenEnded:
    """A token for programs was ended."""

    ABOUT: ClassVar = ("token", "person")
    token: str
    person: str


@dataclass(frozen=True, slots=True)
class AccountClosed:
    """The person closed the account; name and address were erased."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class SigningKeyMade:
    """A person has a key to sign with; `public` is its public half (base64)."""

    ABOUT: ClassVar = ("person", "key")
    person: str
    key: str
    public: str


@dataclass(frozen=True, slots=True)
class SigningKeyResealed:
    """The same key lies under the person's new password."""

    ABOUT: ClassVar = ("person", "key")
    person: str
    key: str


@dataclass(frozen=True, slots=True)
class SigningKeyEnded:
    """The key signs nothing more. `cause`: password_reset, lost, account_closed."""

    ABOUT: ClassVar = ("person", "key")
    person: str
    key: str
    cause: str


# People served at a counter ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonRegistered:
    """Counter staff opened an account for a citizen who was there with an identity card. No address, no password."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class ClaimCodePrinted:
    """A code was printed with which the citizen can take the account over; an earlier one died."""

    ABOUT: ClassVar = ("person",)
    person: str


@dataclass(frozen=True, slots=True)
class PersonClaimed:
    """A citizen known from the counter took the account over with a mail address and the printed code."""

    ABOUT: ClassVar = ("person",)
    person: str
