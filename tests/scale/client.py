"""A client that is killed after the first job it hears of: `python -m tests.scale.client ADDRESS DATABASE`."""

from __future__ import annotations

import os
import signal
import sys

from monitor.scale import files
from monitor.scale.opening import crew
from monitor.scale.where import Where
from monitor.store.engine import open_engine
from tests.scale.stage import history, taken


def main() -> None:
    """Takes the history in, and ends."""

    def progress(_text: str, _count: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    files.FILES = 4
    with crew(Where(address=sys.argv[1])) as workers:
        taken(workers, open_engine(sys.argv[2]), history(), progress)


if __name__ == "__main__":
    main()
