"""Answers as typed frames: a dtype per sort of column, unknown values NA, NaT or NaN. It asks the store nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from monitor.asking.answer import cell
from monitor.asking.plain import Record, json_line
from monitor.asking.question import Column, Sort, dtype


def typed(columns: Sequence[Column], rows: Sequence[Record]) -> pd.DataFrame:
    """The rows, a column for each of `columns`; without rows the columns have their dtypes all the same."""
    return pd.DataFrame({column.name: _series(column, [cell(row, column) for row in rows]) for column in columns})


def _series(column: Column, values: list[object]) -> pd.Series:
    if column.sort is Sort.NUMBER:
        values = [None if value is None else float(str(value)) for value in values]
    if column.sort in (Sort.DAY, Sort.INSTANT):
        parsed = pd.to_datetime(pd.Series(values, dtype="object"), utc=column.sort is Sort.INSTANT, format="ISO8601")
        return parsed.astype(pd.api.types.pandas_dtype(dtype(column.sort)))
    return pd.Series(values, dtype=pd.api.types.pandas_dtype(dtype(column.sort)))


def frame(columns: Sequence[str], batches: Iterable[Sequence[tuple[object, ...]]]) -> pd.DataFrame:
    """The rows as a frame; values stay what the database gave, dates and decimals included."""
    rows = [row for batch in batches for row in batch]
    return pd.DataFrame(rows, columns=list(columns))


def parquet(out: BinaryIO, columns: Sequence[Column], rows: Sequence[Record]) -> None:
    """Writes the rows as Parquet with the types of `columns`; a list becomes its JSON text. It needs pyarrow."""
    table = typed(columns, rows)
    for column in columns:
        if column.sort is Sort.LIST:
            table[column.name] = table[column.name].map(_json).astype("string")
    table.to_parquet(out, engine="pyarrow", index=False)


def _json(value: object) -> str | None:
    return None if value is None else json_line(value)


def write_parquet(path: Path, columns: Sequence[str], batches: Iterable[Sequence[tuple[object, ...]]]) -> int:
    """The number of rows written as Parquet, which needs pyarrow."""
    table = frame(columns, batches)
    table.to_parquet(path, engine="pyarrow", index=False)
    return len(table)
