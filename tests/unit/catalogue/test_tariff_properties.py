"""What holds for every standard and every amount."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.catalogue.standard import Takes, Version
from market.catalogue.standard_files import shipped_standards
from market.catalogue.tariff import evaluate, shown_amounts
from market.kernel.money import Money

from .cases import TODAY, Column, columns

FEN = Fraction(1, 100)
COLUMNS = list(columns())

amounts = st.one_of(
    st.integers(1, 10**13).map(Fraction),
    st.integers(1, 10**15).map(lambda fen: Fraction(fen, 100)),
    # around the bounds, where mistakes live
    st.builds(
        lambda column, pick, fen: max(FEN, column.bounds[pick % len(column.bounds)] + fen * FEN),
        st.sampled_from([column for column in COLUMNS if column.bounds]),
        st.integers(0, 20),
        st.integers(-2, 2),
    ),
)


@st.composite
def asked(draw: st.DrawFn) -> tuple[Any, dict[str, Any]]:
    """A shipped standard and inputs it accepts: the needed ones always, the others sometimes."""
    standard = draw(st.sampled_from(list(shipped_standards().values())))
    version = standard.versions[-1]
    chosen = {draw(st.sampled_from(version.one_of))} if version.one_of else set()
    inputs: dict[str, Any] = {}
    for one in version.inputs.values():
        wanted = one.name in chosen or (one.required and not one.used_when)
        if not wanted and (one.name in version.one_of or not draw(st.booleans())):
            continue
        if one.name == "tender_amount":
            inputs[one.name] = inputs["amount"] * draw(st.integers(1, 9))
            if inputs[one.name] > 10**13:
                del inputs[one.name]
        elif one.name == "equipment":
            inputs[one.name] = inputs["amount"] * draw(st.fractions(0, 1, max_denominator=20))
        else:
            inputs[one.name] = draw(a_value(version, one.name))
    return standard, kept(version, inputs)


def kept(version: Version, inputs: dict[str, Any]) -> dict[str, Any]:
    """Without the inputs that have no use beside the others; with those that then are needed."""
    if sum(x - 1 for x in inputs.get("coefficients", ())) <= -1:
        del inputs["coefficients"]  # refused, see test_tariff_inputs.py
    for name, one in version.inputs.items():
        if one.used_when:
            used = all(inputs.get(other) in choices for other, choices in one.used_when.items())
            if used and one.required:
                inputs.setdefault(name, Fraction(12345))
            elif not used:
                inputs.pop(name, None)
    return inputs


def a_value(version: Version, name: str) -> st.SearchStrategy[Any]:
    one = version.inputs[name]
    if one.takes in (Takes.AMOUNT, Takes.AREA):
        return amounts
    if one.takes is Takes.CHOICE:
        return st.sampled_from([choice.name for choice in one.choices])
    number = st.fractions(one.least or 0, one.most, max_denominator=100).filter(lambda x: x > 0 or not one.beyond_least)
    return number if one.takes is Takes.NUMBER else st.lists(number, min_size=1, max_size=4)


@settings(max_examples=400, deadline=None)
@given(asked())
def test_low_reference_and_high_stand_in_order(case: tuple[Any, dict[str, Any]]) -> None:
    result = evaluate(*case, TODAY)

    if result.negotiated:
        assert result.base is None
        return
    assert result.low is not None
    assert result.base is not None
    assert result.high is not None
    assert 0 <= result.low <= result.base <= result.high
    assert result.low_money <= result.base_money <= result.high_money  # type: ignore[operator]


@settings(max_examples=400, deadline=None)
@given(asked())
def test_the_steps_add_up_to_the_reference_exactly(case: tuple[Any, dict[str, Any]]) -> None:
    result = evaluate(*case, TODAY)

    if result.base is None or result.base_money is None:
        return
    assert sum(step.amount for step in result.steps if step.kind != "rounding") == result.base
    shown = shown_amounts(result)
    assert sum((part for _, part, _ in shown), Money(0)) == shown[-1][2] == result.base_money


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(COLUMNS), amounts, amounts)
def test_a_larger_base_never_costs_less(column: Column, one: Fraction, other: Fraction) -> None:
    smaller, larger = sorted((one, other))
    low, high = column.at(smaller).base, column.at(larger).base
    if low is None or high is None:
        return
    end = column.bounds[-1] if column.bounds else None
    if column.jumps_at_the_end and end is not None and smaller <= end < larger:
        return  # the standard's own jump, held fast in test_tariff.py
    assert low <= high


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_there_is_no_jump_at_a_bound(column: Column) -> None:
    """A hundredth of a yuan more never adds more than a hundredth of it, on every bound of every table."""
    for bound in column.bounds:
        if column.jumps_at_the_end and bound == column.bounds[-1]:
            continue
        here, more = column.at(bound).base, column.at(bound + FEN).base
        if here is not None and more is not None:
            assert abs(more - here) <= FEN / 10


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(COLUMNS), st.integers(1, 10**15))
def test_the_way_an_amount_is_written_does_not_matter(column: Column, fen: int) -> None:
    if column.version.inputs[column.part.of].takes is not Takes.AMOUNT:
        return
    plain = f"{fen // 100}.{fen % 100:02d}"
    grouped = f"{fen // 100:,}.{fen % 100:02d}"
    wide = plain.translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))
    exact = Fraction(fen, 100)
    wan, places = divmod(fen, 10**6)

    def at(value: Any) -> Any:
        given = {column.part.of: value, **column.others}
        result = evaluate(column.standard, given, column.version.valid_from or TODAY)
        return result.low, result.base, result.high, result.negotiated

    written = (
        plain,
        grouped,
        wide,
        f"¥{grouped}",
        f"￥{plain}元",
        f" 00{plain} ",
        f"{wan}.{places:06d}万元",
        f"{wan:,}.{places:06d} 万",
    )
    assert {at(value) for value in written} == {at(exact)}
