"""Measures this program beside what a user would take instead and what the machine allows, and prints one table.

Everything in a table is measured in the same run: medians of several, each contestant a process of its own, taking
turns. A bar that does not hold is reported; the exit code is 0 all the same, and 1 only when something could not run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import ark, asking, day, size, table
from tests.bench.harness import Failed, NotMeasured

TABLES = {"ark": ark.rows, "day": day.rows}
WORKS = {
    "ark": "replay of the whole ARK history, files on disk → committed events",
    "day": "one more day of every fund on the full history, and on a short one",
    "size": "bytes a line, table by table and index by index; archive against raw bytes",
}


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; progress goes to standard error."""
    given = parser().parse_args(arguments)
    if given.work == "questions":
        return asking.main(given)
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
    if given.work == "size":
        return size.report(given, keep)
    rows, notes = TABLES[given.work](given, keep)
    return (table.as_json if given.json else table.text)(rows, notes)


def parser() -> argparse.ArgumentParser:
    """What may be asked."""
    top = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    works = top.add_subparsers(dest="work", required=True, metavar="WORK")
    for name, words in WORKS.items():
        one = works.add_parser(name, help=words, description=words)
        _common(one)
        if name in ("ark", "day"):
            _against(one)
    asking.arguments(works)
    return top


def _common(one: argparse.ArgumentParser) -> None:
    one.add_argument("--data", type=Path, metavar="DIR", help="ARK's files, as FUND/DAY.csv; default: ../shared")
    one.add_argument("--files", type=int, metavar="N", help="only the first N files by day (the table says so)")
    one.add_argument("--database", choices=["sqlite", "postgres", "both"], default="sqlite")
    one.add_argument("--folder", type=Path, metavar="DIR", help="where to work; default: the system's temporary folder")
    one.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _against(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--peers",
        nargs="?",
        const="all",
        metavar="NAMES",
        help="also run peers, installed on demand: duckdb,daily,tracker,git-history,dbt; without names all of them "
        "(the tracker takes minutes)",
    )
    one.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each, of which the median counts")
    one.add_argument("--workers", type=int, default=1, metavar="N", help="ark: also with so many worker processes")
    one.add_argument("--days", type=int, default=5, metavar="N", help="day: so many last days are measured")
    one.add_argument(
        "--slow-files", type=int, default=60, metavar="N", help="git-history and dbt: only the first N files"
    )


if __name__ == "__main__":
    sys.exit(main())
