"""Small whole files of each kind, made byte by byte, and documents given through the operation."""

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from market.documents.models import Document
    from market.kernel.actor import Actor


def pdf(text: str = "营业执照", *, head: bytes = b"", more: str = "", behind: bytes = b"") -> bytes:
    """A PDF of one empty page; `more` goes into the trailer dictionary, `head` after the first line, `behind` after the end."""
    body = b"%PDF-1.7\n" + head + b"%\xe2\xe3\xcf\xd3\n"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Title <{text.encode('utf-16-be').hex()}> >>",
    )
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    start = len(body)
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    body += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    body += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {more}>>\nstartxref\n{start}\n%%EOF\n".encode()
    return body + behind


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*, extra: bytes = b"", behind: bytes = b"", width: int = 1, depth: int = 8) -> bytes:
    """A PNG of one grey point; `extra` chunks go before the data."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, depth, 0, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    return b"\x89PNG\r\n\x1a\n" + head + extra + data + png_chunk(b"IEND", b"") + behind


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(*, extra: bytes = b"", behind: bytes = b"", scans: int = 1) -> bytes:
    """The outer structure of a JPEG of one point, with restart markers and stuffed bytes in its scan."""
    frame = segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    head = b"\xff\xd8" + segment(0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
    return head + extra + frame + scan * scans + b"\xff\xd9" + behind


DOCUMENT_PART = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET_PART = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def office(part: str = DOCUMENT_PART, parts: dict[str, bytes | str] | None = None, *, comment: bytes = b"") -> bytes:
    """A DOCX (or XLSX) as an archive; `parts` are added."""
    types = f'<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType="{part}"/></Types>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, content in {
            "[Content_Types].xml": types,
            "word/document.xml": "<w:document/>",
            **(parts or {}),
        }.items():
            archive.writestr(name, content)
    return out.getvalue()


def packed(parts: dict[str, bytes | str]) -> bytes:
    """An archive that is no Office file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def given(
    by: "Actor", content: bytes | None = None, name: str = "营业执照.pdf", purpose: str = "licence"
) -> "Document":
    """A document that `by` gave."""
    from market.documents.operations import give
    from market.documents.rules import Purpose

    return give(io.BytesIO(pdf() if content is None else content), name, Purpose(purpose), by=by)
