"""The blueprint on which all pages of vendors hang."""

from flask import Blueprint

bp = Blueprint("vendors", __name__)
