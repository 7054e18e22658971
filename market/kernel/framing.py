"""Framing of what is signed or digested in parts: no two lists of parts give the same bytes."""


def framed(*parts: str | bytes) -> bytes:
    """LP(x1..xm): each part (texts in UTF-8) after its length in bytes as an unsigned 32-bit
    big-endian number. Raises OverflowError for a part of 4 GiB or more."""
    return b"".join(
        len(body).to_bytes(4, "big") + body
        for body in (part.encode() if isinstance(part, str) else part for part in parts)
    )
