"""The blueprint on which all pages that join domains hang."""

from flask import Blueprint

bp = Blueprint("pages", __name__)
