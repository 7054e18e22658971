"""The JSON API under /api/v1 and its OpenAPI document: the same schemas and operations as the pages.

Errors are application/problem+json everywhere; pages keep their own. Programs authenticate with tokens (accounts).
"""

from typing import Any

import flask_smorest
from flask import Flask, request

from market import http

VERSION = "v1"


class Api(flask_smorest.Api):
    """flask-smorest, with our problems instead of its errors and only below /api."""

    def handle_http_exception(self, error: Any) -> Any:
        """Validation errors as our `Invalid`; every other HTTP error as market/http.py answers it."""
        messages = (getattr(error, "data", None) or {}).get("messages")
        if error.code == 422 and messages and request.path.startswith("/api/"):
            # {"json": {"field": [..]}}: the place a field came from is of no use to the reader
            merged: dict[str, Any] = {}
            for fields in messages.values():
                merged |= fields if isinstance(fields, dict) else {"": fields}
            from marshmallow import ValidationError

            return http.problem(http.invalid(ValidationError(merged)))
        return http.http_error(error)


def init_app(app: Flask) -> Api:
    """The Api object on which the domains register their blueprints."""
    app.config |= {
        "API_TITLE": "West Market",
        "API_VERSION": VERSION,
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "info": {
                "description": "Service items, price standards, vendors and offers of the market. Amounts are decimal yuan "
                "strings beside a currency; times are UTC (RFC 3339); errors are application/problem+json (RFC 9457).",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        },
    }
    return Api(app)
