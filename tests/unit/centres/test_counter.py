"""The counter's clock, what a consent covers, and the codes on paper."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.centres import acts, rules, words
from market.centres.states import Act, ConsentHow
from market.kernel import printed
from market.kernel.errors import Invalid, RuleBroken
from market.orders import events as orders
from market.payments import events as payments
from market.ratings import events as ratings

AT = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "reading"),
    [
        (0, rules.Reading(0, 900, False)),
        (380, rules.Reading(380, 520, False)),
        (900, rules.Reading(900, 0, False)),
        (901, rules.Reading(901, 0, True)),
        (-5, rules.Reading(0, 900, False)),
    ],
)
def test_the_clock_counts_to_fifteen_minutes(seconds: int, reading: rules.Reading) -> None:
    assert rules.reading(AT, AT + timedelta(seconds=seconds)) == reading


CONSENT = rules.Consent(
    code="U-1", citizen="P-1", clerk="P-2", acts=frozenset({Act.SEE, Act.ORDER}), given_at=AT, valid_until=None,
    session_ended=None, withdrawn_at=None,
)  # fmt: skip
LATER = AT + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("changes", "at", "expected"),
    [
        ({}, LATER, True),
        # it ends with the visit
        ({"session_ended": LATER}, LATER, False),
        ({"session_ended": LATER}, AT, True),
        # or with its day, and then outlives the visit
        ({"session_ended": LATER, "valid_until": LATER + timedelta(days=1)}, LATER + timedelta(hours=1), True),
        ({"valid_until": LATER}, LATER, False),
        # withdrawn: at once, whatever its day
        ({"withdrawn_at": LATER}, LATER, False),
        ({"withdrawn_at": LATER, "valid_until": LATER + timedelta(days=9)}, LATER, False),
    ],
)
def test_a_consent_runs_until_it_ends(changes: dict[str, datetime], at: datetime, expected: bool) -> None:
    assert rules.runs(replace(CONSENT, **changes), at) is expected


@pytest.mark.parametrize(
    ("consent", "citizen", "act"),
    [
        (None, "P-1", Act.SEE),
        (CONSENT, "P-9", Act.SEE),
        (CONSENT, "P-1", Act.ACCEPT),
        (CONSENT, "P-1", None),
        (replace(CONSENT, withdrawn_at=AT), "P-1", Act.SEE),
    ],
)
def test_acts_outside_a_consent_are_refused_with_the_rule(
    consent: rules.Consent | None, citizen: str, act: Act | None
) -> None:
    with pytest.raises(RuleBroken) as refused:
        rules.check_act(consent, citizen, act, LATER)
    assert refused.value.rule
    assert refused.value.remedy


def test_acts_within_a_consent_pass() -> None:
    rules.check_act(CONSENT, "P-1", Act.ORDER, LATER)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"acts": frozenset()}, "acts"),
        ({"acts": frozenset({Act.ORDER})}, "acts"),
        ({"how": ConsentHow.SPOKEN}, "witness"),
        ({"how": ConsentHow.SPOKEN, "witness": "P-2"}, "witness"),
        ({"how": ConsentHow.SIGNATURE_PAD, "signature": None}, "signature"),
        ({"how": ConsentHow.PAPER, "scan": False}, "scan"),
    ],
)
def test_a_consent_needs_its_proof(more: dict[str, object], field: str) -> None:
    given_ = {
        "acts": frozenset({Act.SEE}), "how": ConsentHow.SIGNATURE_PAD, "witness": None, "clerk": "P-2", "signature": "M1,1L2,2",
        "scan": True,
    } | more  # fmt: skip
    with pytest.raises(Invalid) as refused:
        rules.check_consent(**given_)  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]


def test_a_spoken_consent_with_a_second_clerk_is_enough() -> None:
    rules.check_consent({Act.SEE}, ConsentHow.SPOKEN, witness="P-3", clerk="P-2", signature=None, scan=False)


@pytest.mark.parametrize("day", [date(2026, 3, 3), date(2026, 6, 3)])
def test_a_consent_ends_within_ninety_days(day: date) -> None:
    with pytest.raises(Invalid):
        rules.consent_end(day, AT)


def test_a_consent_for_today_ends_with_the_day_in_shanghai() -> None:
    assert rules.consent_end(date(2026, 3, 4), AT) == datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
    assert rules.consent_end(None, AT) is None


STROKE = "M10,10" + "".join(f"L{x},{x}" for x in range(11, 20))


def test_only_strokes_are_taken_as_a_signature() -> None:
    assert rules.strokes(STROKE) == STROKE
    assert rules.strokes("") is None
    assert rules.strokes("M10,10L11,11") is None
    for bad in ('M10,10"/><script>', "M1.5,2L3,4", "L1,1", STROKE * 1000):
        with pytest.raises(Invalid):
            rules.strokes(bad)


@pytest.mark.parametrize(
    ("event", "act"),
    [
        (orders.OrderBegun("O-1", "citizen", None, None), Act.ORDER),
        (orders.MilestoneAccepted("O-1", "V-1", 1, 100, False, True), Act.ACCEPT),
        (orders.OrderMessageSent("O-1", "V-1", "buyer"), Act.MESSAGES),
        (orders.ContractSigned("O-1", "K-1", "V-1", "buyer", "d", None, None, "paper"), Act.SEE),
        (orders.ContractSigned("O-1", "K-1", "V-1", "buyer", "d", "Y-1", "s", "account_key"), None),
        (orders.ContractSigned("O-1", "K-1", "V-1", "buyer", "d", None, "s", "qualified"), None),
    ],
)
def test_each_event_is_covered_by_one_act_or_by_none(event: object, act: Act | None) -> None:
    assert acts.act_for(event) is act


def test_no_consent_covers_paying_or_rating() -> None:
    for module in (payments, ratings):
        for value in vars(module).values():
            if isinstance(value, type) and hasattr(value, "ABOUT"):
                assert value not in acts.COVERED, value
                assert value not in acts.FOLLOWS, value


@pytest.mark.parametrize(
    ("typed", "read"),
    [("7F3K-92QM", "7F3K92QM"), (" 7f3k 92qm ", "7F3K92QM"), ("７Ｆ３Ｋ９２ＱＭ", "7F3K92QM"), ("OI10-LLLL", "01101111"),
     ("7F3K-92", None), ("7F3K-92QU", None), ("", None)],
)  # fmt: skip
def test_printed_codes_are_read_as_people_type_them(typed: str, read: str | None) -> None:
    assert printed.read(typed, 8) == read


@given(st.integers(0, 2**60 - 1))
def test_a_printed_code_reads_back_the_same(bits: int) -> None:
    code = printed.make(bits, 12)
    assert printed.read(printed.grouped(code).lower(), 12) == code


def test_names_called_in_the_hall_keep_the_family_name_only() -> None:
    assert rules.sitting("邢某某") == "邢**"
    assert rules.sitting("欧") == "欧"


def test_the_citizen_reads_words_for_everything_that_can_be_done_in_his_name() -> None:
    """Never the name of a class."""
    done = {event.__name__ for event in (*acts.COVERED, *acts.FOLLOWS)} | {"ContractSigned"}
    assert done == set(words.EVENTS)
