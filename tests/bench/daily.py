"""Takes folders of files in through the program's own front, one after the other in one process, as a daemon would.

`python -m tests.bench.daily DATABASE CONFIG FOLDER… [--live]`: below each folder stand folders named after sources;
with --live the files arrive now and are told of, else they are history. It prints what each folder cost: seconds, and
CPU seconds past the start of the process.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from monitor.app import App, quiet
from monitor.cli.context import program
from monitor.sources.files import LocalFile, read_paths
from monitor.store.engine import Engine


def take(app: App, engine: Engine, folder: Path, *, live: bool) -> dict[str, float]:
    """What the files of one folder cost, from the disk to committed events."""
    began, cpu = time.perf_counter(), time.process_time()
    new = files = events = 0
    for place in sorted(folder.iterdir()):
        found = ((one.name, one.body) for one in read_paths([place]) if isinstance(one, LocalFile))
        outcome = app.ingest(engine, app.source(place.name), found, alert=live, progress=quiet)
        files += len(outcome.files)
        new += sum(1 for one in outcome.files if one.outcome == "new")
        events += outcome.events
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "files": files,
        "new": new,
        "events": events,
    }


def main(arguments: list[str]) -> None:
    """Every folder in turn."""
    live = "--live" in arguments
    database, config, *folders = [one for one in arguments if one != "--live"]
    app = program(Path(config), database)
    with app.opened() as engine:
        began = time.process_time()
        days = [take(app, engine, Path(one), live=live) for one in folders]
    sys.stdout.write(json.dumps({"url": database, "start": began, "days": days}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
