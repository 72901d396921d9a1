"""Reads the bytes of one published file as a `HoldingsFile`.

It says what the file says and what in it could not be understood; whether to believe it is decided
elsewhere. For any bytes the answer is a `HoldingsFile` or a `ParseError`.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile
from monitor.sources import conflicts
from monitor.sources.forms import Column, Shape
from monitor.sources.lines import Lines
from monitor.sources.naming import fund_of, revision_hint
from monitor.sources.preamble import preamble_of
from monitor.sources.spec import Source
from monitor.sources.tables import Header, Tables, find_header, tables_of

__all__ = ["fund_of", "read_file", "revision_hint"]


def read_file(source: Source, body: bytes, *, expected_fund: str | None = None, name: str = "") -> HoldingsFile:
    """What the file `body` of `source` says. Weights in percent points, values in the source's currency.

    `expected_fund` only adds a warning when the file names another fund; `name` is the file's name or address,
    which for some sources says the date. Raises ParseError with one of the codes empty, size, binary, encoding,
    html, json, shape, error-page, quotes, columns, rows, as_of, numbers.
    """
    tables = tables_of(body, source)
    rows, header = first_table(tables, source)
    skipped = conflicts.versions(rows) if tables.shape is Shape.DELIMITED else (frozenset[int](),)
    files = []
    for skip in skipped:
        kept = [[] if index in skip else cells for index, cells in enumerate(rows)]
        header = find_header(kept, source) if skip else header
        files.append(_read(source, tables, kept, header, skip, expected_fund, name))
    return files[0] if len(files) == 1 else _settled(files)


def first_table(tables: Tables, source: Source) -> tuple[list[list[str]], Header]:
    """The first table with a header. Raises the ParseError of the first table when none has one."""
    first: ParseError | None = None
    for rows in tables.rows:
        try:
            return rows, find_header(rows, source)
        except ParseError as error:
            first = first or error
    raise first or ParseError("the file holds no table", code="empty")


def _read(
    source: Source,
    tables: Tables,
    rows: list[list[str]],
    header: Header,
    skip: frozenset[int],
    expected_fund: str | None,
    name: str,
) -> HoldingsFile:
    units = header.like.units if header.like else source.units
    above = rows[: header.row - 1]
    preamble = preamble_of(above, source, units, name, dated_rows=Column.DATE in header.index)
    lines = Lines(source, tables.shape, header, preamble)
    for row, cells in enumerate(rows[header.row :], start=header.row + 1):
        if row - 1 not in skip:
            lines.take(row, cells)
    return lines.result(tables.encoding, expected_fund)


def _settled(files: list[HoldingsFile]) -> HoldingsFile:
    """One file of the two versions a merge conflict left: the later one, and whether they list the same."""
    earlier, later = files
    same = _content(earlier) == _content(later)
    words = "both list the same holdings" if same else "they differ and the later one was read"
    return replace(later, warnings=(*later.warnings, f"{'' if same else 'unsettled '}merge conflict: {words}"))


def _content(file: HoldingsFile) -> list[object]:
    return sorted(((x.name, x.ticker, x.identifier, x.shares, x.value, x.weight) for x in file.lines), key=repr)
