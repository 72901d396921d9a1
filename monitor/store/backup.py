"""One portable file with every row: written from SQLite or PostgreSQL, restored into either.

The file is a zip archive: `TABLE.jsonl` has one JSON array per row (bytes as base64), `manifest.json` the schema
revision, the columns, the number of rows and the SHA-256 of every table. Tables are read from the database, not from
`schema.py`, so that a backup of an older schema can be made, and restored by a newer program.
"""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psycopg
from sqlalchemy import LargeBinary, MetaData, Numeric, Table, func, inspect, select, text
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, StatementError

from monitor.core.errors import StoreError
from monitor.store import partitions
from monitor.store.codec import REVISIONS, date_of_day
from monitor.store.engine import Connection, Engine, bulk_insert, is_postgres, open_engine, reading, schema_transaction
from monitor.store.migrate import UPGRADE, current_of, head, migrate, revisions

FORMAT = 1
MANIFEST = "manifest.json"
BATCH = 5_000
MANIFEST_BYTES = 4 << 20  # that of thousands of tables; ours have about twenty
ROW_BYTES = 256 << 20  # the largest archived file, as base64
NAME = re.compile(r"[a-z0-9_]{1,63}")
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)

Progress = Callable[[str, int, int], None]
"""Told the table at hand, how many tables are done and how many there are."""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """What a backup says about one table."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says about itself; tables are in an order that satisfies their references."""

    format: int
    revision: str
    tables: tuple[TableCopy, ...]


def quiet(_table: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def backup(engine: Engine, path: Path, progress: Progress = quiet) -> Manifest:
    """Writes one consistent state of the database to `path`, which appears only when it is complete."""
    if path.exists():
        raise StoreError(f"{path} exists already. A backup never replaces a file: choose another name.")
    if not path.parent.is_dir():
        raise StoreError(f"The folder {path.parent} for the backup does not exist.")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with reading(engine) as conn, unfinished.open("wb") as file:
            manifest = _write(conn, file, progress)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(f"The backup {path} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def restore(url: str, path: Path, *, force: bool = False, progress: Progress = quiet) -> Manifest:
    """Loads a backup into the empty database at `url` and brings it to this program's schema, all or nothing.

    With `force` whatever the database holds is removed first, in the same transaction.
    """
    manifest = verify(path)
    engine = open_engine(url)
    try:
        with schema_transaction(engine) as conn, zipfile.ZipFile(path) as archive:
            _make_room(conn, force)
            migrate(conn, manifest.revision)
            tables = _tables(conn)
            _same_tables(manifest, tables)
            for done, copy in enumerate(manifest.tables):
                progress(copy.name, done, len(manifest.tables))
                _load(conn, tables, copy, archive)
            migrate(conn, head(), progress)
            progress("", len(manifest.tables), len(manifest.tables))
    finally:
        engine.dispose()
    return manifest


def verify(path: Path) -> Manifest:
    """What the backup holds, after every table was compared with its SHA-256."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive)
            for copy in manifest.tables:
                with archive.open(f"{copy.name}.jsonl") as member:
                    if _sha256(member) != copy.sha256:
                        raise StoreError(f"The backup {path} is damaged: table {copy.name} does not match its SHA-256.")
    except OSError as error:
        raise StoreError(f"The backup {path} cannot be read: {error.strerror or 'it is damaged'}") from error
    except (KeyError, TypeError, ValueError, *DAMAGE) as error:
        raise StoreError(f"{path} is not a complete backup: {_reason(error)}") from error
    if manifest.revision not in revisions():
        raise StoreError(f"The backup {path} has schema {manifest.revision}; this program knows up to {head()}.")
    return manifest


def _sha256(member: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while part := member.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    """Why, in words of ours: those of a foreign library may repeat what is stored."""
    match error:
        case json.JSONDecodeError():
            return "its manifest is not JSON"
        case UnicodeDecodeError() | RecursionError():
            return "its manifest cannot be read"
        case KeyError():
            return "a part is missing"
        case ValueError():
            return str(error)
        case _:
            return f"it is damaged ({type(error).__name__})"


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    with archive.open(MANIFEST) as member:
        body = member.read(MANIFEST_BYTES + 1)
    if len(body) > MANIFEST_BYTES:
        raise ValueError(f"its manifest is larger than {MANIFEST_BYTES >> 20} MiB")
    found = json.loads(body)
    if found["format"] != FORMAT or not isinstance(found["tables"], list):
        raise ValueError("its format is not known")
    copies = tuple(_copy_of(table) for table in found["tables"])
    if len({copy.name for copy in copies}) < len(copies) or len(set(archive.namelist())) < len(archive.namelist()):
        raise ValueError("it names a table twice")
    return Manifest(FORMAT, _name(found["revision"]), copies)


def _copy_of(found: dict[str, object]) -> TableCopy:
    columns, rows = found["columns"], found["rows"]
    if not isinstance(columns, list) or not isinstance(rows, int):
        raise ValueError("its manifest does not describe tables")
    return TableCopy(_name(found["name"]), tuple(_name(column) for column in columns), rows, str(found["sha256"]))


def _name(found: object) -> str:
    if not isinstance(found, str) or not NAME.fullmatch(found):
        raise ValueError("its manifest has a name that is none")
    return found


# --- writing --------------------------------------------------------------------------------------


def _write(conn: Connection, file: IO[bytes], progress: Progress) -> Manifest:
    revision = current_of(conn)
    if revision is None:
        raise StoreError(f"The database has no tables yet: there is nothing to back up. Run: {UPGRADE}")
    tables, copies = list(_tables(conn).values()), []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for done, table in enumerate(tables):
            progress(table.name, done, len(tables))
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as member:
                copies.append(_dump(conn, table, member))
        manifest = Manifest(FORMAT, revision, tuple(copies))
        archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
    progress("", len(tables), len(tables))
    return manifest


def _dump(conn: Connection, table: Table, member: IO[bytes]) -> TableCopy:
    digest, rows = hashlib.sha256(), 0
    found = conn.execute(select(table).order_by(*table.primary_key), execution_options={"yield_per": BATCH})
    for row in found:
        line = json.dumps([_plain(cell) for cell in row], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        member.write(line)
        digest.update(line)
        rows += 1
    return TableCopy(table.name, tuple(table.columns.keys()), rows, digest.hexdigest())


def _plain(cell: object) -> object:
    return base64.b64encode(cell).decode() if isinstance(cell, bytes) else cell


def _tables(conn: Connection) -> dict[str, Table]:
    """The tables as the database has them, those that are referred to first."""
    found = _reflected(conn)
    return {table.name: table for table in found.sorted_tables if table.name != "alembic_version"}


def _reflected(conn: Connection) -> MetaData:
    """What the database has. Indexes on expressions are passed over, and nobody needs to hear of it: they fall with
    their tables, and an upgrade makes them."""
    found = MetaData()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        parts = partitions.names(conn)
        found.reflect(conn, only=lambda name, _: name not in parts)
    for column in (one for table in found.tables.values() for one in table.columns):
        if isinstance(column.type, Numeric):
            column.type = Numeric(asdecimal=False)  # in a backup a number is a number
    return found


# --- reading --------------------------------------------------------------------------------------


def _make_room(conn: Connection, force: bool) -> None:
    """Leaves no table and no view behind; refuses when that would lose rows and nobody insisted."""
    found = _reflected(conn)
    for table in found.sorted_tables:
        if table.name != "alembic_version" and not force and conn.execute(select(table).limit(1)).first() is not None:
            raise StoreError(
                f"The database is not empty: {table.name} has rows. Restore into a new one, or use --force."
            )
    for view in inspect(conn).get_view_names():
        conn.execute(text(f'DROP VIEW "{view}"'))
    found.drop_all(conn)


def _same_tables(manifest: Manifest, tables: dict[str, Table]) -> None:
    """Refuses a backup that lacks a table or a column of its schema, or has one more."""
    described = {copy.name: sorted(copy.columns) for copy in manifest.tables}
    expected = {name: sorted(table.columns.keys()) for name, table in tables.items()}
    wrong = [name for name in sorted({*described, *expected}) if described.get(name) != expected.get(name)]
    if wrong:
        raise StoreError(f"The backup is damaged: its {wrong[0]} is not that of schema {manifest.revision}.")


def _load(conn: Connection, tables: dict[str, Table], copy: TableCopy, archive: zipfile.ZipFile) -> None:
    table = tables[copy.name]
    if table.name == "holding":
        _make_partitions(conn, copy, archive)
    try:
        with archive.open(f"{copy.name}.jsonl") as member:
            added = bulk_insert(conn, table, copy.columns, _rows(table, copy, member))
    except (IntegrityError, DataError, InterfaceError, psycopg.DataError, psycopg.IntegrityError) as error:
        raise _unfit(copy) from error
    except StatementError as error:
        if isinstance(error.orig, (TypeError, ValueError, OverflowError)):
            raise _unfit(copy) from error
        raise
    except (TypeError, ValueError, OverflowError, *DAMAGE) as error:
        raise _unfit(copy) from error
    if added != copy.rows:
        raise StoreError(f"The backup is damaged: {copy.name} should have {copy.rows} rows and has {added}.")
    _continue_numbers(conn, table)


def _make_partitions(conn: Connection, copy: TableCopy, archive: zipfile.ZipFile) -> None:
    """Makes the partitions that the lines need, before they come: within a COPY there is no other statement."""
    if not partitions.are_used(conn):  # SQLite, or a backup of an older schema: its upgrade will make them
        return
    at = copy.columns.index("snapshot")
    with archive.open(f"{copy.name}.jsonl") as member:
        rows = (_row(line, len(copy.columns), [], "a row of holding") for line in iter(member.readline, b""))
        days = {int(str(row[at])) // REVISIONS for row in rows}
    partitions.make(conn, map(date_of_day, days), datetime.now(UTC).date())


def _unfit(copy: TableCopy) -> StoreError:
    return StoreError(f"The backup is damaged: {copy.name} has rows that do not fit the table.")


def _rows(table: Table, copy: TableCopy, member: IO[bytes]) -> Iterator[list[object]]:
    binary = [index for index, name in enumerate(copy.columns) if isinstance(table.c[name].type, LargeBinary)]
    number = 0
    while line := member.readline(ROW_BYTES):
        number += 1
        yield _row(line, len(copy.columns), binary, f"row {number:,} of {copy.name}")


def _row(line: bytes, width: int, binary: list[int], name: str) -> list[object]:
    """The cells of one line. Raises StoreError when it is no row of this table; what it holds is not repeated."""
    try:
        row = json.loads(line)
        if not isinstance(row, list) or len(row) != width or any(isinstance(cell, (list, dict)) for cell in row):
            raise ValueError
        for index in binary:
            row[index] = None if row[index] is None else base64.b64decode(row[index], validate=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"The backup is damaged: {name} is not a row.") from error
    return row


def _continue_numbers(conn: Connection, table: Table) -> None:
    """On PostgreSQL the next number of a numbered table must come after those just loaded."""
    if not is_postgres(conn) or list(table.primary_key.columns.keys()) != ["id"]:
        return
    sequence = conn.execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name}).scalar()
    last = conn.execute(select(func.max(table.c.id))).scalar()
    if sequence and last is not None:
        conn.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
