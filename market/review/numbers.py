"""Numbers with their units, as notices write them: 500万元, 百分之十, 三年, 八折, 5 working days. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
DIGITS |= {character: value for value, character in enumerate("〇壹贰叁肆伍陆柒捌玖")} | {"两": 2}
TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100, "a dozen": 12,
}  # fmt: skip
SIZES = {
    "万": 10**4,
    "亿": 10**8,
    "千": 1000,
    "百": 100,
    "million": 10**6,
    "thousand": 1000,
    "billion": 10**9,
    "hundred": 100,
}

#: unit -> its spellings; the first that fits counts
UNITS = {
    "percent": r"%|个百分点|个点|percent|per cent",
    "workdays": r"个?工作日|working days?|business days?",
    "minutes": r"分钟|min(?:ute)?s?\b",
    "hours": r"个?小时|个?钟头|h\b|hours?",
    "months": r"个月|个多月|months?",
    "weeks": r"周(?!年|岁)|个?星期|weeks?",
    "years": r"个?(?:会计|财务|自然|完整)?年度|周年|年(?!月|\d)|years?",
    "days": r"个?(?:日历天|自然日|日历日|日|天)(?!历|期)|(?:calendar )?days?",
    "yuan": r"元|圆|块钱?|(?:rmb|cny|yuan)\b",
    "km": r"公里|千米|km\b|里地|里路|kilomet(?:er|re)s?",
    "area": r"平方米|平米|m2\b|平方|平(?=以|的)|square met(?:er|re)s?",
    "people": r"名|人|位|people|persons?|staff|employees|engineers",
    "firms": r"家|firms?|bidders?|suppliers?|applicants?|compan(?:y|ies)|vendors?|agencies",
    "items": r"个|项|份|例|宗|单|件|次|座|projects?|contracts?|jobs",
    "fold": r"折",
    "times": r"倍|times",
    "machines": r"台|套|辆|架|部|sets?\b",
    "points": r"分(?!之|公|支|别|包|期|所|院|部|行|钟|类|项|配|担|散|级|段|批|拆|标)|points?|marks?",
}  # fmt: skip
_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?|[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]+(?:点[零一二三四五六七八九]+)?|半)"
_ENGLISH = "|".join(sorted(map(re.escape, ENGLISH), key=len, reverse=True))
_WHOLE = re.compile(
    rf"(?P<currency>(?:rmb|cny|¥)\s?)(?P<money>\d[\d,]*(?:\.\d+)?)(?:\s?(?P<scale>million|thousand|万|亿))?|"
    rf"(?P<share>百分之)(?P<shared>{_NUMBER})|(?P<number>{_NUMBER}|\b(?:{_ENGLISH})\b)\s*(?:\(\d+\)\s*)?"
    rf"(?P<more>多|余|来)?(?P<size>[万亿千百](?=元|多|余|块|[^a-z]|$)|million\b|thousand\b|billion\b)?(?P<plus>多|余|来|\+|-)?\s*"
    rf"(?:(?:{'|'.join(f'(?P<{unit}>{words})' for unit, words in UNITS.items())})|"
    rf"(?P<tenth>成(?!立|交|果|功|绩|本|员|为|都|后|品|熟|套|年|分|效|就|人))|(?P<bare>))"
)


#: characters of a number with its unit; a longer run is a code or nonsense
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text: `start` to `end` with its unit; the unit's name (UNITS, "" without one); the value in base units."""

    start: int
    end: int
    unit: str
    value: Fraction


def quantities(text: str) -> Iterator[Quantity]:
    """The quantities of a normalised text, in order. Calendar years (2026年) and runs of more than LONGEST digits, which mean no
    quantity, are passed over.
    """
    for found in _WHOLE.finditer(text):
        if found.end() - found.start() > LONGEST:
            continue
        if found["currency"]:
            yield Quantity(
                found.start(), found.end(), "yuan", number(found["money"]) * SIZES.get(found["scale"] or "", 1)
            )
            continue
        if found["share"]:
            yield Quantity(found.start(), found.end(), "percent", number(found["shared"]))
            continue
        value = number(found["number"])
        if found["size"]:
            value *= SIZES[found["size"]]
        unit = found.lastgroup or ""
        if unit == "tenth":
            unit, value = "percent", value * 10
        elif unit in ("bare", "size", "plus", "number", "more"):
            unit = "yuan" if found["size"] in ("万", "亿") else ""
        if unit == "years" and value > 200:
            continue
        yield Quantity(found.start(), found.end(), unit, value)


def number(written: str) -> Fraction:
    """The value of digits, Chinese numerals or English number words. 0 for what is none of them or longer than LONGEST."""
    written = written.replace(",", "")
    if len(written) > LONGEST:
        return Fraction(0)
    if re.fullmatch(r"\d+(\.\d+)?", written, re.ASCII):
        return Fraction(written)
    if written in ENGLISH:
        return Fraction(ENGLISH[written])
    if written == "半":
        return Fraction(1, 2)
    whole, _, rest = written.partition("点")
    value = Fraction(_chinese(whole))
    if rest:
        value += Fraction(int("".join(str(DIGITS.get(c, 0)) for c in rest)), 10 ** len(rest))
    return value


def _chinese(written: str) -> int:
    if written and all(c in DIGITS for c in written):
        return int("".join(str(DIGITS[c]) for c in written))
    total = section = digit = 0
    for character in written:
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in TENS:
            section += (digit or 1) * TENS[character]
            digit = 0
        elif character in ("万", "亿"):
            total = (total + section + digit or 1) * SIZES[character]
            section = digit = 0
    return total + section + digit
