"""Handing out the bytes of a document: always as a download that no browser shows as a page of ours."""

from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from flask import Response, request

from market.documents import store
from market.documents.models import Document

#: characters of a filename* that stand for themselves (RFC 8187, section 3.2.1, attr-char)
PLAIN = "!#$&+-.^_`|~"


def deliver(document: Document) -> Response:
    """The answer with the document's bytes, whole and compared with their digest; 304 when the asker has them.

    `Unavailable` when they are missing or damaged.
    """
    file = store.open_whole(document.file.digest, document.file.size)
    response = Response(_pieces(file), mimetype=document.file.media_type)
    response.call_on_close(file.close)
    response.content_length = document.file.size
    response.set_etag(document.file.digest)
    response.headers["Content-Disposition"] = disposition(document.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    # should a browser show it after all, it is nobody: no script, no form, no cookie, no frame
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "public, no-cache" if document.is_public else "private, no-store"
    return response.make_conditional(request)  # type: ignore[return-value]


def disposition(name: str) -> str:
    """The header that makes it a download called `name` (RFC 6266): for old programs ASCII, for all others UTF-8."""
    ending = name.rpartition(".")[2]
    plain = name if name.isascii() and name.isprintable() and not set(name) & set('"\\%') else f"document.{ending}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=PLAIN)}"


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(store.PIECE):
        yield piece
