"""The life of a version: proposed, consulted on, in force, superseded; or withdrawn before it holds."""

from collections.abc import Mapping
from enum import StrEnum


class VersionState(StrEnum):
    """Where a version of an item, matter or price standard stands."""

    PROPOSED = "proposed"
    CONSULTED = "consulted"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Mapping[tuple[VersionState, str], VersionState] = {
    (VersionState.PROPOSED, "consult"): VersionState.CONSULTED,
    (VersionState.PROPOSED, "withdraw"): VersionState.WITHDRAWN,
    (VersionState.CONSULTED, "put_in_force"): VersionState.IN_FORCE,
    (VersionState.CONSULTED, "withdraw"): VersionState.WITHDRAWN,
    (VersionState.IN_FORCE, "supersede"): VersionState.SUPERSEDED,
}
