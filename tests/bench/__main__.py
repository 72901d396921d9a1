"""`python -m tests.bench queries [--db URL] [--universe FUNDS] [--postgres]`: what every question costs, as a table.

Without --db a universe is written first, in a temporary folder or, with --keep, into that file. The exit code is 1 when
a bar is not met: 50 ms at p95 of everything for a database given by --db, 100 ms for one fund or one security of
a universe.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from monitor.cli.output import aligned
from monitor.store import migrate
from monitor.store.engine import Engine, open_engine
from tests.bench import queries, universe
from tests.postgres import database_name, running_postgres

HEAD = ("question", "of", "calls", "p50", "p95", "max", "rows", "statements", "refused", "bar", "")


def main() -> int:
    """Measures and prints."""
    given = _arguments()
    with _database(given) as (engine, is_universe):
        bars = (100.0, None) if is_universe else (50.0, 50.0)
        costs = []
        for one in queries.measure(engine, given.calls, given.seed, given.only):
            costs.append(one)
            lines = queries.table([one], *bars)
            sys.stderr.write("  ".join(str(part) for part in lines[0]) + f"  slowest: {one.slowest}\n")
        lines = [[str(part) for part in line] for line in queries.table(costs, *bars)]
        sys.stdout.write(aligned(HEAD, lines, [False, False, *[True] * 8, False]))
        if given.profile:
            _profile(engine, given)
    return int(any(line[-1] == "SLOW" for line in lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", choices=["queries"])
    parser.add_argument("--db", help="measure this database; it is only read")
    parser.add_argument("--universe", type=int, metavar="FUNDS", default=400, help="funds of the invented world")
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--days", type=int, default=5, help="files of each fund (the bar of the issue is 250)")
    parser.add_argument("--deep", type=int, default=10, help="so many funds have --deep-days files")
    parser.add_argument("--deep-days", type=int, default=250)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the universe here and leave it")
    parser.add_argument("--is-universe", action="store_true", help="--db holds one: its bars")
    parser.add_argument("--postgres", action="store_true", help="on the PostgreSQL of the tests")
    parser.add_argument("--calls", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="questions whose name contains this")
    parser.add_argument("--profile", action="store_true", help="also where the time of --only goes")
    return parser.parse_args()


@contextmanager
def _database(given: argparse.Namespace) -> Iterator[tuple[Engine, bool]]:
    if given.db:
        url = given.db if "://" in given.db else f"sqlite:///{Path(given.db).absolute()}"
        engine = open_engine(url, read_only=True)
        yield engine, given.is_universe
        engine.dispose()
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = f"sqlite:///{(given.keep or Path(folder) / 'universe.db').absolute()}"
        if given.postgres:
            url = stack.enter_context(running_postgres()).create(database_name("bench"))
        engine = open_engine(url)
        migrate.upgrade(engine)
        plan = universe.Plan(given.universe, given.lines, given.days, given.deep, given.deep_days, seed=given.seed)
        began = time.monotonic()
        count = universe.write(engine, plan)
        sys.stderr.write(f"{count:,} holdings written in {time.monotonic() - began:.0f} s\n")
        yield engine, True
        engine.dispose()


def _profile(engine: Engine, given: argparse.Namespace) -> None:
    profile = cProfile.Profile()
    profile.enable()
    list(queries.measure(engine, given.calls, given.seed, given.only))
    profile.disable()
    pstats.Stats(profile, stream=sys.stdout).sort_stats("cumulative").print_stats(40)


if __name__ == "__main__":
    sys.exit(main())
