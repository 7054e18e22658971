"""The blueprint on which all pages of orders hang (views.py: need and choice; work_views.py: contract, work, disputes)."""

from flask import Blueprint

bp = Blueprint("orders", __name__)
