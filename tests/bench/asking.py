"""`questions`: what every question of the program costs, on a database at hand or an invented world, as a table.

Without --db a world is written first, in a temporary folder or, with --keep, into that file. SLOW is above the bar:
50 ms at p95 of everything for a database given by --db, 100 ms for one fund or one security of a world.
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
from typing import Any

from monitor.cli.output import aligned
from monitor.store import migrate
from monitor.store.engine import Engine, open_engine
from tests.bench import questions, world
from tests.postgres import database_name, running_postgres

HEAD = ("question", "of", "calls", "p50", "p95", "max", "rows", "statements", "refused", "bar", "")


def arguments(works: Any) -> None:
    """Adds the subcommand to the parser's."""
    words = "every question, its parameters drawn from the database: p50 and p95"
    parser = works.add_parser("questions", help=words, description=__doc__)
    parser.add_argument("--db", help="measure this database; it is only read")
    parser.add_argument("--universe", type=int, metavar="FUNDS", default=400, help="funds of the invented world")
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--days", type=int, default=5, help="files of each fund")
    parser.add_argument("--deep", type=int, default=10, help="so many funds have --deep-days files")
    parser.add_argument("--deep-days", type=int, default=250)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the world here and leave it")
    parser.add_argument("--is-universe", action="store_true", help="--db holds one: its bars")
    parser.add_argument("--postgres", action="store_true", help="on the PostgreSQL of the tests")
    parser.add_argument("--calls", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="questions whose name contains this")
    parser.add_argument("--profile", action="store_true", help="also where the time of --only goes")


def main(given: argparse.Namespace) -> int:
    """Measures and prints."""
    with _database(given) as (engine, is_world):
        bars = (100.0, None) if is_world else (50.0, 50.0)
        costs = []
        for one in questions.measure(engine, given.calls, given.seed, given.only):
            costs.append(one)
            lines = questions.table([one], *bars)
            sys.stderr.write("  ".join(str(part) for part in lines[0]) + f"  slowest: {one.slowest}\n")
        lines = [[str(part) for part in line] for line in questions.table(costs, *bars)]
        sys.stdout.write(aligned(HEAD, lines, [False, False, *[True] * 8, False]))
        if given.profile:
            _profile(engine, given)
    return 0


@contextmanager
def _database(given: argparse.Namespace) -> Iterator[tuple[Engine, bool]]:
    if given.db:
        url = given.db if "://" in given.db else f"sqlite:///{Path(given.db).absolute()}"
        engine = open_engine(url, read_only=True)
        yield engine, given.is_universe
        engine.dispose()
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = f"sqlite:///{(given.keep or Path(folder) / 'world.db').absolute()}"
        if given.postgres:
            url = stack.enter_context(running_postgres()).create(database_name("bench"))
        engine = open_engine(url)
        migrate.upgrade(engine)
        plan = world.Plan(given.universe, given.lines, given.days, given.deep, given.deep_days, seed=given.seed)
        began = time.monotonic()
        count = world.write(engine, plan)
        sys.stderr.write(f"{count:,} holdings written in {time.monotonic() - began:.0f} s\n")
        yield engine, True
        engine.dispose()


def _profile(engine: Engine, given: argparse.Namespace) -> None:
    profile = cProfile.Profile()
    profile.enable()
    list(questions.measure(engine, given.calls, given.seed, given.only))
    profile.disable()
    pstats.Stats(profile, stream=sys.stdout).sort_stats("cumulative").print_stats(40)
