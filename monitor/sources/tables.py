"""Makes rows of text from the text of a file, within bounds, and finds the header row.

Nothing is converted here: cells stay text.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import islice
from typing import assert_never

from monitor.core.errors import ParseError
from monitor.sources.cells import normalise
from monitor.sources.spec import Column, Format, Shape, Source

MAX_COLUMNS = 200
NAME_LENGTH = 100  # characters of a column name that are looked at
HEADER_WITHIN = 50  # rows: some issuers print a preamble


@dataclass(frozen=True, slots=True)
class Header:
    """The header row: its 1-based `row`, the printed `names`, where each column is, what it deviates in."""

    row: int
    names: tuple[str, ...]
    index: dict[Column, int]
    known: Format | None
    warnings: tuple[str, ...]


def rows_of(text: str, source: Source) -> list[list[str]]:
    """All rows of `text` as lists of cells, in order. Raises ParseError (size, quotes)."""
    match source.shape:
        case Shape.DELIMITED:
            return _delimited(text, source)
        case never:
            assert_never(never)


def _delimited(text: str, source: Source) -> list[list[str]]:
    try:
        rows = _csv(text, source, strict=True)
    except csv.Error as error:
        if "end of data" in str(error):
            raise ParseError("the file ends inside a quoted cell: it was cut short", code="quotes") from None
        if "limit" in str(error):
            raise ParseError(f"a cell is longer than {csv.field_size_limit()} characters", code="size") from None
        rows = _lenient(text, source)  # a quote inside a name is no reason to lose the whole file
    if len(rows) > source.max_rows:
        raise ParseError(f"more than {source.max_rows} rows", code="size", row=source.max_rows + 1)
    for number, row in enumerate(rows, start=1):
        if len(row) > MAX_COLUMNS:
            raise ParseError(f"row {number} has {len(row)} cells", code="size", row=number)
    return rows


def _csv(text: str, source: Source, *, strict: bool) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=strict)
    return list(islice(reader, source.max_rows + 1))


def _lenient(text: str, source: Source) -> list[list[str]]:
    try:
        return _csv(text, source, strict=False)
    except csv.Error as error:
        raise ParseError(f"the table cannot be split into cells: {error}", code="quotes") from None


def find_header(rows: list[list[str]], source: Source) -> Header:
    """The header among the first rows. Raises ParseError(code="columns") naming what is missing."""
    aliases = {alias: column for column, names in source.columns.items() for alias in names}
    best: tuple[int, list[str], set[Column]] | None = None
    for number, row in enumerate(rows[:HEADER_WITHIN], start=1):
        names = [normalise(cell[:NAME_LENGTH]) for cell in row]
        found = {aliases[name] for name in names if name in aliases}
        if found.issuperset(source.required):
            return _header(number, row, names, aliases, source)
        if best is None or len(found) > len(best[2]):
            best = number, names, found
    raise _no_header(best, source)


def _no_header(best: tuple[int, list[str], set[Column]] | None, source: Source) -> ParseError:
    number, names, found = best or (1, [], set())
    missing = [column for column in source.required if column not in found]
    if len(found) < 2:
        return ParseError("no header row: none of the first rows names the columns of a holdings file", code="columns")
    known = next((f for f in source.formats if f.refused and f.columns == _trimmed(names)), None)
    why = f" ({known.refused})" if known else ""
    words = f"required column missing: {', '.join(missing)}{why}; the header reads: {', '.join(n for n in names if n)}"
    return ParseError(words[:500], code="columns", row=number, column=missing[0])


def _trimmed(names: list[str]) -> tuple[str, ...]:
    end = len(names)
    while end and not names[end - 1]:
        end -= 1
    return tuple(names[:end])


def _header(number: int, row: list[str], names: list[str], aliases: dict[str, Column], source: Source) -> Header:
    index: dict[Column, int] = {}
    for position, name in enumerate(names):
        column = aliases.get(name)
        if column is None:
            continue
        if column in index:
            raise ParseError(
                f"two columns for {column}: {row[index[column]]!r} and {row[position]!r}",
                code="columns",
                row=number,
                column=column,
            )
        index[column] = position
    known = next((form for form in source.formats if form.columns == _trimmed(names)), None)
    if known is not None and known.refused:
        raise ParseError(f"this form of the file is not read: {known.refused}", code="columns", row=number)
    return Header(number, tuple(cell.strip() for cell in row), index, known, _deviations(names, aliases, known, source))


def _deviations(names: list[str], aliases: dict[str, Column], known: Format | None, source: Source) -> tuple[str, ...]:
    if known is not None:
        return ()
    printed = _trimmed(names)
    extra = [name or "(no name)" for name in printed if name not in aliases]
    mapped = tuple(name for name in printed if name in aliases)
    warnings = []
    if mapped not in {tuple(n for n in form.columns if n in aliases) for form in source.formats if not form.refused}:
        warnings.append(f"unknown column order: {', '.join(printed)}")
    if extra:
        warnings.append(f"extra columns: {', '.join(extra)}")
    return tuple(warning[:500] for warning in warnings)
