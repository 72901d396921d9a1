"""The forms an answer comes in, which of them is wanted, and the answer in it. It asks the store nothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING, assert_never

from monitor.asking.answer import cell
from monitor.asking.plain import Record, csv_text, json_line
from monitor.asking.question import Column
from monitor.web.problems import Problem

if TYPE_CHECKING:
    from monitor.web.api.envelope import Envelope


class Shape(StrEnum):
    """A form; its value is the suffix of an address."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA = {
    Shape.JSON: "application/json",
    Shape.JSONL: "application/x-ndjson",
    Shape.CSV: "text/csv; charset=utf-8",
    Shape.PARQUET: "application/vnd.apache.parquet",
}
NAMES = {
    "application/json": Shape.JSON,
    "application/*": Shape.JSON,
    "*/*": Shape.JSON,
    "application/x-ndjson": Shape.JSONL,
    "application/jsonl": Shape.JSONL,
    "text/csv": Shape.CSV,
    "text/*": Shape.CSV,
    "application/vnd.apache.parquet": Shape.PARQUET,
}
SUFFIXES = ", ".join(f".{one}" for one in Shape)


@dataclass(frozen=True, slots=True)
class _Range:
    """One part of an Accept header."""

    name: str
    weight: float


def wanted(accept: str, suffix: str | None = None) -> Shape:
    """The form of the suffix, or the one that is liked best. Raises Problem 404 or 406 in words."""
    if suffix is not None:
        if suffix not in set(Shape):
            raise Problem(404, f"There is no form .{suffix}. Known: {SUFFIXES}")
        return _possible(Shape(suffix))
    ranges = [_range(part) for part in accept.split(",") if part.strip()] or [_Range("*/*", 1)]
    refused = {one.name for one in ranges if one.weight == 0}
    for one in sorted(ranges, key=lambda one: -one.weight):
        found = NAMES.get(one.name)
        if found is not None and one.weight > 0 and MEDIA[found].partition(";")[0] not in refused:
            return _possible(found)
    raise Problem(406, f"Answers come as {', '.join(one.partition(';')[0] for one in MEDIA.values())}.")


def _range(text: str) -> _Range:
    name, *rest = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in rest if part.startswith("q=")), "1")
    try:
        return _Range(name, min(max(float(weight), 0.0), 1.0))
    except ValueError:
        return _Range(name, 0.0)


def _possible(shape: Shape) -> Shape:
    if shape is Shape.PARQUET and find_spec("pyarrow") is None:
        raise Problem(406, "Parquet needs pyarrow, which this server lacks: pip install 'holdings-monitor[parquet]'")
    return shape


def body(found: Envelope, shape: Shape) -> bytes:
    """The answer in that form; only JSON says what was asked and what the rows rest on."""
    match shape:
        case Shape.JSON:
            return found.json().encode()
        case Shape.JSONL:
            return "".join(f"{json_line(row)}\n" for row in found.rows).encode()
        case Shape.CSV:
            names = [".".join(column.path) for column in found.columns]
            return csv_text(names, _cells(found.columns, found.rows)).encode()
        case Shape.PARQUET:
            return _parquet(found)
    assert_never(shape)


def _cells(columns: Sequence[Column], rows: Sequence[Record]) -> list[list[object]]:
    return [[cell(row, column) for column in columns] for row in rows]


def _parquet(found: Envelope) -> bytes:
    from monitor.analysis.frames import parquet

    out = io.BytesIO()
    parquet(out, found.columns, found.rows)
    return out.getvalue()
