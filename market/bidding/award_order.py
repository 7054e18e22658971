"""Awards one after the other: what may be proposed, accepted, refused and taken back, and who follows.

All at once (each bid of the ranking has its award, one of them becomes active) or one at a time (the next is proposed
when the one before is refused). An award that is cancelled opens its bid again: a cancelled refusal was wrong, a
cancelled acceptance is asked anew. Nothing is ever deleted, so that the order in which things happened stays
readable.

Source of the rules: Prozorro (openprocurement.api, awards of tenders and framework selections).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

PENDING, ACTIVE, REFUSED, CANCELLED = "pending", "active", "unsuccessful", "cancelled"

#: (state, verb) -> state
TRANSITIONS = {
    (PENDING, "activate"): ACTIVE,
    (PENDING, "reject"): REFUSED,
    (PENDING, "cancel"): CANCELLED,
    (ACTIVE, "cancel"): CANCELLED,
    (REFUSED, "cancel"): CANCELLED,
}


class NotPossible(ValueError):
    """The verb does not apply to the award, there is no award of that number, or another one is active."""


@dataclass(frozen=True, slots=True)
class Award:
    """The award of one bid (any name) with its state."""

    bid: str
    state: str


@dataclass(frozen=True, slots=True)
class Awards:
    """All awards in the order in which they were made; `ranking` holds the bids, the best first."""

    ranking: tuple[str, ...]
    awards: tuple[Award, ...]
    one_at_a_time: bool

    def done(self, verb: str, number: int) -> "Awards":
        """The awards after `verb` (activate, reject, cancel) on award `number`, counted from 1. Raises
        `NotPossible`."""
        if not 1 <= number <= len(self.awards):
            raise NotPossible(f"there is no award {number}")
        award = self.awards[number - 1]
        state = TRANSITIONS.get((award.state, verb))
        if state is None:
            raise NotPossible(f"an award that is {award.state} cannot {verb}")
        if state == ACTIVE and any(one.state == ACTIVE for one in self.awards):
            raise NotPossible("another award is active")
        changed = [*self.awards]
        changed[number - 1] = replace(award, state=state)
        now = replace(self, awards=tuple(changed))
        if state == CANCELLED and not self.one_at_a_time:
            return replace(now, awards=(*now.awards, Award(award.bid, PENDING)))
        return now._with_next() if self.one_at_a_time else now

    def _with_next(self) -> "Awards":
        """One at a time: while none is pending or active, the first bid that was not refused is proposed."""
        if any(one.state in (PENDING, ACTIVE) for one in self.awards):
            return self
        refused = {one.bid for one in self.awards if one.state == REFUSED}
        following = next((bid for bid in self.ranking if bid not in refused), None)
        return self if following is None else replace(self, awards=(*self.awards, Award(following, PENDING)))


def begun(ranking: Iterable[str], *, one_at_a_time: bool) -> Awards:
    """The first proposals for a ranking: of its best bid alone, or of all."""
    bids = tuple(ranking)
    first = bids[:1] if one_at_a_time else bids
    return Awards(bids, tuple(Award(bid, PENDING) for bid in first), one_at_a_time)
