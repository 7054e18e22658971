"""Numbers that the state gives; the published cases run in tests/vectors. KF-INT-01 to 05 in their pure part."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.identifiers import (
    CREDIT_ALPHABET,
    Divisions,
    Document,
    Kind,
    Level,
    Sex,
    Verdict,
    credit_check,
    credit_code,
    division_code,
    divisions_of,
    fold,
    mask_mobile,
    mask_resident_id,
    mobile,
    organisation_check,
    resident_check,
    resident_id,
)

TODAY = date(2026, 11, 25)
LISTS = divisions_of(
    districts=["610103", "610113", "610118", "XA-GX"],
    cities=[f"61{city:02}00" for city in range(1, 11)],
    former={"610125": "610118"},
)
births = st.dates(date(1900, 1, 1), TODAY)


def made_credit_code(body: str) -> str:
    return body + credit_check(body)


def made_resident_id(region: str, birth: str, sequence: str) -> str:
    body = region + birth + sequence
    return body + resident_check(body)


# Credit codes


def test_exactly_one_of_the_31_last_characters_is_accepted() -> None:
    """KF-INT-01."""
    accepted = [c for c in CREDIT_ALPHABET if credit_code("91610103QQ0011TT4" + c, TODAY).accepted]

    assert accepted == ["C"]


@pytest.mark.parametrize("letter", "OISVZ")
@pytest.mark.parametrize("position", [1, 9, 18])
def test_a_letter_outside_the_alphabet_is_named_with_its_place_and_never_changed(letter: str, position: int) -> None:
    """KF-INT-01."""
    code = "91610103QQ0011TT4C"
    verdict = credit_code(code[: position - 1] + letter.lower() + code[position:], TODAY)

    assert verdict.kind is Kind.INVALID
    assert f"Character {position} is the letter {letter}; the alphabet has no {letter}" in str(verdict)
    assert verdict.normalised == ""


def test_the_letter_o_is_asked_back_as_a_zero() -> None:
    assert str(credit_code("91610103OQ0011TT4C", TODAY)) == (
        "Character 9 is the letter O; the alphabet has no O: is it a zero?"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(("", "No credit code"), (" - ", "No credit code"), ("9161", "has 4 characters"), ("9" * 5000, "has 5000")),
        *(("91610103QQ0011TT4中", "Character 18 is “中”"), ("9161010³QQ0011TT4C", "Character 8 is “³”")),
        *(("916A0103QQ0011TT4C", "Character 4 is the letter A; characters 3 to 8"), ("91610103QQ0011TT4\x00", "\x00")),
    ],
)
def test_a_wrong_shape_is_refused_with_the_reason_and_no_officer_may_accept_it(text: str, reason: str) -> None:
    verdict = credit_code(text, TODAY, LISTS)

    assert reason in str(verdict)
    assert (verdict.kind, verdict.accepted, verdict.officer_may_accept) == (Kind.INVALID, False, False)
    assert str(verdict.refusal()) == str(verdict)
    assert verdict.refusal().remedy


def test_a_genuine_code_that_fails_the_check_is_for_an_officer_to_accept() -> None:
    """KF-INT-02: refused by the form, with the way to proceed and the form in which it would be stored."""
    verdict = credit_code("91610116qq0022tt27", TODAY)

    assert not verdict.accepted
    assert verdict.officer_may_accept
    assert verdict.normalised == "91610116QQ0022TT27"
    assert "officer" in verdict.remedy


def test_an_unknown_department_is_for_an_officer_to_accept() -> None:
    """The list of departments is from memory and never complete."""
    verdict = credit_code(made_credit_code("0X610103QQ0011TT4"), TODAY)

    assert verdict.officer_may_accept
    assert "“0X”" in str(verdict)


def test_a_resident_id_in_the_field_of_a_firm_is_asked_back() -> None:
    """KF-INT-03: vector ID-25 satisfies both checks; the kind comes from the field, and it is never published unasked."""
    number = "610103199001139987"

    asked = credit_code(number, TODAY, LISTS)

    assert asked.kind is Kind.VALID_WITH_WARNING
    assert asked.reads_as_resident_id
    assert number not in str(asked)
    assert asked.birth is None
    assert not credit_code("91610103QQ0011TT4C", TODAY, LISTS).reads_as_resident_id
    assert resident_id(number, TODAY).kind is Kind.VALID


def test_a_region_that_does_not_exist_is_a_warning_for_a_firm() -> None:
    body = "91611103QQ0011TT" + organisation_check("QQ0011TT")

    assert credit_code(made_credit_code(body), TODAY, LISTS).kind is Kind.VALID_WITH_WARNING
    assert credit_code(made_credit_code(body), TODAY).kind is Kind.VALID
    national = "11100000QQ0011TT" + organisation_check("QQ0011TT")
    assert credit_code(made_credit_code(national), TODAY, LISTS).kind is Kind.VALID


def test_the_check_of_an_organisation_code_is_the_published_example() -> None:
    """GB 11714 gives D2143569-X as its example."""
    assert organisation_check("D2143569") == "X"


def test_the_check_of_a_resident_id_is_the_published_example() -> None:
    """GB 11643 gives 11010519491231002X and 440524188001010014 as its examples."""
    assert resident_check("11010519491231002") == "X"
    assert resident_check("44052418800101001") == "4"


@pytest.mark.parametrize("check", [credit_check, organisation_check, resident_check])
@pytest.mark.parametrize("body", ["", "1", "x" * 17, "O" * 17, "１" * 17, "1" * 18])
def test_checks_are_computed_only_for_bodies_of_the_right_shape(check: object, body: str) -> None:
    with pytest.raises(ValueError):
        check(body)  # type: ignore[operator]


@given(st.text(CREDIT_ALPHABET, min_size=9, max_size=9), st.integers(0, 999_999))
def test_every_made_credit_code_passes_and_spaces_case_and_width_do_not_matter(middle: str, region: int) -> None:
    code = made_credit_code(f"91{region:06}{middle}")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)

    assert credit_code(code, TODAY).accepted
    for typed in (code.lower(), f" {code[:2]} {code[2:8]}-{code[8:]} ", wide):
        assert fold(typed) == code
        assert credit_code(typed, TODAY).normalised == code


@given(
    st.text(CREDIT_ALPHABET, min_size=9, max_size=9),
    st.integers(0, 999_999),
    st.integers(8, 17),
    st.sampled_from(CREDIT_ALPHABET),
)
def test_every_single_mistyped_character_is_noticed(middle: str, region: int, place: int, typed: str) -> None:
    """The weights are powers of 3 modulo 31, and 31 is prime: no single change keeps the sum."""
    code = made_credit_code(f"91{region:06}{middle}")
    mistyped = code[:place] + typed + code[place + 1 :]

    assert credit_code(mistyped, TODAY).accepted == (mistyped == code)


# Resident ids


@given(births, st.integers(1, 999))
def test_every_made_resident_id_is_read_as_it_was_made(birth: date, sequence: int) -> None:
    """KF-INT-04: October, leap days and all others."""
    number = made_resident_id("610103", f"{birth:%Y%m%d}", f"{sequence:03}")
    verdict = resident_id(number, TODAY, LISTS)

    assert verdict.kind is Kind.VALID
    assert verdict.birth == birth
    assert verdict.sex is (Sex.MALE if sequence % 2 else Sex.FEMALE)
    assert verdict.document is Document.RESIDENT_CARD


@given(births, st.integers(1, 999), st.integers(0, 16), st.sampled_from("0123456789"))
def test_every_single_mistyped_digit_is_refused_without_repeating_the_number(
    birth: date, sequence: int, place: int, typed: str
) -> None:
    number = made_resident_id("610103", f"{birth:%Y%m%d}", f"{sequence:03}")
    mistyped = number[:place] + typed + number[place + 1 :]
    verdict = resident_id(mistyped, TODAY)

    assert verdict.accepted == (mistyped == number)
    if not verdict.accepted:
        assert not any(mistyped[i : i + 4] in str(verdict) for i in range(15))


def test_typing_a_number_digit_by_digit_reads_nothing_before_it_is_whole() -> None:
    """KF-INT-04: fifteen typed digits are not taken for a first-generation number."""
    number = "610113197912319982"
    for length in range(18):
        verdict = resident_id(number[:length], TODAY)
        assert verdict.kind is Kind.INVALID
        assert (verdict.birth, verdict.sex, verdict.document, verdict.normalised) == (None, None, None, "")
        assert verdict.reason
    assert "15 digits, as on first-generation cards" in str(resident_id(number[:15], TODAY))
    assert "18" in resident_id(number[:15], TODAY).remedy


def test_a_small_x_and_a_large_one_are_stored_once() -> None:
    """KF-INT-04."""
    small, large = (resident_id("61010219920318996" + x, TODAY).normalised for x in "xX")

    assert small == large == "61010219920318996X"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("6101031990011399O7", "Character 17 is “O”; characters 15 to 17"),
        ("61010319900l139987", "Character 12 is “L”; characters 7 to 14 are the date of birth"),
        ("61X103199001139987", "Character 3 is “X”; characters 1 to 6 are the region"),
        ("61010319900113998A", "The last character must be a digit or the letter X."),
        ("99010319900113998A", "The last character must be"),
        (made_resident_id("990103", "19900113", "998"), "Characters 1 and 2 name a province that does not exist."),
        (
            made_resident_id("610103", "20010229", "998"),
            "Characters 7 to 14 are the date of birth, and that day does not",
        ),
        (made_resident_id("610103", "20261126", "998"), "lies in the future"),
        (made_resident_id("610103", "18951231", "998"), "more than 130 years back"),
        (made_resident_id("610103", "00000000", "998"), "that day does not exist"),
        ("61010319900113998７８", "has 19 characters"),
        ("6101031990011399²7", "Character 17 is “²”"),
    ],
)
def test_a_refusal_names_the_part_of_the_resident_id(number: str, reason: str) -> None:
    verdict = resident_id(number, TODAY)

    assert reason in str(verdict)
    assert verdict.kind is Kind.INVALID
    assert verdict.remedy


def test_somebody_born_today_is_accepted() -> None:
    assert resident_id(made_resident_id("610103", "20261125", "998"), TODAY).accepted


@pytest.mark.parametrize(
    ("region", "document"),
    [
        *(("810000", Document.RESIDENCE_PERMIT), ("820000", Document.RESIDENCE_PERMIT)),
        *(("830000", Document.RESIDENCE_PERMIT), ("961156", Document.PERMANENT_RESIDENCE_CARD)),
    ],
)
def test_people_from_elsewhere_are_not_shut_out(region: str, document: Document) -> None:
    verdict = resident_id(made_resident_id(region, "19800608", "997"), TODAY, LISTS)

    assert verdict.kind is Kind.VALID
    assert verdict.document is document


def test_old_regions_are_accepted_in_old_papers_and_unknown_ones_by_an_officer() -> None:
    """KF-INT-05: 610125 is a former code, 611100 never existed, 110105 lies where the lists say nothing."""
    kinds = {
        region: resident_id(made_resident_id(region, "19800608", "997"), TODAY, LISTS).kind
        for region in ("610125", "611100", "610199", "110105", "610302")
    }

    assert kinds == {
        "610125": Kind.VALID,
        "611100": Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT,
        "610199": Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT,
        "110105": Kind.VALID,
        "610302": Kind.VALID,
    }


# Divisions


@pytest.mark.parametrize(
    ("code", "kind", "level"),
    [
        ("610118", Kind.VALID, Level.DISTRICT),
        ("６１０１１８", Kind.VALID_AFTER_NORMALISING, Level.DISTRICT),
        ("610125", Kind.VALID_FOR_HISTORY_ONLY, Level.DISTRICT),
        ("610100", Kind.VALID, Level.CITY),
        ("610000", Kind.VALID, Level.PROVINCE),
        ("110105", Kind.VALID_WITH_WARNING, Level.DISTRICT),
        ("611100", Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT, Level.CITY),
        ("990101", Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT, Level.DISTRICT),
        ("61010", Kind.INVALID, None),
        ("6101A8", Kind.INVALID, None),
        ("61010²", Kind.INVALID, None),
        ("", Kind.INVALID, None),
    ],
)
def test_a_division_code_is_judged_by_the_lists(code: str, kind: Kind, level: Level | None) -> None:
    """KF-INT-05."""
    verdict = division_code(code, LISTS)

    assert (verdict.kind, verdict.level) == (kind, level)
    assert bool(verdict.reason) == (kind not in (Kind.VALID, Kind.VALID_AFTER_NORMALISING))


def test_a_former_division_names_the_present_one() -> None:
    verdict = division_code("610125", LISTS)

    assert verdict.now == "610118"
    assert not verdict.accepted
    assert "610118" in str(verdict)


def test_a_whole_city_is_no_address() -> None:
    assert division_code("610118", LISTS, for_address=True).accepted
    for code in ("610100", "610000"):
        assert division_code(code, LISTS).accepted
        assert not division_code(code, LISTS, for_address=True).accepted


def test_zones_without_a_national_code_stay_out_of_the_lists() -> None:
    assert "XA-GX" not in LISTS.current
    assert not Divisions(frozenset()).knows("XA-GX0")


# Mobile numbers


@pytest.mark.parametrize("text", ["+8613800000000", "008613800000000", "8613800000000", "＋86 138 0000 0000"])
def test_the_country_code_is_dropped(text: str) -> None:
    assert mobile(text) == Verdict(Kind.VALID_AFTER_NORMALISING, "13800000000")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(("", "No mobile number"), ("138", "has 3 digits"), ("138000000000", "has 12 digits")),
        *(("12000000000", "from 3 to 9"), ("02980000000", "landline"), ("0917-3000000", "landline")),
        *(("1380000000O", "Character 11 is “O”"), ("+1 202 555 0100", "“+”"), ("๑๓๘00000000", "Character 1 is “๑”")),
    ],
)
def test_what_is_no_mobile_number_is_refused_with_the_reason(text: str, reason: str) -> None:
    verdict = mobile(text)

    assert verdict.kind is Kind.INVALID
    assert reason in str(verdict)
    assert verdict.remedy


@given(st.text())
def test_any_text_gets_a_verdict_and_never_an_error(text: str) -> None:
    verdicts = (
        *(credit_code(text, TODAY, LISTS), resident_id(text, TODAY, LISTS)),
        *(division_code(text, LISTS), mobile(text)),
    )
    for verdict in verdicts:
        assert "%(" not in str(verdict)


# What is shown


def test_a_masked_number_shows_neither_birth_nor_the_last_four() -> None:
    masked = mask_resident_id("61010419851015997X")

    assert masked == "610**************X"
    assert len(masked) == 18


def test_what_is_not_a_whole_number_is_masked_altogether() -> None:
    assert mask_resident_id("6101041985") == "*" * 10
    assert mask_mobile("1380000") == "*" * 7
    assert mask_resident_id("") == mask_mobile("") == ""


def test_a_masked_mobile_number_keeps_its_ends() -> None:
    assert mask_mobile("13812345678") == "138****5678"


def test_a_verdict_shows_no_number_when_it_is_logged() -> None:
    shown = repr(resident_id("61010419851015997X", TODAY))

    assert "1985" not in shown
    assert "997" not in shown
