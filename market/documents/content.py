"""What a file is, judged by its bytes alone: pure.

Neither the name nor the type that a browser says counts. An accepted kind is checked from its first byte to its last, as far as
its outer structure goes (PDF: ISO 32000-2, 7.5; PNG: W3C PNG 3rd edition, 5; JPEG: ITU-T T.81, annex B; Office: ISO/IEC 29500-2
in a ZIP archive), so that a file cut short, a file in two formats at once, and one with something behind its end are found.
Nothing is unpacked, drawn or run.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap

import puremagic

from market.kernel.errors import RuleBroken
from market.kernel.words import N_

#: bytes, or a file mapped into memory
Content = bytes | mmap

HEAD = 1024
#: the text parts of an Office file that are looked into are never larger
LARGEST_PART = 1024 * 1024
MOST_PARTS = 5_000
#: an archive that would unpack to more than this many bytes is refused
LARGEST_UNPACKED = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MediaType:
    """A kind of file that the market takes: media type (RFC 6838), what people call it, and its ending."""

    media_type: str
    label: str
    ending: str


PDF = MediaType("application/pdf", "PDF", ".pdf")
JPEG = MediaType("image/jpeg", "JPG", ".jpg")
PNG = MediaType("image/png", "PNG", ".png")
DOCX = MediaType("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "DOCX", ".docx")
XLSX = MediaType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX", ".xlsx")

KINDS: Mapping[str, MediaType] = {kind.media_type: kind for kind in (PDF, JPEG, PNG, DOCX, XLSX)}


class NotTaken(RuleBroken):
    """A file whose bytes the market does not take; says what it is or what is wrong with it, and what helps."""

    code = "file_not_taken"


SEND_AGAIN = N_("Please send the original file once more.")
SAVE_AS_PDF = N_("Save or print it as a PDF and send that.")

#: first bytes -> what it is
REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"MZ", N_("This is a Windows program.")),
    (b"\x7fELF", N_("This is a Linux program.")),
    (b"\xcf\xfa\xed\xfe", N_("This is a macOS program.")),
    (b"\xca\xfe\xba\xbe", N_("This is a Java or macOS program.")),
    (b"#!", N_("This is a script.")),
    (b"Rar!\x1a\x07", N_("This is a packed archive.")),
    (b"7z\xbc\xaf\x27\x1c", N_("This is a packed archive.")),
    (b"\x1f\x8b", N_("This is a packed archive.")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", N_("This is an old or password-protected Office file.")),
    (b"{\\rtf", N_("This is an RTF text.")),
    (b"GIF8", N_("This is a GIF picture.")),
    (b"BM", N_("This is a BMP picture.")),
    (b"II*\x00", N_("This is a TIFF picture.")),
    (b"MM\x00*", N_("This is a TIFF picture.")),
    (b"%!PS", N_("This is a PostScript file.")),
)

_PDF_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?[\x00\t\n\f\r ]*%PDF-[12]\.\d")
_PDF_END = re.compile(rb"startxref[\x00\t\n\f\r ]+(\d{1,12})[\x00\t\n\f\r ]+%%EOF")
_PDF_LENGTH = re.compile(rb"/Linearized\b.{0,400}?/L[\x00\t\n\f\r ]+(\d{1,12})", re.DOTALL)
_PDF_ENCRYPTED = re.compile(rb"/Encrypt[\x00\t\n\f\r ]*(?:\d+[\x00\t\n\f\r ]+\d+[\x00\t\n\f\r ]+R|<<)")
_PDF_SPACE = b"\x00\t\n\f\r \x1a"
#: what makes a browser read bytes as a page
_MARKUP = re.compile(
    rb"<\s*(?:!doctype\s+html|html|head|body|script|iframe|svg|object|embed|xsl:stylesheet)\b", re.IGNORECASE
)
_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\x00\s]*<[\x00]*[?!a-zA-Z]")
_PROGRAM = re.compile(rb"PK\x03\x04|PK\x05\x06|%PDF-|\x7fELF|^MZ")
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
#: start of frame: baseline, progressive, lossless ... (T.81, table B.1) without DHT, JPG and DAC
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = frozenset(range(0xD0, 0xD8)) | {0x01}
#: colour type -> bit depths (PNG, table 11.1)
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OFFICE_PARTS = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": DOCX,
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": XLSX,
}
_ACTIVE_TYPES = re.compile(
    rb"macroEnabled|vbaProject|vbaData|activeX|oleObject|\.ms-excel\.(?:intl)?macrosheet", re.IGNORECASE
)
_ACTIVE_NAMES = re.compile(
    r"vbaproject|vbadata|macrosheets/|activex/|embeddings/.*\.(?:bin|exe)$|oleobject|\.(?:exe|dll|js|vbs|scr|bat|cmd)$",
    re.IGNORECASE,
)
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")


def recognise(content: Content) -> MediaType:
    """The kind of a whole, sound file. `NotTaken` for everything else, with what it is or what is wrong in plain words."""
    if len(content) == 0:
        raise NotTaken(
            N_("The file is empty."), remedy=N_("Choose the file again: it may still have been open elsewhere.")
        )
    head = bytes(content[:HEAD])
    if _PDF_HEAD.match(head):
        _check_pdf(content, head)
        return PDF
    if head.startswith(_PNG_SIGNATURE):
        _check_png(content)
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        _check_jpeg(content)
        return JPEG
    if head.startswith(b"PK\x03\x04"):
        return _office(content)
    raise _unwanted(head)


# PDF --------------------------------------------------------------------------------------------------------------------


def _check_pdf(content: Content, head: bytes) -> None:
    if _MARKUP.search(head):
        raise _two_at_once("PDF")
    tail = bytes(content[-HEAD:])
    ends = list(_PDF_END.finditer(tail))
    length = _PDF_LENGTH.search(head)
    if not ends or int(ends[-1][1]) >= len(content) or (length and int(length[1]) > len(content)):
        if b"<" in tail and _MARKUP.search(tail):
            raise _two_at_once("PDF")
        raise _cut_short("PDF")
    if tail[ends[-1].end() :].strip(_PDF_SPACE):
        raise _two_at_once("PDF")
    if _PDF_ENCRYPTED.search(content):
        raise NotTaken(
            N_("The PDF is encrypted, so nobody could check what is in it."),
            remedy=N_("Save it without a password and without restrictions, and send that."),
        )


# PNG --------------------------------------------------------------------------------------------------------------------


def _check_png(content: Content) -> None:
    place, chunks = len(_PNG_SIGNATURE), 0
    seen_data = False
    while True:
        if place + 12 > len(content):
            raise _cut_short("PNG")
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        end = place + 12 + length
        if end > len(content):
            raise _cut_short("PNG")
        body = content[place + 8 : end - 4]
        if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(content[end - 4 : end], "big"):
            raise _damaged("PNG")
        if chunks == 0:
            _check_png_head(kind, body)
        if kind == b"IEND":
            break
        if kind == b"IDAT":
            seen_data = True
        elif _MARKUP.search(body):
            raise _two_at_once("PNG")
        place, chunks = end, chunks + 1
    if not seen_data or length:
        raise _damaged("PNG")
    if end != len(content):
        raise _two_at_once("PNG")


def _check_png_head(kind: bytes, body: bytes) -> None:
    if kind != b"IHDR" or len(body) != 13:
        raise _damaged("PNG")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if not (width and height) or depth not in _PNG_DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise _damaged("PNG")


# JPEG -------------------------------------------------------------------------------------------------------------------


def _check_jpeg(content: Content) -> None:
    place, seen_frame, seen_scan = 2, False, False
    while True:
        marker, place = _jpeg_marker(content, place)
        if marker == 0xD9:
            break
        if marker in _JPEG_ALONE:
            continue
        length = int.from_bytes(content[place : place + 2], "big")
        if place + length > len(content) or place + 2 > len(content):
            raise _cut_short("JPG")
        if length < 2 or marker in (0x00, 0xD8):
            raise _damaged("JPG")
        body = bytes(content[place + 2 : place + length])
        place += length
        if marker in _JPEG_FRAMES:
            if len(body) < 6 or not int.from_bytes(body[3:5], "big"):
                raise _damaged("JPG")
            seen_frame = True
        elif marker == 0xDA:
            found = _JPEG_MARKER.search(content, place)
            if found is None:
                raise _cut_short("JPG")
            seen_scan, place = True, found.start()
        elif _MARKUP.search(body):
            raise _two_at_once("JPG")
    if not (seen_frame and seen_scan):
        raise _damaged("JPG")
    # telephones put a second picture or their own notes behind the end: those are let be
    behind = bytes(content[place:])
    if _MARKUP.search(behind) or _PROGRAM.search(behind):
        raise _two_at_once("JPG")


def _jpeg_marker(content: Content, place: int) -> tuple[int, int]:
    if place + 2 > len(content):
        raise _cut_short("JPG")
    if content[place] != 0xFF:
        raise _damaged("JPG")
    # any number of FF may stand before a marker (T.81, B.1.1.2)
    while content[place + 1] == 0xFF:
        place += 1
        if place + 2 > len(content):
            raise _cut_short("JPG")
    return content[place + 1], place + 2


# Office -----------------------------------------------------------------------------------------------------------------


def _office(content: Content) -> MediaType:
    if not _is_whole_archive(content):
        raise _cut_short("ZIP")
    try:
        with zipfile.ZipFile(io.BytesIO(content[:])) as archive:
            return _office_kind(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError) as error:
        raise _damaged("ZIP") from error


def _is_whole_archive(content: Content) -> bool:
    """True when the archive begins at the first byte and its end record is the last thing, without a comment."""
    end = len(content) - 22
    if end < 0 or content[end : end + 4] != b"PK\x05\x06":
        return False
    size, start, comment = struct.unpack("<IIH", content[end + 12 : end + 22])
    return comment == 0 and start + size == end


def _office_kind(archive: zipfile.ZipFile) -> MediaType:
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if "OFD.xml" in names:
        raise NotTaken(N_("This is an OFD file, which not everybody can open."), remedy=SAVE_AS_PDF)
    if "[Content_Types].xml" not in names:
        raise NotTaken(N_("This is a packed archive."), remedy=N_("Unpack it and send the files one by one."))
    if len(parts) > MOST_PARTS or len(set(names)) != len(names) or sum(p.file_size for p in parts) > LARGEST_UNPACKED:
        raise _damaged("ZIP")
    if any(part.flag_bits & 1 for part in parts):
        raise NotTaken(
            N_("The file is protected with a password."), remedy=N_("Save it without a password and send that.")
        )
    types = _part(archive, "[Content_Types].xml")
    if _ACTIVE_TYPES.search(types) or any(_ACTIVE_NAMES.search(name) for name in names):
        raise NotTaken(
            N_("The file holds macros or other programs."),
            remedy=N_("Save it as DOCX or XLSX without macros, or as a PDF."),
        )
    for name in names:
        if name.lower().endswith(".rels") and any(map(_loads_from_elsewhere, _RELATION.findall(_part(archive, name)))):
            raise NotTaken(
                N_("The file loads something from elsewhere when it is opened."),
                remedy=N_("Remove linked templates, pictures and workbooks, or save it as a PDF."),
            )
    for part_type, kind in _OFFICE_PARTS.items():
        if b'"' + part_type + b'"' in types:
            return kind
    raise NotTaken(N_("This is an Office file of a kind that is not taken."), remedy=SAVE_AS_PDF)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST_PART:
        raise _damaged("ZIP")
    # never more than the size named, whatever lies there
    text = archive.read(name)
    # in any other encoding the words looked for would not be found
    text.decode("utf-8")
    encoding = _ENCODING.search(text[:200])
    if (encoding and encoding[1].lower() != b"utf-8") or b"\x00" in text or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _damaged("ZIP")
    return text


def _loads_from_elsewhere(relation: bytes) -> bool:
    is_link = re.search(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']", relation)
    return bool(re.search(rb"TargetMode\s*=\s*[\"']External[\"']", relation, re.IGNORECASE)) and not is_link


# What is refused --------------------------------------------------------------------------------------------------------


def _unwanted(head: bytes) -> NotTaken:
    if _MARKUP.search(head) or _XML.match(head):
        return NotTaken(
            N_(
                "This is a web page, an SVG drawing or XML: it could run as a program in the browser of whoever opens it."
            ),
            remedy=SAVE_AS_PDF,
        )
    for first, kind in REFUSED:
        if head.startswith(first):
            return NotTaken(kind, remedy=SAVE_AS_PDF)
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif"):
        return NotTaken(N_("This is a HEIC picture."), remedy=N_("Save the picture as JPG and send that."))
    ending = _ending_by_magic(head)
    if ending:
        return NotTaken(N_("By its content this looks like a “%(ending)s” file."), remedy=SAVE_AS_PDF, ending=ending)
    return NotTaken(N_("What kind of file this is cannot be seen from its content."), remedy=SAVE_AS_PDF)


def _ending_by_magic(head: bytes) -> str:
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return ""
    return next((one.extension for one in found if re.fullmatch(r"\.[a-z0-9]{1,6}", one.extension)), "")


def _cut_short(kind: str) -> NotTaken:
    return NotTaken(
        N_("The %(kind)s stops in the middle: it was not saved or not sent completely."), remedy=SEND_AGAIN, kind=kind
    )


def _damaged(kind: str) -> NotTaken:
    return NotTaken(N_("The %(kind)s is damaged inside."), remedy=SEND_AGAIN, kind=kind)


def _two_at_once(kind: str) -> NotTaken:
    return NotTaken(
        N_("The %(kind)s carries something else in front of, inside or behind it, such as a web page or a program."),
        remedy=N_("Open it, save or print it as a new PDF, and send that."),
        kind=kind,
    )
