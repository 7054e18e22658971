"""Checking files against a policy: receipts, checkpoints and, by a checker handed in, tender bundles. Pure.

What kind of file it is, its form says: a receipt begins with the line of tlog-proof, a bundle is a JSON object, anything else
must be a checkpoint.
"""

from collections.abc import Callable, Iterable

from market.record import policy, tlog_proof
from market.record.findings import Finding, Unproven
from market.record.notes import Checkpoint
from market.record.policy import Policy

__all__ = ["BundleChecker", "Finding", "Unproven", "check", "check_all", "lines"]

#: all that is wrong with a bundle, by its bytes and the policy; an empty list when it holds
BundleChecker = Callable[[bytes, Policy], list[Finding]]


def check(content: bytes, trusted: Policy, bundle: BundleChecker) -> tuple[list[Finding], Checkpoint | None]:
    """What is wrong with one file (nothing when it holds), and the checkpoint that a receipt or checkpoint file shows."""
    if content.lstrip().startswith(b"{"):
        return bundle(content, trusted), None
    try:
        if content.startswith(tlog_proof.HEAD.encode()):
            return [], tlog_proof.verify_receipt(content, None, trusted).checkpoint
        return [], policy.verify_checkpoint(content, trusted)
    except Unproven as found:
        return [found.finding], None


def check_all(
    files: Iterable[tuple[str, bytes]], trusted: Policy, bundle: BundleChecker
) -> list[tuple[str, list[Finding]]]:
    """What is wrong with each file (name, content), in order. Two files that show two roots of one size of one log are a
    finding of the later: the log has said two things, whatever else holds."""
    results: list[tuple[str, list[Finding]]] = []
    seen: dict[tuple[str, int], tuple[str, bytes]] = {}
    for name, content in files:
        found, shown = check(content, trusted, bundle)
        if shown is not None:
            first, root = seen.setdefault((shown.origin, shown.size), (name, shown.root))
            if root != shown.root:
                found = [Finding("checkpoint", f"fork: {first} shows another root of the same {shown.size} leaves")]
        results.append((name, found))
    return results


def lines(results: Iterable[tuple[str, list[Finding]]]) -> list[str]:
    """`ok FILE`, or one `FAIL FILE: part: message` for each finding."""
    return [
        line
        for name, found in results
        for line in ([f"FAIL {name}: {one}" for one in found] if found else [f"ok {name}"])
    ]
