"""Makes rows of text from delimited text, within bounds.

Nothing is converted here: cells stay text.
"""

from __future__ import annotations

import csv
import io
from itertools import islice

from monitor.core.errors import ParseError
from monitor.sources.guards import unguarded_rows, unguarded_text
from monitor.sources.spec import Source

MAX_COLUMNS = 200


def delimited_rows(text: str, source: Source) -> list[list[str]]:
    """All rows of `text` as lists of cells, in order, without the guards of spreadsheets (`guards`).

    Raises ParseError (size, quotes)."""
    text = unguarded_text(text, source.delimiter)
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
    return unguarded_rows(rows, text)


def _csv(text: str, source: Source, *, strict: bool) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=strict)
    return list(islice(reader, source.max_rows + 1))


def _lenient(text: str, source: Source) -> list[list[str]]:
    try:
        return _csv(text, source, strict=False)
    except csv.Error as error:
        raise ParseError(f"the table cannot be split into cells: {error}", code="quotes") from None
