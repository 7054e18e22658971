"""`python -m embedded.keeper FOLDER`: stops the servers of FOLDER that nobody holds any more, and ends when none runs.

It exists for holders that are killed with -9 and cannot let go themselves. One runs for each folder that has servers.
"""

import fcntl
import sys
import time
from pathlib import Path
from typing import TextIO

from embedded import processes, services

PAUSE = 0.5


def keep(folder: Path) -> None:
    """Watch `folder` until no server of it runs. When the folder is removed, its servers are stopped too."""
    known = services.running(folder)
    with (folder / "keeper.lock").open("w") as lock:
        if not _is_ours(lock):
            return
        while True:
            time.sleep(PAUSE)
            if not (folder / "services.json").exists():
                for name, entry in known.items():
                    processes.end(entry.process, services.KINDS[name].STOP_SIGNAL, services.KINDS[name].PATIENCE)
                return
            known = services.running(folder)
            if services.tidy(folder, last=lock.close):
                continue
            return


def _is_ours(lock: TextIO) -> bool:
    """True when this is the folder's keeper now. Who only looks whether there is one holds the lock for a moment."""
    for _ in range(20):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.02)
    return False


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
