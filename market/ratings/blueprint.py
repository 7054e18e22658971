"""The blueprint on which all pages of ratings and credit hang."""

from flask import Blueprint

bp = Blueprint("ratings", __name__)
