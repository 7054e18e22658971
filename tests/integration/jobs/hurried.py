"""`python hurried.py jobs | timetable [--no-acts]`: worker.py as it is, with waits of tenths of seconds instead of seconds.

With --no-acts the timetable only sweeps, so that nothing is due but what a test commits.
"""

import runpy
import sys
from datetime import timedelta

from market import outbox, timetable
from market.config import ROOT

outbox.BACKOFF = (0.3, 0.5, 0.5)
outbox.PAUSE = 0.3
timetable.SWEEPS = tuple((timedelta(seconds=0.3), sweep) for _, sweep in timetable.SWEEPS)

if __name__ == "__main__":
    if "--no-acts" in sys.argv:
        sys.argv.remove("--no-acts")
        timetable.TABLE = ()
    sys.argv[0] = "worker.py"
    runpy.run_path(str(ROOT / "worker.py"), run_name="__main__")
