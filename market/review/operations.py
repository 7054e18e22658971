"""What every publication passes through: `check` names the findings, `gate` refuses.

Whoever publishes calls `gate` inside its own operation, before the state changes; it returns the findings to be recorded and
shown with the notice (`queries.public_form`).
"""

from collections.abc import Mapping

from market.kernel.errors import RuleBroken
from market.kernel.words import N_
from market.review import queries
from market.review.rules import Context, Finding, Severity
from market.transaction import transactional

#: a reason says something: fewer characters than this are none
LEAST_REASON = 10


class MayNotBePublished(RuleBroken):
    """Clauses that shut somebody out. `findings`: those that stop the publication, in the order of the texts."""

    code = "clause_blocked"
    title = N_("These clauses may not be published")
    findings: tuple[Finding, ...] = ()


class ReasonNeeded(MayNotBePublished):
    """Clauses that need the buyer's written reason before they are published."""

    code = "reason_needed"
    title = N_("These clauses need a written reason")


@transactional
def check(texts: Mapping[str, str], context: Context | None = None) -> list[Finding]:
    """The findings of `texts` (name of the field -> text), and of the structured fields in `context`; refuses nothing.

    Severity follows the source of money (rule catalogue, section 1): `context.fund`, `context.compulsory`.
    """
    return queries.findings(texts, context)


@transactional
def gate(
    texts: Mapping[str, str], context: Context | None = None, reasons: Mapping[str, str] | None = None
) -> list[Finding]:
    """The findings to publish with the texts. `reasons`: rule id -> the buyer's reason (at least LEAST_REASON characters).

    Refuses with `MayNotBePublished` when a finding blocks and with `ReasonNeeded` when one must be justified and its rule has
    no reason (Fair Competition Review Regulation, art. 12: why the work needs it and why nothing milder works). Warnings pass.
    """
    found = queries.findings(texts, context)
    given = {rule for rule, reason in (reasons or {}).items() if len(reason.strip()) >= LEAST_REASON}
    _refuse([one for one in found if one.severity == Severity.BLOCK], MayNotBePublished)
    _refuse([one for one in found if one.severity == Severity.JUSTIFY and one.rule not in given], ReasonNeeded)
    return found


def _refuse(stopped: list[Finding], kind: type[MayNotBePublished]) -> None:
    if not stopped:
        return
    first = stopped[0]
    said = (
        N_("“%(quote)s” (%(rule)s) needs a written reason; clauses that need one: %(count)s.")
        if kind is ReasonNeeded
        else N_("“%(quote)s” may not be published (%(rule)s); clauses that may not: %(count)s.")
    )
    remedy = (
        N_("Say why the work needs it and why nothing milder works, or write instead: %(rewrite)s")
        if kind is ReasonNeeded
        else N_("Write instead: %(rewrite)s")
    )
    refusal = kind(said, remedy=remedy, **_in_words(first), count=len(stopped))
    refusal.rule = N_("%(basis)s")
    refusal.findings = tuple(stopped)
    raise refusal


def _in_words(finding: Finding) -> dict[str, str]:
    found = queries.rule(finding.rule)
    return {
        "quote": finding.quote,
        "rule": queries.name(found),
        "basis": queries.basis_in_words(found),
        "rewrite": found.rewrite,
    }
