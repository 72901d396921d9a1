"""Takes folders of files in through the program's own front, one after the other in one process, as a daemon would.

`python -m tests.bench.daily DATABASE CONFIG FOLDER… [--live] [--processes N]`: below each folder stand folders named
after sources; with --live the files arrive now and are told of, else they are history. With N processes each takes the
next source that none has taken yet, as so many commands side by side would. It prints what each folder cost: seconds,
and CPU seconds past the start of the processes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from monitor.app import App, quiet
from monitor.cli.context import program
from monitor.leisure import look_seldom
from monitor.sources.files import LocalFile, read_paths
from monitor.store.engine import Engine


def take(app: App, engine: Engine, place: Path, *, live: bool) -> Taken:
    """What the files of one source cost, from the disk to committed events."""
    cpu = time.process_time()
    found = ((one.name, one.body) for one in read_paths([place]) if isinstance(one, LocalFile))
    outcome = app.ingest(engine, app.source(place.name), found, alert=live, progress=quiet)
    new = sum(1 for one in outcome.files if one.outcome == "new")
    return Taken(time.process_time() - cpu, len(outcome.files), new, outcome.events)


class Taken(NamedTuple):
    """The files of a source: CPU seconds, how many they were, how many of them new, and the events they gave."""

    cpu: float
    files: int
    new: int
    events: int


def _day(taking: Callable[[list[Path]], list[Taken]], folder: Path) -> dict[str, float]:
    began = time.perf_counter()
    cpu, files, new, events = map(sum, zip(*taking(sorted(folder.iterdir())), strict=True))
    return {"seconds": time.perf_counter() - began, "cpu": cpu, "files": files, "new": new, "events": events}


def main() -> None:
    """Every folder in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("config", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    app, engine = _opened(given.config, given.database)
    start = time.process_time()
    if given.processes == 1:
        days = [
            _day(lambda some: [take(app, engine, one, live=given.live) for one in some], day) for day in given.folders
        ]
    else:
        start *= 1 + given.processes  # each of them begins as this one does
        job = partial(_taken, given.config, given.database, live=given.live)
        with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
            days = [_day(lambda some: list(pool.map(job, some)), day) for day in given.folders]
    engine.dispose()
    sys.stdout.write(json.dumps({"url": given.database, "start": start, "days": days}) + "\n")


@lru_cache(maxsize=1)
def _opened(config: Path, database: str) -> tuple[App, Engine]:
    """The program and the database of this process, which keeps them."""
    look_seldom()  # as the command line does
    app = program(config, database)
    return app, app.open()


def _taken(config: Path, database: str, place: Path, *, live: bool) -> Taken:
    return take(*_opened(config, database), place, live=live)


if __name__ == "__main__":
    main()
