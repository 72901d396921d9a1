"""Lines of old months as Parquet files, each checked by reading it back before the database forgets what it holds.

A file appears under its name only when it is whole, and the database drops the lines and records the file in one
transaction: killed at any moment, either the lines are there or the file is, and the same command goes on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.core.errors import StoreError, UsageError
from monitor.store import archived
from monitor.store.archived import LINE, READABLE, Archived
from monitor.store.codec import instant_text
from monitor.store.engine import Engine, reading
from monitor.store.partitions import Span

LEVEL = 9
Told = Callable[[str, int], None]
_WHOLE = {"fund": pa.int32(), "snapshot": pa.int32(), "security": pa.int32(), "listing": pa.int32()} | {
    "shares": pa.int64(), "value": pa.int64(), "weight": pa.int32(), "as_of": pa.date32(), "shares_exp": pa.int16()
}  # fmt: skip
MEANINGS = {
    "shares": "shares times 10 to the power of shares_exp",
    "value": "hundredths of the currency",
    "weight": "millionths of the fund",
    "ticker": "of the fund",
    "public": "our public id of the security",
    "printed": "the ticker of the line as printed",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was checked: its lines, the digest of these, and the SHA-256 of its bytes."""

    rows: int
    digest: str
    sha256: str


def archive_before(engine: Engine, before: date, folder: Path, now: datetime, told: Told) -> list[Archived]:
    """Moves the lines of all months that were over by `before` into files in the folder; what was moved, oldest first.

    Raises StoreError when a file does not hold what the database does: then the lines stay; UsageError for a day that
    is still to come, or without the folder.
    """
    if not folder.is_dir():
        raise UsageError(f"The folder {folder} does not exist. Make it, or name another.")
    if before > now.date():
        raise UsageError(f"{before} is still to come: files dated before it will arrive. Write {now:%Y-%m} at most.")
    with reading(engine) as conn:
        spans = archived.whole_before(conn, before)
    moved = []
    for span in spans:
        file = folder.resolve() / f"lines-{span}.parquet"
        done = _written(engine, span, file, told)
        away = Archived(span, done.rows, done.sha256, str(file), instant_text(now))
        archived.remove(engine, away)
        moved.append(away)
    return moved


def _written(engine: Engine, span: Span, file: Path, told: Told) -> Written:
    """The file of these months, written now or found whole, and read back."""
    unfinished = file.with_name(f".{file.name}.part")  # of a run that was killed: it is begun again
    with reading(engine) as conn:
        if not file.exists():
            rows, digest = _write(unfinished, archived.lines(conn, span), told)
            total = archived.count(conn, span)
            if rows != total:
                raise StoreError(f"{total - rows} lines of {span} refer to nothing. Run: holdings-monitor db check")
            _same(unfinished, rows, digest)
            unfinished.replace(file)
            _keep_name(file)
        else:
            rows, digest = _digested(row[: len(LINE)] for batch in archived.lines(conn, span) for row in batch)
            _same(file, rows, digest)
    return Written(rows, digest, _sha256(file))


def _write(path: Path, batches: Iterator[Sequence[Sequence[Any]]], told: Told) -> tuple[int, str]:
    names, digest, rows = (*LINE, *READABLE), hashlib.sha256(), 0
    fields = [
        pa.field(one, _WHOLE.get(one, pa.string()), metadata={"meaning": MEANINGS[one]} if one in MEANINGS else None)
        for one in names
    ]
    schema = pa.schema(fields)
    try:
        with path.open("wb") as file:
            with pq.ParquetWriter(file, schema, compression="zstd", compression_level=LEVEL) as writer:
                for batch in batches:
                    columns = [
                        pa.array(values, pa.int32()).cast(pa.date32()) if field.name == "as_of" else
                        pa.array(values, field.type)
                        for field, values in zip(fields, zip(*batch, strict=True), strict=True)
                    ]  # fmt: skip
                    writer.write_batch(pa.record_batch(columns, schema=schema))
                    for row in batch:
                        digest.update(_line(row[: len(LINE)]))
                    rows += len(batch)
                    told("archiving lines", len(batch))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return rows, digest.hexdigest()


def _same(path: Path, rows: int, digest: str) -> None:
    if _digested(lines_in(path)) != (rows, digest):
        raise StoreError(
            f"{path} does not hold the lines that the database holds. They stay; move the file away and do it again."
        )


def lines_in(path: Path) -> Iterator[tuple[Any, ...]]:
    """The lines of a file as they were stored, group by group. Raises StoreError when it is none of ours."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=archived.BATCH, columns=list(LINE)):
                yield from zip(*(batch.column(name).to_pylist() for name in LINE), strict=True)
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise StoreError(f"{path} is not a file of archived lines, or it is damaged.") from error


def _digested(rows: Iterator[Sequence[Any]]) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(_line(row))
        count += 1
    return count, digest.hexdigest()


def _line(row: Sequence[Any]) -> bytes:
    return (",".join("" if one is None else str(one) for one in row) + "\n").encode()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep_name(file: Path) -> None:
    """The folder itself is written to the disk, so that the new name survives a power cut."""
    handle = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def restore(engine: Engine, path: Path) -> Archived:
    """Brings the lines of a file back. Raises StoreError when it is not the file the database remembers."""
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    sha256 = _sha256(path)
    with reading(engine) as conn:
        away = next((one for one in archived.listing(conn) if one.sha256 == sha256), None)
    if away is None:
        raise StoreError(f"{path} is none of the files that this database's lines were archived in, or it was changed.")
    archived.bring_back(engine, away, lines_in(path))
    return away
