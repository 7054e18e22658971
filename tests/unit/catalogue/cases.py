"""What the tests of the tariff engine share: a day, a short way to ask, and every table column with what selects it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from market.catalogue.standard import Part, RateOfWhole, Standard, Table, Version
from market.catalogue.standard_files import shipped_standard, shipped_standards
from market.catalogue.tariff import FeeResult, evaluate

TODAY = date(2026, 11, 25)


def fee(standard: str, on: date = TODAY, **inputs: Any) -> FeeResult:
    """The fee under a shipped standard."""
    return evaluate(shipped_standard(standard), inputs, on)


@dataclass(frozen=True)
class Column:
    """One column of one table: the input it is computed from and the further inputs that lead to it."""

    standard: Standard
    version: Version
    part: Part
    table: Table
    column: str
    others: dict[str, str]

    def __str__(self) -> str:
        return f"{self.standard.id}-{self.version.id}-{self.part.of}-{self.column}"

    def at(self, yuan: Fraction) -> FeeResult:
        """The fee at this base, without the minimum and the cap."""
        switches = {name: "no" for name in ("cap", "floor") if name in self.version.inputs}
        day = self.version.valid_from or TODAY
        return evaluate(self.standard, {self.part.of: yuan, **self.others, **switches}, day)

    @property
    def bounds(self) -> list[Fraction]:
        """Where the table changes its rate, in yuan or square metres."""
        rows = [row.up_to for row in self.table.slices] + [
            row.at for row in self.table.points if self.column in row.fees
        ]
        return [bound for bound in rows if bound]

    @property
    def jumps_at_the_end(self) -> bool:
        """Above its table the standard charges the whole base at one rate, which does not meet the last point."""
        return isinstance(self.table.above.get(self.column), RateOfWhole)


def columns() -> Iterator[Column]:
    """Every column of every version of every shipped standard that is the only part of its fee."""
    for standard in shipped_standards().values():
        for version in standard.versions:
            for part in version.parts:
                table = version.tables[part.table]
                if part.column_from:
                    chosen = part.when.get(part.column_from) or [
                        c.name for c in version.inputs[part.column_from].choices
                    ]
                    for name in chosen:
                        yield Column(standard, version, part, table, name, {part.column_from: name})
                elif not part.when:
                    yield Column(standard, version, part, table, part.column or "", {})
