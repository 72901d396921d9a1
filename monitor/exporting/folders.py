"""A table as a folder of Parquet files, one part per value: `issuer=ark/fund=ARKK/part-00000.parquet` (hive style).

Values become names of folders in a way that cannot lead out of the folder and keeps different values apart: everything
but ASCII letters, digits, `-`, `_` and inner dots is percent-encoded, which readers undo.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from monitor.core.columns import Sort
from monitor.core.errors import UsageError
from monitor.exporting.parquet import ParquetFile
from monitor.exporting.table import Field, Row, Table
from monitor.store.whole_views import Key

UNKNOWN = "__HIVE_DEFAULT_PARTITION__"  # what readers take for null
LONGEST = 200  # characters of a name; file systems take 255 bytes
MOST_PARTS = 50_000
DATED = ("as_of", "day", "opened", "date", "pos_session")  # the year of a row is that of the first of these it has


def keys_of(fields: Sequence[Field], names: str) -> list[Key]:
    """What `issuer,fund` or `year` mean for such a table."""
    known = {one.name: one for one in fields}
    found: list[Key] = []
    for name in (part.strip().lower() for part in names.split(",")):
        if name == "year" and name not in known:
            dated = [one for one in DATED if one in known] or [one.name for one in fields if one.sort is Sort.DAY]
            if not dated:
                raise UsageError("The rows have no date, so that they cannot be parted by year.")
            key = Key(dated[0], year=True)
        elif name in known and known[name].sort in (Sort.TEXT, Sort.DAY, Sort.WHOLE, Sort.FLAG):
            key = Key(name)
        else:
            raise UsageError(f"The rows cannot be parted by {name!r}: name columns such as issuer,fund or year.")
        if key in found:
            raise UsageError(f"{name} is named twice.")
        found.append(key)
    if len(found) >= len(fields):
        raise UsageError("No column is left for the files: part by fewer.")
    return found


def write_folder(path: Path, table: Table, keys: Sequence[Key]) -> int:
    """The number of rows written. One file is open at a time: the rows come sorted by the keys."""
    names = [one.name for one in table.fields]
    places = [names.index(key.column) for key in keys]
    left_out = {place for place, key in zip(places, keys, strict=True) if not key.year}
    kept = [at for at in range(len(names)) if at not in left_out]
    fields = [table.fields[at] for at in kept]
    path.mkdir()
    rows = parts = 0
    open_part: ParquetFile | None = None
    current: tuple[str | None, ...] | None = None
    try:
        for values, some in _runs(table, keys, places):
            if open_part is None or values != current:
                if open_part is not None:
                    open_part.__exit__(None, None, None)
                    open_part = None
                if parts == MOST_PARTS:
                    raise UsageError(f"More than {MOST_PARTS:,} parts: part by something that has fewer values.")
                file = _folder(path, keys, values) / f"part-{parts:05}.parquet"
                open_part = ParquetFile(file, table, fields, _said(keys, values))
                current, parts = values, parts + 1
            open_part.add([[row[at] for at in kept] for row in some])
            rows += len(some)
    except BaseException as error:
        if open_part is not None:
            open_part.__exit__(type(error), error, None)
        raise
    if open_part is not None:
        open_part.__exit__(None, None, None)
    else:
        with ParquetFile(path / "part-00000.parquet", table, table.fields):
            pass  # no row: the columns are told all the same
    about = {"table": table.name, "asked": dict(table.asked), "parted_by": [_name(key) for key in keys], "rows": rows}
    (path / "_about.json").write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return rows


def _runs(
    table: Table, keys: Sequence[Key], places: Sequence[int]
) -> Iterator[tuple[tuple[str | None, ...], list[Row]]]:
    def values(row: Row) -> tuple[str | None, ...]:
        return tuple(_text(row[place], key.year) for place, key in zip(places, keys, strict=True))

    for batch in table.batches(keys):
        for found, rows in groupby(batch, values):
            yield found, list(rows)


def _text(value: object, year: bool) -> str | None:
    return None if value is None else str(value)[:4] if year else str(value)


def _folder(path: Path, keys: Sequence[Key], values: Sequence[str | None]) -> Path:
    for key, value in zip(keys, values, strict=True):
        path = path / f"{_name(key)}={safe_name(value)}"
    path.mkdir(parents=True, exist_ok=True)  # where a file system takes Ab for aB, the parts share a folder
    return path


def _name(key: Key) -> str:
    return "year" if key.year else key.column


def _said(keys: Sequence[Key], values: Sequence[str | None]) -> dict[str, str]:
    """The values as they are, in the file itself."""
    return {_name(key): value for key, value in zip(keys, values, strict=True) if value is not None}


def safe_name(value: str | None) -> str:
    """The value as part of a folder's name; no two values have the same."""
    if value is None:
        return UNKNOWN
    name = quote(value, safe="").replace("~", "%7E")
    if name == UNKNOWN:
        name = name.replace("_", "%5F", 1)
    if len(name) > LONGEST:  # readers find the beginning; the whole value stands in the file
        begins = name[: LONGEST - 20]
        cut = begins.rfind("%", -2)  # never within an encoded character
        name = f"{begins[:cut] if cut > 0 else begins}~{sha256(value.encode()).hexdigest()[:16]}"
    return name
