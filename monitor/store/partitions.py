"""The partitions of `holding` on PostgreSQL: which there are, and making those that are needed. Nothing on SQLite.

A partition is a month of files' dates; of the years before last year it is a whole year (migration 0007 says why).
There is no default partition: who writes lines asks for theirs first with `ready`, the daemon makes the next months
`ahead`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, text, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from monitor.store.codec import REVISIONS, date_of_day, day_of
from monitor.store.engine import Connection, Engine, is_postgres, reading, transaction
from monitor.store.trouble import in_words

AHEAD = 3  # months after this one
LOCK = 4_737_002  # an arbitrary number: who holds it makes partitions
PARTITION = "fillfactor = 100, autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.1"
BOUNDS = re.compile(r"FROM \('?(-?\d+)'?\) TO \('?(-?\d+)'?\)")
_READY = "monitor_partitions"  # what a connection knows to be there, in the transaction at hand


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Whole months of dates of files: days since 1970-01-01, the last one exclusive."""

    first: int
    until: int

    def __str__(self) -> str:
        """`2026-11`, or `2019` for a whole year."""
        first = date_of_day(self.first)
        return f"{first:%Y-%m}" if self.until - self.first < 32 else f"{first:%Y}"

    def overlaps(self, other: Span) -> bool:
        """Whether both have a day in common."""
        return self.first < other.until and other.first < self.until


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: about how many rows it has, and its bytes with and without indexes. `vacuumed`: a vacuum has been
    through it since it was last written to; what a crash makes the server forget of that is done once more."""

    name: str
    span: Span
    rows: int
    bytes: int
    index_bytes: int
    vacuumed: bool


def month_of(day: date, ahead: int = 0) -> Span:
    """The month of a day, or one so many later."""
    months = day.year * 12 + day.month - 1 + ahead
    return Span(_month_begins(months), _month_begins(months + 1))


def _month_begins(months: int) -> int:
    """The first day of a month, counted from the year 0; the one after the last date there is, too."""
    if months >= 10_000 * 12:
        return day_of(date.max) + 1
    return day_of(date(months // 12, months % 12 + 1, 1))


def _year_of(day: date) -> Span:
    return Span(_month_begins(day.year * 12), _month_begins(day.year * 12 + 12))


def span_for(day: date, today: date, taken: Collection[Span]) -> Span:
    """The partition a file of this day needs: a year of long ago, unless a month of it has its own."""
    year = _year_of(day)
    if day.year < today.year - 1 and not any(year.overlaps(one) for one in taken):
        return year
    return month_of(day)


def spans(conn: Connection) -> list[Span]:
    """What there are partitions for, oldest first."""
    return [one.span for one in _attached(conn)]


def dated(number: ColumnElement[int], since: date | None, until: date | None) -> ColumnElement[bool]:
    """Whether the number of a snapshot is of a day in the range, both ends included.

    Said beside a join with the files of those days it changes no answer: it tells the database before it plans which
    partitions it needs, so that it looks at no others. SQLite has none: there it must not be what lines are found by.
    """
    said = beside(number)
    least = [] if since is None else [said >= day_of(since) * REVISIONS]
    most = [] if until is None else [said < (day_of(until) + 1) * REVISIONS]
    return and_(true(), *least, *most)


def beside(number: ColumnElement[int]) -> ColumnElement[int]:
    """The number of a snapshot, for a condition as of `dated`."""
    return _Beside(number)


class _Beside(FunctionElement[int]):
    """A column that a condition is said of, without SQLite looking it up by that."""

    type = Integer()
    inherit_cache = True


@compiles(_Beside)
def _plain(element: _Beside, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Beside, "sqlite")
def _not_searched(element: _Beside, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


# --- making ---------------------------------------------------------------------------------------


def ready(conn: Connection, as_of: date, today: date) -> None:
    """Lines of a file dated so can be stored now in this transaction.

    What is missing is made in a transaction of its own and committed at once: others that need it wait for no more
    than that, and nobody who reads waits at all.
    """
    if not is_postgres(conn):
        return
    month, now = month_of(as_of), conn.get_transaction()
    known, when = conn.info.get(_READY, (frozenset(), None))
    seen: set[Span] = known if when is now else set()
    if month in seen:
        return
    names = [_name(month), _name(_year_of(as_of))]
    if conn.execute(THERE, {"names": names}).first() is None:
        with transaction(conn.engine) as own:
            make(own, [as_of], today)
    conn.info[_READY] = (seen | {month}, now)


def _holds(there: Collection[Span], day: date) -> bool:
    return any(one.first <= day_of(day) < one.until for one in there)


def ahead(engine: Engine, today: date) -> list[str]:
    """Makes the partitions of this month and the next ones; the names of those that were missing."""
    if not is_postgres(engine):
        return []
    days = [date_of_day(month_of(today, one).first) for one in range(AHEAD + 1)]
    with transaction(engine) as conn:
        before = set(spans(conn))
        if all(month_of(day) in before for day in days):
            return []
        return [_name(one) for one in make(conn, days, today) if one not in before]


def make(conn: Connection, days: Iterable[date], today: date) -> list[Span]:
    """Makes the partitions that files of these days need, where there are none; the result is all there are.

    One program at a time. A table is made and then attached: that waits for no reader and no writer.
    """
    if not is_postgres(conn):
        return []
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    there = spans(conn)
    for day in sorted(set(days)):
        if _holds(there, day):
            continue
        new = span_for(day, today, there)
        _attach(conn, new)
        there.append(new)
    return sorted(there)


def make_span(conn: Connection, span: Span) -> None:
    """Makes just this partition, unless it is there."""
    if is_postgres(conn):
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        if span not in spans(conn):
            _attach(conn, span)


def _attach(conn: Connection, new: Span) -> None:
    name = _name(new)
    conn.exec_driver_sql(f'CREATE TABLE "{name}" (LIKE holding) WITH ({PARTITION})')
    conn.exec_driver_sql(
        f'ALTER TABLE holding ATTACH PARTITION "{name}"'
        f" FOR VALUES FROM ({new.first * REVISIONS}) TO ({new.until * REVISIONS})"
    )


def tend(engine: Engine, today: date) -> list[str]:
    """What is to be done once a day: the next months, and a last vacuum for those that are over. What was done.

    A month that is over is written to no more, so that no number of changed rows would ever call for that vacuum; it
    freezes what it can, and what is known of the whole table is brought up to date with it.
    """
    made = ahead(engine, today)
    if not is_postgres(engine):
        return made
    with reading(engine) as conn:
        over = [one for one in partitions(conn) if one.span.until <= month_of(today).first]
    loose = [one.name for one in over if one.bytes and not one.vacuumed]
    with in_words(engine), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        for name in loose:
            conn.exec_driver_sql(f'VACUUM (FREEZE, ANALYZE, SKIP_LOCKED) "{name}"')
        if loose:
            conn.exec_driver_sql("ANALYZE holding")
    return made + loose


def _name(span: Span) -> str:
    return f"holding_{span}".replace("-", "_")


# --- looking --------------------------------------------------------------------------------------

USED = text("SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass('holding')")
THERE = text("""
SELECT 1 FROM pg_class
WHERE relname = ANY (:names) AND relispartition AND relnamespace = (
    SELECT relnamespace FROM pg_class WHERE oid = to_regclass('holding')
)
""")
ATTACHED = text("""
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bounds
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('holding')
""")
MEASURED = text("""
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bounds,
    greatest(c.reltuples, s.n_live_tup, 0)::bigint AS rows,
    pg_table_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
    greatest(s.last_vacuum, s.last_autovacuum) IS NOT NULL AND s.n_ins_since_vacuum = 0 AS vacuumed
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE i.inhparent = to_regclass('holding')
""")


def are_used(conn: Connection) -> bool:
    """Whether `holding` is partitioned: on PostgreSQL, since migration 0007."""
    return is_postgres(conn) and conn.execute(USED).scalar() is not None


@dataclass(frozen=True, slots=True)
class _Attached:
    name: str
    span: Span


def _attached(conn: Connection) -> list[_Attached]:
    if not is_postgres(conn):
        return []
    found = [_Attached(name, _span(bounds)) for name, bounds in conn.execute(ATTACHED)]
    return sorted(found, key=lambda one: one.span)


def _span(bounds: str) -> Span:
    found = BOUNDS.search(bounds)
    assert found is not None, bounds
    return Span(int(found[1]) // REVISIONS, int(found[2]) // REVISIONS)


def partitions(conn: Connection) -> list[Partition]:
    """All partitions, oldest first; none on SQLite."""
    if not is_postgres(conn):
        return []
    found = [Partition(row[0], _span(row[1]), *row[2:]) for row in conn.execute(MEASURED)]
    return sorted(found, key=lambda one: one.span)


def name_of(conn: Connection, span: Span) -> str | None:
    """The table that is this partition; None on SQLite."""
    return next((one.name for one in _attached(conn) if one.span == span), None)


def names(conn: Connection) -> set[str]:
    """What the partitions are called: tables that hold no rows of their own account."""
    return {one.name for one in _attached(conn)}
