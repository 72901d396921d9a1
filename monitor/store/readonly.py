"""Runs one SELECT a person wrote: the database itself refuses writing, and time, rows and sizes have limits.

Three walls stand one behind the other: only a single SELECT is passed on, the connection is opened for
reading (SQLite `mode=ro` and `query_only`, PostgreSQL a read-only transaction), and nothing is committed.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from monitor.core.errors import StoreError, UsageError
from monitor.store.engine import Connection, is_postgres, stop_after
from monitor.store.migrate import open_current
from monitor.store.views import VIEWS, View

BATCH = 1_000  # rows fetched at once
LONGEST_VALUE = 16 * 1024 * 1024  # bytes in one cell: a query cannot fill the memory with one text
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
    with _answering(url, _single(statement), seconds) as (columns, batches):
        rows: list[Row] = []
        for batch in batches:
            rows += batch
            if len(rows) > limit:
                break
    return Answer(columns, tuple(rows[:limit]), len(rows) > limit)


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
            _limit(conn, seconds)
            yield conn
            conn.rollback()
    finally:
        engine.dispose()


@contextmanager
def stream_view(url: str, name: str) -> Iterator[tuple[tuple[str, ...], Iterator[Sequence[Row]]]]:
    """The columns of a documented view and its rows in batches, in a fixed order."""
    view = find_view(name)
    order = ", ".join(str(number) for number in range(1, min(len(view.columns), 6) + 1))
    statement = f"SELECT * FROM {view.name} ORDER BY {order}"  # noqa: S608 – a name of our own list
    with _answering(url, statement, None) as answering:
        yield answering


def find_view(name: str) -> View:
    """The documented view called `name`, with or without its `v_`."""
    known = {view.name: view for view in VIEWS}
    wanted = name.strip().lower()
    found = known.get(wanted) or known.get(f"v_{wanted}")
    if found is None:
        close = get_close_matches(f"v_{wanted.removeprefix('v_')}", list(known), 1, 0.5)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(f"There is no view {name!r}.{hint} There are: {', '.join(known)}")
    return found


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


@contextmanager
def _answering(
    url: str, statement: str, seconds: float | None
) -> Iterator[tuple[tuple[str, ...], Iterator[Sequence[Row]]]]:
    engine = open_current(url, read_only=True)
    try:
        with _in_words(seconds), engine.connect() as conn:
            _limit(conn, seconds)
            options = {"stream_results": True, "max_row_buffer": BATCH, "no_parameters": True}
            result = conn.execution_options(**options).exec_driver_sql(statement)
            columns = tuple(str(name) for name in result.keys())  # noqa: SIM118 – a method, not a dict
            yield columns, (tuple(map(tuple, batch)) for batch in result.partitions(BATCH))
            conn.rollback()
    finally:
        engine.dispose()


def _limit(conn: Connection, seconds: float | None) -> None:
    if is_postgres(conn):
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")
    else:
        driver: Any = conn.connection.driver_connection
        driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    if seconds is not None:
        stop_after(conn, seconds)


@contextmanager
def _in_words(seconds: float | None) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _explained(str(error.orig).strip(), seconds) from error


def _explained(reason: str, seconds: float | None) -> StoreError | UsageError:
    """The database's complaint as the kind of error it is, with what to do."""
    first = reason.splitlines()[0] if reason else "no reason given"
    if first == "interrupted" or "statement timeout" in first:
        return TookTooLong(
            f"The query took longer than {seconds:g} seconds and was stopped. Narrow it, or raise --seconds."
        )
    if "one statement at a time" in first or "multiple commands" in first:
        return UsageError("Only a single SELECT is answered here; nothing can be changed.")
    if any(sign in first for sign in ("readonly", "read-only", "not authorized", "data-modifying")):
        return UsageError(f"Nothing can be changed here: {first}")
    missing = re.search(r'no such table: (\S+)|relation "([^"]+)" does not exist', first)
    if missing:
        return UsageError(f"{first}. {_views_like(missing[1] or missing[2])}")
    return UsageError(f"The query cannot be answered: {first}")


def _views_like(name: str) -> str:
    names = [view.name for view in VIEWS]
    close = get_close_matches(f"v_{name.removeprefix('v_')}", names, 1, 0.6)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names)}"
