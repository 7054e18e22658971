"""What a file is, by its bytes alone."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.documents.content import DOCX, JPEG, PDF, PNG, XLSX, MediaType, NotTaken, recognise
from tests.integration.factories.documents import SHEET_PART, jpeg, office, packed, pdf, png, png_chunk, segment

HTML = b"<html><body><script>alert(document.cookie)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(pdf(), PDF, id="PDF"),
        pytest.param(b"\xef\xbb\xbf" + pdf(), PDF, id="PDF after a byte order mark"),
        pytest.param(pdf(behind=b"\r\n\x00\x00"), PDF, id="PDF with blanks behind its end"),
        pytest.param(pdf() + pdf()[9:], PDF, id="PDF with an update appended"),
        pytest.param(png(), PNG, id="PNG"),
        pytest.param(png(extra=png_chunk(b"tEXt", "Title\x00执照".encode())), PNG, id="PNG with a text"),
        pytest.param(jpeg(), JPEG, id="JPG"),
        pytest.param(jpeg(scans=3), JPEG, id="JPG in several scans"),
        pytest.param(jpeg(extra=b"\xff\xff" + segment(0xFE, b"a comment")), JPEG, id="JPG with fill bytes"),
        pytest.param(jpeg(behind=jpeg()), JPEG, id="JPG with a second picture behind, as telephones make them"),
        pytest.param(office(), DOCX, id="DOCX"),
        pytest.param(office(SHEET_PART), XLSX, id="XLSX"),
        pytest.param(
            office(parts={"word/_rels/document.xml.rels": '<Relationships><Relationship Type="http://x/hyperlink" '
                          'TargetMode="External" Target="https://example.org/"/></Relationships>'}),
            DOCX, id="DOCX with a link",
        ),
    ],
)  # fmt: skip
def test_whole_files_are_taken_for_what_they_are(content: bytes, kind: MediaType) -> None:
    assert recognise(content) == kind


REFUSED = [
    # KF-FIL-01: what would run as a page
    ("SVG", SVG, "web page"),
    ("SVG after a declaration", b'<?xml version="1.0"?>\n' + SVG, "web page"),
    ("HTML", HTML, "web page"),
    ("HTML after blanks and a comment", b"  \n<!-- x -->" + HTML, "web page"),
    ("XML with a style sheet", b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>', "web page"),
    ("XML in UTF-16", '<?xml version="1.0"?><a/>'.encode("utf-16"), "web page"),
    ("HTML before a PDF", HTML + pdf(), "web page"),
    ("HTML in the head of a PDF", pdf(head=HTML), "something else"),
    ("HTML behind a PDF", pdf(behind=HTML), "something else"),
    ("far behind a PDF", pdf(behind=b" " * 2000 + HTML), "something else"),
    ("archive behind a PDF", pdf(behind=packed({"x.js": "1"})), "something else"),
    ("HTML behind a PNG", png(behind=HTML), "something else"),
    ("anything behind a PNG", png(behind=b"x"), "something else"),
    ("HTML in a text of a PNG", png(extra=png_chunk(b"tEXt", b"Comment\x00" + HTML)), "something else"),
    ("HTML behind a JPG", jpeg(behind=HTML), "something else"),
    ("archive behind a JPG", jpeg(behind=packed({"x.js": "1"})), "something else"),
    ("program behind a JPG", jpeg(behind=b"MZ\x90\x00"), "something else"),
    ("HTML in a comment of a JPG", jpeg(extra=segment(0xFE, HTML)), "something else"),
    # KF-FIL-02
    ("nothing", b"", "empty"),
    ("Windows program", b"MZ\x90\x00" + b"\x00" * 100, "Windows program"),
    ("Linux program", b"\x7fELF\x02\x01\x01" + b"\x00" * 100, "Linux program"),
    ("script", b"#!/bin/sh\nrm -r /\n", "script"),
    ("plain text", "一份证明".encode(), "cannot be seen"),
    ("old Office file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old or password-protected"),
    ("TIFF", b"II*\x00\x08\x00\x00\x00", "TIFF"),
    ("HEIC", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
    ("Photoshop", b"8BPS\x00\x01" + b"\x00" * 60, ".psd"),
    ("encrypted PDF", pdf(more="/Encrypt 4 0 R "), "encrypted"),
    ("encrypted PDF, dictionary in place", pdf(more="/Encrypt << /Filter /Standard >> "), "encrypted"),
    ("PDF cut before its end", pdf()[:-20], "stops in the middle"),
    ("PDF cut in half", pdf()[: len(pdf()) // 2], "stops in the middle"),
    ("first part of a PDF made for the web", pdf(head=b"9 0 obj << /Linearized 1 /L 999999 >> endobj\n"), "stops in the middle"),
    ("PDF that is only a head", b"%PDF-1.7\n", "stops in the middle"),
    ("PNG cut", png()[:-5], "stops in the middle"),
    ("PNG cut between chunks", png()[:-12], "stops in the middle"),
    ("PNG with a changed byte", png()[:41] + b"zz" + png()[43:], "damaged"),
    ("PNG without a size", png(width=0), "damaged"),
    ("PNG of an impossible depth", png(depth=7), "damaged"),
    ("JPG cut", jpeg()[:-2], "stops in the middle"),
    ("JPG that is only a head", b"\xff\xd8\xff\xe0", "stops in the middle"),
    ("JPG without a picture", b"\xff\xd8" + segment(0xE0, b"JFIF\x00") + b"\xff\xd9", "damaged"),
    ("JPG head with a page behind", b"\xff\xd8\xff\xe0\x00\x04ab" + HTML, "damaged"),
    ("DOCX cut", office()[:-30], "stops in the middle"),
    ("DOCX with a comment behind", office(comment=b"<script>"), "stops in the middle"),
    ("something before the end of a DOCX", office()[:-22] + b"<html>" + office()[-22:], "stops in the middle"),
    ("DOCM", office("application/vnd.ms-word.document.macroEnabled.main+xml"), "macros"),
    ("DOCX with macros inside", office(parts={"word/vbaProject.bin": b"\x00"}), "macros"),
    ("XLSX with old macros", office(SHEET_PART, {"xl/macrosheets/sheet1.xml": "<x/>"}), "macros"),
    ("DOCX with a program inside", office(parts={"word/embeddings/oleObject1.bin": b"\x00"}), "macros"),
    ("DOCX with a template from elsewhere", office(parts={"word/_rels/settings.xml.rels":
        '<Relationships><Relationship Id="1" Type="http://x/attachedTemplate" Target="http://x/y.dotm" TargetMode="External"/>'
        "</Relationships>"}), "from elsewhere"),
    ("the same written in UTF-16", office(parts={"word/_rels/settings.xml.rels":
        '<Relationships><Relationship Type="x/attachedTemplate" TargetMode="External"/></Relationships>'.encode("utf-16")}),
        "damaged"),
    ("the same in EBCDIC", office(parts={"word/_rels/settings.xml.rels":
        '<?xml version="1.0"?><Relationships><Relationship Type="x/y" TargetMode="External"/></Relationships>'.encode("cp037")}),
        "damaged"),
    ("the same in UTF-7", office(parts={"word/_rels/settings.xml.rels":
        b'<?xml version="1.0" encoding="UTF-7"?>+ADw-Relationship TargetMode+AD0AIg-External+ACIALwA+-'}), "damaged"),
    ("DOCX with an endless part", office(parts={"word/_rels/x.rels": b" " * (1024 * 1024 + 1)}), "damaged"),
    ("DOCX with entities", office(parts={"word/_rels/x.rels": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'}), "damaged"),
    ("PPTX", office("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"),
        "kind that is not taken"),
    ("OFD", packed({"OFD.xml": "<ofd/>"}), "OFD"),
    ("archive", packed({"a.txt": "1"}), "packed archive"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), [pytest.param(c, r, id=i) for i, c, r in REFUSED])
def test_everything_else_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    """KF-FIL-01, KF-FIL-02: by content, in plain words, with what helps."""
    with pytest.raises(NotTaken) as refused:
        recognise(content)
    assert reason in str(refused.value)
    assert refused.value.remedy


@pytest.mark.parametrize("whole", [pdf(), png(), jpeg(), office()], ids=["pdf", "png", "jpeg", "office"])
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_file_cut_anywhere_is_refused(whole: bytes, data: st.DataObject) -> None:
    cut = whole[: data.draw(st.integers(0, len(whole.rstrip()) - 1))]
    with pytest.raises(NotTaken):
        recognise(cut)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"", b"%PDF-1.4\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"PK\x03\x04"]), st.binary(max_size=300)
)
def test_no_bytes_make_it_fall_over(head: bytes, rest: bytes) -> None:
    with contextlib.suppress(NotTaken):
        recognise(head + rest)
