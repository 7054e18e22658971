"""The blueprint of all pages of notifications."""

from flask import Blueprint

bp = Blueprint("notifications", __name__)
