"""`size`: where the bytes are, table by table and index by index, for every line of the files that is kept."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from monitor.cli.output import aligned
from tests.bench import databases, files, universe
from tests.bench.ark import SOME
from tests.bench.databases import Place
from tests.bench.harness import NotMeasured, measured, ours, say

LEAST = 0.003  # of all bytes: what takes less is one line together with its like
BARS = {"sqlite": 40.0, "postgres": 125.0}
PARTS = """
WITH RECURSIVE part AS (
    SELECT c.oid, c.relname, c.relkind, coalesce(pg_partition_root(c.oid), c.oid) AS root FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'm')
)
SELECT r.relname, '' AS index, sum(pg_table_size(p.oid)) FROM part p JOIN pg_class r ON r.oid = p.root
GROUP BY r.relname
UNION ALL
SELECT r.relname, min(i.relname), sum(pg_relation_size(i.oid)) FROM part p JOIN pg_class r ON r.oid = p.root
JOIN pg_index x ON x.indrelid = p.oid JOIN pg_class i ON i.oid = x.indexrelid
GROUP BY r.relname, x.indkey::text, x.indisprimary
"""


@dataclass(frozen=True)
class Sizes:
    """What a database holds: bytes of each table (index "") and index, of the whole, and what they are for."""

    kind: str
    work: str
    parts: Mapping[tuple[str, str], int]
    whole: int
    lines: int
    files: int
    events: int
    raw: int

    @property
    def archive(self) -> int:
        """Bytes of the published files we keep, with what finds them."""
        return sum(size for (table, _), size in self.parts.items() if table.startswith("archive"))

    @property
    def a_line(self) -> float:
        """Bytes a line without the archive: all tables, indexes and free pages."""
        return (self.whole - self.archive) / max(1, self.lines)


def report(given: argparse.Namespace, keep: Path) -> str:
    """The tables, one for each work and kind of database."""
    text = []
    with databases.places(given.database, keep) as places:
        for place in places:
            text += [shown(one) for one in works(given, place, keep)]
    return "\n".join(text)


def works(given: argparse.Namespace, place: Place, keep: Path) -> list[Sizes]:
    """The sizes of a whole ARK history and, where asked for, of a universe of a few days."""
    found = []
    try:
        all_files = files.limited(files.history(given.data), given.files)
        data = keep / "files" if (keep / "files").exists() else files.folder(all_files, keep / "files")
        home = keep / f"size-{place.kind}"
        home.mkdir()
        say(f"{place.kind}: {len(all_files):,} files of ARK")
        url = place.fresh(home)
        measured(ours("ingest", str(data), "--source", "ark", "--db", url), cwd=home, codes=(0, SOME))
        raw = sum(file.stat().st_size for file in all_files)
        found.append(sizes(place.kind, f"{len(all_files):,} ARK files", url, raw))
    except NotMeasured as error:
        say(str(error))
    if given.days:
        plan = universe.plan_of(given)
        url, raw = universe.load(plan, place, given.days, keep)
        found.append(sizes(place.kind, f"{given.days} days of {plan.funds:,} invented funds", url, raw))
    return found


def sizes(kind: str, work: str, url: str, raw: int) -> Sizes:
    """What the database at the address holds, as it was left: nothing is vacuumed."""
    counted = databases.counts(url)
    parts = _sqlite(url) if kind == "sqlite" else _postgres(url)
    whole = counted["bytes"] if kind == "sqlite" else sum(parts.values())
    return Sizes(kind, work, parts, whole, counted["lines"], counted["files"], counted["events"], raw)


def _sqlite(url: str) -> dict[tuple[str, str], int]:
    databases.checkpoint(url)
    query = (
        "SELECT m.tbl_name, CASE m.type WHEN 'index' THEN m.name ELSE '' END, sum(d.pgsize) "
        "FROM dbstat d JOIN sqlite_schema m ON m.name = d.name GROUP BY 1, 2"
    )
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        try:
            found = connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            raise NotMeasured(f"this SQLite cannot say what a table takes: {error}") from error
    return {(table, index): size for table, index, size in found}


def _postgres(url: str) -> dict[tuple[str, str], int]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        found = connection.execute(PARTS.encode()).fetchall()
    return {(str(table), str(index)): int(size) for table, index, size in found}


def shown(one: Sizes) -> str:
    """The table for people, largest first, with the bars below."""
    lines = max(1, one.lines)
    ordered = sorted(one.parts.items(), key=lambda part: -part[1])
    table = [
        [name, index or "(rows)", f"{size:,}", f"{size / lines:.1f}", f"{size / max(1, one.whole):.1%}"]
        for (name, index), size in ordered
        if size >= LEAST * one.whole
    ]
    rest = one.whole - sum(size for size in one.parts.values() if size >= LEAST * one.whole)
    kept = one.whole - one.archive
    bar, share = BARS[one.kind], one.archive / max(1, one.raw)
    table += [
        ["the others", "", f"{rest:,}", f"{rest / lines:.1f}", f"{rest / max(1, one.whole):.1%}"],
        ["all", "without the archive", f"{kept:,}", f"{one.a_line:.1f}", ""],
        ["all", "", f"{one.whole:,}", f"{one.whole / lines:.1f}", "100.0%"],
    ]
    head = f"{one.work} on {one.kind}: {one.lines:,} lines, {one.files:,} files kept, {one.events:,} events\n"
    text = aligned(("table", "index", "bytes", "a line", "of all"), table, [False, False, True, True, True])
    return (
        f"{head}{text}"
        f"bar ≤ {bar:g} bytes a line without the archive: {one.a_line:.1f}: {_word(one.a_line <= bar)}\n"
        f"bar archive ≤ 25 % of {one.raw:,} raw bytes: {share:.1%}: {_word(share <= 0.25)}\n"
    )


def _word(holds: bool) -> str:
    return "holds" if holds else "does NOT hold"
