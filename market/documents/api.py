"""Documents for programs: give a file, read what is known of it, fetch its bytes."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from market import limits
from market.documents import delivery, operations, schemas
from market.documents.views import RATES
from market.http import allow, current_actor

blp = Blueprint("documents_api", __name__, url_prefix="/api/v1", description="Files that belong to licences and offers")


@blp.route("/documents", methods=["POST"])
@allow(scope="documents:write")
@blp.arguments(schemas.GivenFor, location="query")
@blp.arguments(schemas.GivenFile, location="files")
@blp.response(201, schemas.DocumentOut)
def give(about: dict[str, Any], files: dict[str, Any]) -> Any:
    """Give a file (multipart/form-data).

    Its kind is judged by its content. It belongs to nothing until something names its code, and is removed after a day if
    nothing does.
    """
    actor = current_actor()
    limits.count("upload", actor.person, *RATES)
    return operations.give(files["file"].stream, files["file"].filename or "", about["purpose"], by=actor)


@blp.route("/documents/<code>")
@allow(scope="documents:read")
@blp.response(200, schemas.DocumentOut)
def document(code: str) -> Any:
    """What is known of a document that the caller may read."""
    return operations.read_document(code, by=current_actor())


@blp.route("/documents/<code>/content")
@allow(scope="documents:read")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def content(code: str) -> Response:
    """The bytes of a document, compared with their digest."""
    return delivery.deliver(operations.read_document(code, by=current_actor()))
