"""Entry, standing and exit of vendors. Every operation locks the vendor first: of two at once, one wins.

What a vendor changes after its entry goes to change_operations.py, licences and professionals to licence_operations.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts import operations as accounts
from market.accounts.models import Membership, OrganisationKind
from market.db import db, new_code
from market.documents import operations as documents
from market.kernel import identifiers
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, Invalid, NotFound, Refusal, WrongState
from market.kernel.names import display_name
from market.kernel.ordering import vendor_numbers
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.personal_data import keyed_hash
from market.record.operations import record
from market.transaction import attempt, transactional
from market.vendors import change_operations, events, licence_operations, queries, rules
from market.vendors.access import ENTERED, WRITING, check_writing, locked_own, state_after
from market.vendors.models import ChangeKind, LegalForm, Standing, Vendor
from market.vendors.names import pinyin_of, representative_hash
from market.vendors.states import TRANSITIONS, LicenceState, VendorState

# The application ---------------------------------------------------------------------------------------------------------


@transactional
def begin_application(name: str, *, by: Actor) -> tuple[Vendor, Membership]:
    """Begin the entry of a firm: a vendor in draft, its organisation, and the person as its administrator.

    Anybody who is signed in may. Who comes again with the same firm's name gets the application begun before.
    """
    name = display_name(name, 200)
    if not name:
        raise Invalid.field("name", N_("Please fill this in."))
    if found := queries.own_draft(by.person, name):
        return found
    organisation = accounts.add_organisation(name, OrganisationKind.VENDOR, by=by)
    membership = accounts.give_membership(by.person, organisation.code, Role.VENDOR, admin=True, by=by)
    now, code = clock.now(), new_code("V")
    vendor = Vendor(
        code=code, organisation=organisation, state=VendorState.DRAFT, name=name, name_pinyin=pinyin_of(name), languages=["zh"],
        undertakings={}, ties=[], reasons=[], passed={}, neutral=list(vendor_numbers(code)), created_at=now, updated_at=now,
    )  # fmt: skip
    db.session.add(vendor)
    record(events.VendorBegun(code, organisation.code), by=by)
    return vendor, membership


@transactional
def save_firm(
    code: str,
    *,
    name: str,
    legal_form: LegalForm | None = None,
    credit_code: str = "",
    as_printed: bool = False,
    address: str = "",
    introduction: str | None = None,
    languages: Iterable[str] = ("zh",),
    paper: str | None = None,
    by: Actor,
) -> Vendor:
    """Save step 1. `paper` is the public code of a document with the business licence; none keeps the one there.

    Refused (`Invalid`): a credit code that does not fit, with the exact reason; a doubted one needs `as_printed` and a paper
    (rules.code_faults). For a vendor in the market, name, form and code take effect when an operator accepted the change.
    """
    document = documents.attach(paper, code, by=by) if paper else None  # documents are locked before vendors
    vendor = locked_own(code, by)
    vendor.paper = document or vendor.paper
    verdict = rules.code_verdict(credit_code, clock.today())
    same = verdict.normalised == vendor.credit_code
    typed = rules.Application(
        credit_code=credit_code,
        credit_code_as_printed=as_printed,
        credit_code_overridden=same and vendor.credit_code_override is not None,
        has_paper=vendor.paper is not None,
    )
    faults = rules.code_faults(typed, clock.today())
    if faults and (credit_code or vendor.state in ENTERED):  # an application may be saved before the code is known
        raise Invalid({field: [fault] for field, fault in faults})
    bound = {"name": display_name(name, 200), "legal_form": legal_form, "credit_code": verdict.normalised or None}
    loose: dict[str, Any] = {"address": address, "introduction": introduction, "languages": list(languages)}
    loose |= {"credit_code_as_printed": as_printed and rules.needs_operator(verdict)}
    if vendor.state in ENTERED:
        changed = [field for field, value in bound.items() if getattr(vendor, field) != value]
        if "credit_code" in changed:
            _refuse_taken(vendor, verdict.normalised)
        change_operations.open_change(vendor, ChangeKind.FIRM, {field: str(bound[field]) for field in changed}, by=by)
        _assign(vendor, loose, by)
        return vendor
    check_writing(vendor)
    if not same:
        vendor.credit_code_override = None
    _save_step(vendor, "firm", bound | loose, by)
    vendor.name_pinyin = pinyin_of(vendor.name)
    return vendor


@transactional
def save_contact(
    code: str, *, representative: str = "", contact_name: str = "", contact_phone: str = "", by: Actor
) -> Vendor:
    """Save step 2: names and a mobile number, encrypted, with keyed hashes beside representative and number.

    Refused (`Invalid`): a number that is no mobile number, with the exact reason. For a vendor in the market, a new
    representative takes effect when an operator accepted the change; the contact at once.
    """
    vendor = locked_own(code, by)
    verdict = identifiers.mobile(contact_phone)
    if not verdict.accepted and (contact_phone or vendor.state in ENTERED):
        raise Invalid({"contact_phone": [verdict.refusal()]})
    representative = display_name(representative)
    contact = {
        "contact_name": display_name(contact_name),
        "contact_phone": verdict.normalised,
        "phone_hash": keyed_hash(verdict.normalised) if verdict.normalised else None,
    }
    if vendor.state in ENTERED:
        new = {} if vendor.representative == representative else {"representative": representative}
        change_operations.open_change(vendor, ChangeKind.REPRESENTATIVE, new, by=by)
        _assign(vendor, contact, by, personal=True)
        return vendor
    check_writing(vendor)
    contact |= {
        "representative": representative,
        "representative_hash": representative_hash(representative) if representative else None,
    }
    _save_step(vendor, "contact", contact, by)
    return vendor


@transactional
def pass_step(code: str, step: str, *, by: Actor) -> Vendor:
    """Note that a step without a form of its own (licences, staff) was left forwards: the person comes back behind it."""
    vendor = locked_own(code, by)
    if vendor.state in WRITING:
        vendor.step = max(vendor.step, rules.STEPS[step])
    return vendor


@transactional
def save_undertakings(code: str, *, given: Iterable[str], no_ties: bool, by: Actor) -> Vendor:
    """Save step 5: the undertakings given (names of rules.UNDERTAKINGS), and that there is no tie to a public body.

    `no_ties` beside declared ties is refused: one of the two is wrong. Undertakings given before keep their day.
    """
    vendor = locked_own(code, by)
    names = set(given) & set(rules.UNDERTAKINGS)
    if no_ties and vendor.ties:
        raise Invalid.field(
            "no_ties", N_("There are declared ties in the list."), remedy=N_("Take them out, or leave this box empty.")
        )
    if vendor.state not in ENTERED:
        check_writing(vendor)
    at = clock.now().isoformat()
    kept = {name: vendor.undertakings.get(name, at) for name in rules.UNDERTAKINGS if name in names}
    if vendor.state in ENTERED and set(kept) != set(rules.UNDERTAKINGS):
        raise Invalid.field("given", N_("A vendor in the market keeps all undertakings."))
    vendor.ties_declared_at = clock.now() if no_ties or vendor.ties else None
    _save_step(vendor, "undertakings", {"undertakings": kept}, by)
    return vendor


@transactional
def declare_tie(code: str, *, body: str, kind: str, explanation: str, by: Actor) -> Vendor:
    """Declare a tie with a public body (`kind` of rules.TIES). It is shown publicly and bars nobody from entry."""
    vendor = locked_own(code, by)
    if vendor.state not in ENTERED:
        check_writing(vendor)
    if kind not in rules.TIES:
        raise Invalid.field("kind", N_("Please choose one of the answers given."))
    if len(vendor.ties) >= 50:
        raise Invalid.field("body", N_("At most 50 ties can be declared; put the others into the explanation of one."))
    tie = {"body": display_name(body, 200), "kind": kind, "explanation": explanation}
    if tie not in vendor.ties:
        _assign(vendor, {"ties": [*vendor.ties, tie]}, by)
    vendor.ties_declared_at = clock.now()
    return vendor


@transactional
def drop_tie(code: str, number: int, *, by: Actor) -> Vendor:
    """Take back the declared tie with this place in the list (from 1): it no longer exists, or was an error."""
    vendor = locked_own(code, by)
    if vendor.state not in ENTERED:
        check_writing(vendor)
    if not 1 <= number <= len(vendor.ties):
        raise NotFound()
    _assign(vendor, {"ties": [tie for place, tie in enumerate(vendor.ties, start=1) if place != number]}, by)
    if not vendor.ties:
        vendor.ties_declared_at = None
    return vendor


@transactional
def hand_in(code: str, *, by: Actor) -> Vendor:
    """Hand the application in; the form check is due at the end of the second working day.

    Refused: `Invalid` by step with every gap (rules.gaps); `Conflict` when the credit code is in the market already.
    """
    vendor = locked_own(code, by)
    state = state_after(vendor, "apply")
    found: dict[str, list[Refusal | str]] = {}
    for gap in rules.gaps(queries.application(vendor), clock.today()):
        found.setdefault(gap.step, []).append(gap.refusal)
    if found:
        raise Invalid(found, N_("The application is not complete yet."))
    _refuse_taken(vendor, vendor.credit_code)
    now = clock.now()
    vendor.applied_at, vendor.check_due_at, vendor.updated_at = now, queries.due_at(now), now
    try:
        with attempt():
            vendor.state = state
            db.session.flush()  # the index decides who was first
    except IntegrityError:
        raise _taken() from None
    record(events.VendorApplied(vendor.code, vendor.check_due_at.isoformat()), by=by)
    return vendor


@transactional
def withdraw_vendor(code: str, *, by: Actor) -> Vendor:
    """Leave the market, or take an application back, by the vendor's own wish. Offers are taken down; the way back stays open."""
    vendor = locked_own(code, by)
    vendor.state = state_after(vendor, "withdraw")
    vendor.updated_at = clock.now()
    change_operations.drop_open(vendor, by=by)
    record(events.VendorWithdrawn(vendor.code), by=by)
    return vendor


@transactional
def reapply(code: str, *, by: Actor) -> Vendor:
    """Begin again after having left: a draft with everything that was there, to be handed in and checked anew."""
    vendor = locked_own(code, by)
    vendor.state = state_after(vendor, "reapply")
    vendor.reasons, vendor.passed, vendor.step, vendor.updated_at = [], {}, 1, clock.now()
    record(events.VendorReopened(vendor.code), by=by)
    return vendor


# The form check ----------------------------------------------------------------------------------------------------------


@transactional
def check_application(code: str, answers: Mapping[str, rules.Answer], *, by: Actor) -> bool:
    """Decide an application by the answers to its questions (`queries`/`rules.questions`): all yes, the vendor is active.

    True when accepted, False when returned with the exact reasons. Refused: missing answers, a "no" without a reason and a
    reason that rests on place, size, age or turnover (`Invalid` by question); an application that another operator has decided
    already (`WrongState`).
    """
    vendor = lock(Vendor, code)
    if vendor.state is not VendorState.APPLIED:
        raise WrongState(
            N_("This application has been decided already, or was taken back."),
            remedy=N_("Open the queue for the next one."),
        )
    asked = queries.questions_about(vendor)
    if faults := rules.answer_faults(asked, answers):
        raise Invalid({question: [fault] for question, fault in faults.items()})
    refused = [question for question in asked if not answers[question.key].yes]
    on_time = vendor.check_due_at is None or clock.now() < vendor.check_due_at
    vendor.passed = {question.key: queries.digest_of(vendor, question) for question in asked if question not in refused}
    vendor.updated_at = clock.now()
    if refused:
        _return(vendor, refused, answers, on_time, by)
    else:
        _accept(vendor, answers, on_time, by)
    return not refused


def _return(
    vendor: Vendor, refused: list[rules.Question], answers: Mapping[str, rules.Answer], on_time: bool, by: Actor
) -> None:
    vendor.state = next_state(TRANSITIONS, vendor.state, "return")
    vendor.reasons = [rules.reason_row(question, answers[question.key]) for question in refused]
    vendor.step = min(rules.STEPS[question.step] for question in refused)
    for question in refused:
        reason = {"code": answers[question.key].code or "other", "text": answers[question.key].text.strip()}
        if question.kind is rules.QuestionKind.LICENCE:
            licence_operations.refuse(question.subject, reason, by=by)
        elif question.kind is rules.QuestionKind.PRACTITIONER:
            licence_operations.refuse_practitioner(question.subject, reason, by=by)
    record(events.VendorReturned(vendor.code, [question.key for question in refused], on_time), by=by)


def _accept(vendor: Vendor, answers: Mapping[str, rules.Answer], on_time: bool, by: Actor) -> None:
    if doubt := answers.get(str(rules.QuestionKind.CREDIT_CODE)):
        if vendor.credit_code_override is None:
            record(events.CreditCodeOverridden(vendor.code, doubt.text.strip()), by=by)
        vendor.credit_code_override = doubt.text.strip()
    vendor.state = next_state(TRANSITIONS, vendor.state, "accept")
    vendor.accepted_at, vendor.reasons = clock.now(), []
    vendor.standing_reason = vendor.standing_basis = vendor.appeal_until = None
    vendor.organisation.name = vendor.name
    for licence in queries.licences_of(vendor.id):
        if licence.state is LicenceState.GIVEN:
            licence_operations.confirm(licence.code, by=by)
    for practitioner in queries.practitioners_of(vendor.id):
        licence_operations.confirm_practitioner(practitioner.code, by=by)
    record(events.VendorAccepted(vendor.code, on_time), by=by)


# Standing ----------------------------------------------------------------------------------------------------------------


@transactional
def suspend_vendor(code: str, *, reason: str, basis: str, by: Actor) -> Vendor:
    """Take a vendor out of the market for now, with reason and basis; an appeal is possible until a stated day."""
    vendor = lock(Vendor, code)
    vendor.state = state_after(vendor, "suspend")
    appeal_until = _decide_standing(vendor, reason, basis)
    record(events.VendorSuspended(vendor.code, reason, basis, appeal_until), by=by)
    return vendor


@transactional
def reinstate_vendor(code: str, *, reason: str, by: Actor) -> Vendor:
    """Bring a suspended or struck-off vendor back (the cause is gone, or an appeal was upheld)."""
    vendor = lock(Vendor, code)
    _check_reason(reason)
    vendor.state = state_after(vendor, "reinstate")
    vendor.standing_reason = vendor.standing_basis = vendor.appeal_until = None
    vendor.updated_at = clock.now()
    record(events.VendorReinstated(vendor.code, reason), by=by)
    return vendor


@transactional
def strike_off_vendor(code: str, *, reason: str, basis: str, by: Actor) -> Vendor:
    """Remove a vendor from the market, with reason and basis; an appeal is possible until a stated day."""
    vendor = lock(Vendor, code)
    vendor.state = state_after(vendor, "strike_off")
    appeal_until = _decide_standing(vendor, reason, basis)
    change_operations.drop_open(vendor, by=by)
    record(events.VendorStruckOff(vendor.code, reason, basis, appeal_until), by=by)
    return vendor


@dataclass(frozen=True, slots=True)
class Figures:
    """Standing figures as ratings and orders know them (models.Standing): thousandths of a star, k of n, open jobs, credit in
    thousandths of a point."""

    rating_mean: int | None = None
    rating_low: int | None = None
    rating_high: int | None = None
    rating_count: int = 0
    on_time: int = 0
    on_time_of: int = 0
    first_pass: int = 0
    first_pass_of: int = 0
    open_jobs: int = 0
    credit: int = 100_000


@transactional
def put_standing(code: str, figures: Figures, *, item: str | None = None, by: Actor) -> Standing:
    """Keep what domains further right know of a vendor, for `item` or in all. Called from reactions; safe to repeat."""
    vendor = lock(Vendor, code)
    row = queries.standing(vendor.id, item)
    if row is None:
        row = Standing(vendor_id=vendor.id, item=item)
        db.session.add(row)
    for field, value in asdict(figures).items():
        setattr(row, field, value)
    row.updated_at = clock.now()
    record(events.StandingChanged(vendor.code, item), by=by)
    return row


@transactional
def note_read(code: str, fields: Iterable[str], *, by: Actor) -> None:
    """Keep that somebody of the staff opened a vendor's personal data; `fields` names which."""
    record(events.PersonalDataRead(queries.vendor(code).code, sorted(fields)), by=by)


# ------------------------------------------------------------------------------------------------------------------------


def _decide_standing(vendor: Vendor, reason: str, basis: str) -> str:
    _check_reason(reason)
    if len(basis.strip()) < 4:
        raise Invalid.field("basis", N_("Name the rule and article that this rests on."))
    vendor.standing_reason, vendor.standing_basis = reason, basis
    vendor.appeal_until, vendor.updated_at = queries.appeal_until(clock.now()), clock.now()
    return vendor.appeal_until.isoformat()


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < 10:
        raise Invalid.field("reason", N_("Say in a sentence what happened; it is published as you write it."))
    if fault := rules.reason_fault(rules.Answer(yes=False, text=reason), must=False):
        raise Invalid({"reason": [fault]})


def _save_step(vendor: Vendor, step: str, values: Mapping[str, Any], by: Actor) -> None:
    changed = sorted(field for field, value in values.items() if getattr(vendor, field) != value)
    for field, value in values.items():
        setattr(vendor, field, value)
    vendor.step = max(vendor.step, rules.STEPS[step]) if vendor.state in WRITING else vendor.step
    vendor.updated_at = clock.now()
    if changed:
        record(events.VendorStepSaved(vendor.code, rules.STEPS[step], changed), by=by)


def _assign(vendor: Vendor, values: Mapping[str, Any], by: Actor, *, personal: bool = False) -> None:
    """Change what needs no second look; the old and new values of personal data are not told."""
    changed = {field: value for field, value in values.items() if getattr(vendor, field) != value}
    told = {field: [] if personal else [str(getattr(vendor, field)), str(value)] for field, value in changed.items()}
    for field, value in changed.items():
        setattr(vendor, field, value)
    vendor.updated_at = clock.now()
    if changed:
        record(events.VendorChanged(vendor.code, told), by=by)


def _refuse_taken(vendor: Vendor, credit_code: str | None) -> None:
    if queries.holder_of(credit_code, except_id=vendor.id) is not None:
        raise _taken()


def _taken() -> Conflict:
    return Conflict(
        N_("A vendor with this credit code is in the market already."),
        remedy=N_("Ask its administrator to invite you, or call the hotline if somebody else entered your firm."),
    )
