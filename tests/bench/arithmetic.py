"""`arithmetic`: what so many funds need a day and a decade, from figures that the other works measured.

Nothing is measured here. The table is that of `deploy/SCALE.md`, in the form in which it stands there.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

FUNDS = (10, 500, 15_000)
LINES = 300  # of a fund
SESSIONS, YEARS = 252, 10


@dataclass(frozen=True)
class Figures:
    """What was measured: CPU µs of a line, bytes of a line, without and of the archive; each on both databases."""

    sqlite_cpu: float
    postgres_cpu: float
    sqlite_bytes: float
    postgres_bytes: float
    archive_bytes: float


def arguments(works: Any) -> None:
    """Adds the subcommand to the parser's."""
    words = "what 10, 500 and 15,000 funds need a day and a decade, from measured figures"
    parser = works.add_parser("arithmetic", help=words, description=__doc__)
    parser.add_argument(
        "--cpu", type=float, nargs=2, required=True, metavar=("SQLITE", "POSTGRES"), help="µs of a line"
    )
    parser.add_argument(
        "--bytes", type=float, nargs=2, required=True, metavar=("SQLITE", "POSTGRES"), help="of a line, all but archive"
    )
    parser.add_argument("--archive", type=float, required=True, metavar="BYTES", help="of a line in the archive")


def report(given: argparse.Namespace) -> str:
    """The table in Markdown."""
    (sqlite, postgres), (small, large) = given.cpu, given.bytes
    one = Figures(sqlite, postgres, small, large, given.archive)
    head = ["", *(f"{count:,} funds" for count in FUNDS)]
    rows = [head, ["---", *["---:"] * len(FUNDS)], *([name, *map(cell, FUNDS)] for name, cell in _cells(one))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cells(one: Figures) -> list[tuple[str, Any]]:
    days = SESSIONS * YEARS

    def lines(funds: int) -> int:
        return funds * LINES

    return [
        ("lines a day", lambda n: f"{lines(n):,}"),
        ("CPU a day, SQLite", lambda n: _time(lines(n) * one.sqlite_cpu / 1e6)),
        ("CPU a day, PostgreSQL with the server", lambda n: _time(lines(n) * one.postgres_cpu / 1e6)),
        ("disk a day, SQLite", lambda n: _size(lines(n) * (one.sqlite_bytes + one.archive_bytes))),
        ("disk a day, PostgreSQL", lambda n: _size(lines(n) * (one.postgres_bytes + one.archive_bytes))),
        ("lines a decade", lambda n: f"{lines(n) * days / 1e6:,.0f} million"),
        ("CPU of filling a decade, one process, SQLite", lambda n: _time(lines(n) * days * one.sqlite_cpu / 1e6)),
        ("CPU of filling a decade, PostgreSQL", lambda n: _time(lines(n) * days * one.postgres_cpu / 1e6)),
        ("disk a decade, SQLite", lambda n: _size(lines(n) * days * (one.sqlite_bytes + one.archive_bytes))),
        ("disk a decade, PostgreSQL", lambda n: _size(lines(n) * days * (one.postgres_bytes + one.archive_bytes))),
    ]


def _time(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3_600, "hours"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:.1f} s"


def _size(count: float) -> str:
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count / 1e3:,.0f} kB"
