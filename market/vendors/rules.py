"""What decides about vendors: pure functions on plain data.

Nobody is shut out: every legal form may enter, from anywhere, without a fee and without a number of places. The form check looks
only at whether what was given is complete, genuine and consistent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from market.kernel import identifiers
from market.kernel.calendar import Period, Unit
from market.kernel.errors import Refusal
from market.kernel.words import N_
from market.vendors.levels import Either, Need, flat, needs
from market.vendors.states import LicenceState, VendorState

# Periods ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DatedPeriod:
    """A period of the market with the day from which it holds, and where it comes from (certainty mark as in the catalogue)."""

    valid_from: date
    period: Period
    source: str
    mark: str


#: the form check; the day of handing in does not count
CHECK_PERIODS = (DatedPeriod(date(2020, 1, 1), Period(2, Unit.WORKING_DAYS), "湘政办发〔2020〕46号", "C2"),)
#: an appeal against suspension or striking off. No published rule was found: a default of this market
APPEAL_PERIODS = (DatedPeriod(date(2020, 1, 1), Period(15, Unit.WORKING_DAYS), "", "D"),)


def in_force(periods: Sequence[DatedPeriod], on: date) -> DatedPeriod:
    """The one of `periods` that holds on `on`: the latest that has begun. ValueError when none has."""
    begun = [one for one in periods if one.valid_from <= on]
    if not begun:
        raise ValueError(f"no period holds on {on}")
    return max(begun, key=lambda one: one.valid_from)


# Licences ---------------------------------------------------------------------------------------------------------------

#: days before the end of a licence at which the vendor is warned, each once
WARNINGS = (60, 30, 7)


class Lack(StrEnum):
    """Why a qualification is missing."""

    ABSENT = "absent"
    UNCHECKED = "unchecked"
    REFUSED = "refused"
    ENDED = "ended"
    NOT_YET = "not_yet"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """A licence, or a professional's registration (`kind` is then the profession), as rules see it."""

    kind: str
    level: str | None
    valid_from: date
    valid_to: date | None
    state: LicenceState


@dataclass(frozen=True, slots=True)
class Missing:
    """A qualification that is missing: any of `names` at any of `levels` (none: whatever level), and why."""

    names: tuple[str, ...]
    levels: tuple[str, ...]
    lack: Lack
    #: the day on which what the vendor had came to its end
    ended: date | None = None

    def refusal(self) -> Refusal:
        """The lack in words, with what to do."""
        what, remedy = LACKS[self.lack]
        return Refusal(
            what, remedy=remedy, name=" / ".join(self.names), levels="、".join(self.levels), ended=self.ended
        )


LACKS: Mapping[Lack, tuple[str, str]] = {
    Lack.ABSENT: (N_("“%(name)s” is needed for this service."), N_("Give it under “Licences and staff”.")),
    Lack.UNCHECKED: (
        N_("“%(name)s” was given and is still being checked."),
        N_("It counts as soon as it is confirmed."),
    ),
    Lack.REFUSED: (
        N_("“%(name)s” was given, but does not count."),
        N_("The reason stands beside it; correct it there."),
    ),
    Lack.ENDED: (
        N_("“%(name)s” was valid through %(ended)s."),
        N_("Give the renewed one; offers come back by themselves."),
    ),
    Lack.NOT_YET: (N_("“%(name)s” is not valid yet."), N_("It counts from its first day.")),
    Lack.LEVEL: (N_("“%(name)s” is needed at one of these levels: %(levels)s."), N_("Give one of such a level.")),
}


def holds(licence: LicenceFacts, on: date) -> bool:
    """Whether a licence counts on the day `on` (Asia/Shanghai): confirmed, begun, and through the whole of its last day."""
    confirmed = licence.state is LicenceState.VALID
    return confirmed and licence.valid_from <= on and (licence.valid_to is None or on <= licence.valid_to)


def missing_qualifications(
    item_qualification: Sequence[Mapping[str, Any]], licences: Iterable[LicenceFacts], on: date
) -> list[Missing]:
    """What a vendor with these `licences` lacks on the day `on` for an item whose catalogue entry has this `qualification` list.

    Only what a law demands can be missing (`statutory`): others may not be asked for (规则 QUA-02 of the fair-competition
    catalogue). Of alternatives, the one that lacks least is named. An empty list: nothing is missing.
    """
    held = list(licences)
    return _missing(needs(item_qualification), held, on)


def _missing(found: Sequence[Need | Either], held: Sequence[LicenceFacts], on: date) -> list[Missing]:
    lacks: list[Missing] = []
    for one in found:
        if isinstance(one, Either):
            choices: list[list[Missing]] = [_missing(choice, held, on) for choice in one.choices]
            lacks += sorted(choices, key=lambda missing: len(missing))[0] if choices else []
        elif one.statutory and (lack := _lack(one, held, on)):
            lacks.append(lack)
    return lacks


#: what is said first when several licences of a kind all fail: the one nearest to counting
_NEAREST = (Lack.UNCHECKED, Lack.NOT_YET, Lack.ENDED, Lack.LEVEL, Lack.REFUSED)


def _lack(need: Need, held: Sequence[LicenceFacts], on: date) -> Missing | None:
    lacks: dict[Lack, date | None] = {}
    for one in held:
        if one.kind not in need.names or one.state is LicenceState.REPLACED:
            continue
        lack = _lack_of(one, need, on)
        if lack is None:
            return None
        lacks[lack] = max(filter(None, (lacks.get(lack), one.valid_to)), default=None)
    lack = next((one for one in _NEAREST if one in lacks), Lack.ABSENT)
    return Missing(need.names, need.levels, lack, lacks.get(lack) if lack is Lack.ENDED else None)


def _lack_of(one: LicenceFacts, need: Need, on: date) -> Lack | None:
    if need.levels and one.level not in need.levels:
        return Lack.LEVEL
    if one.state is LicenceState.GIVEN:
        return Lack.UNCHECKED
    if one.state is LicenceState.REFUSED:
        return Lack.REFUSED
    if holds(one, on):
        return None
    return Lack.NOT_YET if one.state is LicenceState.VALID and on < one.valid_from else Lack.ENDED


def levels_of(qualifications: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, tuple[str, ...]]:
    """Every name of a firm's qualification in these lists, with the levels the lists speak of, in their order."""
    found: dict[str, dict[str, None]] = {}
    for entries in qualifications:
        for need in flat(needs(entries)):
            for name in () if need.personal else need.names:
                found.setdefault(name, {}).update(dict.fromkeys(need.levels))
    return {name: tuple(levels) for name, levels in found.items()}


def professions_of(qualifications: Iterable[Sequence[Mapping[str, Any]]]) -> list[str]:
    """Every profession that the lists speak of, in their order, once."""
    found = (
        name for entries in qualifications for need in flat(needs(entries)) if need.personal for name in need.names
    )
    return list(dict.fromkeys(found))


def warning_due(valid_to: date | None, today: date, warned: Sequence[int]) -> int | None:
    """The warning (60, 30 or 7) to give today for a licence that ends on `valid_to`; None when none is due or it was given.

    When several were missed, only the one nearest to the end is due: whoever gives it counts the earlier ones as given
    (`warnings_passed`).
    """
    if valid_to is None:
        return None
    left = (valid_to - today).days
    passed = [step for step in WARNINGS if 0 <= left <= step]
    if not passed or min(passed) in warned:
        return None
    return min(passed)


def warnings_passed(step: int) -> list[int]:
    """The warnings that count as given once `step` was."""
    return [one for one in WARNINGS if one >= step]


# Openness ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VendorFacts:
    """A vendor as rules of other domains see it."""

    code: str
    state: VendorState


def is_open(vendor: VendorFacts) -> bool:
    """Whether a vendor may publish offers and take orders: it is active. Nothing else is asked."""
    return vendor.state is VendorState.ACTIVE


#: states in which the public may see a vendor that was accepted once
PUBLIC_STATES = frozenset({VendorState.ACTIVE, VendorState.SUSPENDED, VendorState.STRUCK_OFF, VendorState.WITHDRAWN})

# The application --------------------------------------------------------------------------------------------------------

STEPS: Mapping[str, int] = {"firm": 1, "contact": 2, "licences": 3, "staff": 4, "undertakings": 5}

#: what every vendor undertakes; all are needed (the texts are templates/vendors/undertakings.html's)
UNDERTAKINGS: Mapping[str, str] = {
    "truth": N_("What we give here is true, and we correct it within ten working days when it changes."),
    "own_work": N_("We lend our licences to nobody, lean on nobody else's, and sign only what we did ourselves."),
    "no_benefit": N_("We give no benefit to officials and accept no designation by them."),
    "open_terms": N_("We publish conditions, process, time limit and price of our services, and keep to them."),
}

#: how a firm can be tied to a public body: declared, shown, and used only to keep it from that body's own work
TIES: Mapping[str, str] = {
    "owned": N_("The body or its unit owns or founded us"),
    "staff": N_("Somebody of the body works or decides here, paid or not"),
    "family": N_("A near relative of our management decides in the body"),
    "other": N_("Another tie"),
}


def code_verdict(typed: str, today: date, divisions: identifiers.Divisions | None = None) -> identifiers.Verdict:
    """What is to be thought of a typed credit code (GB 32100); see kernel.identifiers."""
    return identifiers.credit_code(typed, today, divisions)


def needs_operator(verdict: identifiers.Verdict) -> bool:
    """Whether a code can enter only when an operator accepts it: it fails its own check, or reads as a person's number."""
    return verdict.officer_may_accept or verdict.reads_as_resident_id


@dataclass(frozen=True, slots=True)
class GivenLicence:
    """A licence in an application: its code and kind, its state, last day, whether a file is there and one was refused."""

    code: str
    kind: str
    state: LicenceState
    valid_to: date | None
    has_file: bool
    file_refused: bool = False
    confirmed_by_registry: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """What an application holds, as far as its completeness goes. Personal data only as "is there"."""

    name: str = ""
    legal_form: str | None = None
    address: str = ""
    credit_code: str = ""
    credit_code_as_printed: bool = False
    credit_code_overridden: bool = False
    has_paper: bool = False
    has_representative: bool = False
    has_contact: bool = False
    has_phone: bool = False
    licences: tuple[GivenLicence, ...] = ()
    undertakings: frozenset[str] = frozenset()
    ties: int = 0
    ties_declared: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that an application lacks: in which step, at which field (for a licence its code), and what."""

    step: str
    field: str
    refusal: Refusal
    subject: str = ""


def gaps(application: Application, today: date, divisions: identifiers.Divisions | None = None) -> list[Gap]:
    """Everything that keeps an application from being handed in, step by step, each with the exact reason; none: complete.

    Licences and professionals are not demanded here: many services need none, and what an offer needs is asked when it is
    published.
    """
    return [
        *_firm_gaps(application, today, divisions),
        *_contact_gaps(application),
        *_licence_gaps(application, today),
        *_undertaking_gaps(application),
    ]


def _firm_gaps(a: Application, today: date, divisions: identifiers.Divisions | None) -> Iterable[Gap]:
    fill_in = Refusal(N_("Please fill this in."))
    for name, given in (("name", a.name), ("legal_form", a.legal_form), ("address", a.address)):
        if not given:
            yield Gap("firm", name, fill_in)
    yield from (Gap("firm", name, refusal) for name, refusal in code_faults(a, today, divisions))


def code_faults(
    a: Application, today: date, divisions: identifiers.Divisions | None = None
) -> list[tuple[str, Refusal]]:
    """Why the firm's code cannot be handed in, by field. KF-INT-02: a genuine code that fails the check goes to an operator.

    A code that the form doubts needs the vendor's word that it is printed like this and an image of the paper; an operator
    then decides. What an operator accepted is not asked again.
    """
    verdict = code_verdict(a.credit_code, today, divisions)
    if a.credit_code_overridden and verdict.normalised:
        return []
    if not needs_operator(verdict):
        return [] if verdict.accepted else [("credit_code", verdict.refusal())]
    if not a.credit_code_as_printed:
        remedy = AS_PRINTED_PERSON if verdict.reads_as_resident_id else AS_PRINTED
        return [("credit_code", Refusal(verdict.reason, remedy=remedy, **verdict.params))]
    if not a.has_paper:
        return [
            ("paper", Refusal(N_("An operator can accept this code only with an image of the licence that shows it.")))
        ]
    return []


AS_PRINTED = N_(
    "Compare it with the licence. If it is printed like this, tick the box below and add an image of the licence."
)
AS_PRINTED_PERSON = N_(
    "Type the credit code of the licence. If the licence does show this number, tick the box below and add its image; it is not "
    "published before an operator has seen it."
)


def _contact_gaps(a: Application) -> Iterable[Gap]:
    for name, given in (
        ("representative", a.has_representative),
        ("contact_name", a.has_contact),
        ("contact_phone", a.has_phone),
    ):
        if not given:
            yield Gap("contact", name, Refusal(N_("Please fill this in.")))


def _licence_gaps(a: Application, today: date) -> Iterable[Gap]:
    for one in a.licences:
        if fault := _licence_fault(one, today):
            yield Gap("licences", "licences", fault, one.code)


def _licence_fault(one: GivenLicence, today: date) -> Refusal | None:
    correct = N_("Correct it, or take it out and hand in the rest.")
    if one.state is LicenceState.REFUSED:
        return Refusal(N_("“%(kind)s” does not count; the reason stands beside it."), remedy=correct, kind=one.kind)
    if one.valid_to is not None and one.valid_to < today:
        return Refusal(
            N_("“%(kind)s” was valid through %(valid_to)s."), remedy=correct, kind=one.kind, valid_to=one.valid_to
        )
    if not one.has_file and not one.confirmed_by_registry:
        what = (
            N_("The file of “%(kind)s” was not taken; the reason stands beside it.")
            if one.file_refused
            else N_("“%(kind)s” has no file.")
        )
        return Refusal(what, remedy=N_("Add a readable image or PDF of it."), kind=one.kind)
    return None


def _undertaking_gaps(a: Application) -> Iterable[Gap]:
    if missing := [name for name in UNDERTAKINGS if name not in a.undertakings]:
        yield Gap(
            "undertakings",
            "undertakings",
            Refusal(N_("%(count)s of the undertakings are not given yet."), count=len(missing)),
        )
    if not a.ties_declared:
        yield Gap(
            "undertakings",
            "ties",
            Refusal(N_("Say whether the firm is tied to a public body; no tie is also an answer.")),
        )


# The form check ---------------------------------------------------------------------------------------------------------

#: neutral reasons for a "no": about the papers, never about place, size, age or turnover
REASONS: Mapping[str, str] = {
    "unreadable": N_("The file cannot be read; please send a clearer one."),
    "other_firm": N_("The paper belongs to another firm."),
    "number_differs": N_("The number on the paper is not the number typed."),
    "dates_differ": N_("The dates on the paper are not the dates typed."),
    "level_differs": N_("The level on the paper is not the level chosen."),
    "name_differs": N_("The name on the paper is not the name typed."),
    "unsigned": N_("A signature or seal is missing on the paper."),
    "registry_unknown": N_("The registry does not know this number."),
    "revoked": N_("The registry says that this licence was revoked."),
    "expired": N_("The licence has come to its end."),
    "other_holder": N_("The registry has this number under another firm."),
    "registered_elsewhere": N_("The registry has this person with another firm; the registration must be moved first."),
    "incomplete": N_("Something is missing on the paper."),
    "other": N_("Another reason"),
}

#: what a reason may not rest on: 公平竞争审查条例 art. 9 and 10, 优化营商环境条例 art. 43 (domain.md 2.1, 2.2)
BARRIERS = (
    "本地", "外地", "注册在", "分支机构", "分公司", "办事处", "营业额", "营收", "产值", "纳税", "税收", "社保", "注册资本",
    "成立年限", "规模", "名额", "会员", "local registration", "local branch", "turnover", "tax paid",
)  # fmt: skip


def barrier_in(text: str) -> str | None:
    """The first word in a typed reason that it may not rest on (place, size, age, money, membership), or None."""
    plain = text.casefold()
    return next((word for word in BARRIERS if word in plain), None)


class QuestionKind(StrEnum):
    """What the operator looks at in the form check."""

    FIRM = "firm"
    CREDIT_CODE = "credit_code"
    REPRESENTATIVE = "representative"
    LICENCE = "licence"
    PRACTITIONER = "practitioner"
    UNDERTAKINGS = "undertakings"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the form check; `subject` is the code of the licence or professional it is about."""

    kind: QuestionKind
    subject: str = ""

    @property
    def key(self) -> str:
        """The question's name in forms and reasons."""
        return f"{self.kind}-{self.subject}" if self.subject else str(self.kind)

    @property
    def step(self) -> str:
        """The step of the application that a "no" leads back to."""
        return _STEP_OF[self.kind]


_STEP_OF = {
    QuestionKind.FIRM: "firm",
    QuestionKind.CREDIT_CODE: "firm",
    QuestionKind.REPRESENTATIVE: "contact",
    QuestionKind.LICENCE: "licences",
    QuestionKind.PRACTITIONER: "staff",
    QuestionKind.UNDERTAKINGS: "undertakings",
}


def questions(doubted_code: bool, licences: Iterable[str], practitioners: Iterable[str]) -> list[Question]:
    """The form check's questions, in order: the firm, its doubted code, the representative, each licence, each professional."""
    return [
        Question(QuestionKind.FIRM),
        *([Question(QuestionKind.CREDIT_CODE)] if doubted_code else []),
        Question(QuestionKind.REPRESENTATIVE),
        *(Question(QuestionKind.LICENCE, code) for code in licences),
        *(Question(QuestionKind.PRACTITIONER, code) for code in practitioners),
        Question(QuestionKind.UNDERTAKINGS),
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """An operator's answer: yes, or no with a reason from REASONS (`code`) or typed (`text`), or both."""

    yes: bool
    code: str = ""
    text: str = ""


def answer_faults(asked: Sequence[Question], answers: Mapping[str, Answer]) -> dict[str, Refusal]:
    """What is wrong with the answers, by question: one without an answer, a "no" without a reason, a reason that shuts out.

    A reason is fine when it is one of REASONS, or typed in at least four characters without a word of BARRIERS.
    """
    faults: dict[str, Refusal] = {}
    for question in asked:
        answer = answers.get(question.key)
        if answer is None:
            faults[question.key] = Refusal(N_("Please answer yes or no."))
        elif fault := reason_fault(answer, must=not answer.yes):
            faults[question.key] = fault
        elif answer.yes and question.kind is QuestionKind.CREDIT_CODE and len(answer.text.strip()) < 4:
            faults[question.key] = Refusal(
                N_("Please say what shows that this code is genuine; it is kept in the record.")
            )
    return faults


def reason_fault(answer: Answer, *, must: bool) -> Refusal | None:
    """What is wrong with the reason of an answer; `must`: it has to have one."""
    if answer.text and (word := barrier_in(answer.text)):
        return Refusal(
            N_("A reason may not rest on “%(word)s”: place, size, age, turnover and tax decide nothing here."),
            rule=N_("Fair Competition Review Regulation, art. 9 and 10"),
            remedy=N_("Say what is wrong with the paper itself."),
            word=word,
        )
    if not must:
        return None
    if answer.code not in REASONS or (answer.code == "other" and len(answer.text.strip()) < 4):
        return Refusal(
            N_("A “no” needs its exact reason; it reaches the vendor as you write it."),
            remedy=N_("Choose a reason, or write what is wrong and what would put it right."),
        )
    return None


def reason_row(question: Question, answer: Answer) -> dict[str, str]:
    """A "no" as it is kept and shown to the vendor."""
    return {"question": question.key, "code": answer.code, "text": answer.text.strip()}
