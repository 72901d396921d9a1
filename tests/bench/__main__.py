"""Measures this program beside what a user would take instead and what the machine allows, and prints one table.

Everything in a table is measured in the same run: medians of several, each contestant a process of its own, taking
turns. A bar that does not hold is reported; the exit code is 0 all the same, and 1 only when something could not run.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench import arithmetic, ark, asking, day, generator, queries, size, start, table, universe, workers
from tests.bench.harness import Failed, NotMeasured

TABLES = {"ark": ark.rows, "day": day.rows, "universe": universe.rows, "start": start.rows, "workers": workers.rows}
REPORTS = {"size": size.report, "queries": queries.report}
WORKS = {
    "ark": "replay of the whole ARK history, files on disk → committed events",
    "day": "one more day of every fund on the full history, and on a short one",
    "universe": "days of an invented world of funds, files on disk → committed events",
    "queries": "four questions at the database, on a full history",
    "workers": "a back-fill and a rebuild of 6 issuers × 6 funds × 200 lines, by one process and by several",
    "start": "the time of --help, and the memory of a daemon that has nothing to do",
    "size": "bytes a line, table by table and index by index; archive against raw bytes",
}


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; progress goes to standard error."""
    given = parser().parse_args(arguments)
    if given.work == "questions":
        return asking.main(given)
    if given.work == "arithmetic":
        sys.stdout.write(arithmetic.report(given))
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder:
            sys.stdout.write(_measured(given, Path(folder)))
    except NotMeasured as reason:
        sys.stdout.write(f"Not measured: {reason}\n")
    except (Failed, ValueError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    return 0


def _measured(given: argparse.Namespace, keep: Path) -> str:
    if given.work in REPORTS:
        return REPORTS[given.work](given, keep)
    rows, notes = TABLES[given.work](given, keep)
    return (table.as_json if given.json else table.text)(rows, notes)


def parser() -> argparse.ArgumentParser:
    """What may be asked."""
    top = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    works = top.add_subparsers(dest="work", required=True, metavar="WORK")
    for name, words in WORKS.items():
        one = works.add_parser(name, help=words, description=words)
        OPTIONS[name](one)
    asking.arguments(works)
    arithmetic.arguments(works)
    return top


def _some(text: str) -> int:
    """A number of things of which there must be one."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is none")
    return number


def _days(text: str) -> int:
    """Days that the generator has."""
    if not 0 <= (number := int(text)) <= generator.MOST_DAYS:
        raise argparse.ArgumentTypeError(f"there are 0 to {generator.MOST_DAYS} days, not {text}")
    return number


def _folder(text: str) -> Path:
    if not (folder := Path(text)).is_dir():
        raise argparse.ArgumentTypeError(f"the folder {text} does not exist")
    return folder


def _ark(one: argparse.ArgumentParser) -> None:
    _files(one)
    _peers(one)
    one.add_argument("--rounds", type=_some, default=3, metavar="N", help="runs of each, of which the median counts")
    one.add_argument("--workers", type=_some, default=1, metavar="N", help="also with so many worker processes")
    one.add_argument(
        "--slow-files", type=_some, default=24, metavar="N", help="git-history, dbt: the last N files only"
    )


def _day(one: argparse.ArgumentParser) -> None:
    _files(one)
    _peers(one)
    one.add_argument("--rounds", type=_some, default=3, metavar="N", help="runs of each, of which the median counts")
    one.add_argument("--days", type=_some, default=5, metavar="N", help="so many last days are measured")


def _universe(one: argparse.ArgumentParser) -> None:
    _anywhere(one)
    _peers(one)
    _world(one, 4000)
    one.add_argument(
        "--days", type=_days, default=10, metavar="N", help="days taken in one after the other, 61 at most"
    )
    one.add_argument("--live", action="store_true", help="files arrive now and are told of, instead of as history")
    one.add_argument("--processes", type=_some, default=1, metavar="N", help="so many, each with issuers of its own")


def _workers(one: argparse.ArgumentParser) -> None:
    _anywhere(one)
    _world(one, 36)
    one.set_defaults(issuers=6, lines=200)
    one.add_argument("--days", type=_days, default=40, metavar="N", help="of files, 61 at most")
    one.add_argument("--workers", type=_some, default=2, metavar="N", help="processes beside the one")
    one.add_argument("--rounds", type=_some, default=3, metavar="N", help="runs of each, of which the median counts")
    one.add_argument("--delay", type=float, default=0.03, metavar="SECONDS", help="of a server that is far away")


def _size(one: argparse.ArgumentParser) -> None:
    _files(one)
    _world(one, 200)
    one.add_argument("--days", type=_days, default=0, metavar="N", help="also an invented world of so many days")


def _queries(one: argparse.ArgumentParser) -> None:
    _files(one)
    _world(one, 200)
    one.add_argument("--peers", nargs="?", const="all", metavar="NAMES", help="also duckdb, sqlite, over text rows")
    one.add_argument("--days", type=_days, default=0, metavar="N", help="also on an invented world of so many days")
    one.add_argument(
        "--calls", type=_some, default=40, metavar="N", help="of each question, of which the median counts"
    )


def _start(one: argparse.ArgumentParser) -> None:
    one.add_argument("--rounds", type=_some, default=9, metavar="N", help="times --help is asked for")
    one.add_argument("--seconds", type=float, default=30, metavar="N", help="that the daemon runs")
    one.add_argument(
        "--folder", type=_folder, metavar="DIR", help="where to work; default: the system's temporary folder"
    )
    one.add_argument("--json", action="store_true", help="print JSON instead of a table")


OPTIONS = {
    "ark": _ark,
    "day": _day,
    "universe": _universe,
    "queries": _queries,
    "workers": _workers,
    "start": _start,
    "size": _size,
}


def _anywhere(one: argparse.ArgumentParser) -> None:
    one.add_argument("--database", choices=["sqlite", "postgres", "both"], default="sqlite")
    one.add_argument(
        "--folder", type=_folder, metavar="DIR", help="where to work; default: the system's temporary folder"
    )
    one.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _files(one: argparse.ArgumentParser) -> None:
    _anywhere(one)
    one.add_argument("--data", type=Path, metavar="DIR", help="ARK's files, as FUND/DAY.csv; default: ../shared")
    one.add_argument("--files", type=_some, metavar="N", help="only the first N files by day (the table says so)")


def _world(one: argparse.ArgumentParser, funds: int) -> None:
    world = generator.Plan(funds)
    one.add_argument(
        "--funds", type=_some, default=funds, metavar="N", help="of the invented world; default %(default)s"
    )
    one.add_argument("--lines", type=_some, default=world.lines, metavar="N", help="of each fund; default %(default)s")
    one.add_argument(
        "--issuers", type=_some, default=world.issuers, metavar="N", help="that publish them; default %(default)s"
    )
    one.add_argument(
        "--securities", type=_some, default=world.securities, metavar="N", help="there are; default %(default)s"
    )
    one.add_argument("--seed", type=int, default=world.seed, metavar="N", help="another number, another world")


def _peers(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--peers",
        nargs="?",
        const="all",
        metavar="NAMES",
        help="also run peers, installed on demand, divided by commas: duckdb, daily, tracker, git-history, dbt; "
        "without names all (the tracker takes minutes)",
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that temporary folders and servers go, too
    sys.exit(main())
