"""What the asker gives to a price standard, read into exact values or refused field by field.

Amounts are in yuan ("60000000", "60,000,000", "¥60,000,000.00", also "6000万" and "0.6亿元"), at most two decimals, at most
10^13. Full-width digits count as digits (NFKC). No sign, exponent, NaN or infinity passes as an amount. A choice may be
given by its name, either label, an alias, or by its coefficient where the standard publishes that number.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from market.catalogue.standard import Choice, Condition, Input, Limit, Takes, Text, Version, plain_word
from market.kernel.errors import Invalid, Refusal
from market.kernel.words import N_

#: no amount above this many yuan is meant seriously
LARGEST_YUAN = Fraction(10**13)
LONGEST = 200
MOST_NUMBERS = 10
SCALES = {"": 1, "元": 1, "万": 10**4, "万元": 10**4, "亿": 10**8, "亿元": 10**8}
SIZES = {"": 1, "平方米": 1, "m2": 1}

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_AMOUNT = re.compile(rf"(?P<sign>[-−]?)¥? ?(?P<digits>{_DIGITS}) ?(?P<unit>元|万元?|亿元?|)")
_AREA = re.compile(rf"(?P<sign>[-−]?)(?P<digits>{_DIGITS}) ?(?P<unit>平方米|m2|)")
_NUMBER = re.compile(r"(?P<sign>[-−+]?)(?P<digits>[0-9]{1,20}(?:\.[0-9]{1,20})?) ?(?P<unit>%|‰|)")

Value = str | int | Fraction | Decimal | Sequence[Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """One input as understood: a number, several numbers, or a choice. `stated`: the asker said so, it is no default.

    A coefficient given as a bare number has `number` and no `choice`.
    """

    input: Input
    number: Fraction | None = None
    numbers: tuple[Fraction, ...] = ()
    choice: Choice | None = None
    stated: bool = True

    @property
    def factors(self) -> tuple[Fraction, ...]:
        """The coefficients this reading carries, none for a choice without one."""
        if self.choice is not None:
            return () if self.choice.factor is None else (self.choice.factor,)
        return self.numbers if self.number is None else (self.number,)

    @property
    def plain(self) -> str:
        """The value as it could be given again: "60000000", "works", "1.15,1.1"."""
        if self.choice is not None:
            return self.choice.name
        return ",".join(decimal_text(one) for one in (self.numbers if self.number is None else (self.number,)))


Readings = Mapping[str, Reading]


def decimal_text(value: Fraction, places: int = 6) -> str:
    """An exact value in plain decimal digits, without trailing zeros, cut off after `places` (rounded half up)."""
    scaled = abs(value) * 10**places
    whole = (scaled + Fraction(1, 2)).__floor__()
    text = f"{whole // 10**places}.{whole % 10**places:0{places}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and whole else text


def holds(condition: Condition, readings: Readings) -> bool:
    """Whether every input named in `condition` was read as one of the choices named there."""
    return all(
        name in readings and (choice := readings[name].choice) is not None and choice.name in names
        for name, names in condition.items()
    )


def read_inputs(version: Version, given: Mapping[str, Value]) -> dict[str, Reading]:
    """Every input of `version` as understood from `given` (by name or alias), with defaults and presumptions filled in.

    An empty text counts as not given. Raises one `Invalid` that names every field that is unknown, missing, given twice,
    malformed, out of range, or of no use beside the others, and says what is accepted. TypeError for a float or a bool.
    """
    wrong: dict[str, list[Refusal]] = {}
    readings: dict[str, Reading] = {}
    names = {alias: one.name for one in version.inputs.values() for alias in (one.name, *one.aliases)}
    for asked, value in given.items():
        if isinstance(value, str) and not value.strip():
            continue
        name = names.get(unicodedata.normalize("NFKC", asked).strip())
        if name is None:
            wrong.setdefault(_shown(asked), []).append(_unknown(version))
        elif name in readings or name in wrong:
            wrong.setdefault(asked, []).append(Refusal(N_("This is given twice."), remedy=N_("Give it once.")))
        else:
            try:
                readings[name] = _read(version.inputs[name], value)
            except Refusal as refusal:
                wrong.setdefault(name, []).append(refusal)
    _fill_in(version, readings)
    _check_together(version, readings, wrong)
    if wrong:
        raise Invalid(wrong)
    return readings


def accepted(one: Input) -> tuple[str, dict[str, str]]:
    """What an input accepts, as a message with its parameters."""
    most = LARGEST_YUAN if one.most is None else one.most
    ends = {"least": decimal_text(one.least or Fraction(0)), "most": decimal_text(most)}
    if one.takes is Takes.AMOUNT:
        return N_("Accepted: an amount in yuan up to %(most)s with at most two decimals, for instance 60000000."), ends
    if one.takes is Takes.AREA:
        return N_(
            "Accepted: an area in square metres up to %(most)s with at most two decimals, for instance 1200.5."
        ), ends
    if one.takes is Takes.NUMBER:
        return N_("Accepted: a number from %(least)s to %(most)s."), ends
    if one.takes is Takes.NUMBERS:
        return N_("Accepted: up to ten numbers from %(least)s to %(most)s, separated by commas."), ends
    choices = {"choices": ", ".join(choice.name for choice in one.choices)}
    if not one.factors:
        return N_("Accepted: %(choices)s."), choices
    factors = choices | {"factors": ", ".join(decimal_text(factor) for factor in one.factors)}
    if one.least is None:
        return N_("Accepted: %(choices)s; or one of the coefficients %(factors)s."), factors
    return N_("Accepted: %(choices)s; or a number from %(least)s to %(most)s."), choices | ends


# -- one value -----------------------------------------------------------------------------------------------------


def _read(one: Input, value: Value) -> Reading:
    if isinstance(value, bool | float):
        raise TypeError(f"{one.name} must be text or exact, not {value!r}")
    match one.takes:
        case Takes.CHOICE:
            return _read_choice(one, value)
        case Takes.NUMBERS:
            return _read_numbers(one, value)
        case Takes.NUMBER:
            return Reading(one, number=_in_range(one, value, _number(one, value)))
        case Takes.AMOUNT | Takes.AREA:
            return Reading(one, number=_in_range(one, value, _amount(one, value)))


def _read_choice(one: Input, value: Value) -> Reading:
    if isinstance(value, str):
        word = plain_word(value[:LONGEST])
        for choice in one.choices:
            if value.strip() == choice.name:
                return Reading(one, choice=choice)
        number = _NUMBER.fullmatch(_folded(value))
        if number is None or number["unit"]:
            for choice in one.choices:
                if word and word in choice.words:
                    return Reading(one, choice=choice)
            raise _refused(one, value, N_("“%(value)s” is not on offer here."))
    exact = _number(one, value)
    if exact in one.factors or (one.least is not None and one.least <= exact <= (one.most or exact)):
        alike = [choice for choice in one.choices if choice.factor == exact]
        # a number that only one choice carries is that choice
        return Reading(one, choice=alike[0]) if len(alike) == 1 else Reading(one, number=exact)
    raise _refused(one, value, N_("“%(value)s” is not on offer here."))


def _read_numbers(one: Input, value: Value) -> Reading:
    if isinstance(value, str):
        values: Sequence[Any] = [part for part in re.split(r"[,;、\s]+", _folded(value)) if part]
    elif isinstance(value, Sequence):
        values = value
    else:
        values = [value]
    if not 0 < len(values) <= MOST_NUMBERS:
        raise _refused(one, str(value), N_("“%(value)s” is not a list of up to ten numbers."))
    return Reading(one, numbers=tuple(_in_range(one, each, _number(one, each)) for each in values))


def _amount(one: Input, value: Value) -> Fraction:
    if not isinstance(value, str):
        return _exact(one, value)
    form, units = (_AMOUNT, SCALES) if one.takes is Takes.AMOUNT else (_AREA, SIZES)
    found = form.fullmatch(_folded(value))
    if found is None:
        raise _refused(one, value, N_("“%(value)s” is not an amount in plain digits."))
    amount = Fraction(found["digits"].replace(",", "")) * units[found["unit"]]
    if 100 % amount.denominator:
        raise _refused(one, value, N_("“%(value)s” has more than two decimals."))
    return -amount if found["sign"] else amount


def _number(one: Input, value: Value) -> Fraction:
    if not isinstance(value, str):
        return _exact(one, value)
    found = _NUMBER.fullmatch(_folded(value))
    if found is None:
        raise _refused(one, value, N_("“%(value)s” is not a number in plain digits."))
    number = Fraction(found["digits"]) / {"": 1, "%": 100, "‰": 1000}[found["unit"]]
    return -number if found["sign"] in ("-", "−") else number


def _exact(one: Input, value: Value) -> Fraction:
    if isinstance(value, Decimal) and not value.is_finite():
        raise _refused(one, str(value), N_("“%(value)s” is not a number in plain digits."))
    if isinstance(value, int | Fraction | Decimal):
        return Fraction(value)
    raise TypeError(f"{one.name} must be text or exact, not {value!r}")


def _in_range(one: Input, value: Value, number: Fraction) -> Fraction:
    """`number` within the bounds of `one`; amounts and areas are above zero and at most 10^13 unless the input says otherwise."""
    sized = one.takes in (Takes.AMOUNT, Takes.AREA)
    least = Fraction(0) if one.least is None and sized else one.least
    most = LARGEST_YUAN if one.most is None and sized else one.most
    beyond_least = one.beyond_least or (sized and one.least is None)
    if least is not None and beyond_least and number <= least:
        raise _refused(one, value, N_("“%(value)s” is not above %(bound)s."), bound=decimal_text(least))
    if least is not None and number < least:
        raise _refused(one, value, N_("“%(value)s” is below %(bound)s."), bound=decimal_text(least))
    if most is not None and number > most:
        raise _refused(one, value, N_("“%(value)s” is above %(bound)s."), bound=decimal_text(most))
    return number


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value[:LONGEST]).strip() if len(value) <= LONGEST else ""


def _shown(value: object) -> str:
    """A stranger's value as it may be quoted: printable, not long."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value)[:41])
    return text if len(text) <= 40 else f"{text[:39]}…"


def _refused(one: Input, value: object, what: str, **params: str) -> Refusal:
    remedy, about = accepted(one)
    return Refusal(what, remedy=remedy, value=_shown(value), **(about | params))


def _unknown(version: Version) -> Refusal:
    return Refusal(
        N_("This standard does not ask for this."),
        remedy=N_("Accepted inputs: %(inputs)s."),
        inputs=", ".join(version.inputs),
    )


# -- values beside each other --------------------------------------------------------------------------------------


def _fill_in(version: Version, readings: dict[str, Reading]) -> None:
    for one in version.inputs.values():
        if one.name not in readings and one.default is not None:
            readings[one.name] = Reading(one, choice=one.choice(one.default), stated=False)
    amount = next((readings[part.of].number for part in version.parts if part.of in readings), None)
    for one in version.inputs.values():
        if one.name in readings and readings[one.name].stated:
            continue
        for presumption in one.presumed:
            small = presumption.below is None or (amount is not None and amount < presumption.below)
            if small and holds(presumption.when, readings) and holds(one.used_when, readings):
                readings[one.name] = Reading(one, choice=one.choice(presumption.choice), stated=False)


def _check_together(version: Version, readings: dict[str, Reading], wrong: dict[str, list[Refusal]]) -> None:
    for one in version.inputs.values():
        if not one.used_when.keys() <= readings.keys():
            continue
        used = holds(one.used_when, readings)
        if one.name in readings and not used:
            if readings[one.name].stated:
                wrong.setdefault(one.name, []).append(_useless(one))
            del readings[one.name]
        elif one.required and used and one.name not in readings and one.name not in wrong:
            remedy, params = accepted(one)
            wrong[one.name] = [Refusal(N_("This is needed."), remedy=remedy, **params)]
    for name in version.one_of and _not_one(version, readings, wrong):
        wrong.setdefault(name, []).append(
            Refusal(N_("Exactly one of these is needed: %(names)s."), names=", ".join(version.one_of))
        )
    for group in version.coefficients:
        if group.summed and holds(group.when, readings):
            _above_zero(group.inputs, readings, wrong)
    if version.counted:
        _not_above(version.counted.input, version.counted.base, readings, wrong)
    for limit in (version.cap, version.floor):
        if limit and limit.shared_by:
            _not_above(_base_of(version, readings), limit.shared_by, readings, wrong)


def _useless(one: Input) -> Refusal:
    pairs = "; ".join(f"{name}={'/'.join(choices)}" for name, choices in one.used_when.items())
    return Refusal(N_("This has no effect here."), remedy=N_("It belongs to: %(pairs)s."), pairs=pairs)


def _not_one(version: Version, readings: Readings, wrong: Mapping[str, Any]) -> list[str]:
    """The fields to complain about when not exactly one of `one_of` is given."""
    found = [name for name in version.one_of if name in readings]
    if len(found) > 1:
        return found[1:]
    return [] if found or any(name in wrong for name in version.one_of) else [version.one_of[0]]


def _base_of(version: Version, readings: Readings) -> str:
    return next((part.of for part in version.parts if part.of in readings), version.parts[0].of)


def summed(factors: Sequence[Fraction]) -> Fraction:
    """Several extra coefficients as one: added up, less their count, plus one (计价格[2002]10号)."""
    return sum(factors, Fraction(1)) - len(factors)


def _above_zero(names: Sequence[str], readings: Readings, wrong: dict[str, list[Refusal]]) -> None:
    """Reductions that together leave nothing of the fee, or less, are a mistake of the asker."""
    given = [name for name in names if name in readings]
    factor = summed([factor for name in given for factor in readings[name].factors])
    if factor <= 0:
        remedy, params = accepted(readings[given[0]].input)
        wrong.setdefault(given[0], []).append(
            Refusal(
                N_("Added up, less their count, plus one, these coefficients come to %(factor)s; it must be above 0."),
                remedy=remedy,
                factor=decimal_text(factor),
                **params,
            )
        )


def _not_above(smaller: str, larger: str, readings: Readings, wrong: dict[str, list[Refusal]]) -> None:
    if smaller not in readings or larger not in readings:
        return
    part, whole = readings[smaller].number, readings[larger].number
    if part is not None and whole is not None and part > whole:
        stated = larger if smaller == "amount" else smaller
        wrong.setdefault(stated, []).append(
            Refusal(N_("%(part)s is a part of %(whole)s and cannot be more."), part=smaller, whole=larger)
        )


def share_of_limit(limit: Limit, base: Fraction, readings: Readings) -> Fraction:
    """The part of a limit that falls to this base: the limit is shared in proportion to the whole amount, when given."""
    if limit.shared_by is None or limit.shared_by not in readings:
        return Fraction(1)
    return base / (readings[limit.shared_by].number or base)


def amount_text(yuan: Fraction) -> Text:
    """An amount for readers: in Chinese as the trade speaks (万元 from 10,000 yuan on), in English in yuan."""
    if abs(yuan) >= 10**4:
        return Text(f"{_grouped(yuan / 10**4, 6)} 万元", f"¥{_grouped(yuan, 2)}")
    return Text(f"{_grouped(yuan, 2)} 元", f"¥{_grouped(yuan, 2)}")


def _grouped(value: Fraction, places: int) -> str:
    whole, dot, decimals = decimal_text(value, places).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{dot}{decimals}"
