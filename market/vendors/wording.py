"""What states, reasons and events of vendors are called, in the reader's language. Pages use `words_of`."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _

from market.kernel.identifiers import Verdict
from market.kernel.words import N_
from market.record.models import AuditEntry
from market.vendors import rules
from market.vendors.models import ChangeKind, ConfirmedBy, LegalForm
from market.vendors.states import LicenceState, VendorState

STATES = {
    VendorState.DRAFT: N_("being written"),
    VendorState.APPLIED: N_("being checked"),
    VendorState.RETURNED: N_("to be corrected"),
    VendorState.ACTIVE: N_("active"),
    VendorState.SUSPENDED: N_("suspended"),
    VendorState.STRUCK_OFF: N_("struck off"),
    VendorState.WITHDRAWN: N_("has left"),
}
FORMS = {
    LegalForm.COMPANY: N_("Company"),
    LegalForm.PARTNERSHIP: N_("Partnership"),
    LegalForm.SOLE_TRADER: N_("Sole trader"),
    LegalForm.INSTITUTION: N_("Public institution"),
    LegalForm.SOCIAL: N_("Social organisation"),
}
LICENCES = {
    LicenceState.GIVEN: N_("being checked"),
    LicenceState.VALID: N_("counts"),
    LicenceState.REFUSED: N_("does not count"),
    LicenceState.LAPSED: N_("has ended"),
    LicenceState.REPLACED: N_("taken out"),
}
#: what the registry said last
ANSWERS = {
    "valid": N_("The registry confirms it."),
    "revoked": N_("The registry says that this licence was revoked."),
    "expired": N_("The registry says that it has ended."),
    "unknown": N_("The registry does not know this number."),
    "other_holder": N_("The registry has this number under another firm."),
    "level_differs": N_("The registry has another level."),
}
SOURCES = {ConfirmedBy.REGISTRY: N_("confirmed by the registry"), ConfirmedBy.OPERATOR: N_("confirmed by the operator")}
CHANGES = {
    "application": N_("First application"),
    ChangeKind.FIRM: N_("Change of the firm's name, form or credit code"),
    ChangeKind.REPRESENTATIVE: N_("New representative"),
    ChangeKind.LICENCE: N_("New or corrected licence"),
    ChangeKind.PRACTITIONER: N_("New professional"),
}
QUESTIONS = {
    rules.QuestionKind.FIRM: N_("Name, legal form and credit code are those of the business licence"),
    rules.QuestionKind.CREDIT_CODE: N_("The doubted credit code is printed like this on the licence"),
    rules.QuestionKind.REPRESENTATIVE: N_("Representative and contact are complete"),
    rules.QuestionKind.LICENCE: N_("The licence is readable and says what was typed"),
    rules.QuestionKind.PRACTITIONER: N_("The professional is registered with this firm"),
    rules.QuestionKind.UNDERTAKINGS: N_("Undertakings are given, ties are declared"),
}
LANGUAGES = {
    "zh": N_("Chinese"), "en": N_("English"), "ja": N_("Japanese"), "ko": N_("Korean"), "ru": N_("Russian"),
    "de": N_("German"), "fr": N_("French"), "es": N_("Spanish"), "ar": N_("Arabic"),
}  # fmt: skip
#: what an item still waits for
LACKS = {
    rules.Lack.ABSENT: N_("needs %(name)s"),
    rules.Lack.UNCHECKED: N_("waits for %(name)s"),
    rules.Lack.REFUSED: N_("%(name)s does not count"),
    rules.Lack.ENDED: N_("%(name)s has ended"),
    rules.Lack.NOT_YET: N_("%(name)s not valid yet"),
    rules.Lack.LEVEL: N_("another level of %(name)s"),
}
#: fields of the application that can be missing
FIELDS = {
    "name": N_("Name of the firm"),
    "legal_form": N_("Legal form"),
    "credit_code": N_("Unified social credit code"),
    "paper": N_("Business licence"),
    "address": N_("Business address"),
    "representative": N_("Legal representative or owner"),
    "contact_name": N_("Contact"),
    "contact_phone": N_("Mobile number of the contact"),
}
#: events as sentences; `%(kind)s` and others are facts of the event
EVENTS = {
    "VendorBegun": N_("Application begun"),
    "VendorStepSaved": N_("Step %(step)s of the application saved"),
    "VendorApplied": N_("Application handed in"),
    "VendorAccepted": N_("Form check passed: active in every district"),
    "VendorReturned": N_("Form check: returned with reasons"),
    "VendorSuspended": N_("Suspended: %(reason)s (%(basis)s); appeal until %(appeal_until)s"),
    "VendorReinstated": N_("Reinstated: %(reason)s"),
    "VendorStruckOff": N_("Struck off: %(reason)s (%(basis)s); appeal until %(appeal_until)s"),
    "VendorWithdrawn": N_("Left by its own wish"),
    "VendorReopened": N_("New application begun"),
    "VendorChanged": N_("Data changed"),
    "VendorChangeAccepted": N_("A change was accepted"),
    "VendorChangeReturned": N_("A change was returned with its reason"),
    "CreditCodeOverridden": N_("The operator accepted the credit code as printed"),
    "LicenceGiven": N_("Licence given: %(kind)s"),
    "LicenceConfirmed": N_("Licence counts: %(kind)s"),
    "LicenceRefused": N_("Licence does not count: %(kind)s"),
    "LicenceLapsed": N_("Licence ended: %(kind)s"),
    "LicenceReplaced": N_("A licence was taken out or replaced"),
    "LicenceEnding": N_("Warning: %(kind)s ends in %(days)s days"),
    "PractitionerJoined": N_("Professional added: %(profession)s"),
    "PractitionerConfirmed": N_("Professional confirmed: %(profession)s"),
    "PractitionerRefused": N_("Professional does not count: %(profession)s"),
    "PractitionerLeft": N_("A professional has left"),
    "StandingChanged": N_("Ratings or job counts updated"),
    "PersonalDataRead": N_("Staff opened personal data"),
}


class Words:
    """Names for templates: `words.state(vendor.state)`."""

    def state(self, state: str) -> str:
        """A vendor's state."""
        return _(STATES[VendorState(state)])

    def legal_form(self, form: str | None) -> str:
        """A legal form; empty for none."""
        return _(FORMS[LegalForm(form)]) if form else ""

    def licence(self, state: str) -> str:
        """A licence's state."""
        return _(LICENCES[LicenceState(state)])

    def answer(self, answer: str | None) -> str:
        """What the registry said last."""
        return _(ANSWERS[answer]) if answer else _("The registry has not answered yet.")

    def source(self, source: str | None) -> str:
        """What stands behind a licence."""
        return _(SOURCES[ConfirmedBy(source)]) if source else ""

    def change(self, kind: str) -> str:
        """What waits in the operator's queue."""
        return _(CHANGES[kind])

    def question(self, question: rules.Question) -> str:
        """A question of the form check."""
        return _(QUESTIONS[question.kind])

    def reason(self, reason: Mapping[str, str] | None) -> str:
        """A reason as it was chosen, and what was typed beside it."""
        if not reason:
            return ""
        typed = reason.get("text", "")
        chosen = "" if reason["code"] == "other" and typed else _(rules.REASONS.get(reason["code"], reason["code"]))
        return " ".join(part for part in (chosen, typed) if part)

    def reasons(self) -> list[tuple[str, str]]:
        """All neutral reasons, for choosing."""
        return [(code, _(text)) for code, text in rules.REASONS.items()]

    def undertaking(self, name: str) -> str:
        """An undertaking."""
        return _(rules.UNDERTAKINGS[name])

    def tie(self, kind: str) -> str:
        """A kind of tie."""
        return _(rules.TIES[kind])

    def language(self, code: str) -> str:
        """A language."""
        return _(LANGUAGES[code])

    def languages(self, codes: Iterable[str]) -> str:
        """Several languages in one line."""
        return _(", ").join(self.language(code) for code in codes)

    def field(self, name: str) -> str:
        """A field of the application."""
        return _(FIELDS[name]) if name in FIELDS else ""

    def doubt(self, verdict: Verdict) -> str:
        """Why a credit code is doubted."""
        return _(verdict.reason, **verdict.params) if verdict.params else _(verdict.reason)

    def refused_file(self, refused: Mapping[str, Any]) -> str:
        """Why a file was not taken."""
        params = refused["params"]
        texts = [_(text, **params) if params else _(text) for text in (refused["what"], refused["remedy"]) if text]
        return " ".join(texts)

    def lack(self, missing: rules.Missing) -> str:
        """What is lacking for an item, in a sentence."""
        refusal = missing.refusal()
        return _(refusal.what, **{name: str(value) for name, value in refusal.params.items()})

    def short_lack(self, missing: rules.Missing) -> str:
        """What is lacking for an item, in a few words."""
        return _(LACKS[missing.lack], name=" / ".join(missing.names))

    def event(self, entry: AuditEntry) -> str:
        """What happened, in a sentence."""
        facts = {name: value if value is not None else "" for name, value in entry.facts.items()}
        text = EVENTS.get(entry.event)
        return entry.event if text is None else _(text, **facts) if "%(" in text else _(text)


words_of = Words()
