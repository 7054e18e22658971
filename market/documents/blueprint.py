"""The pages of documents hang on this blueprint; views.py brings them together."""

from flask import Blueprint

bp = Blueprint("documents", __name__)
