"""What the record must hold, and must never hold."""

import ast
import re

import pytest

from market.config import ROOT
from tests.architecture.test_structure import event_classes, rel, sources

#: words of fields that would be personal data in an event
PERSONAL = {
    "name", "email", "phone", "address", "id_number", "id_hash", "representative", "contact", "birth", "sex", "password",
    "text", "note",
}  # fmt: skip
#: operations that change nothing which anybody could be answerable for, each with the reason
SILENT = {
    "check": "reads texts and changes nothing",
    "hold_notice": "locks and changes nothing",
    "note_seen": "when a session was last used",
    "note_excluded": "reasons kept beside an order whose placing was recorded",
    "touch_listing": "asks for a new document in the index",
    "ask_sign_up": "an address was typed: personal data, and perhaps nobody's",
    "send_sign_up": "the mail to that address",
    "send_email_change": "the mail of a change that was recorded when it was asked for",
    "ask_reset": "an address was typed; the link is recorded when it is made for a person",
    "make_set_up_link": "a link for an official whose membership was recorded",
    "renew_hash": "the same password under newer parameters",
    "use_code": "a one-time code was accepted: the session that begins is recorded",
    "forget_old": "expired links and sessions are removed",
    "keep_part": "a piece of a file whose upload was recorded",
    "stop_upload": "a file that never fully arrived",
    "forget_expired": "files that never fully arrived",
    "sweep": "files that were never attached to anything are removed",
    "tell": "a message about something that was recorded",
    "tell_role": "a message about something that was recorded",
    "send_notice": "a message about something that was recorded",
    "send_notice_to_role": "a message about something that was recorded",
    "inform_programs": "a message about something that was recorded",
    "make_digest": "one mail about messages that were made before",
    "deliver": "what became of a message stands in the row of its delivery",
    "put_away": "a failed delivery leaves the list; its row says when",
    "forget_deliveries": "old deliveries are removed",
    "make_test": "a test that says nothing",
    "give_number": "a number that is not confirmed: personal data, and perhaps nobody's",
    "send_code": "a code by SMS; its confirmation is recorded",
    "count_wrong": "counts wrong codes",
    "choose_language": "the reader's own choice",
    "alert": "a message about an offer whose publication was recorded",
    "match_notice": "messages about a notice whose publication was recorded",
    "forget_searches": "part of closing an account, which is recorded",
    "forget_messages": "old messages that were read are removed",
    "drop_open": "part of operations that record the withdrawal of what was open",
    "pass_step": "a step without entries was passed over",
    "send_claim": "the mail for a code that was printed, which is recorded",
    "ask_claim": "an address was typed; taking the account over is recorded",
    "use_pass": "whoever is served is recorded by what calls it",
    "count_saved": "counts what was recorded",
    "note_order": "part of beginning an order, which is recorded",
    "mark_read": "the reader's own mark",
    "want_account": "room for an account, which is recorded once the gateway has opened it",
    "mark_all_read": "the reader's own mark",
    "store_event": "the payment service's own words; what they change is recorded when they are applied",
    "finish_event": "what became of a stored event, whose effect is recorded",
    "offer_second_factor": "a secret not yet confirmed; its confirmation is recorded",
}


@pytest.mark.parametrize("event", list(event_classes()), ids=lambda event: event.__name__)
def test_no_event_has_a_field_for_personal_data(event: type) -> None:
    """KF-AUD-04: the chain can keep for ever what it holds, since it never held a name."""
    assert not PERSONAL & set(event.__dataclass_fields__)  # type: ignore[attr-defined]


def operations() -> list[tuple[str, ast.FunctionDef, dict[str, ast.FunctionDef]]]:
    found = []
    for path in sources("market"):
        if not path.name.endswith("operations.py") or path.parent.name == "record":
            continue
        functions = {
            n.name: n for n in ast.iter_child_nodes(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)
        }
        for node in functions.values():
            if any(ast.unparse(d) == "transactional" for d in node.decorator_list):
                found.append((f"{rel(path)}:{node.name}", node, functions))
    return found


def records(node: ast.FunctionDef, functions: dict[str, ast.FunctionDef], seen: frozenset[str] = frozenset()) -> bool:
    """Whether a function ends in record(), itself or through what it calls: its own file's functions or another operation."""
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        called = ast.unparse(call.func)
        if called == "record" or re.search(
            r"operations\.[a-z_]+$|^(accounts|documents|vendors|catalogue|keeping)\.[a-z_]+$", called
        ):
            return True
        inner = functions.get(called)
        if inner is not None and called not in seen and records(inner, functions, seen | {called}):
            return True
    return False


@pytest.mark.parametrize(
    ("name", "node", "functions"), operations(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_operation_leaves_a_record(
    name: str, node: ast.FunctionDef, functions: dict[str, ast.FunctionDef]
) -> None:
    """KF-AUD-03: no way of changing state without an entry."""
    assert records(node, functions) or node.name in SILENT, f"{name} records nothing"


def test_the_tables_of_the_record_are_written_in_one_place() -> None:
    """KF-AUD-03: nobody writes beside `record`."""
    writing = [
        rel(path)
        for path in sources("market")
        if re.search(r"\bAudit(Entry|Head)\(", path.read_text()) and path != ROOT / "market/record/models.py"
    ]
    assert writing == ["market/record/operations.py"]
