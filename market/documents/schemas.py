"""What comes in with a file and what is told of one, for forms and JSON alike."""

import marshmallow as ma
from flask import url_for

from market.documents.models import Document
from market.documents.rules import PURPOSES, Purpose, Scan, Source
from market.schemas import Form, UploadedFile


class GiveForm(Form):
    """A file and what it is for."""

    file = UploadedFile(required=True, metadata={"type": "string", "format": "binary"})
    purpose = ma.fields.Enum(Purpose, by_value=True, required=True)
    #: path within the market to go on to; the new document's code is added as ?document=
    next = ma.fields.String()


class GivenFile(Form):
    """The file part of a multipart body."""

    file = UploadedFile(required=True, metadata={"type": "string", "format": "binary"})


class GivenFor(Form):
    """What the file is for, in the query: the body holds the file alone."""

    purpose = ma.fields.Enum(
        Purpose, by_value=True, required=True, metadata={"description": "Decides which kinds of file are accepted."}
    )


class DocumentOut(ma.Schema):
    """A document as its owner and officials on duty see it."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    size = ma.fields.Function(lambda one: one.file.size, metadata={"type": "integer", "description": "Bytes."})
    media_type = ma.fields.Function(lambda one: one.file.media_type, metadata={"type": "string"})
    sha256 = ma.fields.Function(lambda one: one.file.digest, metadata={"type": "string", "description": "Hex digest."})
    purpose = ma.fields.Enum(Purpose, by_value=True, required=True, metadata={"enum": [str(one) for one in PURPOSES]})
    belongs_to = ma.fields.String(allow_none=True, metadata={"description": "Code of what it is attached to."})
    public = ma.fields.Boolean(attribute="is_public")
    given_at = ma.fields.DateTime(required=True)
    source = ma.fields.Enum(Source, by_value=True, metadata={"enum": [str(one) for one in Source]})
    issuer = ma.fields.String(allow_none=True, metadata={"description": "Authority, for a document from the data hub."})
    valid_to = ma.fields.Date(allow_none=True)
    scan = ma.fields.Function(
        lambda one: str(one.file.scan),
        metadata={"type": "string", "enum": [str(one) for one in Scan], "description": "What the virus scanner said."},
    )
    url = ma.fields.Function(lambda one: link(one), metadata={"type": "string", "description": "Path of the bytes."})


def link(document: Document) -> str:
    """The path under which a browser gets the bytes."""
    return url_for("documents.download", code=document.code)
