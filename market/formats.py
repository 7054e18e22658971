"""How money, shares, dates and codes look on a page: Jinja filters and globals, in Chinese and in English.

The first half is pure: plain data and a language in, a string or plain data out. The second half reads the reader's language
and the request, and `register` hands both to Jinja. Money comes as integer fen or `Money`, times as aware datetimes, shares
and scores as `Fraction` or integer thousandths; no float is taken or made. A value that is missing (None) is shown as a dash.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import Any, NoReturn
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import get_locale, gettext, ngettext
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from market import charts
from market.charts import Number
from market.kernel.money import FEN_PER_WAN, FEN_PER_YUAN, Money, half_up, round_decimal

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOTHING = "—"
MINUS = "−"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MEBIBYTE = 1024 * 1024

#: every price bar shows 60 % to 140 % of its reference price, so that bars compare by eye
BAR_FROM, BAR_SPAN = Fraction(3, 5), Fraction(4, 5)
BAR_LEAST, BAR_MOST = 2, 98
#: from this reference price on (fen), a bar's labels are in 万元 or thousands, below it in yuan
SHORT_FROM = 1_000 * FEN_PER_YUAN

Amount = int | Money
Share = int | Fraction | Decimal


# Pure: numbers ---------------------------------------------------------------------------------------------


def fen_of(amount: Amount) -> int:
    """The integer fen of an amount; TypeError for a float, a string or another currency than CNY."""
    if isinstance(amount, Money):
        if amount.currency != "CNY":
            raise TypeError(f"no way to show {amount.currency} yet")
        return amount.fen
    if type(amount) is not int:
        raise TypeError(f"money is integer fen, not {amount!r}")
    return amount


def yuan_words(amount: Amount) -> str:
    """Fen as yuan: 1234500 is "¥12,345.00", alike in both languages."""
    fen = fen_of(amount)
    sign = MINUS if fen < 0 else ""
    return f"{sign}¥{abs(fen) // FEN_PER_YUAN:,}.{abs(fen) % FEN_PER_YUAN:02d}"


def wan_words(amount: Amount, *, chinese: bool) -> str:
    """Fen as the trade speaks: 2710600 is "2.71 万元" (two decimals, half up), in English "CNY 27,100", as exact as that.

    Below 100 yuan, where two decimals of 万元 would say nothing, yuan as `yuan_words` gives them.
    """
    fen = fen_of(amount)
    if abs(fen) < FEN_PER_WAN // 100:
        return yuan_words(fen)
    sign = MINUS if fen < 0 else ""
    if chinese:
        return f"{sign}{round_decimal(Fraction(abs(fen), FEN_PER_WAN), 2):,} 万元"
    return f"{sign}CNY {half_up(Fraction(abs(fen), FEN_PER_YUAN), 100):,}"


def short_words(amount: Amount, reference: Amount, *, chinese: bool) -> str:
    """An amount (fen) as the label of a bar, in the unit that suits its `reference` (fen).

    From 1,000 yuan on: Chinese 万元 with two decimals ("2.71"), English thousands ("27.1k") or millions ("1.25m");
    below it yuan ("480", "3.50").
    """
    fen, scale = fen_of(amount), fen_of(reference)
    if scale < SHORT_FROM:
        return (
            str(fen // FEN_PER_YUAN) if fen % FEN_PER_YUAN == 0 else f"{round_decimal(Fraction(fen, FEN_PER_YUAN), 2)}"
        )
    if chinese:
        return f"{round_decimal(Fraction(fen, FEN_PER_WAN), 2):,}"
    if scale >= 1_000_000 * FEN_PER_YUAN:
        return f"{_trimmed(Fraction(fen, 1_000_000 * FEN_PER_YUAN), 2)}m"
    return f"{_trimmed(Fraction(fen, 1_000 * FEN_PER_YUAN), 1)}k"


def exact(share: Share) -> Fraction:
    """A share as an exact fraction of one; an int is thousandths (947 is 0.947). TypeError for a float."""
    if type(share) is int:
        return Fraction(share, 1000)
    if isinstance(share, Fraction | Decimal):
        return Fraction(share)
    raise TypeError(f"a share is a Fraction, a Decimal or integer thousandths, not {share!r}")


def percent_words(share: Share, places: int = 0) -> str:
    """A share (`Fraction`, `Decimal` or integer thousandths) in percent, rounded half up: Fraction(36, 38) is "95%"."""
    value = round_decimal(exact(share) * 100, places)
    return f"{MINUS if value < 0 else ''}{abs(value):,}%"


def distance_words(share: Fraction) -> str:
    """How far off something is, in percent and never "0%": whole percent from 1 % on, else tenths, at least "0.1%"."""
    percent = abs(share) * 100
    if percent >= 1:
        return f"{half_up(percent):,}%"
    return f"{max(round_decimal(percent, 1), Decimal('0.1'))}%"


def score_words(score: Share) -> str:
    """A score on the scale of five with one decimal; an int is thousandths: 4600 is "4.6"."""
    return str(round_decimal(exact(score), 1))


def count_words(number: int) -> str:
    """A whole number with separators: 1234 is "1,234"."""
    return f"{MINUS if number < 0 else ''}{abs(number):,}"


def size_words(size: int) -> str:
    """The size of a file (bytes): "2.1 MB", "24 KB"; never less than 1 KB."""
    if size >= MEBIBYTE:
        return f"{_trimmed(Fraction(size, MEBIBYTE), 1)} MB"
    return f"{max(1, half_up(Fraction(size, 1024)))} KB"


def shown_words(value: Number | None, show: str, *, chinese: bool) -> str:
    """A value of a chart: `show` is "number", "percent" (of a share of one), "yuan" or "wan" (of fen), "score".

    None is a dash; ValueError for another `show`.
    """
    if show not in SHOWN:
        raise ValueError(f"no values are shown as {show}")
    return NOTHING if value is None else SHOWN[show](Fraction(value), chinese)


def _number_words(value: Fraction) -> str:
    whole, _, places = _trimmed(abs(value), 2).partition(".")
    return f"{MINUS if value < 0 else ''}{int(whole):,}{'.' if places else ''}{places}"


SHOWN: Mapping[str, Callable[[Fraction, bool], str]] = {
    "number": lambda value, chinese: _number_words(value),
    "percent": lambda value, chinese: f"{_number_words(Fraction(half_up(value * 1000), 10))}%",
    "yuan": lambda value, chinese: yuan_words(half_up(value)),
    "wan": lambda value, chinese: wan_words(half_up(value), chinese=chinese),
    "score": lambda value, chinese: score_words(value),
}


def _trimmed(value: Fraction, places: int) -> str:
    text = str(round_decimal(value, places))
    return text.rstrip("0").rstrip(".") if "." in text else text


# Pure: dates -----------------------------------------------------------------------------------------------


def day_of(when: date | datetime) -> date:
    """The day in Asia/Shanghai; a datetime must know its zone, else ValueError (a naive time has no day of its own)."""
    if not isinstance(when, datetime):
        return when
    if when.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown")
    return when.astimezone(SHANGHAI).date()


def date_words(when: date | datetime, today: date, *, chinese: bool) -> str:
    """A day in Asia/Shanghai: "11月27日" or "Nov 27"; with its year when that is not the year of `today`."""
    day = day_of(when)
    if chinese:
        return f"{'' if day.year == today.year else f'{day.year}年'}{day.month}月{day.day}日"
    return f"{MONTHS[day.month - 1]} {day.day}{'' if day.year == today.year else f', {day.year}'}"


def moment_words(when: datetime, today: date, *, chinese: bool) -> str:
    """A day and time in Asia/Shanghai: "11月27日 17:00" or "Nov 27, 17:00"."""
    day = date_words(when, today, chinese=chinese)
    clock = when.astimezone(SHANGHAI).strftime("%H:%M")
    return f"{day} {clock}" if chinese else f"{day}, {clock}"


def clock_state(days: int | None, *, done: bool = False) -> str:
    """The look of a deadline with `days` working days left: "is-done", "is-over" (below 0), "is-soon" (0 to 2) or ""."""
    if done:
        return "is-done"
    if days is None:
        return ""
    return "is-over" if days < 0 else "is-soon" if days <= 2 else ""


# Pure: a price against its standard ------------------------------------------------------------------------


def price_bar_x(price: Amount, reference: Amount) -> str:
    """Where a price (fen) stands on a bar from 60 % to 140 % of `reference` (fen, above zero), in percent of its width.

    x = (price / reference - 0.6) / 0.8 * 100, kept within 2 to 98, one decimal: 25,200 of 27,106 yuan is "41.2".
    ValueError when the reference is not above zero.
    """
    return _percent(_bar_x(price, reference))


@dataclass(frozen=True, slots=True)
class PriceBar:
    """What a price bar draws; every x in percent of its width. `out` is "below", "above" or ""; `off` says by how much."""

    x: str
    low: str
    high: str
    width: str
    low_label: str
    high_label: str
    out: str
    off: str
    of_reference: str


def price_bar(
    price: Amount | None, reference: Amount, low: Amount | None = None, high: Amount | None = None
) -> PriceBar:
    """The bar of a `price` against `reference`, floor `low` and ceiling `high`, all in fen; each but the reference may be None.

    `off` is the distance from the floor or ceiling in percent of it, `of_reference` the price in percent of the reference.
    ValueError when the reference is not above zero or the floor lies above the ceiling.
    """
    if low is not None and high is not None and fen_of(low) > fen_of(high):
        raise ValueError("the floor lies above the ceiling")
    out, off = "", ""
    if price is not None and low is not None and fen_of(price) < fen_of(low):
        out, off = "below", distance_words(Fraction(fen_of(low) - fen_of(price), fen_of(low)))
    elif price is not None and high is not None and fen_of(price) > fen_of(high):
        out, off = "above", distance_words(Fraction(fen_of(price) - fen_of(high), max(1, fen_of(high))))
    left = None if low is None else _bar_x(low, reference)
    right = None if high is None else _bar_x(high, reference)
    return PriceBar(
        x="" if price is None else price_bar_x(price, reference),
        low="" if left is None else _percent(left),
        high="" if right is None else _percent(right),
        width="" if left is None or right is None else _percent(right - left),
        # labels keep clear of the reference in the middle and of the ends, where the ticks themselves may not
        low_label="" if left is None else _percent(min(max(left, Fraction(12)), Fraction(28))),
        high_label="" if right is None else _percent(max(min(right, Fraction(88)), Fraction(72))),
        out=out,
        off=off,
        of_reference="" if price is None else percent_words(Fraction(fen_of(price), fen_of(reference))),
    )


def score_x(score: Share) -> str:
    """Where a score (1 to 5; an int is thousandths) stands on a scale from 1 to 5, in percent. ValueError outside of it."""
    value = exact(score)
    if not 1 <= value <= 5:
        raise ValueError(f"a score lies between 1 and 5, not at {score_words(score)}")
    return _percent((value - 1) / 4 * 100)


def page_numbers(number: int, total: int) -> list[int | None]:
    """The pages to link around page `number` of `total`: the first, the last, the neighbours; None where some are left out."""
    shown = sorted({1, total, *range(max(1, number - 1), min(total, number + 1) + 1)})
    numbers: list[int | None] = []
    for one in shown:
        if numbers and one - (numbers[-1] or 0) == 2:
            numbers.append(one - 1)  # a gap of one page: its number is as short as the dots
        elif numbers and one - (numbers[-1] or 0) > 2:
            numbers.append(None)
        numbers.append(one)
    return numbers


def share(part: int, whole: int) -> Fraction:
    """`part` of `whole` as an exact share of one; ValueError when there is no whole or the part is not within it."""
    if whole <= 0 or not 0 <= part <= whole:
        raise ValueError(f"{part} is not a part of {whole}")
    return Fraction(part, whole)


def _bar_x(price: Amount, reference: Amount) -> Fraction:
    if fen_of(reference) <= 0:
        raise ValueError("the reference price must be above zero")
    x = (Fraction(fen_of(price), fen_of(reference)) - BAR_FROM) / BAR_SPAN * 100
    return min(max(x, Fraction(BAR_LEAST)), Fraction(BAR_MOST))


def _percent(value: Fraction) -> str:
    return _trimmed(value, 1)


# Pure: what a form carries ---------------------------------------------------------------------------------


def form_value(form: Any, name: str, default: Any = "") -> str:
    """What stands in field `name`: as typed, else `default`; the default is for a form that carries no values yet.

    `form` is None or has `values` (a mapping or a MultiDict). Money becomes plain yuan, a date its ISO form, None nothing.
    """
    values = getattr(form, "values", None)
    return _typed(values.get(name) if values else default)


def form_values(form: Any, name: str, default: Iterable[Any] = ()) -> list[str]:
    """All values of field `name` (checkboxes, several files), as typed, else `default` when the form carries no values yet."""
    values = getattr(form, "values", None)
    if not values:
        chosen: Any = default
    elif hasattr(values, "getlist"):
        chosen = values.getlist(name)
    else:
        chosen = values.get(name)
    if chosen is None or chosen == "":
        return []
    if isinstance(chosen, list | tuple | set | frozenset):
        return [_typed(one) for one in chosen]
    return [_typed(chosen)]


def form_errors(form: Any, name: str) -> list[str]:
    """The texts about field `name`, in the reader's language already."""
    texts = (getattr(form, "errors", None) or {}).get(name, [])
    return [str(texts)] if not isinstance(texts, list | tuple) else [str(text) for text in texts]


def field_id(name: str) -> str:
    """The id of the control of field `name`: "f-" and the name with everything but letters, digits, - and _ made to -."""
    return "f-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _typed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Money):
        return value.to_yuan()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value)


def refuse(text: str) -> NoReturn:
    """For a macro that is called wrongly: ValueError with the text, so that the mistake shows in a test and never on a page."""
    raise ValueError(text)


def address(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A link within this site: `path` (decoded) and its query; leading slashes are made one, so it never names a host."""
    query = urlencode(list(pairs))
    return quote("/" + path.lstrip("/\\"), safe="/-._~!$&'()*+,;=:@") + (f"?{query}" if query else "")


# The reader's language, day and address --------------------------------------------------------------------


def chinese() -> bool:
    """Whether the reader reads Chinese; also where nothing says otherwise."""
    locale = get_locale()
    return locale is None or locale.language == "zh"


def yuan(amount: Amount | None) -> str:
    """Filter: fen as "¥12,345.00"."""
    return NOTHING if amount is None else yuan_words(amount)


def wan(amount: Amount | None) -> str:
    """Filter: fen as "2.71 万元", in English "CNY 27,100"."""
    return NOTHING if amount is None else wan_words(amount, chinese=chinese())


def short(amount: Amount, reference: Amount) -> str:
    """Filter: fen as the label of a bar, in the unit that suits `reference` (fen)."""
    return short_words(amount, reference, chinese=chinese())


def spoken(amount: Amount, reference: Amount) -> str:
    """Filter: fen in full, in the unit that suits `reference` (fen): for those who hear a bar."""
    return wan(amount) if fen_of(reference) >= SHORT_FROM else yuan(amount)


def shown(value: Number | None, show: str) -> str:
    """A value of a chart, as `shown_words`, in the reader's language."""
    return shown_words(value, show, chinese=chinese())


def percent(share: Share | None, places: int = 0) -> str:
    """Filter: a share (`Fraction`, `Decimal`, integer thousandths) as "95%"."""
    return NOTHING if share is None else percent_words(share, places)


def score(value: Share | None) -> str:
    """Filter: a score (`Fraction`, `Decimal`, integer thousandths) as "4.6"."""
    return NOTHING if value is None else score_words(value)


def count(number: int | None) -> str:
    """Filter: a whole number as "1,234"."""
    return NOTHING if number is None else count_words(number)


def date_cn(when: date | datetime | None) -> str:
    """Filter: a day in Asia/Shanghai, "11月27日" or "Nov 27", with the year when it is not this one."""
    return NOTHING if when is None else date_words(when, _today(), chinese=chinese())


def datetime_cn(when: datetime | None) -> str:
    """Filter: a moment in Asia/Shanghai, "11月27日 17:00" or "Nov 27, 17:00", with the year when it is not this one."""
    return NOTHING if when is None else moment_words(when, _today(), chinese=chinese())


def iso(when: date | datetime | None) -> str:
    """Filter: for the `datetime` attribute of <time>; a moment with the offset of Asia/Shanghai."""
    if when is None:
        return ""
    return when.astimezone(SHANGHAI).isoformat(timespec="minutes") if isinstance(when, datetime) else when.isoformat()


def days_left(days: int) -> str:
    """Filter: "2 working days left", "due today" (0), "1 working day overdue" (below 0)."""
    if days == 0:
        return gettext("due today")
    if days < 0:
        return ngettext("%(num)s working day overdue", "%(num)s working days overdue", -days)
    return ngettext("%(num)s working day left", "%(num)s working days left", days)


def working_days(days: int | None) -> str:
    """Filter: "22 working days"."""
    return NOTHING if days is None else ngettext("%(num)s working day", "%(num)s working days", days)


def filesize(size: int) -> str:
    """Filter: bytes as "2.1 MB"."""
    return size_words(size)


def code(text: str) -> Markup:
    """Filter: a public code or number that must not break across lines."""
    return Markup('<span class="nowrap tnum">{}</span>').format(text)


def same_page(**changes: Any) -> str:
    """The address of this page with some query parameters changed: None takes one away, a list gives it several values."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    for name, value in changes.items():
        many = value if isinstance(value, list | tuple) else [] if value is None else [value]
        kept += [(name, str(one)) for one in many]
    return address(request.path, kept)


def same_page_without(name: str, value: str, **changes: Any) -> str:
    """The address of this page with one value of a query parameter taken away (a chip's link); `changes` as in `same_page`."""
    left = [one for one in request.args.getlist(name) if one != value]
    return same_page(**{name: left, **changes})


def _today() -> date:
    """The market's day, asked once a request."""
    tell: Callable[[], date] = current_app.extensions["formats_today"]
    if not has_request_context():
        return tell()
    if "formats_today" not in g:
        g.formats_today = tell()
    return g.formats_today  # type: ignore[no-any-return]


def _market_today() -> date:
    from market.clock import today  # here: the clock loads the database, which these words do not need

    return today()


FILTERS: Mapping[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        yuan,
        wan,
        short,
        spoken,
        percent,
        score,
        count,
        date_cn,
        datetime_cn,
        iso,
        days_left,
        working_days,
        filesize,
        code,
    )
}
GLOBALS: Mapping[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        *(price_bar_x, score_x, share, shown, clock_state, page_numbers, chinese),
        *(form_value, form_values, form_errors, field_id, refuse, same_page, same_page_without),
        *(charts.line_chart, charts.bar_chart, charts.sparkline, charts.spread),
    )
} | {"price_bar_of": price_bar}


def _never_folded(words: Callable[..., Any]) -> Callable[..., Any]:
    """The filter as one that needs the context: Jinja works out the others on constants once, in the first reader's language."""

    @pass_context
    @wraps(words)
    def in_context(_context: Context, *args: Any, **options: Any) -> Any:
        return words(*args, **options)

    return in_context


def register(app: Flask, today: Callable[[], date] | None = None) -> None:
    """Give `app` the filters and globals of this file; `today` (Asia/Shanghai) is the market's clock unless another is given."""
    app.extensions["formats_today"] = today or _market_today
    app.jinja_env.filters.update({name: _never_folded(filter_) for name, filter_ in FILTERS.items()})
    app.jinja_env.globals.update(GLOBALS)
