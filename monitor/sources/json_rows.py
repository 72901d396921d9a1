"""Makes rows of text from JSON, within bounds. Numbers stay as printed.

The holdings stand at the paths the source names (`paths`): as a list of objects, each a row; as a list of lists, with
the names elsewhere; or as an object of lists, one for each column. Above each table come the labels the source looks
for, as label and value, so that what follows reads it like a printed table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from monitor.core.errors import ParseError
from monitor.sources.fields import label_names, merged, usual_header
from monitor.sources.paths import Hit, as_text, first_text, walk
from monitor.sources.spec import Source

LIST = "(list)"  # the column that says in which of several joined lists a row stood
WRAPPERS = frozenset(f"{kind}Value" for kind in ("string", "integer", "double", "boolean", "timestamp", "null"))
LEVELS = 5  # of objects inside a row
_LARGEST = 40  # digits: a number beyond stays as printed and is refused as a cell


def looks_like_json(text: str) -> bool:
    """Whether the text begins as a JSON object or list does."""
    return text.lstrip().startswith(("{", "["))


def json_rows(text: str, source: Source) -> tuple[list[list[str]], ...]:
    """The tables of `text`: one per path that leads to rows, or one of all where the source joins its lists.

    Raises ParseError (json, size, rows).
    """
    try:
        document = json.loads(text, parse_int=str, parse_float=_plain, parse_constant=str, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the JSON cannot be read: {str(error)[:100]}", code="json") from None
    return document_rows(document, source, text[:80])


def document_rows(document: object, source: Source, beginning: str) -> tuple[list[list[str]], ...]:
    """The tables of a document that has been read; `beginning` is how it begins, for people. Raises ParseError."""
    found = [[hit for hit in walk(document, path) if _is_table(hit)] for path in source.tables or ("",)]
    if source.document.join:
        found = [[hit for hits in found for hit in hits]]
    tables = [_table(hits, source) for hits in found if any(map(_has_rows, hits))]
    if tables:
        return tuple(tables)
    where = ", ".join(path or "the top" for path in source.tables or ("",))
    if any(found) and source.document.may_be_empty:
        return (_nothing(next(hit for hits in found for hit in hits), source),)
    if any(found):
        raise ParseError(f"the list of holdings at {where} is empty", code="rows")
    raise ParseError(f"the JSON has no list of holdings at {where}: {beginning!r}", code="json")


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; of a field that stands twice with two values nobody knows which is meant."""
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next((key for key, value in pairs if values[key] != value), None)
        if twice is not None:
            raise ValueError(f"the field {twice[:40]!r} stands twice in one object, with two values")
    return values


def _plain(number: str) -> str:
    """A number without exponent: programs print 1e-05."""
    if "e" not in number.lower() or len(number) > _LARGEST:
        return number
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    return f"{value:f}" if abs(value.adjusted()) <= _LARGEST else number


def _is_table(hit: Hit) -> bool:
    if isinstance(hit.value, list):
        return all(isinstance(row, dict) for row in hit.value) or all(isinstance(row, list) for row in hit.value)
    return isinstance(hit.value, dict) and (hit.one_of_many or bool(_columns(hit.value)))


def _has_rows(hit: Hit) -> bool:
    return bool(hit.value)


def _table(hits: Sequence[Hit], source: Source) -> list[list[str]]:
    """What `hits` hold as one table, below the labels around the first of them."""
    rows: list[Mapping[str, str]] = []
    for hit in hits:
        group = {name: as_text(value) for name, value in hit.group.items()}
        if source.document.join:
            group[LIST] = hit.name
        rows += [group | row if group else row for row in _rows(hit, source)]
        if len(rows) > source.max_rows:
            raise ParseError(f"more than {source.max_rows} rows", code="size")
    return [*_labels(hits[0], source), *merged(rows, source)]


def _nothing(hit: Hit, source: Source) -> list[list[str]]:
    """A header without lines, below what is said around it."""
    return [*_labels(hit, source), usual_header(source)]


def _labels(hit: Hit, source: Source) -> list[list[str]]:
    """Each label the source looks for with its value, looked for from the innermost object outwards."""
    around = [*([hit.value] if isinstance(hit.value, dict) else []), *reversed(hit.around)]
    found = []
    for label in label_names(source):
        text = next((text for values in around if (text := first_text(values, label))), "")
        if text:
            found.append([label, text])
    return found


def _rows(hit: Hit, source: Source) -> Iterator[dict[str, str]]:
    value = hit.value
    if isinstance(value, dict):
        columns = _columns(value)
        yield from _transposed(columns, source) if columns else (_flat(value),)
    elif isinstance(value, list) and value and isinstance(value[0], list):
        names = _names(hit, source)
        for row in value:
            if names and len(row) > len(names):
                raise ParseError(f"a row of {len(row)} values under {len(names)} names", code="json")
            cells = dict(zip(names or map(str, range(1, len(row) + 1)), row, strict=False))
            yield _flat(cells)
    elif isinstance(value, list):
        for row in value:
            yield _flat(row)


def _names(hit: Hit, source: Source) -> list[str]:
    """The names of the cells of rows that are lists, where the source says they stand, seen from the rows outwards."""
    if not source.document.names:
        return []
    for values in reversed(hit.around):
        found = [as_text(name.value) for name in walk(values, source.document.names)]
        if found:
            return found
    raise ParseError(f"the names of the columns are not at {source.document.names}", code="json")


def _flat(row: Mapping[str, object]) -> dict[str, str]:
    """The single values of an object and of the objects in it, by dotted name."""
    found: dict[str, str] = {}

    def add(values: Mapping[str, object], before: str, level: int) -> None:
        for key, wrapped in values.items():
            value = _unwrapped(wrapped)
            if not isinstance(value, dict):
                found[before + key] = as_text(value)
            elif level < LEVELS:
                add(value, f"{before}{key}.", level + 1)

    add(row, "", 0)
    return found


def _unwrapped(value: object) -> object:
    """A value without the name of its type, where a database writes one around it: {"stringValue": "x"}."""
    if isinstance(value, dict) and len(value) == 1:
        (kind, inner), *_ = value.items()
        return inner if kind in WRAPPERS else value
    return value


def _columns(value: object, before: str = "", level: int = 0) -> dict[str, list[object]]:
    """The lists of single values in an object and the objects in it, by dotted name: its columns."""
    found: dict[str, list[object]] = {}
    for key, inner in value.items() if isinstance(value, dict) and level < LEVELS else ():
        if isinstance(inner, list) and inner and not any(isinstance(one, dict | list) for one in inner):
            found[before + key] = inner
        elif isinstance(inner, dict):
            found |= _columns(inner, f"{before}{key}.", level + 1)
    return found


def _transposed(columns: Mapping[str, list[object]], source: Source) -> Iterator[dict[str, str]]:
    """Row after row of columns. Raises ParseError where those we know are not equally long: whose would a cell be?"""
    known = {alias for aliases in source.columns.values() for alias in aliases}
    lengths = {name: len(cells) for name, cells in columns.items() if name.casefold() in known}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in sorted(lengths.items()))
        raise ParseError(f"columns of different lengths: {told[:300]}", code="json")
    length = next(iter(lengths.values()), 0)
    whole = {name: cells for name, cells in columns.items() if len(cells) == length}
    for at in range(length):
        yield {name: as_text(cells[at]) for name, cells in whole.items()}
