"""Answers as typed frames: a dtype per sort of column, unknown values NA, NaT or NaN. It asks the store nothing."""

from __future__ import annotations

from collections.abc import Sequence
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


def parquet(out: BinaryIO, columns: Sequence[Column], rows: Sequence[Record]) -> None:
    """Writes the rows as Parquet with the types of `columns`; a list becomes its JSON text. It needs pyarrow."""
    table = typed(columns, rows)
    for column in columns:
        if column.sort is Sort.LIST:
            table[column.name] = table[column.name].map(_json).astype("string")
    table.to_parquet(out, engine="pyarrow", index=False)


def _json(value: object) -> str | None:
    return None if value is None else json_line(value)
