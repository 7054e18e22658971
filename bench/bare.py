"""The peer of bench order: a bare Flask view that sends the database the statements of one placing, and nothing else.

`granian --interface wsgi bench.bare:app` with BENCH_TAPE naming a file of recorded placings (bench/tape.py) and DATABASE_URL.
"""

import os
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine

from bench import tape

app = Flask(__name__)
_engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)
_tapes = [(one, tape.ready(one)) for one in tape.load(Path(os.environ["BENCH_TAPE"]))]


@app.get("/health")
def health() -> str:
    """It is there."""
    return "ok"


@app.post("/place/<int:number>/<int:order>/<code>")
def place(number: int, order: int, code: str) -> str:
    """Do for the draft `code` (key `order`) what recording `number` did for its own, in one transaction."""
    recorded, lines = _tapes[number % len(_tapes)]
    with _engine.begin() as connection:
        tape.replay(recorded, lines, connection, order, code)
    return "placed"
