"""The one engine that computes a fee from a price standard, for every standard, with every step explained.

Order of a computation: the base that counts -> slices, points or rates -> coefficients -> chosen place in the band -> floor ->
cap -> rounding. Bounds of slices are inclusive above; everything is exact (`Fraction` of yuan) until it is rounded once, half
up, to the yuan. Where the standard leaves the fee to agreement the answer says so and holds no number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from market.catalogue.standard import (
    Beyond,
    KindSince,
    Last,
    Limit,
    Negotiated,
    Part,
    RateAsked,
    RateOfWhole,
    Shape,
    Span,
    Standard,
    Table,
    Text,
    Version,
)
from market.catalogue.tariff_inputs import (
    Reading,
    Readings,
    Value,
    amount_text,
    decimal_text,
    holds,
    read_inputs,
    share_of_limit,
    summed,
)
from market.kernel.money import Money, half_up
from market.kernel.words import N_


@dataclass(frozen=True, slots=True)
class Line:
    """A message id and its parameters; a `Text` among them is shown in the reader's language."""

    message: str
    params: Mapping[str, str | Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the explanation.

    `amount` is what the step adds to the reference (yuan, exact, negative when it takes away), so the amounts of all steps add
    up to the rounded reference; `low`, `subtotal`, `high` are where floor of the band, reference and ceiling stand after it.
    `bounds` (upper None: without end) and `part` say which slice was filled and by how much of the base.
    """

    kind: str
    line: Line
    amount: Fraction
    low: Fraction
    subtotal: Fraction
    high: Fraction
    rate: str = ""
    article: Text | None = None
    bounds: tuple[Fraction, Fraction | None] | None = None
    part: Fraction | None = None


@dataclass(frozen=True, slots=True)
class FeeResult:
    """What a standard says about one case on one day. `low`, `base`, `high` are exact yuan, or None when `negotiated`.

    Without a band or range the three are equal; for a `ceiling` standard `low` is 0. `open_above`: the standard gives only the
    least. `kind` says whether it binds at all: under a market price it is a reference and nothing may be refused for it.
    """

    standard: Standard
    version: Version
    on: date
    kind: KindSince
    inputs: Readings
    low: Fraction | None
    base: Fraction | None
    high: Fraction | None
    steps: tuple[Step, ...]
    notes: tuple[Line, ...]
    negotiated: tuple[Text, ...] = ()
    open_above: bool = False

    @property
    def low_money(self) -> Money | None:
        """`low` rounded half up to the yuan."""
        return self._rounded(self.low)

    @property
    def base_money(self) -> Money | None:
        """`base` rounded half up to the yuan: the reference price."""
        return self._rounded(self.base)

    @property
    def high_money(self) -> Money | None:
        """`high` rounded half up to the yuan."""
        return self._rounded(self.high)

    def _rounded(self, yuan: Fraction | None) -> Money | None:
        return None if yuan is None else Money.yuan(half_up(yuan, self.version.rounding))


def evaluate(standard: Standard, inputs: Mapping[str, Value], on: date) -> FeeResult:
    """The fee for `inputs` (by name; amounts in yuan as text or exact number) under `standard` as in force on `on`.

    Raises `Invalid` naming the field and what is accepted: for `on` when no version covers the day, else as `read_inputs`.
    A case that the standard leaves to agreement is no error: the result then has reasons in `negotiated` and no amounts.
    """
    version = standard.version_on(on)
    readings = read_inputs(version, inputs)
    run = _Run(version, readings)
    run.choices()
    run.parts()
    if not run.negotiated:
        run.coefficients()
        run.band()
        run.floor()
        run.cap()
        run.ceiling(standard.ceiling)
        run.rounding()
    agreed = bool(run.negotiated)
    return FeeResult(
        standard=standard,
        version=version,
        on=on,
        kind=standard.kind_on(on),
        inputs=readings,
        low=None if agreed else run.low,
        base=None if agreed else run.base,
        high=None if agreed else run.high,
        steps=tuple(run.steps),
        notes=tuple(run.notes()),
        negotiated=tuple(run.negotiated),
        open_above=run.open_above,
    )


class _Run:
    """One computation: the three amounts (yuan) as they grow, and the steps that made them."""

    def __init__(self, version: Version, readings: Readings) -> None:
        self.version = version
        self.readings = readings
        self.low = self.base = self.high = Fraction(0)
        self.steps: list[Step] = []
        self.negotiated: list[Text] = []
        self.open_above = False

    # -- bookkeeping

    def become(
        self,
        kind: str,
        line: Line,
        amounts: tuple[Fraction, Fraction, Fraction],
        **more: Any,
    ) -> None:
        """Set the three amounts and note the step that did it."""
        before = self.base
        self.low, self.base, self.high = amounts
        self.steps.append(Step(kind, line, self.base - before, self.low, self.base, self.high, **more))

    def add(self, kind: str, line: Line, low: Fraction, base: Fraction, high: Fraction, **more: Any) -> None:
        self.become(kind, line, (self.low + low, self.base + base, self.high + high), **more)

    def times(self, kind: str, line: Line, factor: Fraction, **more: Any) -> None:
        self.become(kind, line, (self.low * factor, self.base * factor, self.high * factor), **more)

    # -- the stages, in their order

    def choices(self) -> None:
        """Answers that by themselves leave the fee to agreement."""
        for reading in self.readings.values():
            if reading.choice is not None and reading.choice.negotiated is not None:
                self.negotiated.append(reading.choice.negotiated)

    def parts(self) -> None:
        for part in self.version.parts:
            if part.of in self.readings and holds(part.when, self.readings):
                self._part(part)

    def _part(self, part: Part) -> None:
        table = self.version.tables[part.table]
        base = self._counted(part.of)
        column = part.column or self._chosen(part.column_from)
        if table.shape is Shape.PROGRESSIVE:
            self._slices(table, column, base)
        else:
            self._points(table, column, base)

    def _chosen(self, name: str | None) -> str:
        choice = self.readings[name or ""].choice
        if choice is None:
            raise AssertionError(f"{name} selects a column and so takes names only")
        return choice.name

    def _counted(self, of: str) -> Fraction:
        """The base that counts: of a component above its share of the whole only that share is taken."""
        base = self.readings[of].number or Fraction(0)
        rule = self.version.counted
        if rule is None or rule.base != of or rule.input not in self.readings:
            return base
        component = self.readings[rule.input].number or Fraction(0)
        if component <= base * rule.share:
            return base
        rest = base - component
        counted = max(rest + component * rule.share, rest * rule.rest_floor)
        line = Line(
            N_("%(name)s (%(component)s) is more than %(share)s of the whole: the base that counts is %(base)s"),
            {
                "name": self.readings[rule.input].input.label,
                "component": amount_text(component),
                "share": _percent(rule.share),
                "base": amount_text(counted),
            },
        )
        self.add("counted", line, Fraction(0), Fraction(0), Fraction(0), article=rule.article, part=counted)
        return counted

    def _slices(self, table: Table, column: str, base: Fraction) -> None:
        end = table.slices[-1].up_to
        if end is not None and base > end:
            self._beyond(table, column, base, table.above[column], end)
            return
        lower = Fraction(0)
        for one in table.slices:
            upper = one.up_to
            part = (base if upper is None else min(base, upper)) - lower
            if part <= 0:
                break
            rate = one.rates[column]
            words: dict[str, str | Text] = {
                "from": _bound(table, lower),
                "part": _bound(table, part),
                "rate": rate.text,
            }
            if upper is None:
                line = Line(N_("Above %(from)s: %(part)s × %(rate)s"), words)
            elif lower == 0:
                line = Line(N_("Up to %(to)s: %(part)s × %(rate)s"), words | {"to": _bound(table, upper)})
            else:
                line = Line(
                    N_("Above %(from)s up to %(to)s: %(part)s × %(rate)s"), words | {"to": _bound(table, upper)}
                )
            if lower == 0 and upper is None:
                line = Line(N_("%(part)s × %(rate)s"), words)
            self.add(
                "slice",
                line,
                part * rate.low,
                part * rate.middle,
                part * rate.high,
                rate=rate.text,
                article=table.article,
                bounds=(lower, upper),
                part=part,
            )
            if upper is None:
                break
            lower = upper

    def _points(self, table: Table, column: str, base: Fraction) -> None:
        points = [(point.at, point.fees[column]) for point in table.points if column in point.fees]
        if base < points[0][0]:
            self._beyond(table, column, base, table.below[column], points[0][0])
            return
        if base > points[-1][0]:
            self._beyond(table, column, base, table.above[column], points[-1][0], points[-1][1])
            return
        for (at, fee), (next_at, next_fee) in pairwise(points):
            if at < base < next_at:
                amount = fee + (next_fee - fee) * (base - at) / (next_at - at)
                line = Line(
                    N_(
                        "Between %(from)s (%(fee)s) and %(to)s (%(next_fee)s): %(fee)s + %(rise)s × %(part)s ÷ %(width)s"
                    ),
                    {
                        "from": amount_text(at),
                        "fee": amount_text(fee),
                        "to": amount_text(next_at),
                        "next_fee": amount_text(next_fee),
                        "rise": amount_text(next_fee - fee),
                        "part": amount_text(base - at),
                        "width": amount_text(next_at - at),
                    },
                )
                self.add(
                    "interpolation",
                    line,
                    amount,
                    amount,
                    amount,
                    article=table.article,
                    bounds=(at, next_at),
                    part=base - at,
                )
                return
        fee = dict(points)[base]
        line = Line(N_("At %(at)s: %(fee)s"), {"at": amount_text(base), "fee": amount_text(fee)})
        self.add("point", line, fee, fee, fee, article=table.article, bounds=(base, base), part=Fraction(0))

    def _beyond(
        self, table: Table, column: str, base: Fraction, rule: Beyond, bound: Fraction, fee: Fraction = Fraction(0)
    ) -> None:
        """The base lies above or below the table: what the standard says then."""
        words: dict[str, str | Text] = {
            "bound": _bound(table, bound),
            "base": _bound(table, base),
            "fee": amount_text(fee),
        }
        match rule:
            case RateOfWhole(rate):
                line = Line(N_("Above %(bound)s: the whole %(base)s × %(rate)s"), words | {"rate": rate.text})
                amounts = (base * rate.low, base * rate.middle, base * rate.high)
                self.add("rate", line, *amounts, rate=rate.text, article=table.article, part=base)
            case RateAsked(name, otherwise):
                if name not in self.readings:
                    self.negotiated.append(otherwise)
                    return
                share = self.readings[name].number or Fraction(0)
                line = Line(
                    N_("Below %(bound)s: %(base)s × the rate given, %(rate)s"), words | {"rate": _percent(share)}
                )
                amount = base * share
                self.add("rate", line, amount, amount, amount, rate=_percent(share), article=table.article, part=base)
            case Last(at_least):
                self.open_above = self.open_above or at_least
                said = (
                    N_("Above %(bound)s: at least %(fee)s, more by agreement")
                    if at_least
                    else N_("Above %(bound)s: %(fee)s, as at the end of the table")
                )
                self.add("last", Line(said, words), fee, fee, fee, article=table.article)
            case Span(low, high):
                line = Line(
                    N_("Above %(bound)s: from %(low)s to %(high)s; the reference is the lower end"),
                    words | {"low": amount_text(low), "high": amount_text(high)},
                )
                self.add("span", line, low, low, high, article=table.article)
            case Negotiated(reason):
                self.negotiated.append(reason)

    def coefficients(self) -> None:
        for group in self.version.coefficients:
            if not holds(group.when, self.readings):
                continue
            found = [
                self.readings[name] for name in group.inputs if name in self.readings and self.readings[name].factors
            ]
            if group.summed:
                self._summed([factor for reading in found for factor in reading.factors])
            else:
                for reading in found:
                    self._multiplied(reading)

    def _summed(self, factors: list[Fraction]) -> None:
        if not factors:
            return
        factor = summed(factors)
        line = Line(
            N_("Several coefficients are added up, less their count, plus one: %(sum)s − %(count)s + 1 = %(factor)s"),
            {
                "sum": " + ".join(decimal_text(one) for one in factors),
                "count": str(len(factors)),
                "factor": decimal_text(factor),
            },
        )
        self.times("coefficient", line, factor, rate=f"× {decimal_text(factor)}")

    def _multiplied(self, reading: Reading) -> None:
        choice = reading.choice
        if choice is not None and choice.factor == 1 and not reading.stated:
            return  # a default without effect needs no line
        for factor in reading.factors:
            words: dict[str, str | Text] = {"name": reading.input.label, "factor": decimal_text(factor)}
            if choice is None:
                line = Line(N_("%(name)s × %(factor)s"), words)
            else:
                line = Line(N_("%(name)s (%(choice)s) × %(factor)s"), words | {"choice": choice.label})
            article = (choice.article if choice else None) or reading.input.article
            self.times("coefficient", line, factor, rate=f"× {decimal_text(factor)}", article=article)

    def band(self) -> None:
        """The standard's band around the reference; a chosen place in it moves the reference, not the band."""
        band = self.version.band
        if band is None:
            return
        low, high = self.low * (1 - band.down), self.high * (1 + band.up)
        words: dict[str, str | Text] = {"down": _percent(band.down), "up": _percent(band.up)}
        line = Line(N_("Band of the standard: %(down)s down, %(up)s up"), words)
        self.become(
            "band", line, (low, self.base, high), rate=f"−{words['down']} / +{words['up']}", article=band.article
        )
        if band.input in self.readings:
            place = self.readings[band.input].number or Fraction(0)
            chosen = Line(N_("Chosen place in the band: × %(factor)s"), {"factor": decimal_text(1 + place)})
            moved = (low, self.base * (1 + place), high)
            self.become("band", chosen, moved, rate=f"× {decimal_text(1 + place)}", article=band.article)

    def floor(self) -> None:
        limit, yuan = self._limit(self.version.floor)
        if limit is None or yuan is None:
            return
        if self.base < yuan:
            said = N_("Minimum fee %(limit)s")
        elif self.low < yuan:
            said = N_("Minimum fee %(limit)s: it only raises the lower end of the band")
        else:
            said = N_("Minimum fee %(limit)s: exceeded")
        amounts = (max(self.low, yuan), max(self.base, yuan), max(self.high, yuan))
        self.become("floor", Line(said, {"limit": amount_text(yuan)}), amounts, article=limit.article)

    def cap(self) -> None:
        limit, yuan = self._limit(self.version.cap)
        if limit is None or yuan is None:
            return
        if self.base > yuan:
            said = N_("Maximum fee %(limit)s")
        elif self.high > yuan:
            said = N_("Maximum fee %(limit)s: it only lowers the upper end of the band")
        else:
            said = N_("Maximum fee %(limit)s: not reached")
        amounts = (min(self.low, yuan), min(self.base, yuan), min(self.high, yuan))
        self.become("cap", Line(said, {"limit": amount_text(yuan)}), amounts, article=limit.article)

    def _limit(self, limit: Limit | None) -> tuple[Limit | None, Fraction | None]:
        """The limit and its yuan in this case; nothing when there is none or the asker switched it off."""
        if limit is None:
            return None, None
        switch = self.readings.get(limit.input)
        if switch is not None and switch.choice is not None and switch.choice.name == "no":
            return None, None
        chosen = self.readings[limit.by].choice if limit.by is not None and limit.by in self.readings else None
        yuan = limit.for_choice(chosen.name if chosen else None)
        if yuan is None:
            return None, None
        base = next((self.readings[part.of].number for part in self.version.parts if part.of in self.readings), None)
        return limit, yuan * share_of_limit(limit, base or Fraction(1), self.readings)

    def ceiling(self, is_ceiling: bool) -> None:
        """A standard that gives the most has no floor: anything from nothing up to it is within."""
        if is_ceiling:
            line = Line(N_("The standard gives the most that may be charged; it has no lower end"))
            self.become("ceiling", line, (Fraction(0), self.base, self.high))

    def rounding(self) -> None:
        """The last line: what rounding adds or takes; the exact amounts stay as they are."""
        rounded = Fraction(half_up(self.base, self.version.rounding))
        line = Line(N_("Rounded half up to the yuan"))
        self.steps.append(
            Step(
                "rounding",
                line,
                rounded - self.base,
                Fraction(half_up(self.low, self.version.rounding)),
                rounded,
                Fraction(half_up(self.high, self.version.rounding)),
            )
        )

    def notes(self) -> Iterator[Line]:
        missing = [
            self.version.inputs[name].label
            for group in self.version.coefficients
            if holds(group.when, self.readings)
            for name in group.inputs
            if name not in self.readings
            and self.version.inputs[name].choices
            and not self.version.inputs[name].used_when
        ]
        for label in missing:
            yield Line(N_("%(name)s is not given, so it counts as 1."), {"name": label})
        if self.open_above:
            yield Line(N_("The standard gives only the least here; more is a matter of agreement."))
        for note in self.version.notes:
            if holds(note.when, self.readings):
                yield Line("%(text)s", {"text": note.text})


def _bound(table: Table, value: Fraction) -> Text:
    if table.scale.value == "平方米":
        return Text(f"{decimal_text(value)} 平方米", f"{decimal_text(value)} m²")
    return amount_text(value)


def _percent(share: Fraction) -> str:
    return f"{decimal_text(share * 100, 4)}%"


def shown_amounts(result: FeeResult) -> list[tuple[Step, Money, Money]]:
    """Each step with what it adds and the subtotal after it, both rounded to the fen so that the parts add up to the last.

    The subtotals are rounded and the parts are their differences, so nothing is lost between the lines.
    """
    shown: list[tuple[Step, Money, Money]] = []
    before = Money(0)
    for step in result.steps:
        after = Money.yuan(step.subtotal)
        shown.append((step, after - before, after))
        before = after
    return shown


def placed(result: FeeResult, price: Money) -> str:
    """Where a price lies: "below", "within", "above", or "open" when the standard gives no number to compare with.

    This only describes. Whether a price may be refused depends on `result.kind`, and never under a market price.
    """
    low, high = result.low_money, result.high_money
    if low is None or high is None:
        return "open"
    if price < low:
        return "below"
    return "above" if price > high and not result.open_above else "within"
