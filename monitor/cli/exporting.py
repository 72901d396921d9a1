"""Writes a documented view to a CSV, JSON or Parquet file; the file appears only when it is complete."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from monitor.asking.plain import csv_cell, json_line, plain
from monitor.cli.files import check_new
from monitor.core.errors import UsageError

Rows = Iterator[Sequence[tuple[object, ...]]]


def write_view(database: str, view: str, to: Path) -> int:
    """The number of rows written; the ending of `to` says which format."""
    from monitor.store.readonly import find_view, stream_view

    write = _writer(to)
    find_view(view)
    check_new(to, replace=True)
    unfinished = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with stream_view(database, view) as (columns, batches):
            count = write(unfinished, columns, batches)
        unfinished.replace(to)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _writer(to: Path) -> Callable[[Path, Sequence[str], Rows], int]:
    match to.suffix.lower():
        case ".csv":
            return _csv
        case ".json":
            return _json
        case ".jsonl" | ".ndjson":
            return _json_lines
        case ".parquet":
            if find_spec("pyarrow") is None:
                raise UsageError("Parquet needs the package pyarrow: pip install pyarrow. CSV and JSON work without.")
            return _parquet
    raise UsageError(f"{to.name}: the ending must be .csv, .json, .jsonl or .parquet.")


def _csv(path: Path, columns: Sequence[str], batches: Rows) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for batch in batches:
            writer.writerows([csv_cell(plain(value)) for value in row] for row in batch)
            count += len(batch)
    return count


def _json(path: Path, columns: Sequence[str], batches: Rows) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for batch in batches:
            for row in batch:
                file.write(("[\n" if count == 0 else ",\n") + _line(columns, row))
                count += 1
        file.write("\n]\n" if count else "[]\n")
    return count


def _json_lines(path: Path, columns: Sequence[str], batches: Rows) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for batch in batches:
            file.writelines(_line(columns, row) + "\n" for row in batch)
            count += len(batch)
    return count


def _line(columns: Sequence[str], row: tuple[object, ...]) -> str:
    return json_line(dict(zip(columns, map(plain, row), strict=True)))


def _parquet(path: Path, columns: Sequence[str], batches: Rows) -> int:
    from monitor.analysis.frames import write_parquet

    return write_parquet(path, columns, batches)
