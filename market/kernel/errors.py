"""Every way in which the market says no. Free of Flask: market/http.py turns a refusal into a page or problem+json.

    Refusal (400 refused)
    ├── Invalid (422 invalid)           one or more fields are wrong; carries them by name
    ├── RuleBroken (422 rule_broken)    well-formed, but a rule of the market forbids it; subclasses name the rule
    ├── NotFound (404 not_found)        no such thing, or nothing that this person may know of
    ├── NotSignedIn (401 not_signed_in)
    ├── Forbidden (403 forbidden)
    ├── WrongState (409 wrong_state)    the verb does not apply in the present state
    ├── Conflict (409 conflict)         somebody was first, or a name is taken
    ├── TooMany (429 too_many)          a limit on attempts
    └── Unavailable (503 unavailable)   a part of the system does not answer

A refusal says what is wrong, which rule says so, and what to do next. Its texts are message ids with named parameters, so
that they can be shown in the reader's language.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from market.kernel.words import N_


class Refusal(Exception):
    """A request that is refused for a reason the person can act on.

    `what` is a message id with named placeholders filled from `params`; `rule` names the law, article or rule of the market;
    `remedy` says what to do next. `code` is stable and for programs, `status` is the HTTP status.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = N_("This cannot be done")

    def __init__(self, what: str = "", /, *, rule: str = "", remedy: str = "", **params: Any) -> None:
        super().__init__(what)
        self.what = what or self.title
        self.rule = rule
        self.remedy = remedy
        self.params = params

    def __str__(self) -> str:
        return fill(self.what, self.params)


class Invalid(Refusal):
    """Fields that do not fit. `fields` maps a field's name to the texts about it, each a `Refusal` text of its own."""

    status = 422
    code = "invalid"
    title = N_("Some entries need another look")

    def __init__(self, fields: Mapping[str, Sequence["Refusal | str"]], what: str = "", /, **params: Any) -> None:
        super().__init__(what, **params)
        self.fields = {name: list(texts) for name, texts in fields.items()}

    @classmethod
    def field(cls, name: str, what: str, /, *, rule: str = "", remedy: str = "", **params: Any) -> "Invalid":
        """One wrong field: `name` as in the form, `what` is wrong and `remedy`, what is accepted instead."""
        return cls({name: [Refusal(what, rule=rule, remedy=remedy, **params)]})

    def __str__(self) -> str:
        return "; ".join(f"{name}: {text}" for name, texts in self.fields.items() for text in texts)


class RuleBroken(Refusal):
    """Well-formed, but a rule of the market forbids it. Name the rule in `rule` and the way out in `remedy`."""

    status = 422
    code = "rule_broken"


class NotFound(Refusal):
    """No such thing, or nothing that this person may know of: both look the same from outside."""

    status = 404
    code = "not_found"
    title = N_("There is nothing at this address")


class NotSignedIn(Refusal):
    """The act needs a signed-in person."""

    status = 401
    code = "not_signed_in"
    title = N_("Please sign in first")


class Forbidden(Refusal):
    """The person is known, and may not do this."""

    status = 403
    code = "forbidden"
    title = N_("You may not do this")


class WrongState(Refusal):
    """The verb does not apply to the thing in its present state."""

    status = 409
    code = "wrong_state"
    title = N_("This is not possible at this stage")


class Conflict(Refusal):
    """Somebody was first, or a name is taken already."""

    status = 409
    code = "conflict"


class TooMany(Refusal):
    """A limit on attempts is reached; `retry_after` is in seconds."""

    status = 429
    code = "too_many"
    title = N_("Too many attempts")

    def __init__(self, what: str = "", /, *, retry_after: int = 60, **params: Any) -> None:
        super().__init__(what, **params)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """A part of the system does not answer now; nothing was lost, and trying later helps."""

    status = 503
    code = "unavailable"
    title = N_("This part is not available at the moment")


def fill(message: str, params: Mapping[str, Any]) -> str:
    """`message` with its named placeholders filled; a message without parameters is returned as it is."""
    return message % params if params else message
