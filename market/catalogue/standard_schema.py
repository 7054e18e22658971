"""The form of a price standard's document (docs/price-standards.md): read into `Standard`, every fault named by its key.

Documents are what JSON gives: mappings, lists, strings, booleans. Numbers are strings ("16.5"), rates are strings with their
sign ("1.5%", "8‰", "9‰–15‰", "2 元/平方米"), so that nothing passes through a float.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, NoReturn, TypeVar

from market.catalogue.standard import (
    Band,
    Beyond,
    Choice,
    Coefficients,
    Condition,
    Counted,
    Input,
    Kind,
    KindSince,
    Last,
    Limit,
    Mark,
    Negotiated,
    Note,
    Part,
    Point,
    Presumption,
    Rate,
    RateAsked,
    RateOfWhole,
    Scale,
    Shape,
    Slice,
    Span,
    Standard,
    Table,
    Takes,
    Text,
    Version,
)

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
FRACTION = re.compile(r"[0-9]+/[1-9][0-9]*")
RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(%|‰| 元/平方米)")
NAME = re.compile(r"[a-z][a-z0-9_]*")
PER = {"%": 100, "‰": 1000, " 元/平方米": 1}


class FaultyStandard(ValueError):
    """A document that is not a price standard: `source` names the file, `key` the place in it, `problem` what is wrong."""

    def __init__(self, source: str, key: str, problem: str) -> None:
        super().__init__(f"{source}: {key or 'document'}: {problem}")
        self.source = source
        self.key = key
        self.problem = problem


class _At:
    """A place in a document that knows its own name."""

    def __init__(self, value: Any, source: str, key: str = "") -> None:
        self.value = value
        self.source = source
        self.key = key

    def fault(self, problem: str) -> NoReturn:
        raise FaultyStandard(self.source, self.key, problem)

    def fields(self, required: str, optional: str = "") -> None:
        """Refuse anything but a mapping with exactly these keys (space-separated)."""
        if not isinstance(self.value, Mapping):
            self.fault("an object is expected")
        needed, allowed = required.split(), {*required.split(), *optional.split()}
        if missing := [key for key in needed if key not in self.value]:
            self.fault(f"lacks {', '.join(missing)}")
        if unknown := sorted(set(self.value) - allowed):
            self.fault(f"does not know {', '.join(unknown)}; accepted: {', '.join(sorted(allowed))}")

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def __getitem__(self, key: str) -> "_At":
        return _At(self.value[key], self.source, f"{self.key}.{key}" if self.key else key)

    def maybe(self, key: str, read: "Callable[[_At], T]") -> T | None:
        return read(self[key]) if key in self.value else None

    def each(self) -> "Iterator[_At]":
        if not isinstance(self.value, list):
            self.fault("a list is expected")
        return (_At(one, self.source, f"{self.key}[{i}]") for i, one in enumerate(self.value))

    def items(self) -> "Iterator[tuple[str, _At]]":
        if not isinstance(self.value, Mapping):
            self.fault("an object is expected")
        return ((name, self[name]) for name in self.value)

    def listed(self, key: str, read: "Callable[[_At], T]") -> tuple[T, ...]:
        return tuple(read(one) for one in self[key].each()) if key in self.value else ()


# -- the smallest pieces -------------------------------------------------------------------------------------------


def _string(at: _At) -> str:
    if not isinstance(at.value, str) or not at.value.strip():
        at.fault("a text is expected")
    return str(at.value)


def _name(at: _At) -> str:
    if not NAME.fullmatch(_string(at)):
        at.fault("a name of small letters, digits and _ is expected")
    return str(at.value)


def _truth(at: _At) -> bool:
    if not isinstance(at.value, bool):
        at.fault("true or false is expected")
    return bool(at.value)


def _text(at: _At) -> Text:
    at.fields("zh en")
    return Text(_string(at["zh"]), _string(at["en"]))


def _number(at: _At) -> Fraction:
    text = _string(at)
    if not (DECIMAL.fullmatch(text) or FRACTION.fullmatch(text)):
        at.fault('a number written as text is expected, for instance "16.5"')
    return Fraction(text)


def _share(at: _At) -> Fraction:
    rate = _rate(at)
    if rate.low != rate.high:
        at.fault("one share is expected, not a range")
    return rate.low


def _rate(at: _At) -> Rate:
    text = _string(at)
    ends = [RATE.fullmatch(end) for end in text.split("–")]
    if len(ends) > 2 or not all(ends):
        at.fault('a rate is expected: "1.5%", "8‰", "2 元/平方米", or a range "9‰–15‰"')
    values = [Fraction(end[1]) / PER[end[2]] for end in ends if end]
    if values[0] > values[-1]:
        at.fault("the range runs downwards")
    return Rate(values[0], values[-1], text)


def _day(at: _At) -> date:
    try:
        return date.fromisoformat(_string(at))
    except ValueError:
        at.fault("a day is expected: YYYY-MM-DD")


def _one_of(words: type[E]) -> Callable[[_At], E]:
    def read(at: _At) -> E:
        try:
            return words(_string(at))
        except ValueError:
            at.fault(f"accepted: {', '.join(words)}")

    return read


def _condition(at: _At) -> Condition:
    return {name: tuple(_name(one) for one in names.each()) for name, names in at.items()}


def _names(at: _At) -> tuple[str, ...]:
    return tuple(_name(one) for one in at.each())


_mark = _one_of(Mark)


# -- inputs --------------------------------------------------------------------------------------------------------


def _input(name: str, at: _At) -> Input:
    at.fields(
        "label takes",
        "aliases required help choices default presumed least most beyond_least used_when article mark",
    )
    takes = _one_of(Takes)(at["takes"])
    choices = tuple(_choice(choice, one) for choice, one in at["choices"].items()) if "choices" in at else ()
    if (takes is Takes.CHOICE) != bool(choices):
        at.fault("an input that takes a choice needs choices, and no other may have them")
    owner: dict[str, str] = {}
    for choice in choices:
        for word in choice.words:
            if owner.setdefault(word, choice.name) != choice.name:
                at["choices"].fault(f"{choice.name} and {owner[word]} are both called {word}")
    default = at.maybe("default", _string)
    names = [choice.name for choice in choices]
    if default is not None and default not in names:
        at["default"].fault(f"accepted: {', '.join(names)}")
    return Input(
        name=name,
        label=_text(at["label"]),
        takes=takes,
        required=bool(at.maybe("required", _truth)),
        aliases=at.maybe("aliases", _names) or (),
        help=at.maybe("help", _text),
        choices=choices,
        default=default,
        presumed=at.listed("presumed", lambda one: _presumption(one, names)),
        least=at.maybe("least", _number),
        most=at.maybe("most", _number),
        beyond_least=bool(at.maybe("beyond_least", _truth)),
        used_when=at.maybe("used_when", _condition) or {},
        article=at.maybe("article", _text),
        mark=at.maybe("mark", _mark),
    )


def _choice(name: str, at: _At) -> Choice:
    at.fields("label", "factor aliases negotiated article")
    if not NAME.fullmatch(name):
        at.fault("a name of small letters, digits and _ is expected")
    return Choice(
        name=name,
        label=_text(at["label"]),
        factor=at.maybe("factor", _number),
        aliases=at.listed("aliases", _string),
        negotiated=at.maybe("negotiated", _text),
        article=at.maybe("article", _text),
    )


def _presumption(at: _At, names: list[str]) -> Presumption:
    at.fields("choice when", "below")
    if _name(at["choice"]) not in names:
        at["choice"].fault(f"accepted: {', '.join(names)}")
    return Presumption(_name(at["choice"]), _condition(at["when"]), at.maybe("below", _number))


# -- tables --------------------------------------------------------------------------------------------------------


def _table(name: str, at: _At) -> Table:
    at.fields("shape columns", "bounds_in fees_in slices points above below article mark")
    shape = _one_of(Shape)(at["shape"])
    columns = _names(at["columns"])
    if not columns:
        at["columns"].fault("at least one column is expected")
    scale = at.maybe("bounds_in", _one_of(Scale)) or Scale.WAN
    fees = at.maybe("fees_in", _one_of(Scale)) or Scale.WAN
    wanted, unwanted = ("slices", "points") if shape is Shape.PROGRESSIVE else ("points", "slices")
    if wanted not in at or unwanted in at:
        at.fault(f"a table of shape {shape} has {wanted} and no {unwanted}")
    table = Table(
        name=name,
        shape=shape,
        scale=scale,
        columns=columns,
        slices=at.listed("slices", lambda one: _slice(one, columns, scale)),
        points=at.listed("points", lambda one: _point(one, columns, scale, fees)),
        above=_beyond_by_column(at["above"], columns, fees) if "above" in at else {},
        below=_beyond_by_column(at["below"], columns, fees) if "below" in at else {},
        article=at.maybe("article", _text),
        mark=at.maybe("mark", _mark),
    )
    _check_bounds(at, table)
    return table


def _check_bounds(at: _At, table: Table) -> None:
    """Bounds rise, something holds beyond both ends of every column, and fees never fall while the base rises."""
    bounds = [one.up_to for one in table.slices] + [one.at for one in table.points]
    if not bounds:
        at.fault("at least one row is expected")
    if None in bounds[:-1]:
        at["slices"].fault("only the last slice may be without end")
    known = [bound for bound in bounds if bound is not None]
    if known != sorted(set(known)):
        at.fault("the bounds must rise from row to row")
    open_above = bounds[-1] is None
    for column in table.columns:
        if not open_above and column not in table.above:
            at.fault(f"nothing is said about {column} above the table")
        fees = [point.fees[column] for point in table.points if column in point.fees]
        if fees != sorted(fees):
            at["points"].fault(f"{column} falls while the base rises")
        if table.points and (not fees or column not in table.points[0].fees):
            at["points"].fault(f"{column} has no first point")
        if table.points and table.points[0].at > 0 and column not in table.below:
            at.fault(f"nothing is said about {column} below the table")


def _slice(at: _At, columns: tuple[str, ...], scale: Scale) -> Slice:
    at.fields(" ".join(columns), "up_to")
    bound = at.maybe("up_to", _number)
    if bound is not None and bound <= 0:
        at["up_to"].fault("a number above zero is expected")
    return Slice(None if bound is None else bound * scale.size, {column: _rate(at[column]) for column in columns})


def _point(at: _At, columns: tuple[str, ...], scale: Scale, fees: Scale) -> Point:
    at.fields("at", " ".join(columns))
    values = {column: _number(at[column]) * fees.size for column in columns if column in at}
    return Point(_number(at["at"]) * scale.size, values)


def _beyond_by_column(at: _At, columns: tuple[str, ...], fees: Scale) -> Mapping[str, Beyond]:
    found: dict[str, Beyond] = {}
    for name, one in at.items():
        if name != "all" and name not in columns:
            at.fault(f"does not know {name}; accepted: all, {', '.join(columns)}")
        beyond = _beyond(one, fees)
        found.update(dict.fromkeys(columns if name == "all" else (name,), beyond))
    return found


def _beyond(at: _At, fees: Scale) -> Beyond:
    at.fields("", "rate rate_asked otherwise last span negotiated")
    match sorted(at.value):
        case ["rate"]:
            return RateOfWhole(_rate(at["rate"]))
        case ["otherwise", "rate_asked"]:
            return RateAsked(_name(at["rate_asked"]), _text(at["otherwise"]))
        case ["last"]:
            if at["last"].value not in ("exactly", "at_least"):
                at["last"].fault("accepted: exactly, at_least")
            return Last(at["last"].value == "at_least")
        case ["span"]:
            ends = [_number(end) * fees.size for end in at["span"].each()]
            if len(ends) != 2 or ends[0] > ends[1]:
                at["span"].fault("two rising numbers are expected")
            return Span(*ends)
        case ["negotiated"]:
            return Negotiated(_text(at["negotiated"]))
    at.fault("one of rate, rate_asked with otherwise, last, span, negotiated is expected")


# -- the rule ------------------------------------------------------------------------------------------------------


def _part(at: _At) -> Part:
    at.fields("of table", "column column_from label when")
    if ("column" in at) == ("column_from" in at):
        at.fault("either column or column_from is expected")
    return Part(
        of=_name(at["of"]),
        table=_name(at["table"]),
        column=at.maybe("column", _name),
        column_from=at.maybe("column_from", _name),
        label=at.maybe("label", _text),
        when=at.maybe("when", _condition) or {},
    )


def _counted(at: _At) -> Counted:
    at.fields("base input share rest_floor", "article")
    return Counted(
        _name(at["base"]),
        _name(at["input"]),
        _share(at["share"]),
        _number(at["rest_floor"]),
        at.maybe("article", _text),
    )


def _coefficients(at: _At) -> Coefficients:
    at.fields("inputs", "rule when")
    rule = at.maybe("rule", _string) or "product"
    if rule not in ("product", "sum - count + 1"):
        at["rule"].fault("accepted: product, sum - count + 1")
    return Coefficients(_names(at["inputs"]), rule != "product", at.maybe("when", _condition) or {})


def _band(at: _At) -> Band:
    at.fields("down up", "article mark")
    down = _share(at["down"])
    if down >= 1:
        at["down"].fault("less than 100% is expected")
    return Band(down, _share(at["up"]), "band", at.maybe("article", _text), at.maybe("mark", _mark))


def _limit(name: str) -> Callable[[_At], Limit]:
    def read(at: _At) -> Limit:
        at.fields("", "yuan by amounts shared_by article")
        if "yuan" not in at and "amounts" not in at:
            at.fault("yuan or amounts is expected")
        if ("by" in at) != ("amounts" in at):
            at.fault("by and amounts belong together")
        return Limit(
            amount=at.maybe("yuan", _number),
            by=at.maybe("by", _name),
            amounts={choice: _number(one) for choice, one in at["amounts"].items()} if "amounts" in at else {},
            input=name,
            shared_by=at.maybe("shared_by", _name),
            article=at.maybe("article", _text),
        )

    return read


def _note(at: _At) -> Note:
    at.fields("text", "when")
    return Note(_text(at["text"]), at.maybe("when", _condition) or {})


def _version(at: _At) -> Version:
    at.fields(
        "id basis inputs tables parts",
        "valid_from valid_to one_of counted coefficients band cap floor rounding_yuan notes",
    )
    version = Version(
        id=_string(at["id"]),
        valid_from=at.maybe("valid_from", _day),
        valid_to=at.maybe("valid_to", _day),
        basis=_text(at["basis"]),
        inputs={name: _input(name, one) for name, one in at["inputs"].items()},
        one_of=at.maybe("one_of", _names) or (),
        tables={name: _table(name, one) for name, one in at["tables"].items()},
        parts=at.listed("parts", _part),
        counted=at.maybe("counted", _counted),
        coefficients=at.listed("coefficients", _coefficients),
        band=at.maybe("band", _band),
        cap=at.maybe("cap", _limit("cap")),
        floor=at.maybe("floor", _limit("floor")),
        rounding=int(at.maybe("rounding_yuan", _number) or 1),
        notes=at.listed("notes", _note),
    )
    _check_references(at, version)
    return version


def _check_references(at: _At, version: Version) -> None:
    """Every name that a rule uses is the name of an input, a choice, a table or a column of this version."""
    inputs = version.inputs

    def known(key: str, *names: str | None) -> None:
        for name in names:
            if name is not None and name not in inputs:
                at[key].fault(f"there is no input {name}; inputs: {', '.join(inputs)}")

    def conditions(key: str, condition: Condition) -> None:
        known(key, *condition)
        for name, choices in condition.items():
            have = {choice.name for choice in inputs[name].choices}
            if strange := sorted(set(choices) - have):
                at[key].fault(f"{name} does not offer {', '.join(strange)}")

    if not version.parts:
        at["parts"].fault("at least one part is expected")
    for part in version.parts:
        known("parts", part.of, part.column_from)
        conditions("parts", part.when)
        if part.table not in version.tables:
            at["parts"].fault(f"there is no table {part.table}")
        columns = version.tables[part.table].columns
        if part.column_from:
            chosen = part.when.get(part.column_from) or [choice.name for choice in inputs[part.column_from].choices]
        else:
            chosen = [part.column or ""]
        if strange := [name for name in chosen if name not in columns]:
            at["parts"].fault(f"table {part.table} has no column {', '.join(strange)}")
    for name, one in inputs.items():
        if one.used_when:
            conditions("inputs", one.used_when)
        for presumption in one.presumed:
            conditions("inputs", presumption.when)
        if twice := [alias for alias in one.aliases if alias in inputs]:
            at["inputs"].fault(f"{name}: {', '.join(twice)} is the name of another input")
    if version.one_of:
        known("one_of", *version.one_of)
    if version.counted:
        known("counted", version.counted.base, version.counted.input)
    for group in version.coefficients:
        known("coefficients", *group.inputs)
        conditions("coefficients", group.when)
    for key, limit in (("cap", version.cap), ("floor", version.floor)):
        if limit:
            known(key, limit.input, limit.by, limit.shared_by)
    if version.band:
        known("band", version.band.input)
        place = inputs[version.band.input]
        if (place.least, place.most) != (-version.band.down, version.band.up):
            at["band"].fault("input band must reach exactly from the lower to the upper end of the band")
    for note in version.notes:
        conditions("notes", note.when)
    for table in version.tables.values():
        for beyond in (*table.above.values(), *table.below.values()):
            if isinstance(beyond, RateAsked):
                known("tables", beyond.input)


def parse_standard(document: Any, source: str) -> Standard:
    """The standard in a resolved document; FaultyStandard naming `source` (a file, a row) and the key that is wrong."""
    at = _At(document, source)
    at.fields(
        "id title number issuer region kinds source mark versions",
        "aliases ceiling presets day_rates",
    )
    standard = Standard(
        id=_string(at["id"]),
        aliases=at.listed("aliases", _string),
        title=_text(at["title"]),
        number=_string(at["number"]),
        issuer=_text(at["issuer"]),
        region=_text(at["region"]),
        kinds=at.listed("kinds", _kind),
        ceiling=bool(at.maybe("ceiling", _truth)),
        source=_text(at["source"]),
        mark=_mark(at["mark"]),
        presets=_presets(at["presets"]) if "presets" in at else {},
        day_rates=at.listed("day_rates", _day_rate),
        versions=at.listed("versions", _version),
    )
    if not standard.kinds or not standard.versions:
        at.fault("at least one kind and one version are expected")
    starts = [kind.since or date.min for kind in standard.kinds]
    if starts != sorted(starts):
        at["kinds"].fault("the days must rise")
    for earlier, later in pairwise(standard.versions):
        if later.valid_from is None or (earlier.valid_to or date.max) >= later.valid_from:
            at["versions"].fault(f"{earlier.id} does not end before {later.id} begins")
    _check_presets(at, standard)
    return standard


def _kind(at: _At) -> KindSince:
    at.fields("kind basis mark", "since")
    return KindSince(at.maybe("since", _day), _one_of(Kind)(at["kind"]), _text(at["basis"]), _mark(at["mark"]))


def _presets(at: _At) -> Mapping[str, Mapping[str, str]]:
    return {item: {name: _string(value) for name, value in preset.items()} for item, preset in at.items()}


def _day_rate(at: _At) -> tuple[Text, str]:
    at.fields("who yuan")
    return _text(at["who"]), _string(at["yuan"])


def _check_presets(at: _At, standard: Standard) -> None:
    inputs = standard.versions[-1].inputs
    for item, preset in standard.presets.items():
        for name, value in preset.items():
            if name not in inputs or value not in {choice.name for choice in inputs[name].choices}:
                at["presets"].fault(f"{item}: {name}={value} is no choice of the newest version")


# -- documents that lean on others ---------------------------------------------------------------------------------


def resolve(document: Mapping[str, Any], shared: Mapping[str, Any], source: str) -> dict[str, Any]:
    """`document` made to stand alone: `extends` and `"shared"` inputs replaced by what they refer to.

    A version with `"extends": ID` is the version ID with its own keys merged over it (JSON Merge Patch, RFC 7396: objects
    are merged, anything else replaces, null takes away). An input written as "shared" is the one of that name in `shared`.
    FaultyStandard when the version or the shared input does not exist.
    """
    at = _At(document, source)
    if not isinstance(document, Mapping) or not isinstance(document.get("versions"), list):
        at.fault("an object with a list of versions is expected")
    resolved: dict[str, Mapping[str, Any]] = {}
    for version in at["versions"].each():
        if not isinstance(version.value, Mapping):
            version.fault("an object is expected")
        own = dict(version.value)
        base = own.pop("extends", None)
        if base is not None:
            if base not in resolved:
                version["extends"].fault(f"there is no earlier version {base}")
            # validity is each version's own
            inherited = {key: value for key, value in resolved[base].items() if key not in ("valid_from", "valid_to")}
            own = _merged(inherited, own)
        own["inputs"] = {
            name: _shared_input(name, one, shared, version) for name, one in dict(own.get("inputs") or {}).items()
        }
        resolved[str(own.get("id"))] = own
    return {**document, "versions": list(resolved.values())}


def _shared_input(name: str, one: Any, shared: Mapping[str, Any], version: _At) -> Any:
    if one != "shared":
        return one
    if name not in shared:
        version.fault(f"inputs.{name}: there is no shared input of this name")
    return shared[name]


def _merged(base: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    result = dict(base) if isinstance(base, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result
