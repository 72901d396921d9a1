"""Runs one SELECT a person wrote: the database itself refuses writing, and time, rows and sizes have limits.

Walls stand one behind the other: only a single SELECT is passed on, what reaches beyond the history is refused (SQLite
asks us about each part of a query, PostgreSQL cannot: see `reach`), the connection is opened for reading (SQLite
`mode=ro` and `query_only`, PostgreSQL a read-only transaction), and nothing is committed.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from monitor.core.errors import StoreError, UsageError
from monitor.store.engine import Connection, is_postgres, stop_after
from monitor.store.migrate import open_current
from monitor.store.reach import check_reach
from monitor.store.whole_views import views_like

LONGEST_VALUE = 1024 * 1024  # bytes in one cell: no text fills the memory, and no function on one takes for ever
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes of all cells together
MOST_MEMORY = 1024 * 1024 * 1024  # bytes SQLite may use, for sorting and grouping
READING = (  # and the end of the transaction, which is ours
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
)
STARTS = ("select", "with", "values")

Row = tuple[object, ...]


class TookTooLong(StoreError):
    """A question was stopped because its time was up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave; `cut` when there were more rows than asked for."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    cut: bool


def ask(url: str, statement: str, *, seconds: float, limit: int) -> Answer:
    """The first `limit` rows of the SELECT in `statement`, unless it takes longer than `seconds`."""
    text = _single(statement)
    engine = open_current(url, read_only=True)
    try:
        with _in_words(seconds), engine.connect() as conn:
            if is_postgres(conn):
                check_reach(text)
            _limit(conn, seconds)
            return _first_rows(conn, text, seconds, limit)
    finally:
        engine.dispose()


@contextmanager
def asking(url: str, seconds: float) -> Iterator[Connection]:
    """One consistent state for several questions that together may take about `seconds`; nothing can be changed."""
    engine = open_current(url, read_only=True)
    until = time.monotonic() + seconds

    def look(*_: object) -> None:
        if time.monotonic() > until:
            raise TookTooLong(f"This took longer than {seconds:g} seconds and was stopped.")

    event.listen(engine, "before_cursor_execute", look)
    try:
        with _in_words(seconds), engine.connect() as conn:
            if is_postgres(conn):
                conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                conn.exec_driver_sql("SET TRANSACTION READ ONLY")
            stop_after(conn, seconds)
            yield conn
            conn.rollback()
    finally:
        engine.dispose()


def _single(statement: str) -> str:
    """The statement without its last semicolon; only one, and only one that reads."""
    if "\x00" in statement or any("\ud800" <= char <= "\udfff" for char in statement):
        raise UsageError("The query contains characters that are no text.")
    text = statement.strip()
    while text.endswith(";"):
        text = text[:-1].rstrip()
    bare = re.sub(r"^(\s*--[^\n]*(\n|$)|\s*/\*.*?\*/|\s+)+", "", text, flags=re.S)
    word = re.match(r"[(\s]*([a-zA-Z]*)", bare)
    if not bare:
        raise UsageError('A query is missing, for example: sql "SELECT * FROM v_coverage"')
    if word is None or word[1].lower() not in STARTS:
        raise UsageError("Only a single SELECT is answered here; nothing can be changed.")
    return text


def _first_rows(conn: Connection, statement: str, seconds: float, limit: int) -> Answer:
    """Row by row past SQLAlchemy, so that never more than one is in memory before it is counted."""
    driver: Any = conn.connection.driver_connection
    cursor = driver.cursor()
    until, size = time.monotonic() + seconds, 0
    found = cursor.stream(statement) if is_postgres(conn) else cursor.execute(statement)
    rows: list[Row] = []
    with closing(found):  # the rest is cancelled before anything else is said to the server
        for row in found:
            size += _size(row)
            if size > LARGEST_ANSWER:
                most = f"{LARGEST_ANSWER >> 20} MiB"
                raise UsageError(f"The answer is larger than {most}. Ask for less, or use `export`.")
            if time.monotonic() > until:
                raise _too_long(seconds)
            rows.append(tuple(row))
            if len(rows) > limit:
                break
        columns = tuple(str(one[0]) for one in cursor.description or ())
    if not columns:  # a stream without rows does not say them
        columns = _described(driver.pgconn, statement)
    return Answer(columns, tuple(rows[:limit]), len(rows) > limit)


def _described(connection: Any, statement: str) -> tuple[str, ...]:
    """The columns a query would have, without running it."""
    connection.prepare(b"", statement.encode())
    found = connection.describe_prepared(b"")
    return tuple((found.fname(at) or b"").decode() for at in range(found.nfields))


def _size(row: Sequence[object]) -> int:
    """Bytes of a row, roughly."""
    total = 0
    for value in row:
        if isinstance(value, (str, bytes)):
            total += len(value)
        elif isinstance(value, (list, dict)):
            total += len(str(value))
        total += 16
    return total


def _limit(conn: Connection, seconds: float) -> None:
    if is_postgres(conn):
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")
    else:
        driver: Any = conn.connection.driver_connection
        driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        driver.execute(f"PRAGMA hard_heap_limit = {MOST_MEMORY}")
        driver.set_authorizer(_reads_only)
    stop_after(conn, seconds)


def _reads_only(action: int, *_: object) -> int:
    """What SQLite asks before it prepares each part of a query."""
    return sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY


@contextmanager
def _in_words(seconds: float) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _explained(str(error.orig).strip(), seconds) from error
    except (sqlite3.Error, psycopg.Error, OverflowError, UnicodeError, MemoryError) as error:
        raise _explained(str(error).strip(), seconds) from error


def _too_long(seconds: float) -> TookTooLong:
    return TookTooLong(
        f"The query took longer than {seconds:g} seconds and was stopped. Narrow it, or raise --seconds."
    )


def _explained(reason: str, seconds: float) -> StoreError | UsageError:
    """The database's complaint as the kind of error it is, with what to do."""
    first = reason.splitlines()[0] if reason else "no reason given"
    if first == "interrupted" or "statement timeout" in first:
        return _too_long(seconds)
    if "out of memory" in first or "too big" in first or not first:
        return UsageError("The query needs too much memory: it makes values or sets that are too large.")
    if "one statement at a time" in first or "multiple commands" in first:
        return UsageError("Only a single SELECT is answered here; nothing can be changed.")
    if any(sign in first for sign in ("readonly", "read-only", "not authorized", "prohibited", "data-modifying")):
        return UsageError(f"Nothing can be changed here: {first}")
    missing = re.search(r'no such table: (\S+)|relation "([^"]+)" does not exist', first)
    if missing:
        return UsageError(f"{first}. {views_like(missing[1] or missing[2])}")
    return UsageError(f"The query cannot be answered: {first}")
