"""The web application for a WSGI server: `granian --interface wsgi wsgi:app`."""

from market.app import create_app

app = create_app()
