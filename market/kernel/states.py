"""State as a table: `TRANSITIONS = {(State.DRAFT, "publish"): State.PUBLISHED}`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from market.kernel.errors import WrongState
from market.kernel.words import N_

S = TypeVar("S", bound=StrEnum)


def next_state(table: Mapping[tuple[S, str], S], state: S, verb: str) -> S:
    """The state after `verb`, or `WrongState` naming the verbs that are possible now."""
    try:
        return table[state, verb]
    except KeyError:
        possible = ", ".join(verbs_from(table, state)) or "-"
        raise WrongState(
            N_("“%(verb)s” is not possible while this is “%(state)s”."),
            remedy=N_("Possible now: %(possible)s"),
            verb=verb,
            state=str(state),
            possible=possible,
        ) from None


def verbs_from(table: Mapping[tuple[S, str], S], state: S) -> list[str]:
    """The verbs that the table allows in `state`, in the table's order."""
    return [verb for (source, verb) in table if source == state]
