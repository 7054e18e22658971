"""What decides between equals, in this order and no other: the score, the price, quality, in auctions the place in
the public record (who was there first), and last a draw among those that are still equal, with the label "tie".

Never the system's time, the order of rows or the code.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Standing:
    """What a bid is ranked by. `score`: higher is better; `price` in fen: lower; `quality` in thousandths: higher;
    `index`: the leaf's number, lower, 0 where it must not decide."""

    bidder: str
    score: Fraction = Fraction(0)
    price: int = 0
    quality: int = 0
    index: int = 0

    @property
    def merit(self) -> tuple[Fraction, int, int, int]:
        """The smaller, the better."""
        return (-self.score, self.price, -self.quality, self.index)


#: the bidders of one tie, sorted by code -> the same in the order of their draw
Draw = Callable[[list[str]], list[str]]


def ranked(standings: Iterable[Standing], draw: Draw) -> list[str]:
    """Bidders from the best to the last; `draw` is asked once for each group that nothing else tells apart."""
    order: list[str] = []
    for _, group in groupby(sorted(standings, key=lambda one: one.merit), key=lambda one: one.merit):
        equal = sorted(one.bidder for one in group)
        order += draw(equal) if len(equal) > 1 else equal
    return order
