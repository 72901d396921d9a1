"""How answers are printed: as a table, as JSON with the documented keys, or as CSV. It prints and decides nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from shutil import get_terminal_size

from monitor.core.model import Interval
from monitor.core.sessions import Gap

Record = Mapping[str, object]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
WIDE = 64  # characters of a text cell in a table: a SHA-256 is whole, an absurdly long name is not
SENTENCES = frozenset(
    {"claim", "detail", "error", "gaps", "headline", "matches", "place", "reasons", "remedy", "text", "url"}
)
SENTENCE_WIDE = 400
FOLDED = 16  # characters to which a long text is folded at most on a narrow terminal
NARROWEST = 60  # text is never folded to less
GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n")


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def record(value: object) -> dict[str, object]:
    """A result as a JSON object: its field names are the documented keys."""
    tree = plain(value)
    assert isinstance(tree, dict)
    return tree


def plain(value: object) -> object:
    """The value in terms of JSON: dates and instants as text, intervals as from/to, unknown as null."""
    match value:
        case Interval():
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
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


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
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value) if value.is_finite() else ""
    if isinstance(value, (int, float)):
        return str(value)
    text = value if isinstance(value, str) else json_text(value, None)
    return f"'{text}" if text.startswith(GUARDED) else text


def flat(tree: Record, prefix: str = "") -> dict[str, object]:
    """Objects inside an object as columns of their own: security.ticker, opened.from."""
    found: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def show(records: Sequence[Record], form: Format, table: Sequence[str], empty: str) -> None:
    """Print the records; a table shows only the columns `table`, and `empty` when there is no record."""
    if form is Format.JSON:
        lines = (json_line(one) for one in records)
        sys.stdout.write("[\n" + ",\n".join(lines) + "\n]\n" if records else "[]\n")
    elif form is Format.CSV:
        rows = [flat(one) for one in records]
        columns = list(dict.fromkeys(key for row in rows for key in row)) or list(table)
        sys.stdout.write(csv_text(columns, ([row.get(key) for key in columns] for row in rows)))
    elif not records:
        say(empty)
    else:
        rows = [flat(one) for one in records]
        print_table(
            table, [[row.get(key, one.get(key)) for key in table] for row, one in zip(rows, records, strict=True)]
        )


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people: aligned plain text. On a terminal too narrow for it long words are folded, or, where that
    is not enough, each row becomes a paragraph."""
    numeric = [
        all(isinstance(row[at], (int, Decimal, float)) or row[at] is None for row in rows) for at in range(len(columns))
    ]
    names = [name.removeprefix("security.") for name in columns]
    widths = [SENTENCE_WIDE if name in SENTENCES else WIDE for name in names]
    texts = [[shortened(cell(value), width) for value, width in zip(row, widths, strict=True)] for row in rows]
    table = aligned(names, texts, numeric)
    room = get_terminal_size().columns
    if not sys.stdout.isatty() or max(map(len, table.split("\n"))) <= room:
        sys.stdout.write(table)
        return
    foldable = [any(" " in row[at] and len(row[at]) > FOLDED for row in texts) for at in range(len(names))]
    wide = [max(len(text) for text in column) for column in zip(names, *texts, strict=True)]
    least = sum(min(FOLDED, one) if fold else one for one, fold in zip(wide, foldable, strict=True)) + 2 * len(names)
    if least <= room:
        _print_folded(names, texts, numeric, foldable)
    else:
        _print_paragraphs(names, texts)


def _print_folded(
    names: Sequence[str], texts: Sequence[Sequence[str]], numeric: Sequence[bool], foldable: Sequence[bool]
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for name, right, fold in zip(names, numeric, foldable, strict=True):
        table.add_column(Text(name), justify="right" if right else "left", overflow="fold", no_wrap=not fold)
    for row in texts:
        table.add_row(*(Text(text) for text in row))  # Text: nothing in a name is taken for markup
    Console(highlight=False).print(table)


def _print_paragraphs(names: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
    room = max(NARROWEST, get_terminal_size().columns)
    for row in texts:
        line = row[0]
        for name, text in zip(names[1:], row[1:], strict=True):
            if len(line) + len(name) + len(text) + 3 > room:
                say("\n".join(folded(line, "", "  ")))
                line = f"  {name} {text}"
            else:
                line += f"  {name} {text}"
        say("\n".join(folded(line, "", "  ")))


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Columns padded with blanks, two between each."""
    widths = [max(len(text) for text in texts) for texts in zip(columns, *rows, strict=True)]
    lines = []
    for row in (columns, *rows):
        parts = zip(row, widths, right, strict=True)
        lines.append(
            "  ".join(text.rjust(width) if side else text.ljust(width) for text, width, side in parts).rstrip()
        )
    return "\n".join(lines) + "\n"


def cell(value: object) -> str:
    """A value as people read it: thousands separated, unknown as a dash, nothing that moves the cursor."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return f"{Decimal(number_text(value)):,f}" if value.is_finite() else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(part) for part in value)
    if isinstance(value, Mapping):
        return " ".join(cell(part) for part in value.values() if part is not None)
    text = str(value)
    return f"{text[:10]} {text[11:16]} UTC" if INSTANT.fullmatch(text) else clean(text)


def shortened(text: str, most: int) -> str:
    """At most so many characters; what was cut shows as an ellipsis. JSON and CSV always have the whole text."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def plain_cell(value: object) -> object:
    """One value of an SQL answer in terms of JSON."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else plain(value)


def clean(text: str) -> str:
    """Text from a file without control characters: it cannot write over the screen."""
    return "".join(char if char.isprintable() else " " for char in text)


def say(text: str = "") -> None:
    """A line of answer."""
    print("\n".join(clean(line) for line in text.split("\n")))


def tell(text: str) -> None:
    """A line beside the answer: what went on, on the standard error."""
    print("\n".join(clean(line) for line in text.split("\n")), file=sys.stderr, flush=True)


def folded(text: str, indent: str, more: str) -> list[str]:
    """The text in lines that fit the terminal (80 characters where there is none), later ones indented by `more`."""
    width = max(NARROWEST, get_terminal_size().columns)
    return textwrap.wrap(clean(text), width, initial_indent=indent, subsequent_indent=more, break_on_hyphens=False)
