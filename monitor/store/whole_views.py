"""Reads a documented view row by row, however large it is: nothing is kept but one batch. It writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from sqlalchemy import text

from monitor.core.errors import UsageError
from monitor.store.engine import Connection, is_postgres, reading
from monitor.store.migrate import open_current
from monitor.store.views import VIEWS, View, ViewColumn

BATCH = 2_000  # rows fetched at once
ORDERED = 6  # columns that put the rows in a fixed order

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are grouped by: a column, or the year of one that is a date."""

    column: str
    year: bool = False


@dataclass(frozen=True, slots=True)
class ViewReader:
    """The rows of a view whose columns have these values; `None` asks for the unknown ones."""

    conn: Connection
    view: View
    where: tuple[tuple[str, object], ...]

    def more_than(self, count: int) -> bool:
        """Whether there are more rows than so many."""
        query = f"SELECT count(*) FROM (SELECT 1 AS one{self._from()} LIMIT {count + 1}) x"  # noqa: S608 – our names
        return int(self.conn.execute(text(query), self._values()).scalar_one()) > count

    def batches(self, by: Sequence[Key] = ()) -> Iterator[Sequence[Row]]:
        """The rows in a fixed order, those with the same `by` one after the other."""
        names = [f'"{column.name}"' for column in self.view.columns]
        order = ", ".join([*map(self._key, by), *names[:ORDERED]])
        query = f"SELECT {', '.join(names)}{self._from()} ORDER BY {order}"
        streaming = self.conn.execution_options(stream_results=True, max_row_buffer=BATCH)
        for batch in streaming.execute(text(query), self._values()).partitions(BATCH):
            yield [tuple(row) for row in batch]

    def _from(self) -> str:
        parts = [
            f'"{name}" IS NULL' if value is None else f'"{name}" = :value_{at}'
            for at, (name, value) in enumerate(self.where)
        ]
        return f" FROM {self.view.name}" + (f" WHERE {' AND '.join(parts)}" if parts else "")

    def _values(self) -> dict[str, object]:
        return {f"value_{at}": self._bound(value) for at, (_, value) in enumerate(self.where) if value is not None}

    def _bound(self, value: object) -> object:
        if is_postgres(self.conn):
            return value
        return float(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, date) else value

    def _key(self, key: Key) -> str:
        name = f'"{key.column}"'
        if not key.year:
            return name
        return f"extract(year FROM {name})" if is_postgres(self.conn) else f"substr({name}, 1, 4)"


@contextmanager
def reading_view(url: str, view: View, where: Sequence[tuple[str, object]] = ()) -> Iterator[ViewReader]:
    """The view in one consistent state of the database at `url`."""
    engine = open_current(url, read_only=True)
    try:
        with reading(engine) as conn:
            yield ViewReader(conn, view, tuple(where))
    finally:
        engine.dispose()


def find_view(name: str) -> View:
    """The documented view called `name`, with or without its `v_`."""
    known = {view.name: view for view in VIEWS}
    wanted = name.strip().lower()
    found = known.get(wanted) or known.get(f"v_{wanted}")
    if found is None:
        raise UsageError(f"There is no view {name!r}. {views_like(name)}")
    return found


def find_column(view: View, name: str) -> ViewColumn:
    """The column of a view called `name`."""
    known = {column.name: column for column in view.columns}
    found = known.get(name.strip().lower().replace("-", "_"))
    if found is None:
        close = get_close_matches(name.lower(), list(known), 1, 0.5)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}"
        raise UsageError(f"{view.name} has no column {name!r}. {hint}")
    return found


def views_like(name: str) -> str:
    """The view that was probably meant, or all of them."""
    names = [view.name for view in VIEWS]
    close = get_close_matches(f"v_{name.lower().removeprefix('v_')}", names, 1, 0.6)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names)}"
