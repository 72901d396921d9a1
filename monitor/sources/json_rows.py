"""Makes rows of text from JSON that lists holdings as objects, within bounds.

The list stands at a dotted path the source names. What the objects around it say of the fund comes first, one
label and value per row, as a preamble would; then the header and the holdings. Numbers stay as printed.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation

from monitor.core.errors import ParseError
from monitor.sources.delimited import MAX_COLUMNS
from monitor.sources.spec import Source

MAX_LABELS = 40  # values around the table that are looked at, so that the header comes soon enough
_LARGEST = 40  # digits: a number beyond stays as printed and is refused as a cell


def looks_like_json(text: str) -> bool:
    """Whether the text begins as a JSON object or list does."""
    return text.lstrip().startswith(("{", "["))


def json_rows(text: str, source: Source) -> tuple[list[list[str]], ...]:
    """The tables of `text`, one per path that leads to a list of objects. Raises ParseError (json, size)."""
    try:
        document = json.loads(text, parse_int=str, parse_float=_plain, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the JSON cannot be read: {str(error)[:100]}", code="json") from None
    found = [table for path in source.tables or ("",) if (table := _table(document, path, source)) is not None]
    if not found:
        paths = ", ".join(path or "the top" for path in source.tables or ("",))
        raise ParseError(f"the JSON has no list of holdings at {paths}: {text[:80]!r}", code="json")
    return tuple(found)


def _plain(number: str) -> str:
    """A number without exponent: programs print 1e-05."""
    if "e" not in number.lower() or len(number) > _LARGEST:
        return number
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    return f"{value:f}" if abs(value.adjusted()) <= _LARGEST else number


def _table(document: object, path: str, source: Source) -> list[list[str]] | None:
    around: list[list[str]] = []
    here = document
    for step in filter(None, path.split(".")):
        if not isinstance(here, dict) or step not in here:
            return None
        around += _labels(here)
        here = here[step]
    if not isinstance(here, list) or not here or not all(isinstance(row, dict) for row in here):
        return None
    if len(here) > source.max_rows:
        raise ParseError(f"more than {source.max_rows} rows", code="size")
    return around[:MAX_LABELS] + _rows(here)


def _labels(values: dict[str, object]) -> list[list[str]]:
    """The single values of an object and of the objects in it, as label and value."""
    found = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += [[f"{key}.{name}", _text(one)] for name, one in value.items() if not isinstance(one, dict | list)]
        elif not isinstance(value, list):
            found.append([key, _text(value)])
    return found


def _rows(objects: list[dict[str, object]]) -> list[list[str]]:
    names = list(dict.fromkeys(name for row in objects for name in row))
    if len(names) > MAX_COLUMNS:
        raise ParseError(f"the holdings have {len(names)} different fields", code="size")
    return [names, *([_text(row.get(name)) for name in names] for row in objects)]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""
