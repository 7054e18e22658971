"""Large files over broken lines: the open protocol tus 1.0.0 (core, creation, expiration, checksum, termination).

Served for the market's own script (static/js/upload.js) and any other client of that protocol. A finished upload is named in a
form by its code in the place of the file.
"""

import base64
import binascii
from email.utils import format_datetime
from typing import Any

from flask import Response, current_app, request, url_for

from market import http, limits
from market.documents import queries, rules, upload_operations, uploads
from market.documents.blueprint import bp
from market.documents.models import Upload
from market.http import allow, current_actor, public
from market.kernel.errors import Invalid, NotFound, Refusal
from market.kernel.words import N_

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
#: uploads begun, and parts sent, by one person
BEGUN = ("60/minute", "600/hour")
PARTS = ("1200/minute",)


class WrongVersion(Refusal):
    """The client speaks another version of the protocol."""

    status = 412
    code = "wrong_version"
    title = N_("This address speaks tus 1.0.0.")


class WrongType(Refusal):
    """A part came with another type of content."""

    status = 415
    code = "wrong_type"
    title = N_("A part comes as application/offset+octet-stream.")


@bp.route("/uploads", methods=["GET", "OPTIONS"], provide_automatic_options=False)
@public
def about_uploads() -> Response:
    """What this server can do, for clients of the protocol."""
    reply = _reply(204)
    reply.headers["Tus-Version"] = VERSION
    reply.headers["Tus-Extension"] = EXTENSIONS
    reply.headers["Tus-Max-Size"] = str(current_app.extensions["settings"].upload_limit)
    reply.headers["Tus-Checksum-Algorithm"] = ",".join(uploads.ALGORITHMS)
    return reply


@bp.route("/uploads", methods=["POST"])
@allow()
def begin_upload() -> Response:
    """Begin an upload of Upload-Length bytes; Upload-Metadata has its filename."""
    try:
        _check_version()
        actor = current_actor()
        limits.count("upload", actor.person, *BEGUN)
        upload = upload_operations.begin_upload(_filename(), _number("Upload-Length"), by=actor)
    except Refusal as refusal:
        return _refused(refusal)
    reply = _reply(201, upload)
    reply.headers["Location"] = url_for("documents.see_upload", code=upload.code)
    reply.headers["X-Upload-Code"] = upload.code
    return reply


@bp.route("/uploads/<code>")
@allow()
def see_upload(code: str) -> Response:
    """How many bytes are here, in the headers alone: clients of the protocol ask with HEAD."""
    upload = queries.upload(code, current_actor())
    if upload is None:
        return _refused(NotFound())
    reply = _reply(200, upload)
    reply.headers["Upload-Length"] = str(upload.size)
    return reply


@bp.route("/uploads/<code>", methods=["PATCH"])
@allow()
def add_part(code: str) -> Response:
    """Take in the part that begins at Upload-Offset."""
    try:
        _check_version()
        actor = current_actor()
        limits.count("upload part", actor.person, *PARTS)
        if request.mimetype != "application/offset+octet-stream":
            raise WrongType()
        checksum = request.headers.get("Upload-Checksum")
        if checksum is not None and checksum.partition(" ")[0] not in uploads.ALGORITHMS:
            raise Refusal(N_("This kind of checksum is not known here."))
        upload = uploads.add_part(code, _number("Upload-Offset"), request.stream, checksum, by=actor)
    except rules.OtherOffset as refusal:
        reply = _refused(refusal)
        reply.headers["Upload-Offset"] = str(refusal.received)
        return reply
    except Refusal as refusal:
        return _refused(refusal)
    return _reply(204, upload)


@bp.route("/uploads/<code>", methods=["DELETE"])
@allow()
def stop_upload(code: str) -> Response:
    """Forget the upload and what came of it."""
    try:
        _check_version()
        upload_operations.stop_upload(code, by=current_actor())
    except Refusal as refusal:
        return _refused(refusal)
    return _reply(204)


def _reply(status: int, upload: Upload | None = None) -> Response:
    reply = Response(status=status)
    reply.headers["Tus-Resumable"] = VERSION
    reply.headers["Cache-Control"] = "no-store"
    if upload is not None:
        reply.headers["Upload-Offset"] = str(upload.received)
        reply.headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return reply


def _refused(refusal: Refusal) -> Response:
    """The refusal as a problem, with the status that the protocol gives it: 413 for a file that is too large."""
    reply = http.problem(refusal)
    if isinstance(refusal, Invalid) and "file" in refusal.fields:
        reply.status_code = 413
    reply.headers["Tus-Resumable"] = VERSION
    return reply


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion()


def _number(header: str) -> int:
    given = request.headers.get(header, "")
    if not (given.isascii() and given.isdigit() and len(given) <= 15):
        raise Refusal(N_("The header %(header)s must be a whole number."), header=header)
    return int(given)


def _filename() -> str:
    """The filename in Upload-Metadata (pairs of key and base64, by comma); "file" without one."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise Refusal(N_("The file's name cannot be read.")) from None
    return "file"


def opened(value: Any) -> Any:
    """For market.schemas: the file that a form names by the code of an upload; None when it is not whole, or not the sender's."""
    actor = http.maybe_actor()
    return uploads.opened(value, actor) if actor is not None and uploads.is_code(value) else None


def arrived(value: Any) -> dict[str, Any] | None:
    """For macros/forms.html: name and size of a finished upload that a form holds, so that a refused form keeps the file."""
    actor = http.maybe_actor()
    upload = queries.upload(value, actor) if actor is not None and uploads.is_code(value) else None
    whole = upload is not None and upload.received == upload.size
    return {"code": upload.code, "name": upload.name, "size": upload.size} if whole and upload is not None else None


@bp.record
def _offer(state: Any) -> None:
    state.app.extensions["opened_upload"] = opened
    state.app.jinja_env.globals["arrived_upload"] = arrived
