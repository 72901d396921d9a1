"""Parquet, written group by group: whatever its number of rows, a table needs the memory of one group.

Types follow from the sort of a column, on both databases the same: days are date32, instants timestamp[us, UTC], whole
numbers int64, other numbers float64. Not decimal128: SQLite computes in doubles, a share count may have twelve
decimals, and every reader takes doubles without a thought. They are exact to 15 digits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self, assert_never

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.asking.plain import json_line, plain
from monitor.core.columns import Sort
from monitor.exporting.table import Field, Row, Table

GROUP_ROWS = 122_880
GROUP_BYTES = 64 * 1024 * 1024  # of very long texts a group has fewer rows
LEVEL = 6  # of zstd: a third slower than 3, and smaller; more gains nothing


def write_parquet(path: Path, table: Table) -> int:
    """The number of rows written."""
    with ParquetFile(path, table, table.fields) as file:
        for batch in table.batches(()):
            file.add(batch)
    return file.rows


class ParquetFile:
    """One file that grows by batches of rows."""

    def __init__(self, path: Path, table: Table, fields: Sequence[Field], also: dict[str, str] | None = None) -> None:
        self.rows = 0
        self._fields = fields
        self._schema = schema(table, fields, also or {})
        self._waiting: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd", compression_level=LEVEL)

    def add(self, rows: Sequence[Row]) -> None:
        """Take these rows; they are written with their group."""
        columns = zip(*rows, strict=True) if rows else [()] * len(self._fields)
        arrays = [array(one.sort, list(values)) for one, values in zip(self._fields, columns, strict=True)]
        self._waiting.append(pa.record_batch(arrays, schema=self._schema))
        self.rows += len(rows)
        held = sum(one.num_rows for one in self._waiting)
        if held >= GROUP_ROWS or sum(one.nbytes for one in self._waiting) >= GROUP_BYTES:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            group = pa.Table.from_batches(self._waiting, schema=self._schema)
            self._writer.write_table(group, row_group_size=GROUP_ROWS)
            self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            self._writer.close()


def schema(table: Table, fields: Sequence[Field], also: dict[str, str]) -> pa.Schema:
    """The columns with unit and meaning, and what the table is, in the file itself."""
    about = {"table": table.name, "is": table.says, "asked": dict(table.asked), **also}
    found = [
        pa.field(
            one.name, arrow_type(one.sort), metadata={"meaning": one.says} | ({"unit": one.unit} if one.unit else {})
        )
        for one in fields
    ]
    return pa.schema(found, metadata={"holdings-monitor": json.dumps(about, ensure_ascii=False)})


def arrow_type(sort: Sort) -> pa.DataType:
    """The type of such a column."""
    match sort:
        case Sort.TEXT | Sort.LIST:  # a list is JSON text
            return pa.string()
        case Sort.DAY:
            return pa.date32()
        case Sort.INSTANT:
            return pa.timestamp("us", "UTC")
        case Sort.WHOLE:
            return pa.int64()
        case Sort.NUMBER:
            return pa.float64()
        case Sort.FLAG:
            return pa.bool_()
    assert_never(sort)


def array(sort: Sort, values: list[Any]) -> pa.Array:
    """The values as such a column; unknown is null."""
    if sort is Sort.NUMBER:
        values = [None if value is None else float(value) for value in values]
    elif sort is Sort.LIST:
        values = [None if value is None else json_line(plain(value)) for value in values]
    elif sort in (Sort.DAY, Sort.INSTANT):
        texts = [plain(value) if isinstance(value, date) else value for value in values]
        return pa.array(texts, pa.string()).cast(arrow_type(sort))
    elif sort is Sort.FLAG:
        values = [None if value is None else bool(value) for value in values]
    return pa.array(values, arrow_type(sort))
