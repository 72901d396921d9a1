"""Statements that are asked often: compiled once for each kind of database, then given to its driver as they are.

SQLAlchemy builds, caches and wraps a statement for some 300 µs each time, more than most of ours take in the database.
Here only its SQL is used; a value is `bindparam("name")`, a list of values `Among(column, "name")`. No statement of
its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Boolean, ClauseElement, ColumnElement, Text, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal

from monitor.core.errors import StoreError
from monitor.store.engine import Connection, is_postgres

Rows = list[tuple[Any, ...]]


class Among(ColumnElement[bool]):
    """Whether the column is one of the values in the list given as `name`, however long that is."""

    type = Boolean()
    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 – so SQLAlchemy declares it
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: BindParameter[Any] = bindparam(name)

    def self_group(self, against: object = None) -> Among:
        """As it is: compared with 1, as SQLAlchemy would for SQLite, no index could be used for it."""
        return self


@compiles(Among, "sqlite")
def _among_json(element: Among, compiler: SQLCompiler, **more: Any) -> str:
    column, values = compiler.process(element.column, **more), compiler.process(element.values, **more)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 – both are marks and names of ours


@compiles(Among, "postgresql")
def _among_array(element: Among, compiler: SQLCompiler, **more: Any) -> str:
    column, values = compiler.process(element.column, **more), compiler.process(element.values, **more)
    return f"{column} = ANY ({values})"


class AmongFolded(Among):
    """The same of texts, capital letters or not, as an index on `upper(column)` finds them."""

    inherit_cache = True


@compiles(AmongFolded, "sqlite")
def _folded_json(element: AmongFolded, compiler: SQLCompiler, **more: Any) -> str:
    column, values = compiler.process(element.column, **more), compiler.process(element.values, **more)
    return f"upper({column}) IN (SELECT upper(value) FROM json_each({values}))"  # noqa: S608 – both are marks of ours


@compiles(AmongFolded, "postgresql")
def _folded_array(element: AmongFolded, compiler: SQLCompiler, **more: Any) -> str:
    column, values = compiler.process(element.column, **more), compiler.process(element.values, **more)
    return f"upper({column}) = ANY (ARRAY(SELECT upper(one) FROM unnest(CAST({values} AS text[])) one))"  # noqa: S608


class Joined(FunctionElement[str]):
    """The numbers of a group as one text, with commas between them: one row to fetch instead of hundreds."""

    type = Text()
    name = "joined"
    inherit_cache = True


@compiles(Joined, "sqlite")
def _joined_anyhow(element: Joined, compiler: SQLCompiler, **more: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **more)})"


@compiles(Joined, "postgresql")
def _joined_text(element: Joined, compiler: SQLCompiler, **more: Any) -> str:
    return f"string_agg(CAST({compiler.process(element.clauses, **more)} AS TEXT), ',')"


class _Text:
    """The SQL of a statement for one kind of database, and the order of its values."""

    def __init__(self, element: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = element.compile(dialect=dialect)
        self.sql = str(compiled)
        self.order: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.fixed: dict[str, object] = {
            name: value for name, value in compiled.construct_params(_check=False).items() if value is not None
        }

    def values(self, given: dict[str, object]) -> list[object]:
        try:
            return [given[name] if name in given else self.fixed[name] for name in self.order]
        except KeyError as error:
            raise StoreError(f"The value {error} of a statement was not given: {self.sql}") from error


class Statement:
    """One statement, asked again and again. To be used inside a transaction, or in `reading`."""

    def __init__(self, element: ClauseElement) -> None:
        self._element = element
        self._texts: dict[bool, _Text] = {}

    def rows(self, conn: Connection, **values: object) -> Rows:
        """All rows it gives."""
        text, listed = self._text(conn), is_postgres(conn)
        given = values if listed else {k: json.dumps(v) if isinstance(v, list) else v for k, v in values.items()}
        found: Rows = self._driven(conn, "execute", text.sql, text.values(given)).fetchall()
        return found

    def first(self, conn: Connection, **values: object) -> tuple[Any, ...] | None:
        """The first row, where there is one."""
        found = self.rows(conn, **values)
        return found[0] if found else None

    def run(self, conn: Connection, **values: object) -> int:
        """Does it; the number of rows concerned."""
        text, listed = self._text(conn), is_postgres(conn)
        given = values if listed else {k: json.dumps(v) if isinstance(v, list) else v for k, v in values.items()}
        return int(self._driven(conn, "execute", text.sql, text.values(given)).rowcount)

    def many(self, conn: Connection, rows: Iterable[Sequence[object]]) -> None:
        """Does it for each row of values, which come in the order of the statement's."""
        listed = list(rows)
        if listed:
            self._driven(conn, "executemany", self._text(conn).sql, listed)

    def _text(self, conn: Connection) -> _Text:
        listed = is_postgres(conn)
        if listed not in self._texts:
            self._texts[listed] = _Text(self._element, _dialect(listed))
        return self._texts[listed]

    def _driven(self, conn: Connection, method: str, sql: str, values: Sequence[object]) -> Any:
        if not conn.in_transaction():
            raise StoreError(f"Asked outside a transaction: {sql}")
        driver: Any = conn.connection.driver_connection
        errors: type[Exception] = conn.dialect.loaded_dbapi.Error
        try:
            cursor = driver.cursor()
            getattr(cursor, method)(sql, values)
        except errors as error:  # past SQLAlchemy: this is how it would have said it
            raise DBAPIError.instance(sql, None, error, errors, dialect=conn.dialect) from error
        return cursor


def _dialect(of_postgres: bool) -> Dialect:
    """How the database writes SQL, with marks in the order of the values."""
    if of_postgres:
        from sqlalchemy.dialects.postgresql import psycopg  # loaded only where it is used

        make: Any = psycopg.dialect
        return make(paramstyle="format")  # type: ignore[no-any-return]
    return sqlite.dialect(paramstyle="qmark")
