"""Taking in a large file part by part, so that a broken connection costs only the part that was on its way.

The parts arrive before any row is locked; a row says how far the upload is. When a form names a finished upload (`U-...` in the
place of the file), `opened` gives its bytes as if the browser had just sent them: every check of a file is made then, in the one
place where it is made for all files.
"""

import base64
import hashlib
import hmac
import io
import re

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected

from market.documents import queries, rules, store, upload_operations
from market.documents.models import Upload
from market.kernel.actor import Actor
from market.kernel.errors import NotFound

#: checksums that a part may be announced with (tus 1.0, extension checksum)
ALGORITHMS = ("sha1", "sha256")
_CODE = re.compile(r"U-[0-9A-Z]{9}")


def add_part(upload_code: str, offset: int, stream: store.Readable, checksum: str | None, *, by: Actor) -> Upload:
    """Take in the bytes of `stream` as the part that begins at `offset`; the upload as it is afterwards.

    What came before the connection broke is kept, so that the sender goes on from there; a part with a `checksum` ("sha256" and
    base64, separated by a blank) is kept whole or not at all. `NotFound` for others' uploads, `OtherOffset` when the part begins
    elsewhere, `OtherChecksum`, `Invalid` for more bytes than announced, `Unavailable` when they cannot be stored.
    """
    upload = queries.upload(upload_code, by)
    if upload is None:
        raise NotFound()
    if upload.received != offset:
        raise rules.OtherOffset(upload.received)
    checked = _Checked(stream, checksum)
    try:
        with store.arriving(checked, upload.size - offset) as arrival:
            checked.check()
            if not arrival.size:
                return upload
            return upload_operations.keep_part(upload_code, offset, arrival, by=by)
    except store.TooLarge:
        raise rules.too_large("file", upload.size) from None


def is_code(value: object) -> bool:
    """Whether a field of a form holds the code of an upload instead of a file."""
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def opened(upload_code: str, by: Actor) -> FileStorage | None:
    """A finished upload of `by`'s own as a file of a form; None when there is none, or not all of it is here."""
    upload = queries.upload(upload_code, by)
    if upload is None or upload.received != upload.size:
        return None
    stream = io.BufferedReader(_Joined([part.key for part in upload.parts]), store.PIECE)
    return FileStorage(stream, filename=upload.name, content_length=upload.size)  # type: ignore[arg-type]


class _Checked:
    """A stream that ends where the connection breaks, and adds up a checksum."""

    def __init__(self, stream: store.Readable, checksum: str | None) -> None:
        self._stream = stream
        self._broken = False
        algorithm, _, self._expected = (checksum or "").partition(" ")
        self._sum = hashlib.new(algorithm) if algorithm in ALGORITHMS else None

    def read(self, size: int) -> bytes:
        """The next bytes; none after the end or a break."""
        try:
            piece = b"" if self._broken else self._stream.read(size)
        except (ClientDisconnected, OSError):
            # the other side hung up: what came so far is good
            self._broken = True
            return b""
        if self._sum is not None:
            self._sum.update(piece)
        return piece

    def check(self) -> None:
        """Refuse (`OtherChecksum`) bytes that are not those of the checksum."""
        if self._sum is not None:
            found = base64.b64encode(self._sum.digest())
            if self._broken or not hmac.compare_digest(found, self._expected.strip().encode()):
                raise rules.OtherChecksum()


class _Joined(io.RawIOBase):
    """The parts of an upload one after the other, each opened when it is its turn."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__()
        self._keys = keys
        self._file: io.BufferedIOBase | None = None

    def readable(self) -> bool:
        """True: it is read only."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer`; the number of bytes, 0 at the end. OSError when a part is missing."""
        while True:
            if self._file is None:
                if not self._keys:
                    return 0
                self._file = store.current().open_part(self._keys.pop(0))  # type: ignore[assignment]
            found = self._file.readinto(buffer)  # type: ignore[union-attr]
            if found:
                return found
            self._file.close()  # type: ignore[union-attr]
            self._file = None

    def close(self) -> None:
        """Close the part that is open."""
        if self._file is not None:
            self._file.close()
        super().close()
