"""Brings what a file prints below several headers into the columns of its table of holdings.

Cash, futures and bonds may have tables of their own, on the same sheet or page, with other columns; a table may be
printed in pieces or twice. Here rows only find their places: nothing is converted, and no row is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from monitor.core.errors import ParseError
from monitor.sources.cells import normalise
from monitor.sources.forms import Column, Section, Shape
from monitor.sources.spec import Source
from monitor.sources.tables import NAME_LENGTH, Header, Tables, find_header, no_table

LOOKED_AT = 5  # rows of a further table in which its header is looked for


class Role(Enum):
    """What a row is to the reader of lines."""

    ROW = auto()
    HEADER = auto()  # the header again
    START = auto()  # the header of a section: what follows belongs to the holdings
    TOTAL = auto()  # the sum of the lines above it


@dataclass(frozen=True, slots=True)
class Layout:
    """`rows` of the table of holdings and, below it, of what belongs to it from other tables; `header` with the columns
    that only sections have; `warnings` name tables that look like holdings and are not read."""

    rows: list[list[str]]
    header: Header
    warnings: tuple[str, ...] = ()


def laid_out(tables: Tables, source: Source) -> Layout:
    """The table with a header; of a page the longest, with the other tables that belong to it.

    Raises the ParseError of the first table when none has a header; of a page, that of the first which lacks a column,
    else that the page holds no such table.
    """
    found: list[tuple[int, list[list[str]], Header]] = []
    refused: list[ParseError] = []
    for rows in tables.rows:
        try:
            header = find_header(rows, source, tables.shape)
        except ParseError as error:
            refused.append(error)
            continue
        if tables.shape is not Shape.HTML:
            return Layout(rows, _widened(header, source))
        found.append((len(rows) - header.row, rows, header))
    if not found:
        raise _refusal(refused, tables)
    _, rows, header = max(found, key=lambda one: one[0])
    return _with_others(tables, rows, header, source)


def _refusal(refused: Sequence[ParseError], tables: Tables) -> ParseError:
    lacking = next((error for error in refused if error.column is not None), None)
    if tables.shape is Shape.HTML and lacking is None:
        return no_table(tables.title)
    if tables.shape is Shape.HTML and lacking is not None:
        return lacking
    return refused[0] if refused else ParseError("the file holds no table", code="empty")


def _with_others(tables: Tables, rows: list[list[str]], header: Header, source: Source) -> Layout:
    whole, warnings = list(rows), []
    own = tuple(map(_name, header.names))
    for other in tables.rows:
        if other is rows:
            continue
        heads = [(at, [_name(cell) for cell in cells]) for at, cells in enumerate(other[:LOOKED_AT])]
        start = next((at for at, names in heads if _is(names, own) or _section(names, source)), None)
        if start is not None:
            whole += other[start:]
        elif any(_looks_like_holdings(names, source) for _, names in heads):
            printed = ", ".join(name for name in heads[0][1] if name)[:200]
            warnings.append(f"a further table is not read: {printed}")
    return Layout(whole, _widened(header, source), tuple(warnings))


def _looks_like_holdings(names: list[str], source: Source) -> bool:
    known = {column for column, aliases in source.columns.items() if not set(aliases).isdisjoint(names)}
    amounts = known & {Column.SHARES, Column.VALUE, Column.WEIGHT, Column.CONTRACTS}
    return bool(amounts) and len(known - amounts) > 0


def numbered(layout: Layout, source: Source) -> Iterator[tuple[int, list[str], Role]]:
    """The rows below the header by their 1-based number, in its columns, with what each is. Sections above the header
    come last."""
    below = list(enumerate(layout.rows[layout.header.row :], start=layout.header.row + 1))
    if not (source.sections or source.totals):
        yield from ((row, cells, Role.ROW) for row, cells in below)
        return
    above = list(enumerate(layout.rows[: layout.header.row - 1], start=1))
    own = tuple(map(_name, layout.header.names[: layout.header.printed or None]))
    yield from _sorted_out(below, layout.header, own, source, inside=True)
    yield from _sorted_out(above, layout.header, own, source, inside=False)


def _sorted_out(
    rows: list[tuple[int, list[str]]], header: Header, own: tuple[str, ...], source: Source, *, inside: bool
) -> Iterator[tuple[int, list[str], Role]]:
    """Rows with their roles; `inside`: they belong to the holdings before any section begins."""
    places: dict[Column, int] = {}
    section: Section | None = None
    for row, cells in rows:
        names = [_name(cell) for cell in cells]
        starts = _section(names, source)
        if starts is not None:
            section, inside = starts, True
            places = _places(names, starts)
            yield row, [", ".join(filter(None, names))], Role.START
        elif _is(names, own):
            section, inside = None, True
            yield row, cells, Role.HEADER
        elif next(filter(None, names), "") in source.totals and inside:
            sums = _moved(cells, places, Section(section.columns), header) if section else cells
            yield row, sums, Role.TOTAL
        elif inside:
            yield row, _moved(cells, places, section, header) if section else _padded(cells, header), Role.ROW


def _moved(cells: list[str], places: dict[Column, int], section: Section, header: Header) -> list[str]:
    """A row of a section in the columns of the header; one that fills none of its columns stays as it is."""
    values = {column: cells[at] for column, at in places.items() if at < len(cells)}
    if not any(value.strip() for value in values.values()) or sum(bool(cell.strip()) for cell in cells) < 2:
        return cells
    if section.name and not values.get(Column.NAME, "").strip():
        values[Column.NAME] = section.name
    if section.stated is not None:
        values[Column.ASSET_CLASS] = section.stated.value
    moved = [""] * len(header.names)
    for column, value in values.items():
        moved[header.index[column]] = value
    return moved


def _padded(cells: list[str], header: Header) -> list[str]:
    lacking = len(header.names) - header.printed
    return [*cells, *[""] * lacking] if lacking and len(cells) == header.printed else cells


def _widened(header: Header, source: Source) -> Header:
    """The header with the columns that only sections have, behind those that are printed."""
    if not source.sections:
        return header
    needed = {column for section in source.sections for column in section.columns}
    if any(section.name for section in source.sections):
        needed.add(Column.NAME)
    if any(section.stated for section in source.sections):
        needed.add(Column.ASSET_CLASS)
    new = [column for column in Column if column in needed and column not in header.index]
    names = (*header.names, *(f"({column})" for column in new))
    places = {column: len(header.names) + at for at, column in enumerate(new)}
    return replace(header, names=names, index={**header.index, **places}, printed=len(header.names))


def _section(names: Sequence[str], source: Source) -> Section | None:
    """The section whose header this is: all columns it needs are named."""
    for section in source.sections:
        if all(not set(section.columns[column]).isdisjoint(names) for column in section.needed):
            return section
    return None


def _places(names: Sequence[str], section: Section) -> dict[Column, int]:
    """Where the columns of a section stand below its header."""
    return {
        column: next(at for at, name in enumerate(names) if name in aliases)
        for column, aliases in section.columns.items()
        if not set(aliases).isdisjoint(names)
    }


def _is(names: Sequence[str], own: Sequence[str]) -> bool:
    return [name for name in names if name] == [name for name in own if name]


def _name(cell: str) -> str:
    return normalise(cell[:NAME_LENGTH])
