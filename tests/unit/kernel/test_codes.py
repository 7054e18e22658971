"""Public codes (architecture rule 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel import codes
from market.kernel.codes import ALPHABET, MistypedCode, check_character, is_valid, make, near, normalise, parse

bodies = st.integers(0, 2**40 - 1)
letters = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_the_check_character_is_luhn_mod_32_computed_by_hand() -> None:
    """7K3M9Q2F, from the right, doubled first: F 15->30; 2; Q 23->46=1+14; 9; M 20->40=1+8; 3; K 19->38=1+6; 7. Their sum is
    30+2+15+9+9+3+7+7 = 82 = 2*32+18, and 32-18 = 14 is E."""
    assert check_character("7K3M9Q2F") == "E"
    assert is_valid("T-7K3M9Q2FE")
    assert not is_valid("T-7K3M9Q2FX")


@pytest.mark.parametrize("body", ["", "7K3M9Q2", "7K3M9Q2FF", "7K3M9Q2U", "7k3m9q2f"])
def test_only_eight_characters_of_the_alphabet_have_a_check(body: str) -> None:
    with pytest.raises(ValueError):
        check_character(body)


def test_five_bytes_and_their_integer_make_the_same_code() -> None:
    assert make("V", bytes(5)) == make("V", 0) == "V-000000000"
    assert make("V", b"\x00\x00\x00\x00\x01") == make("V", 1)
    assert make("L", 2**40 - 1).startswith("L-ZZZZZZZZ")


@pytest.mark.parametrize(
    ("letter", "chance"),
    [("", 1), ("t", 1), ("TT", 1), ("1", 1), ("Ａ", 1), ("T", -1), ("T", 2**40), ("T", bytes(4)), ("T", bytes(6))],
)
def test_a_code_is_made_only_from_a_capital_letter_and_forty_bits(letter: str, chance: int | bytes) -> None:
    with pytest.raises(ValueError):
        make(letter, chance)


@pytest.mark.parametrize(
    "text",
    [
        *("T-7K3M9Q2FE", "t-7k3m9q2fe", "T7K3M9Q2FE", " T-7K3M 9Q2F E ", "Ｔ－７Ｋ３Ｍ９Ｑ２ＦＥ", "T–7K3M9Q2FE"),
        *("t‑7k3m‑9q2f‑e", "T-7K3M9Q2FE\n", "\ufeffT-7K3M9Q2FE", "T\u30007K3M9Q2FE"),
    ],
)
def test_a_code_is_read_however_it_was_copied(text: str) -> None:
    assert parse(text) == "T-7K3M9Q2FE"


def test_letters_that_no_code_contains_are_read_as_the_digits_they_look_like() -> None:
    code = make("T", int.from_bytes(b"\x00\x42\x10\x84\x21"))  # holds zeros and ones
    assert set(code[2:-1]) == {"0", "1"} or "0" in code

    assert parse(code.replace("0", "O")) == code
    assert parse(code[:2] + code[2:].replace("1", "l")) == code
    assert parse(code[:2] + code[2:].replace("1", "I")) == code


def test_the_letter_of_the_kind_keeps_its_own_reading() -> None:
    """O, I and L may be kinds; only a leading zero can be meant for O."""
    for letter in "OIL":
        assert parse(make(letter, 12345)) == make(letter, 12345)
    assert parse("0" + make("O", 12345)[1:]) == make("O", 12345)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        *(
            ("", "one letter"),
            ("T-7K3M9Q2F", "one letter"),
            ("T-7K3M9Q2FEE", "one letter"),
            ("7-7K3M9Q2FE", "one letter"),
        ),
        *(("T-7K3M9Q2UE", "Character 9 is “U”"), ("T-7K3M9Q2中E", "Character 9 is “中”"), ("T-7K3M9Q2²E", "“²”")),
        *(("T-7K3M9Q2FX", "check character"), ("\x00" * 11, "one letter"), ("T-" + "７" * 5000, "one letter")),
    ],
)
def test_a_wrong_code_is_refused_with_the_place(text: str, part: str) -> None:
    with pytest.raises(MistypedCode) as refused:
        parse(text)

    assert part in str(refused.value)
    assert refused.value.status == 404
    assert refused.value.remedy


def test_a_code_of_another_kind_is_refused() -> None:
    assert parse("T-7K3M9Q2FE", "T") == "T-7K3M9Q2FE"
    assert not is_valid("T-7K3M9Q2FE", "V")
    with pytest.raises(MistypedCode, match="begins with V"):
        parse("T-7K3M9Q2FE", "V")


@given(letters, bodies)
def test_every_code_is_valid_and_read_back(letter: str, chance: int) -> None:
    code = make(letter, chance)

    assert is_valid(code, letter)
    assert parse(code.lower()) == code
    assert len(code) == codes.CODE_LENGTH


@given(bodies, st.integers(2, 10), st.sampled_from(ALPHABET))
def test_every_single_mistyped_character_is_noticed_and_the_right_code_is_near(
    chance: int, place: int, typed: str
) -> None:
    code = make("T", chance)
    mistyped = code[:place] + typed + code[place + 1 :]

    assert is_valid(mistyped) == (mistyped == code)
    if mistyped != code:
        assert code in near(mistyped)


@given(bodies, st.integers(2, 9))
def test_every_exchange_of_neighbours_is_noticed_but_that_of_zero_and_z(chance: int, place: int) -> None:
    code = make("T", chance)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    if swapped != code and {code[place], code[place + 1]} != {"0", "Z"}:
        assert not is_valid(swapped)
        assert code in near(swapped)


@given(bodies, st.integers(2, 10), st.sampled_from("Uu*中"))
def test_a_character_that_no_code_contains_leaves_one_reading(chance: int, place: int, typed: str) -> None:
    code = make("T", chance)

    assert near(code[:place] + typed + code[place + 1 :]) == (code,)


@given(bodies)
def test_what_is_near_is_valid_few_and_not_the_code_itself(chance: int) -> None:
    code = make("T", chance)
    wrong = code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32]

    assert all(is_valid(candidate, "T") for candidate in near(wrong))
    assert 1 <= len(near(wrong)) <= 17
    assert code not in near(code)


@given(st.text())
def test_any_text_is_read_or_refused_and_never_an_error(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    near(text)
    try:
        assert is_valid(parse(text))
    except MistypedCode as refused:
        assert "%(" not in str(refused)  # noqa: PT017
