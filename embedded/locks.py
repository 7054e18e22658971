"""Whether the locks (requirements.txt, requirements-dev.txt, jars.lock) say what their sources ask for, without a network."""

import re

from embedded import jars
from embedded.prepare import ROOT

PAIRS = (("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt"))
COMMAND = "bin/market requirements lock"


def requirement_faults() -> list[str]:
    """What does not agree between the .in files and their locks, a sentence each; none when all is in step."""
    return [fault for source, lock in PAIRS for fault in _compare(source, lock)]


def jar_faults() -> list[str]:
    """What is wrong with jars.lock: a root missing or of another version, a jar named twice, a hash that is none."""
    try:
        locked = jars.read_lock()
    except ValueError as error:
        return [str(error)]
    faults = []
    for place, (group, artifact, version) in jars.ROOTS.items():
        if not any(
            (jar.place, jar.group, jar.artifact, jar.version) == (place, group, artifact, version) for jar in locked
        ):
            faults.append(f"jars.lock lacks {group}:{artifact}:{version}; make it anew with bin/market jars lock")
    names = [(jar.place, jar.artifact) for jar in locked]
    faults += [f"jars.lock names {name} twice" for name in sorted({name[1] for name in names if names.count(name) > 1})]
    faults += [
        f"jars.lock: {jar.artifact} has no SHA-1" for jar in locked if not re.fullmatch(r"[0-9a-f]{40}", jar.sha1)
    ]
    return faults


def _compare(source: str, lock: str) -> list[str]:
    asked, found = _asked(source), _locked(lock)
    faults = [f"{lock} lacks {name}, which {source} asks for; run {COMMAND}" for name in asked if name not in found]
    for name, pin in asked.items():
        versions = [version for version, _, _ in found.get(name, [])]
        if pin and versions and pin not in versions:
            faults.append(f"{lock} has {name} {'/'.join(versions)}, {source} asks for {pin}; run {COMMAND}")
    for name, entries in found.items():
        for version, hashes, reasons in entries:
            if not hashes:
                faults.append(f"{lock}: {name} {version} has no hash")
            if f"-r {source}" in reasons and name not in asked:
                faults.append(f"{lock} has {name} for {source}, which no longer asks for it; run {COMMAND}")
    return faults


def _asked(source: str) -> dict[str, str]:
    """Name and pinned version (or nothing) of each line of a .in file."""
    asked = {}
    for line in (ROOT / source).read_text(encoding="utf-8").splitlines():
        match = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*(?:==\s*([^\s;]+))?", line)
        if match:
            asked[_normal(match[1])] = match[2] or ""
    return asked


def _locked(lock: str) -> dict[str, list[tuple[str, int, str]]]:
    """For each name the locked versions (several when they depend on Python), their number of hashes, and what wants them."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    text = (ROOT / lock).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        match = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)", entry)
        if match:
            found.setdefault(_normal(match[1]), []).append((match[2], entry.count("--hash="), entry))
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
