"""Names as people type them: made harmless for showing and downloading, and comparable. Chinese stays as it
is, 𠮷 included."""

import re
import unicodedata

#: characters of a file name at most; and bytes of UTF-8, because common file systems hold 255
LONGEST_FILE_NAME = 120
LONGEST_FILE_NAME_BYTES = 240
LONGEST_ENDING = 12
LONGEST_NAME = 100

#: kept in names shown to people: they shape emoji and some scripts
_JOINERS = "\u200c\u200d"
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
#: Private and unassigned characters stay: rare characters of people's names stand there in older systems and
#: older Python.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_UNSAFE = re.compile(r'[<>:"|?*/\\]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)", re.IGNORECASE)
#: the dots that stand inside transliterated names (阿依·古丽): one and the same for comparing
_DOTS = str.maketrans(dict.fromkeys("·•‧∙⋅・･", "·"))


def visible(text: str) -> str:
    """`text` in NFC without control and direction characters; runs of white space become one space.

    Line breaks count as white space. Joiners (which shape emoji) stay between other characters.
    """
    kept = (_seen(character) for character in unicodedata.normalize("NFC", text))
    joined = " ".join("".join(kept).split())
    return unicodedata.normalize("NFC", joined.strip(_JOINERS + " "))


def display_name(text: str, longest: int = LONGEST_NAME) -> str:
    """A person's or firm's name as it may be shown: `visible`, at most `longest` characters. Empty if
    nothing is left."""
    return _cut(visible(text), longest)


def safe_file_name(name: str, fallback: str = "file") -> str:
    """The name under which a file is shown and downloaded: what the person called it, made harmless.

    Only the part after the last slash or backslash; no control or direction characters; `< > : " | ? *`
    become `_`; no dots or spaces at either end; names that Windows reserves (CON, NUL, COM1…) get a `_`
    before; at most 120 characters and 240 bytes, the ending kept. Never empty: `fallback` then. Files are
    stored by digest, so this never becomes a path.
    """
    seen = visible(_last_part(name)).replace("\u200c", "").replace("\u200d", "")
    clean = _UNSAFE.sub("_", seen).strip(". ")
    if not clean:
        return fallback
    if _RESERVED.match(clean):
        clean = f"_{clean}"
    return _shorten(clean)


def name_key(text: str) -> str:
    """What two spellings of one name share: width, case, spaces and kinds of middle dot do not count.

    For finding doubles and for exact search. Never shown, and never a proof that two people are the same.
    """
    wide = unicodedata.normalize("NFKC", visible(text)).casefold()
    folded = unicodedata.normalize("NFKC", wide)
    kept = (c for c in folded.translate(_DOTS) if not c.isspace() and c not in _JOINERS)
    return unicodedata.normalize("NFKC", "".join(kept))


def _seen(character: str) -> str:
    if character.isspace() or character in _BLANK_LETTERS:
        return " "
    if character in _JOINERS:
        return character
    return "" if unicodedata.category(character) in _INVISIBLE or _is_no_character(character) else character


def _is_no_character(character: str) -> bool:
    """The 66 code points that Unicode keeps for no character; XML refuses some of them."""
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _last_part(name: str) -> str:
    parts = [part for part in re.split(r"[/\\]", name.replace("\x00", "")) if part.strip(". ")]
    return parts[-1] if parts else ""


def _shorten(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or len(ending) > LONGEST_ENDING:
        return _fit(name, LONGEST_FILE_NAME, LONGEST_FILE_NAME_BYTES).rstrip(". ")
    tail = dot + ending
    room = LONGEST_FILE_NAME - len(tail), LONGEST_FILE_NAME_BYTES - len(tail.encode())
    return _fit(stem, *room).rstrip(". ") + tail


def _fit(text: str, characters: int, size: int) -> str:
    text = _cut(text, characters)
    while len(text.encode()) > size:
        text = _cut(text, len(text) - 1)
    return text


def _cut(text: str, characters: int) -> str:
    """The first `characters`, never between a letter and its marks, nor inside a joined emoji."""
    if len(text) <= characters:
        return text
    end = characters
    while end > 0 and (_clings(text[end]) or text[end - 1] in _JOINERS):
        end -= 1
    return text[: end or characters].rstrip()


def _clings(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or character in _JOINERS
