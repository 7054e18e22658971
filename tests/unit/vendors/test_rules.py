"""What decides about vendors, as tables of cases."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.identifiers import CREDIT_ALPHABET, credit_check, organisation_check
from market.vendors import rules
from market.vendors.rules import Answer, Application, GivenLicence, Lack, LicenceFacts, Question, QuestionKind
from market.vendors.states import LICENCE_TRANSITIONS, TRANSITIONS, LicenceState, VendorState

TODAY = date(2026, 3, 4)
SURVEY = [{"name": "测绘资质", "level": "甲/乙级", "statutory": True}]
#: vector ID-25 of the published cases: a resident id that also satisfies the credit code's check
ID_25 = "610103199001139987"


def held(
    kind: str = "测绘资质",
    level: str | None = "乙级",
    valid_from: date = date(2022, 1, 1),
    valid_to: date | None = date(2027, 12, 31),
    state: LicenceState = LicenceState.VALID,
) -> LicenceFacts:
    return LicenceFacts(kind, level, valid_from, valid_to, state)


@pytest.mark.parametrize(
    ("licences", "on", "lack"),
    [
        ([], TODAY, Lack.ABSENT),
        ([held()], TODAY, None),
        ([held(level="甲级")], TODAY, None),
        ([held(level="丙级")], TODAY, Lack.LEVEL),
        ([held(level=None)], TODAY, Lack.LEVEL),
        ([held(kind="工程监理资质")], TODAY, Lack.ABSENT),
        ([held(state=LicenceState.GIVEN)], TODAY, Lack.UNCHECKED),
        ([held(state=LicenceState.REFUSED)], TODAY, Lack.REFUSED),
        ([held(state=LicenceState.LAPSED, valid_to=date(2026, 3, 1))], TODAY, Lack.ENDED),
        ([held(state=LicenceState.REPLACED)], TODAY, Lack.ABSENT),
        ([held(valid_from=date(2026, 4, 1))], TODAY, Lack.NOT_YET),
        ([held(valid_to=None)], date(2099, 1, 1), None),
        # one good licence is enough, whatever stands beside it
        ([held(state=LicenceState.REFUSED), held(level="丙级"), held()], TODAY, None),
        # what is nearest to counting is named
        ([held(state=LicenceState.REFUSED), held(state=LicenceState.GIVEN)], TODAY, Lack.UNCHECKED),
    ],
)
def test_what_a_licence_lacks_is_named(licences: list[LicenceFacts], on: date, lack: Lack | None) -> None:
    assert [one.lack for one in rules.missing_qualifications(SURVEY, licences, on)] == ([lack] if lack else [])


@pytest.mark.parametrize(
    ("on", "counts"),
    [(date(2026, 3, 30), True), (date(2026, 3, 31), True), (date(2026, 4, 1), False), (date(2026, 4, 2), False)],
)
def test_a_licence_counts_through_its_last_day(on: date, counts: bool) -> None:
    """KF-LST-01: valid to 2026-03-31 means all of the 31st, and nothing of the 1st, whatever a nightly job has done."""
    licence = held(valid_to=date(2026, 3, 31))
    assert rules.holds(licence, on) is counts
    assert (rules.missing_qualifications(SURVEY, [licence], on) == []) is counts


def test_all_entries_are_needed_and_of_alternatives_one() -> None:
    both = [*SURVEY, {"name": "土地估价师", "level": None, "statutory": True}]
    assert [m.names for m in rules.missing_qualifications(both, [held()], TODAY)] == [("土地估价师",)]

    either = [{"any": [SURVEY[0], {"all": [{"name": "甲证"}, {"name": "乙证"}]}]}]
    assert rules.missing_qualifications(either, [held()], TODAY) == []
    two = [held(kind="甲证", level=None), held(kind="乙证", level=None)]
    assert rules.missing_qualifications(either, two, TODAY) == []
    assert [m.names for m in rules.missing_qualifications(either, two[:1], TODAY)] == [("测绘资质",)]


def test_what_no_law_demands_is_never_missing() -> None:
    """FC-QUA-02: only what the law itself demands may keep somebody out."""
    assert (
        rules.missing_qualifications([{"name": "翻译机构营业范围", "level": None, "statutory": False}], [], TODAY) == []
    )


def test_a_profession_is_held_by_people() -> None:
    entries = [{"name": "一级/二级造价工程师", "level": None, "statutory": True}]
    person = held(kind="二级造价工程师", level=None, valid_to=None)
    assert rules.missing_qualifications(entries, [person], TODAY) == []
    assert rules.professions_of([entries, SURVEY]) == ["一级造价工程师", "二级造价工程师"]
    assert rules.levels_of([entries, SURVEY]) == {"测绘资质": ("甲级", "乙级")}


# Warnings ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "warned", "due"),
    [
        (61, (), None), (60, (), 60), (60, (60,), None), (45, (60,), None), (45, (), 60), (30, (60,), 30), (8, (30, 60), None),
        (7, (30, 60), 7), (7, (7, 30, 60), None), (0, (), 7), (0, (7,), None), (-1, (), None), (5, (), 7),
    ],
)  # fmt: skip
def test_each_warning_is_given_once_and_missed_ones_are_not_made_up(
    left: int, warned: tuple[int, ...], due: int | None
) -> None:
    end = date.fromordinal(TODAY.toordinal() + left)
    assert rules.warning_due(end, TODAY, warned) == due


def test_a_licence_without_an_end_is_never_warned_of() -> None:
    assert rules.warning_due(None, TODAY, ()) is None


@given(st.integers(0, 120), st.integers(1, 40))
def test_over_the_days_to_its_end_a_licence_is_warned_of_at_most_once_a_step(left: int, stride: int) -> None:
    """Whatever days the job runs on, no step comes twice and none after a later one."""
    warned: list[int] = []
    given_steps: list[int] = []
    end = TODAY.toordinal() + left
    for day in range(TODAY.toordinal(), end + 3, stride):
        if step := rules.warning_due(date.fromordinal(end), date.fromordinal(day), warned):
            given_steps.append(step)
            warned = sorted({*warned, *rules.warnings_passed(step)})
    assert given_steps == sorted(set(given_steps), reverse=True)


# The application --------------------------------------------------------------------------------------------------------


def code(number: int = 1, department: str = "91") -> str:
    inner = f"MA{number:06d}"
    body = f"{department}610100{inner}{organisation_check(inner)}"
    return body + credit_check(body)


def whole(**changes: object) -> Application:
    facts: dict[str, object] = {
        "name": "测试公司", "legal_form": "company", "address": "某路 1 号", "credit_code": code(), "has_representative": True,
        "has_contact": True, "has_phone": True, "undertakings": frozenset(rules.UNDERTAKINGS), "ties_declared": True,
    }  # fmt: skip
    return Application(**facts | changes)  # type: ignore[arg-type]


def licence(**changes: object) -> GivenLicence:
    facts: dict[str, object] = {
        "code": "C-1", "kind": "测绘资质", "state": LicenceState.GIVEN, "valid_to": date(2027, 1, 1), "has_file": True,
    }  # fmt: skip
    return GivenLicence(**facts | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"name": ""}, [("firm", "name")]),
        ({"legal_form": None, "address": ""}, [("firm", "legal_form"), ("firm", "address")]),
        ({"credit_code": ""}, [("firm", "credit_code")]),
        ({"credit_code": code()[:-1]}, [("firm", "credit_code")]),
        (
            {"has_representative": False, "has_phone": False},
            [("contact", "representative"), ("contact", "contact_phone")],
        ),
        ({"licences": (licence(),)}, []),
        ({"licences": (licence(has_file=False),)}, [("licences", "licences")]),
        ({"licences": (licence(has_file=False, confirmed_by_registry=True, state=LicenceState.VALID),)}, []),
        ({"licences": (licence(has_file=False, file_refused=True),)}, [("licences", "licences")]),
        ({"licences": (licence(state=LicenceState.REFUSED),)}, [("licences", "licences")]),
        ({"licences": (licence(valid_to=date(2026, 3, 3)),)}, [("licences", "licences")]),
        ({"licences": (licence(valid_to=TODAY),)}, []),
        ({"undertakings": frozenset({"truth"})}, [("undertakings", "undertakings")]),
        ({"ties_declared": False}, [("undertakings", "ties")]),
        ({"ties": 2}, []),
    ],
)
def test_every_gap_is_named_at_its_field(changes: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert [(gap.step, gap.field) for gap in rules.gaps(whole(**changes), TODAY)] == expected


def test_no_licence_person_or_size_is_needed_to_enter() -> None:
    """Entry asks for what is true, not for what one has: a sole trader alone, without licences, may enter."""
    assert rules.gaps(whole(legal_form="sole_trader", credit_code=code(department="92")), TODAY) == []


def wrong_check(text: str) -> str:
    return text[:-1] + next(c for c in CREDIT_ALPHABET if c != text[-1])


@pytest.mark.parametrize(
    ("application", "fields"),
    [
        (whole(credit_code=wrong_check(code())), ["credit_code"]),
        (whole(credit_code=wrong_check(code()), credit_code_as_printed=True), ["paper"]),
        (whole(credit_code=wrong_check(code()), credit_code_as_printed=True, has_paper=True), []),
        (whole(credit_code=wrong_check(code()), credit_code_overridden=True), []),
        # a wrong shape is nobody's to accept
        (whole(credit_code="O" * 18, credit_code_as_printed=True, has_paper=True), ["credit_code"]),
        (whole(credit_code=ID_25), ["credit_code"]),
        (whole(credit_code=ID_25, credit_code_as_printed=True), ["paper"]),
        (whole(credit_code=ID_25, credit_code_as_printed=True, has_paper=True), []),
    ],
)
def test_a_doubted_code_needs_the_vendors_word_and_its_picture(application: Application, fields: list[str]) -> None:
    """KF-INT-02 and KF-INT-03: the form refuses, tells the way, and an operator decides."""
    assert [field for field, _ in rules.code_faults(application, TODAY)] == fields


def test_exactly_one_of_the_31_last_characters_is_taken_without_doubt() -> None:
    """KF-INT-01."""
    taken = [c for c in CREDIT_ALPHABET if not rules.code_faults(whole(credit_code=code()[:-1] + c), TODAY)]
    assert taken == [code()[-1]]


def test_the_refusal_of_a_persons_number_does_not_repeat_it() -> None:
    """KF-INT-03."""
    [(_, refusal)] = rules.code_faults(whole(credit_code=ID_25), TODAY)
    assert ID_25 not in str(refusal) + refusal.remedy
    assert "resident id" in str(refusal)


# The form check ---------------------------------------------------------------------------------------------------------

ASKED = rules.questions(False, ["C-1"], ["E-1"])


def test_the_questions_of_the_form_check() -> None:
    assert [one.key for one in ASKED] == ["firm", "representative", "licence-C-1", "practitioner-E-1", "undertakings"]
    assert [one.key for one in rules.questions(True, [], [])] == [
        "firm",
        "credit_code",
        "representative",
        "undertakings",
    ]
    assert {one.step for one in rules.questions(True, ["C-1"], ["E-1"])} == set(rules.STEPS)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(True), ""),
        (Answer(False), "exact reason"),
        (Answer(False, "unreadable"), ""),
        (Answer(False, "other"), "exact reason"),
        (Answer(False, "other", "章"), "exact reason"),
        (Answer(False, "other", "证书第二页缺页"), ""),
        (Answer(False, "no_such_reason"), "exact reason"),
        (Answer(False, "other", "请先在本地设立分支机构"), "may not rest"),
        (Answer(False, "unreadable", "注册资本太少"), "may not rest"),
        (Answer(True, text="规模偏小，先通过"), "may not rest"),
    ],
)
def test_a_no_needs_a_reason_and_no_reason_shuts_anybody_out(answer: Answer, fault: str) -> None:
    answers = {question.key: Answer(True) for question in ASKED} | {"firm": answer}
    faults = rules.answer_faults(ASKED, answers)
    assert (fault in str(faults["firm"])) if fault else faults == {}


def test_no_question_may_be_left_out() -> None:
    assert set(rules.answer_faults(ASKED, {})) == {one.key for one in ASKED}


def test_accepting_a_doubted_code_needs_a_recorded_reason() -> None:
    asked = [Question(QuestionKind.CREDIT_CODE)]
    assert rules.answer_faults(asked, {"credit_code": Answer(True)})
    assert not rules.answer_faults(asked, {"credit_code": Answer(True, text="执照原件如此")})


def test_the_neutral_reasons_name_no_barrier() -> None:
    assert [text for text in rules.REASONS.values() if rules.barrier_in(text)] == []


# States and openness ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(VendorState))
def test_only_an_active_vendor_is_open(state: VendorState) -> None:
    assert rules.is_open(rules.VendorFacts("V-1", state)) is (state is VendorState.ACTIVE)


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (VendorState.DRAFT, {"apply", "withdraw"}),
        (VendorState.APPLIED, {"accept", "return", "withdraw"}),
        (VendorState.RETURNED, {"apply", "withdraw"}),
        (VendorState.ACTIVE, {"suspend", "strike_off", "withdraw"}),
        (VendorState.SUSPENDED, {"reinstate", "strike_off", "withdraw"}),
        (VendorState.STRUCK_OFF, {"reinstate"}),
        (VendorState.WITHDRAWN, {"reapply"}),
    ],
)
def test_what_can_happen_to_a_vendor(state: VendorState, verbs: set[str]) -> None:
    assert {verb for source, verb in TRANSITIONS if source is state} == verbs


def test_a_replaced_licence_is_past_all_verbs() -> None:
    assert not [verb for state, verb in LICENCE_TRANSITIONS if state is LicenceState.REPLACED]


def test_periods_are_dated_and_carry_their_source() -> None:
    assert rules.in_force(rules.CHECK_PERIODS, TODAY).period.length == 2
    assert rules.in_force(rules.APPEAL_PERIODS, TODAY).mark == "D"
    newer = rules.DatedPeriod(date(2026, 6, 1), rules.CHECK_PERIODS[0].period, "x", "C")
    assert rules.in_force((*rules.CHECK_PERIODS, newer), date(2026, 5, 31)) is rules.CHECK_PERIODS[0]
    assert rules.in_force((*rules.CHECK_PERIODS, newer), date(2026, 6, 1)) is newer
    with pytest.raises(ValueError, match="no period"):
        rules.in_force(rules.CHECK_PERIODS, date(2019, 12, 31))
