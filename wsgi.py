"""The web application for a WSGI server: `granian --interface wsgi wsgi:app`."""

from market.app import create_app
from market.pages import finder

app = create_app()
# some seconds of work in the background, so that the first question need not wait for it
finder.warm(app)
