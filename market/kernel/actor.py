"""Who acts: the answer that every operation needs and every audit row keeps."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a membership allows. Officials are everybody but buyers and vendor members; they need a second factor."""

    BUYER = "buyer"
    VENDOR = "vendor"
    OPERATOR = "operator"
    REGULATOR = "regulator"
    AUDITOR = "auditor"
    COUNTER = "counter"
    CUSTODIAN = "custodian"
    EXPERT = "expert"


OFFICIALS = frozenset({Role.OPERATOR, Role.REGULATOR, Role.AUDITOR, Role.COUNTER, Role.CUSTODIAN})


class Channel(StrEnum):
    """The way an act came in; shares by channel are measured."""

    WEB = "web"
    API = "api"
    COUNTER = "counter"
    KIOSK = "kiosk"
    COMMAND = "command"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in one role for one organisation, as an operation and its audit row see them.

    `person` and `organisation` are public codes; `district` limits an official (None: the whole city); `on_behalf_of` is the
    public code of the citizen for whom counter staff act.
    """

    person: str
    role: Role | None = None
    organisation: str | None = None
    district: str | None = None
    on_behalf_of: str | None = None
    channel: Channel = Channel.WEB

    @property
    def is_system(self) -> bool:
        """True for the market itself (jobs, timetable, commands)."""
        return self.person == "system"


def system(channel: Channel = Channel.JOB) -> Actor:
    """The market itself acting: a job, the timetable, a command."""
    return Actor(person="system", channel=channel)
