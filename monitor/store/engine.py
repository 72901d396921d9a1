"""Opens the database and runs transactions: every difference between SQLite and PostgreSQL lives here.

It knows nothing about what is stored. SQLite runs in WAL mode with `synchronous=FULL`: a commit that was
acknowledged survives a power cut. NORMAL would be faster, but could forget the last commits – a message
recorded as sent would be sent again, a file an issuer shows for one day only would be gone – and we commit
a few times per file, so one fsync each is cheap.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    create_engine,
    event,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.core.errors import ConfigError, StoreError
from monitor.store.trouble import BUSY_SECONDS, StoreConflict, StoreUnavailable, in_words

__all__ = [
    "Connection",
    "Engine",
    "StoreConflict",
    "StoreUnavailable",
    "begins",
    "bulk_insert",
    "database_name",
    "insert_new",
    "is_postgres",
    "open_engine",
    "reading",
    "schema_transaction",
    "stop_after",
    "transaction",
]

SQLITE_AT_LEAST = (3, 35, 0)  # RETURNING and window functions, as the queries use them
READ_CACHE = 32_000  # KiB of pages that a connection for questions keeps: the default of 2 MB holds no fund's history
SCHEMA_LOCK = 4_737_001  # an arbitrary number: who holds it on PostgreSQL may change the tables
STEPS = 5_000  # SQLite instructions between two looks at the clock
KEPT = 4  # connections
MOST = 12  # connections of one process, for all its threads
CHUNK = 10_000  # rows handed to the driver at once: enough to be fast, small in memory
_READING = "monitor_reading"  # execution option: this connection only reads


def open_engine(url: str, *, read_only: bool = False, kept: int = KEPT, most: int = MOST) -> Engine:
    """The database at `url`, reached once so that a wrong address is said now and in words.

    With `read_only` the database itself refuses writing, whatever SQL is sent. `kept` connections to PostgreSQL stay
    open when nobody uses them; a process never has more than `most`, and who needs another one waits.
    """
    address = _address(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    engine = _open_sqlite(address, read_only) if is_sqlite else _open_postgres(address, read_only, kept, most)
    with in_words(engine), engine.connect():
        return engine


def stop_after(conn: Connection, seconds: float) -> Callable[[], None]:
    """Lets the database stop what takes longer than so many seconds from now on. The result lifts that again."""
    if is_postgres(conn):
        conn.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
        return lambda: None  # it ends with the transaction
    driver: Any = conn.connection.driver_connection
    until = time.monotonic() + seconds
    driver.set_progress_handler(lambda: 1 if time.monotonic() > until else 0, STEPS)
    return lambda: driver.set_progress_handler(None, 0)


def is_postgres(conn: Connection | Engine) -> bool:
    """True on PostgreSQL, false on SQLite."""
    return conn.dialect.name == "postgresql"


def begins(conn: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether the column begins with the text, in the form for which this database takes an index."""
    if is_postgres(conn) or not text:
        return column.startswith(text, autoescape=True)
    return and_(column >= text, column < text[:-1] + chr(ord(text[-1]) + 1))


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose work is committed as one at the end, or not at all."""
    with in_words(engine), engine.begin() as conn:
        yield conn


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one consistent state, cannot write and does not make writers wait."""
    with in_words(engine), engine.connect() as conn:
        conn.execution_options(**{_READING: True})
        if is_postgres(conn):
            conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:
            conn.begin()
        yield conn


@contextmanager
def schema_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that may change tables: one program at a time; foreign keys are checked at its end."""
    with in_words(engine), engine.connect() as conn:
        if is_postgres(conn):
            with conn.begin():
                conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")
                yield conn
            return
        driver: Any = conn.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")  # cannot be said inside a transaction
        try:
            with conn.begin():
                yield conn
                if broken := conn.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise StoreError(f"A row of {broken[0]} would refer to a row of {broken[2]} that does not exist.")
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def bulk_insert(conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """How many rows were added, by the fastest measured way: tuples on SQLite, binary COPY on PostgreSQL.

    Values must already be what the columns store. To be called inside `transaction`.
    """
    if not conn.in_transaction():
        raise StoreError(f"Rows for {table.name} were offered outside a transaction.")
    return _copy(conn, table, columns, rows) if is_postgres(conn) else _insert_chunks(conn, table, columns, rows)


def insert_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> int:
    """How many of the rows were added; those whose key exists already are left alone."""
    if not rows:
        return 0
    statement: sqlite.Insert | postgresql.Insert = sqlite.insert(table)
    if is_postgres(conn):
        from sqlalchemy.dialects import postgresql  # its five drivers are loaded only where it is used

        statement = postgresql.insert(table)
    # `inline`: without RETURNING the driver knows how many rows were added. Rows go one by one to a prepared
    # statement, because one statement with all of them would hit the limit on parameters.
    result = conn.execute(
        statement.inline().on_conflict_do_nothing(), list(rows), execution_options={"preserve_rowcount": True}
    )
    return result.rowcount


# --- addresses ------------------------------------------------------------------------------------


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        names = (address.get_backend_name(), address.get_driver_name())
        known = names in (("sqlite", "pysqlite"), ("postgresql", "psycopg"))
    except (ArgumentError, NoSuchModuleError, ValueError):  # ValueError: the port is no number
        known = False
    if not known:
        raise ConfigError(
            "The database address is not understood. Use sqlite:///path/to/monitor.db or postgresql://user@host/name."
        )
    return address


def database_name(url: str) -> str:
    """What the database is called, without where it lies and how it is reached."""
    address = _address(url)
    name = address.database or ""
    return Path(name).name if address.get_backend_name() == "sqlite" else name


def file_number(url: str) -> int | None:
    """Which file a SQLite database is at present, as its disk counts them; None for what is no file, or not there."""
    address = _address(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    with suppress(OSError):
        return Path(address.database).stat().st_ino
    return None


# --- SQLite ---------------------------------------------------------------------------------------


def _open_sqlite(address: URL, read_only: bool) -> Engine:
    if sqlite3.sqlite_version_info < SQLITE_AT_LEAST:
        wanted = ".".join(map(str, SQLITE_AT_LEAST))
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: {wanted} or newer is needed.")
    path = address.database if address.database not in (None, "", ":memory:") else None
    if path is None:
        if read_only:
            raise StoreError("A database in memory cannot be opened for reading only.")
        engine = create_engine(address, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        _look_for_file(Path(path), read_only)
        engine = create_engine(address, creator=lambda: _connect_sqlite(path, read_only))
    event.listen(engine, "connect", _sqlite_settings_read_only if read_only else _sqlite_settings)
    event.listen(engine, "begin", _begin_reading if read_only else _begin)
    return engine


def _look_for_file(path: Path, read_only: bool) -> None:
    if not path.parent.is_dir():
        raise StoreError(
            f"The folder {path.parent} for the database does not exist. Create it, or correct the address."
        )
    if read_only and not path.is_file():
        raise StoreError(f"There is no database at {path}. Create it with: holdings-monitor db upgrade")


def _connect_sqlite(path: str, read_only: bool) -> sqlite3.Connection:
    target = f"file:{quote(str(Path(path).absolute()))}?mode={'ro' if read_only else 'rwc'}"
    return sqlite3.connect(target, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)


def _sqlite_settings(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _sqlite_settings_read_only(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA cache_size = -{READ_CACHE}")
    connection.execute("PRAGMA query_only = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)  # no other file may be opened through ours


def _begin(conn: Connection) -> None:
    """Writers take the lock at once: one that starts by reading could never get it while another writes."""
    only_reads = bool(conn.get_execution_options().get(_READING))
    conn.exec_driver_sql(f"PRAGMA query_only = {'ON' if only_reads else 'OFF'}")
    conn.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _begin_reading(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


def _insert_chunks(conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 – names of our own schema
    source, added = iter(rows), 0
    while chunk := [tuple(row) for row in islice(source, CHUNK)]:
        conn.exec_driver_sql(statement, chunk)
        added += len(chunk)
    return added


# --- PostgreSQL -----------------------------------------------------------------------------------


def _open_postgres(address: URL, read_only: bool, kept: int, most: int) -> Engine:
    settings = ["timezone=UTC", f"lock_timeout={BUSY_SECONDS}s", "idle_in_transaction_session_timeout=10min"]
    if read_only:
        settings.append("default_transaction_read_only=on")
    arguments = {
        "application_name": "holdings-monitor",
        "connect_timeout": 10,
        "options": " ".join(f"-c {setting}" for setting in settings),
    }
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=min(kept, most),
        max_overflow=most - min(kept, most),
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,  # a restarted server is noticed before the first statement, not by it
        connect_args=arguments,
    )


def _copy(conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT BINARY)'
    driver: Any = conn.connection.driver_connection
    errors: type[Exception] = conn.dialect.loaded_dbapi.Error
    types = [_copy_type(table.c[name].type) for name in columns]
    numbers = [at for at, name in enumerate(types) if name == "numeric"]
    added = 0
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(_exact(row, numbers))
                added += 1
    except errors as error:  # past SQLAlchemy: this is how it would have said it
        raise DBAPIError.instance(statement, None, error, errors, dialect=conn.dialect) from error
    return added


def _exact(row: Sequence[object], numbers: Sequence[int]) -> Sequence[object]:
    """The row with decimals where binary COPY asks for them."""
    if not numbers:
        return row
    cells = list(row)
    for at in numbers:
        cells[at] = None if cells[at] is None else Decimal(repr(cells[at]))
    return cells


def _copy_type(kind: TypeEngine[Any]) -> str:
    """The exact name binary COPY needs: it converts nothing."""
    kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    for python_type, name in (
        (BigInteger, "int8"),
        (SmallInteger, "int2"),
        (Integer, "int4"),
        (Text, "text"),
        (String, "varchar"),
        (LargeBinary, "bytea"),
        (Numeric, "numeric"),
    ):
        if isinstance(kind, python_type):
            return name
    raise StoreError(f"Columns of type {kind} cannot be loaded in bulk.")
