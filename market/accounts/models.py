"""Tables of people, organisations and what they may do."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db import Base, Code, Instant, Pk, Short, Texts, enum_of
from market.kernel.actor import Role
from market.personal_data import Encrypted


class OrganisationKind(StrEnum):
    """Who an organisation is to the market."""

    OFFICE = "office"
    VENDOR = "vendor"
    FIRM = "firm"
    PUBLIC_BODY = "public_body"


class Person(Base):
    """A natural person with an account. `name` and `email` are personal data and never enter the record."""

    __tablename__ = "person"

    id: Mapped[Pk]
    code: Mapped[Code]
    #: lower case, NFKC; unique also among closed accounts, where it is replaced by the code
    email: Mapped[str] = mapped_column(String(254), unique=True)
    #: messages go only to a confirmed address
    email_confirmed_at: Mapped[Instant | None]
    #: an address typed but not yet confirmed
    new_email: Mapped[str | None] = mapped_column(String(254))
    name: Mapped[Short]
    #: zh or en: the language of what is sent to the person
    language: Mapped[str] = mapped_column(String(2), default="zh", server_default="zh")
    password_hash: Mapped[str] = mapped_column(String(200))
    password_changed_at: Mapped[Instant]
    totp_secret: Mapped[str | None] = mapped_column(Encrypted)
    totp_confirmed_at: Mapped[Instant | None]
    #: the last accepted time step: a one-time code works once
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="person", order_by="Membership.id")


class Organisation(Base):
    """A firm, public body, vendor or market office that people act for."""

    __tablename__ = "organisation"

    id: Mapped[Pk]
    code: Mapped[Code]
    kind: Mapped[OrganisationKind] = mapped_column(enum_of(OrganisationKind, "organisation_kind"))
    name: Mapped[Short]
    #: unified social credit code, normalised
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    created_at: Mapped[Instant]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="organisation", order_by="Membership.id")


class Membership(Base):
    """A person's role in an organisation; `district` limits an official to one district, none means the whole city."""

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_running", "person_id", "organisation_id", "role", "district", unique=True,
            postgresql_where="ended_at IS NULL", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_of(Role, "role"))
    district: Mapped[str | None] = mapped_column(String(6))
    #: an administrator of the organisation invites and removes members
    admin: Mapped[bool] = mapped_column(default=False)
    since: Mapped[Instant]
    ended_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship(back_populates="memberships")


class SignIn(Base):
    """One session: a browser that a person signed in with. The cookie holds a secret, the row only its hash."""

    __tablename__ = "sign_in"

    id: Mapped[Pk]
    code: Mapped[Code]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    #: the membership the person acts in
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    #: when the one-time code was given; officials act only after it
    second_factor_at: Mapped[Instant | None]
    address: Mapped[str] = mapped_column(String(45))
    agent: Mapped[Short]
    ended_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()
    membership: Mapped[Membership | None] = relationship()


class LinkPurpose(StrEnum):
    """What a link in a mail does."""

    CONFIRM_EMAIL = "confirm_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105
    INVITATION = "invitation"


class Link(Base):
    """A link sent by mail: works once, until it expires or a newer one for the same purpose is made."""

    __tablename__ = "link"

    id: Mapped[Pk]
    purpose: Mapped[LinkPurpose] = mapped_column(enum_of(LinkPurpose, "link_purpose"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    #: invitation: to which organisation, in which role
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[Role | None] = mapped_column(enum_of(Role, "link_role"))
    #: invitation: the district that the role is limited to
    district: Mapped[str | None] = mapped_column(String(6))
    email: Mapped[str] = mapped_column(String(254), index=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    superseded_at: Mapped[Instant | None]


class GuessKind(StrEnum):
    """What was guessed at."""

    PASSWORD = "password"  # noqa: S105
    CODE = "code"


class Guesses(Base):
    """Wrong guesses at one account, from one network or (peer empty) from all unknown ones together; the row is locked to count.

    Rows exist for addresses without an account too, so that both behave alike; therefore only a keyed hash of the address.
    """

    __tablename__ = "guesses"
    __table_args__ = (UniqueConstraint("kind", "account", "peer"),)

    id: Mapped[Pk]
    kind: Mapped[GuessKind] = mapped_column(enum_of(GuessKind, "guess_kind"))
    #: keyed hash of the mail address
    account: Mapped[str] = mapped_column(String(64))
    #: the caller's network (market/limits.py), "" for all together
    peer: Mapped[str] = mapped_column(String(45))
    failed: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: when the present count began
    since: Mapped[Instant]
    locked_until: Mapped[Instant | None]


class ApiToken(Base):
    """A token for programs: acts as one membership within its scopes. Only its hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = (CheckConstraint("cardinality(scopes) > 0", name="scopes"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[Short]
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), index=True)
    scopes: Mapped[Texts]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]

    membership: Mapped[Membership] = relationship()

    def usable(self, at: datetime) -> bool:
        """True while neither ended nor expired, and its membership runs."""
        return self.ended_at is None and at < self.expires_at and self.membership.ended_at is None


class AccountKey(Base):
    """A key with which a person signs (signing.py). Sealed under the person's password; the public half stays for ever.

    A key ends when its password was set anew without the old one, or the account closed: it signs nothing more, and what it
    signed can still be checked.
    """

    __tablename__ = "account_key"
    __table_args__ = (
        Index("uq_account_key_running", "person_id", unique=True, postgresql_where="ended_at IS NULL"),
        # what cannot sign any more is not kept
        CheckConstraint("(ended_at is null) = (sealed is not null)", name="sealed"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    #: base64 of the 32 bytes of an Ed25519 public key
    public: Mapped[str] = mapped_column(String(44), unique=True)
    #: the private half under the password, encrypted with the server's data key besides
    sealed: Mapped[str | None] = mapped_column(Encrypted)
    made_at: Mapped[Instant]
    #: when it was last sealed anew because the password changed
    resealed_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()


class CounterPerson(Base):
    """Who was served at a counter without an account: known by identity number, found again by its keyed hash.

    Such a person has no mail address (the account's own code stands there, as in closed accounts) and no password, until the
    account is taken over with a code that the counter prints.
    """

    __tablename__ = "counter_person"

    id: Mapped[Pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    #: 18 characters, normalised; shown masked only
    id_number: Mapped[str] = mapped_column(Encrypted)
    #: keyed hash: unique, and how the same citizen is found again
    id_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: for calls about an order, where the citizen gave one
    mobile: Mapped[str | None] = mapped_column(Encrypted)
    registered_at: Mapped[Instant]
    #: keyed hash of the printed code with which the account is taken over, and until when it works
    claim_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    claim_until: Mapped[Instant | None]
    claimed_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()
