"""What may be given for which purpose, what it is called, who may read it."""

import pytest

from market.documents.content import DOCX, JPEG, KINDS, PDF, PNG, XLSX, MediaType, NotTaken
from market.documents.rules import (
    MOST_LOOSE,
    PURPOSES,
    Access,
    DocumentFacts,
    Purpose,
    access,
    check_kind,
    check_room,
    file_name,
)
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import RuleBroken

ACCEPTED = {
    Purpose.LICENCE: {PDF, JPEG, PNG},
    Purpose.PRACTITIONER: {PDF, JPEG, PNG},
    Purpose.LISTING: {PDF, JPEG, PNG, DOCX, XLSX},
    Purpose.PAPER: {PDF, JPEG, PNG, DOCX, XLSX},
    Purpose.CONTRACT: {PDF, JPEG, PNG},
    Purpose.RESULT: {PDF, JPEG, PNG, DOCX, XLSX},
    Purpose.MESSAGE: {PDF, JPEG, PNG, DOCX, XLSX},
    Purpose.PROOF: {PDF, JPEG, PNG, DOCX, XLSX},
}


def test_every_purpose_has_its_terms() -> None:
    assert set(PURPOSES) == set(Purpose) == set(ACCEPTED)


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("kind", list(KINDS.values()), ids=lambda kind: kind.label)
def test_each_purpose_takes_its_kinds_and_no_other(purpose: Purpose, kind: MediaType) -> None:
    if kind in ACCEPTED[purpose]:
        check_kind(kind, purpose)
    else:
        with pytest.raises(NotTaken) as refused:
            check_kind(kind, purpose)
        assert "PDF, JPG, PNG" in str(refused.value.params["kinds"])


@pytest.mark.parametrize(
    ("given", "kind", "shown"),
    [
        ("营业执照.pdf", PDF, "营业执照.pdf"),
        ("资质证书.PDF", PDF, "资质证书.pdf"),
        ("资质证书", PDF, "资质证书.pdf"),
        ("licence.pdf.exe", PDF, "licence.pdf"),
        ("licence.exe", PDF, "licence.pdf"),
        ("scan.jpeg", JPEG, "scan.jpg"),
        ("scan.html", JPEG, "scan.jpg"),
        ("第3.1版", PDF, "第3.1版.pdf"),
        ("report v2.final", DOCX, "report v2.final.docx"),
        ("../../x.pdf", PDF, "x.pdf"),
        ("C:\\Users\\li\\执照.png", PNG, "执照.png"),
        ("CON.pdf", PDF, "_CON.pdf"),
        ("con", XLSX, "_con.xlsx"),
        (".pdf", PDF, "file.pdf"),
        ("pdf", PDF, "file.pdf"),
        ("...", PDF, "file.pdf"),
        ("", PDF, "file.pdf"),
        ("\x00", PDF, "file.pdf"),
        ("a\x00b\r\nc.pdf", PDF, "ab c.pdf"),
        ("\u202efdp.exe", PDF, "fdp.pdf"),
        ('x"; filename="y.pdf', PDF, "x_; filename=_y.pdf"),
        ("𠮷野家😀.pdf", PDF, "𠮷野家😀.pdf"),
    ],
)
def test_names_stay_what_they_were_called_and_do_no_harm(given: str, kind: MediaType, shown: str) -> None:
    """KF-FIL-02 (the ending is that of the content), KF-FIL-03."""
    assert file_name(given, kind) == shown


def test_a_long_name_keeps_its_ending() -> None:
    """KF-FIL-03"""
    shown = file_name("证" * 200 + ".PDF", PDF)
    assert shown.endswith("证.pdf")
    assert len(shown) <= 120
    assert len(shown.encode()) <= 240


def test_two_hundred_unused_files_are_enough() -> None:
    check_room(MOST_LOOSE - 1)
    with pytest.raises(RuleBroken):
        check_room(MOST_LOOSE)


OWNER = Actor("P-1", Role.VENDOR, "O-1")
COLLEAGUE = Actor("P-2", Role.VENDOR, "O-1")
LEFT = Actor("P-1", Role.VENDOR, "O-2")
COMPETITOR = Actor("P-3", Role.VENDOR, "O-3")
BUYER = Actor("P-4", Role.BUYER, "O-4")
NO_ROLE = Actor("P-5")
OFFICIALS = [Actor("P-6", role, "O-6", "610117") for role in (Role.OPERATOR, Role.REGULATOR, Role.AUDITOR)]
OTHER_OFFICIALS = [Actor("P-7", role, "O-7") for role in (Role.COUNTER, Role.CUSTODIAN, Role.EXPERT)]
STRANGERS = [None, COMPETITOR, BUYER, NO_ROLE, LEFT, *OTHER_OFFICIALS]

LOOSE = DocumentFacts("P-1", "O-1", is_attached=False, is_public=False, is_removed=False)
ATTACHED = DocumentFacts("P-1", "O-1", is_attached=True, is_public=False, is_removed=False)
PUBLIC = DocumentFacts("P-1", "O-1", is_attached=True, is_public=True, is_removed=False)
REMOVED = DocumentFacts("P-1", "O-1", is_attached=False, is_public=False, is_removed=True)
PRIVATE = DocumentFacts("P-1", None, is_attached=False, is_public=False, is_removed=False)


SHARED = DocumentFacts("P-1", "O-1", True, False, False, frozenset({"O-4", "P-9"}))
MADE = DocumentFacts(None, None, True, False, False, frozenset({"O-4"}))
CITIZENS = DocumentFacts("P-9", None, True, False, False, frozenset({"O-3"}))
CLERK = Actor("P-7", Role.COUNTER, "O-7", on_behalf_of="P-9")
IDLE_CLERK = Actor("P-7", Role.COUNTER, "O-7")


@pytest.mark.parametrize(
    ("facts", "readers", "expected"),
    [
        (SHARED, [BUYER, Actor("P-9"), Actor("P-9", Role.VENDOR, "O-9")], Access.PARTY),
        (SHARED, [COMPETITOR, IDLE_CLERK, None], Access.NONE),
        (SHARED, [CLERK], Access.BEHALF),
        (MADE, [BUYER], Access.PARTY),
        (MADE, [OWNER, COMPETITOR, NO_ROLE, CLERK, None], Access.NONE),
        (MADE, OFFICIALS, Access.DUTY),
        (CITIZENS, [Actor("P-9"), Actor("P-9", Role.BUYER, "O-4")], Access.OWN),
        (CITIZENS, [CLERK], Access.BEHALF),
        (CITIZENS, [COMPETITOR], Access.PARTY),
        (CITIZENS, [IDLE_CLERK, BUYER, None], Access.NONE),
        (LOOSE, [OWNER, COLLEAGUE, system()], Access.OWN),
        (LOOSE, [*STRANGERS, *OFFICIALS], Access.NONE),
        (ATTACHED, [OWNER, COLLEAGUE, system()], Access.OWN),
        (ATTACHED, OFFICIALS, Access.DUTY),
        (ATTACHED, STRANGERS, Access.NONE),
        (PUBLIC, [OWNER, COLLEAGUE], Access.OWN),
        (PUBLIC, [*STRANGERS, *OFFICIALS], Access.PUBLIC),
        (REMOVED, [OWNER, COLLEAGUE, *STRANGERS, *OFFICIALS, system()], Access.NONE),
        (PRIVATE, [OWNER, LEFT, Actor("P-1")], Access.OWN),
        (PRIVATE, [COLLEAGUE, None, NO_ROLE, *OFFICIALS], Access.NONE),
    ],
)
def test_who_may_read_and_in_which_capacity(
    facts: DocumentFacts, readers: list[Actor | None], expected: Access
) -> None:
    """KF-ACC-05: whoever left the organisation reads no more."""
    assert {str(reader): access(facts, reader) for reader in readers} == {str(reader): expected for reader in readers}
