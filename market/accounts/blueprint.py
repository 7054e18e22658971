"""The pages of accounts hang on this blueprint; views.py brings them together."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
