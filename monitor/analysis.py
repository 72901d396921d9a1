"""The history as pandas DataFrames: what exports and notebooks call. It asks the store nothing by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd


def frame(columns: Sequence[str], batches: Iterable[Sequence[tuple[object, ...]]]) -> pd.DataFrame:
    """The rows as a frame; values stay what the database gave, dates and decimals included."""
    rows = [row for batch in batches for row in batch]
    return pd.DataFrame(rows, columns=list(columns))


def write_parquet(path: Path, columns: Sequence[str], batches: Iterable[Sequence[tuple[object, ...]]]) -> int:
    """The number of rows written as Parquet, which needs pyarrow."""
    table = frame(columns, batches)
    table.to_parquet(path, engine="pyarrow", index=False)
    return len(table)
