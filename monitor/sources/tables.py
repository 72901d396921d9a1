"""Tells the shape of a file, has rows of text made of it and finds the header row.

Nothing is converted here: cells stay text.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.errors import ParseError
from monitor.sources.cells import normalise, without_day
from monitor.sources.delimited import delimited_rows
from monitor.sources.embedded import data_of
from monitor.sources.forms import Column, Format, Shape
from monitor.sources.html_rows import looks_like_page, page_rows
from monitor.sources.json_rows import json_rows, looks_like_json
from monitor.sources.page_forms import Embedded
from monitor.sources.sniff import text_of
from monitor.sources.spec import Source
from monitor.sources.workbook import is_workbook, workbook_rows
from monitor.sources.xml_rows import looks_like_xml, xml_rows

NAMED = (Shape.JSON, Shape.XML)  # shapes whose values bear the names of their fields
NAME_LENGTH = 100  # characters of a column name that are looked at
HEADER_WITHIN = 50  # rows: some issuers print a preamble


@dataclass(frozen=True, slots=True)
class Header:
    """The header row: its 1-based `row`, the printed `names`, where each column is, what it deviates in.

    `known` is the format it is exactly, `like` that or one that differs only in columns we do not map. The first
    `printed` of the names stand in the file.
    """

    row: int
    names: tuple[str, ...]
    index: dict[Column, int]
    known: Format | None
    like: Format | None
    warnings: tuple[str, ...]
    printed: int


@dataclass(frozen=True, slots=True)
class Tables:
    """What may be the table of a file, in order of preference: of a workbook each sheet, of JSON each list
    that is there, of a page each table. `encoding` is that of text, "" for workbooks. `outside` is what a page or a
    document says around its tables, as rows of a label and a value or of texts that follow one another; `title` what a
    page calls itself. `warnings` are sentences about the file as a whole."""

    shape: Shape
    encoding: str
    rows: tuple[list[list[str]], ...]
    outside: tuple[list[str], ...] = ()
    title: str = ""
    warnings: tuple[str, ...] = ()


def tables_of(body: bytes, source: Source) -> Tables:
    """The tables in the bytes of a file. Raises ParseError; for its codes see `read_file`."""
    if not source.columns:
        raise ParseError(f"no form of the files of {source.id} is known: {source.why}", code="shape")
    if is_workbook(body) and Shape.WORKBOOK in source.shapes:
        return Tables(Shape.WORKBOOK, "", workbook_rows(body, source))
    if Shape.XML in source.shapes and looks_like_xml(body):
        return Tables(Shape.XML, "", xml_rows(body, source))
    text, encoding = text_of(body, source)
    if source.embedded is not None and looks_like_page(text):
        return _embedded(text, encoding, source, source.embedded)
    if Shape.JSON in source.shapes and looks_like_json(text):
        return Tables(Shape.JSON, encoding, json_rows(text, source))
    if Shape.HTML in source.shapes and looks_like_page(text):
        return _page(text, encoding, source)
    if Shape.DELIMITED in source.shapes:
        return Tables(Shape.DELIMITED, encoding, (delimited_rows(text, source),))
    raise ParseError(f"plain text, but files of {source.id} are {', '.join(sorted(source.shapes))}", code="shape")


def _embedded(page: str, encoding: str, source: Source, where: Embedded) -> Tables:
    found = data_of(page, where)
    outside = (
        *([["download", found.name]] if found.name else []),
        *page_rows(page, source.html, source.max_rows).outside,
    )
    if looks_like_json(found.text):
        return Tables(Shape.JSON, encoding, json_rows(found.text, source), outside)
    return Tables(Shape.DELIMITED, encoding, (delimited_rows(found.text, source),), outside)


def _page(text: str, encoding: str, source: Source) -> Tables:
    page = page_rows(text, source.html, source.max_rows)
    warnings = () if page.whole else ("the closing text is missing: the page has no end, it may have been cut short",)
    if not page.tables:
        raise no_table(page.title)
    return Tables(Shape.HTML, encoding, page.tables, page.outside, page.title, warnings)


def no_table(title: str) -> ParseError:
    """The refusal of a page that does not hold what its source says."""
    return ParseError(f"a web page without the table of holdings{f' (title: {title})' if title else ''}", code="html")


def find_header(rows: list[list[str]], source: Source, shape: Shape | None = None) -> Header:
    """The header among the first rows of a table of a file of `shape`. Raises ParseError(code="columns") naming what
    is missing."""
    named = shape in NAMED
    if rows and (first := source.memory.get((tuple(rows[0]), named))) and isinstance(first, Header):
        return first  # of the file before
    aliases = {alias: column for column, names in source.columns.items() for alias in names}
    enough = {source.required, *(form.required for form in source.formats if not form.refused)}
    best: tuple[int, list[str], set[Column]] | None = None
    for number, row in enumerate(rows[:HEADER_WITHIN], start=1):
        names = [column_name(cell, source) for cell in row]
        found = {aliases[name] for name in names if name in aliases}
        if any(found.issuperset(required) for required in enough):
            header = _header(number, row, names, aliases, source, named)
            if number == 1:
                source.remember((tuple(row), named), header)
            return header
        if best is None or len(found) > len(best[2]):
            best = number, names, found
    if best is None or len(best[2]) < 2:
        _refuse_known(rows[:HEADER_WITHIN], source)
    raise _no_header(best, source)


def _refuse_known(rows: list[list[str]], source: Source) -> None:
    """Raises ParseError when the header is one that its source says not to read, though it names no column of ours."""
    for number, row in enumerate(rows, start=1):
        form = _known([normalise(cell[:NAME_LENGTH]) for cell in row], source)
        if form is not None and form.refused:
            raise ParseError(f"this form of the file is not read: {form.refused}", code="columns", row=number)


def column_name(cell: str, source: Source) -> str:
    """What a cell of the header is called; a date in it says when, not what."""
    name = normalise(cell[:NAME_LENGTH])
    if Column.DATE in source.head.labels and any(map(str.isdigit, name)):
        return normalise(without_day(cell[:NAME_LENGTH], source.head.date_format))
    return name


def _no_header(best: tuple[int, list[str], set[Column]] | None, source: Source) -> ParseError:
    number, names, found = best or (1, [], set())
    missing = [column for column in source.required if column not in found]
    if len(found) < 2 or not missing:
        return ParseError("no header row: none of the first rows names the columns of a holdings file", code="columns")
    known = next((f for f in source.formats if f.refused and f.columns == _trimmed(names)), None)
    why = f" ({known.refused})" if known else ""
    words = f"required column missing: {', '.join(missing)}{why}; the header reads: {', '.join(n for n in names if n)}"
    return ParseError(words[:500], code="columns", row=number, column=missing[0])


def _known(names: list[str], source: Source) -> Format | None:
    printed = _trimmed(names)
    return next((form for form in source.formats if form.columns == printed), None) if printed else None


def _trimmed(names: list[str]) -> tuple[str, ...]:
    end = len(names)
    while end and not names[end - 1]:
        end -= 1
    return tuple(names[:end])


def _header(
    number: int, row: list[str], names: list[str], aliases: dict[str, Column], source: Source, named: bool
) -> Header:
    index, passed = _places(number, row, names, aliases, source)
    known = _known(names, source)
    if known is not None and known.refused:
        raise ParseError(f"this form of the file is not read: {known.refused}", code="columns", row=number)
    alike = (form for form in source.formats if _is_like(form, _trimmed(names), aliases, named))
    like = known or next(alike, None)
    warnings = () if known is not None else (*_deviations(names, aliases, like), *passed)
    if like is None and source.any_order and (like := _nearest(source, index, aliases, named)) is not None:
        others = ", ".join(_trimmed(names))
        warnings = (f"columns that do not stand together in a form we know: {others}"[:500], *passed)
    return Header(number, tuple(cell.strip() for cell in row), index, known, like, warnings, len(row))


def _places(
    number: int, row: list[str], names: list[str], aliases: dict[str, Column], source: Source
) -> tuple[dict[Column, int], tuple[str, ...]]:
    """Where each column is, and which printed ones are passed over: of two names for one column the one counts that
    its source names first, where columns may stand in any order. Raises ParseError(code="columns") elsewhere."""
    index: dict[Column, int] = {}
    passed = []
    for position, name in enumerate(names):
        column = aliases.get(name)
        other = index.get(column) if column is not None else None
        if column is None or other is None:
            index |= {} if column is None else {column: position}
        elif names[other] == name or not source.any_order:
            words = f"two columns for {column}: {row[other]!r} and {row[position]!r}"
            raise ParseError(words, code="columns", row=number, column=column)
        else:
            order = source.columns[column].index
            kept, left = (other, position) if order(names[other]) < order(names[position]) else (position, other)
            index[column] = kept
            passed.append(f"{column} is read from {row[kept]!r}, not from {row[left]!r}")
    return index, tuple(passed)


def _nearest(source: Source, index: dict[Column, int], aliases: dict[str, Column], named: bool) -> Format | None:
    """The form that shares most columns with a header, of those whose required ones it has; the newest of equals."""
    shared = [
        (len({aliases[name] for name in form.columns if name in aliases} & index.keys()), at, form)
        for at, form in enumerate(source.formats)
        if not form.refused and (form.shape in NAMED) is named and index.keys() >= set(form.required)
    ]
    return max(shared, key=lambda one: one[:2])[2] if shared else None


def _is_like(form: Format, printed: tuple[str, ...], aliases: dict[str, Column], named: bool) -> bool:
    """Whether the columns we map are those of `form` in its order. Fields of JSON and XML bear their names on every
    value: any order will do, and those that are not required may be missing."""
    own, other = ([name for name in names if name in aliases] for names in (form.columns, printed))
    if named or form.shape in NAMED:
        alike = named and form.shape in NAMED
        return alike and not form.refused and {aliases[name] for name in other}.issuperset(form.required)
    return not form.refused and own == other


def _deviations(names: list[str], aliases: dict[str, Column], like: Format | None) -> tuple[str, ...]:
    printed = _trimmed(names)
    usual = like.columns if like is not None else ()
    extra = [name or "(no name)" for name in printed if name not in aliases and name not in usual]
    warnings = []
    if like is None:
        warnings.append(f"unknown column order: {', '.join(printed)}")
    if extra:
        warnings.append(f"extra columns: {', '.join(extra)}")
    return tuple(warning[:500] for warning in warnings)
