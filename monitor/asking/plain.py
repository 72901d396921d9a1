"""Results as JSON objects and CSV: exact decimals, dates as text, unknown as null. It reads and prints nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import isfinite

from monitor.core.model import Instants, Interval
from monitor.core.sessions import Gap

Record = Mapping[str, object]
SCALAR = frozenset({str, int, bool, float, Decimal, type(None)})  # their own JSON; a StrEnum is none of them
GUARDED = frozenset("=+-@\t\r\n＝＋－＠")  # what a spreadsheet takes for the beginning of a formula


def record(value: object) -> dict[str, object]:
    """A result as a JSON object: its field names are the documented keys."""
    tree = plain(value)
    assert isinstance(tree, dict)
    return tree


def plain(value: object) -> object:
    """The value in terms of JSON: dates and instants as text, intervals as from/to, unknown as null."""
    kind = value.__class__
    if kind in SCALAR:  # most cells of every answer: a lookup instead of a row of comparisons
        return value
    if kind is date:
        return value.isoformat()  # type: ignore[attr-defined]
    if (names := _names(kind)) is not None:  # type: ignore[arg-type]  # every class can be hashed
        return {name: plain(getattr(value, name)) for name in names}
    match value:
        case Interval() | Instants():
            return {"from": plain(value.first), "to": plain(value.last)}
        case Gap():
            return {"from": plain(value.first), "to": plain(value.last), "sessions": value.sessions}
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): plain(part) for key, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
    return value


@lru_cache(maxsize=256)
def _names(kind: type) -> tuple[str, ...] | None:
    """The keys of a result of this type; None for what is written in a way of its own, or is no result."""
    if not is_dataclass(kind) or issubclass(kind, (Interval, Instants, Gap)):
        return None
    return tuple(field.name for field in fields(kind))


def json_line(value: object) -> str:
    """JSON on one line, by the fast encoder unless a number would lose digits in it."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_fast_number)
    except (TypeError, ValueError):
        return json_text(value, None)


def _fast_number(value: object) -> int | float:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError
    if value == value.to_integral_value():
        return int(value)
    if Decimal(repr(float(value))) != value:
        raise TypeError
    return float(value)


def json_text(value: object, indent: int | None = 0) -> str:
    """JSON with exact decimals, which the standard encoder cannot write; on one line without `indent`."""
    if isinstance(value, Mapping):
        return _joined("{}", [(f"{json.dumps(str(key))}: ", part) for key, part in value.items()], indent)
    if isinstance(value, (list, tuple)):
        return _joined("[]", [("", part) for part in value], indent)
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, float) and not isfinite(value):
        return "null"
    return json.dumps(value, ensure_ascii=False)


def _joined(brackets: str, parts: Sequence[tuple[str, object]], indent: int | None) -> str:
    inner = None if indent is None else indent + 2
    texts = [key + json_text(part, inner) for key, part in parts]
    if inner is None or not texts:
        return brackets[0] + ", ".join(texts) + brackets[1]
    lines = ",\n".join(" " * inner + text for text in texts)
    return f"{brackets[0]}\n{lines}\n{' ' * (inner - 2)}{brackets[1]}"


def number_text(value: Decimal) -> str:
    """The number in plain digits, whole when it is whole; null when it is none."""
    if not value.is_finite():
        return "null"
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV that a spreadsheet shows as it is: text that it would take for a formula gets a quote in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
    return out.getvalue()


def csv_cell(value: object) -> str:
    """One cell; numbers stay numbers, text is guarded."""
    if type(value) is str:  # most cells by far
        return f"'{value}" if value[:1] in GUARDED else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value) if value.is_finite() else ""
    if isinstance(value, (int, float)):
        return str(value)
    text = value if isinstance(value, str) else json_text(value, None)
    return f"'{text}" if text[:1] in GUARDED else text


def flat(tree: Record, prefix: str = "") -> dict[str, object]:
    """Objects inside an object as columns of their own: security.ticker, opened.from."""
    found: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
