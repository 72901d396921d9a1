"""One portable file with every row: written from SQLite or PostgreSQL, restored into either.

The file is a zip archive: `TABLE.jsonl` has one JSON array per row (bytes as base64), `manifest.json` the schema
revision, the columns, the number of rows and the SHA-256 of every table. Tables are read from the database, not from
`schema.py`, so that a backup of an older schema can be made, and restored by a newer program.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import LargeBinary, MetaData, Table, func, inspect, select, text

from monitor.core.errors import StoreError
from monitor.store.engine import Connection, Engine, bulk_insert, is_postgres, open_engine, reading, schema_transaction
from monitor.store.migrate import UPGRADE, current_of, head, migrate, revisions

FORMAT = 1
MANIFEST = "manifest.json"
BATCH = 5_000

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
            for done, copy in enumerate(manifest.tables):
                progress(copy.name, done, len(manifest.tables))
                _load(conn, tables, copy, archive)
            migrate(conn, head())
            progress("", len(manifest.tables), len(manifest.tables))
    finally:
        engine.dispose()
    return manifest


def verify(path: Path) -> Manifest:
    """What the backup holds, after every table was compared with its SHA-256."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(json.loads(archive.read(MANIFEST)))
            for copy in manifest.tables:
                with archive.open(f"{copy.name}.jsonl") as member:
                    if _sha256(member) != copy.sha256:
                        raise StoreError(f"The backup {path} is damaged: table {copy.name} does not match its SHA-256.")
    except OSError as error:
        raise StoreError(f"The backup {path} cannot be read: {error.strerror}") from error
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path} is not a complete backup: {error}") from error
    if manifest.revision not in revisions():
        raise StoreError(f"The backup {path} has schema {manifest.revision}; this program knows up to {head()}.")
    return manifest


def _sha256(member: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while part := member.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _manifest(found: dict[str, object]) -> Manifest:
    tables = found["tables"]
    if found["format"] != FORMAT or not isinstance(tables, list):
        raise ValueError(f"its format {found['format']} is not known")
    copies = (TableCopy(table["name"], tuple(table["columns"]), table["rows"], table["sha256"]) for table in tables)
    return Manifest(FORMAT, str(found["revision"]), tuple(copies))


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
    found = MetaData()
    found.reflect(conn)
    return {table.name: table for table in found.sorted_tables if table.name != "alembic_version"}


# --- reading --------------------------------------------------------------------------------------


def _make_room(conn: Connection, force: bool) -> None:
    """Leaves no table and no view behind; refuses when that would lose rows and nobody insisted."""
    found = MetaData()
    found.reflect(conn)
    for table in found.sorted_tables:
        if table.name != "alembic_version" and not force and conn.execute(select(table).limit(1)).first() is not None:
            raise StoreError(
                f"The database is not empty: {table.name} has rows. Restore into a new one, or use --force."
            )
    for view in inspect(conn).get_view_names():
        conn.execute(text(f'DROP VIEW "{view}"'))
    found.drop_all(conn)


def _load(conn: Connection, tables: dict[str, Table], copy: TableCopy, archive: zipfile.ZipFile) -> None:
    table = tables.get(copy.name)
    if table is None or not set(copy.columns) <= set(table.columns.keys()):
        raise StoreError(f"The backup has columns of {copy.name} that schema {current_of(conn)} does not have.")
    with archive.open(f"{copy.name}.jsonl") as member:
        added = bulk_insert(conn, table, copy.columns, _rows(table, copy, member))
    if added != copy.rows:
        raise StoreError(f"The backup is damaged: {copy.name} should have {copy.rows} rows and has {added}.")
    _continue_numbers(conn, table)


def _rows(table: Table, copy: TableCopy, member: IO[bytes]) -> Iterator[list[object]]:
    binary = [index for index, name in enumerate(copy.columns) if isinstance(table.c[name].type, LargeBinary)]
    for line in member:
        row = json.loads(line)
        for index in binary:
            row[index] = None if row[index] is None else base64.b64decode(row[index])
        yield row


def _continue_numbers(conn: Connection, table: Table) -> None:
    """On PostgreSQL the next number of a numbered table must come after those just loaded."""
    if not is_postgres(conn) or list(table.primary_key.columns.keys()) != ["id"]:
        return
    sequence = conn.execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name}).scalar()
    last = conn.execute(select(func.max(table.c.id))).scalar()
    if sequence and last is not None:
        conn.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
