"""Reads the bytes of one published file as a `HoldingsFile`.

It says what the file says and what in it could not be understood; whether to believe it is decided
elsewhere. For any bytes the answer is a `HoldingsFile` or a `ParseError`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile
from monitor.sources import conflicts
from monitor.sources.blocks import take_all
from monitor.sources.forms import Column, Shape
from monitor.sources.layout import Layout, Role, laid_out, numbered
from monitor.sources.lines import Lines
from monitor.sources.marks import AMOUNTS, as_printed
from monitor.sources.naming import fund_of, funds_named, revision_hint
from monitor.sources.preamble import Arrived, preamble_of
from monitor.sources.spec import Source
from monitor.sources.tables import Tables, find_header, tables_of

COMMENTS_WITHIN = 20  # rows from the end

__all__ = ["fund_of", "funds_named", "read_file", "read_files", "revision_hint"]


def read_file(
    source: Source,
    body: bytes,
    *,
    expected_fund: str | None = None,
    name: str = "",
    fetched: datetime | None = None,
    dated: date | None = None,
) -> HoldingsFile:
    """What the file `body` of `source` says of one fund. Weights in percent points, values in the source's currency.

    Of a file of many funds it is the `expected_fund`; elsewhere that only adds a warning when the file names another
    fund. `name` is the file's name or address, which for some sources says the date; of others that print none it is
    the last session before the file was `fetched` from the issuer, or the day it is said to be `dated`.
    Raises ParseError with one of the codes empty, size, binary, encoding, html, json, shape, error-page, quotes,
    columns, rows, as_of, numbers, fund.
    """
    files = read_files(source, body, expected_fund=expected_fund, name=name, fetched=fetched, dated=dated)
    if len(files) > 1:
        listed = ", ".join(file.fund for file in files[:10]) + (" …" if len(files) > 10 else "")
        raise ParseError(f"the file lists {len(files)} funds, say which: {listed}", code="fund")
    return files[0]


def read_files(
    source: Source,
    body: bytes,
    *,
    expected_fund: str | None = None,
    name: str = "",
    fetched: datetime | None = None,
    dated: date | None = None,
) -> tuple[HoldingsFile, ...]:
    """As `read_file`, for all funds the file lists, in the order of the file; one unless the source says many."""
    tables = tables_of(body, source)
    layout = laid_out(tables, source)
    rows = layout.rows
    skipped = conflicts.versions(rows) if tables.shape is Shape.DELIMITED else (frozenset[int](),)
    files = []
    arrived = Arrived(name, fetched, dated)
    for skip in skipped:
        if skip:
            kept = [[] if index in skip else cells for index, cells in enumerate(rows)]
            layout = replace(layout, rows=kept, header=find_header(kept, source, tables.shape))
        files.append(_read(source, tables, layout, skip, expected_fund, arrived))
    if len(files) == 1:
        return files[0]
    earlier, later = files
    if [file.fund for file in earlier] != [file.fund for file in later]:
        raise ParseError("a merge conflict whose sides list different funds", code="fund")
    return tuple(_settled(one, other) for one, other in zip(earlier, later, strict=True))


def comments(below: list[list[str]]) -> list[list[str]]:
    """The rows below the table that somebody added as a comment: `# as of 2026-08-28`."""
    return [row for row in below[-COMMENTS_WITHIN:] if row and row[0].startswith("#") and not any(row[1:])]


def _read(
    source: Source,
    tables: Tables,
    layout: Layout,
    skip: frozenset[int],
    expected_fund: str | None,
    arrived: Arrived,
) -> tuple[HoldingsFile, ...]:
    header = layout.header
    units = header.like.units if header.like else source.units
    amounts = [header.index[column] for column in AMOUNTS if column in header.index]
    units = as_printed(units, source, layout.rows[header.row :], amounts)
    dated = [
        [cell] for cell in layout.rows[header.row - 1] if any(map(str.isdigit, cell))
    ]  # Holdings (As of 06/12/2026)
    above = [*layout.rows[: header.row - 1], *tables.outside, *comments(layout.rows[header.row :]), *dated]
    preamble = preamble_of(above, source, units, arrived, dated_rows=Column.DATE in header.index)
    lines = Lines(source, tables.shape, header, preamble, units)
    lines.warnings += (*tables.warnings, *layout.warnings)
    if not (skip or source.sections or source.totals):
        take_all(lines, layout.rows[header.row :], header.row + 1)
        return lines.results(tables.encoding, expected_fund)
    for row, cells, role in numbered(layout, source):
        if role is Role.START:
            lines.start(cells[0])
        elif role is Role.HEADER:
            lines.repeated(row)
        elif role is Role.TOTAL:
            lines.total(row, cells)
        elif row - 1 not in skip:
            lines.take(row, cells)
    return lines.results(tables.encoding, expected_fund)


def _settled(earlier: HoldingsFile, later: HoldingsFile) -> HoldingsFile:
    """One file of the two versions a merge conflict left: the later one, and whether they list the same."""
    same = _content(earlier) == _content(later)
    words = "both list the same holdings" if same else "they differ and the later one was read"
    return replace(later, warnings=(*later.warnings, f"{'' if same else 'unsettled '}merge conflict: {words}"))


def _content(file: HoldingsFile) -> list[object]:
    return sorted(((x.name, x.ticker, x.identifier, x.shares, x.value, x.weight) for x in file.lines), key=repr)
