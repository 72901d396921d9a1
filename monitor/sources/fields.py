"""Rows made of named fields (JSON, XML) as a table: a header of all names, then the values in that order.

Where a source gives several names for one column, they are alternatives: the first that says something counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.core.errors import ParseError
from monitor.sources.cells import normalise, plain_text
from monitor.sources.delimited import MAX_COLUMNS
from monitor.sources.spec import Source


def label_names(source: Source) -> Iterable[str]:
    """The labels a source looks for outside its table, in its order."""
    return (label for labels in source.head.labels.values() for label in labels)


def usual_header(source: Source) -> list[str]:
    """The header of a list without rows: the first name of each column."""
    return [aliases[0] for aliases in source.columns.values() if aliases]


def merged(rows: Sequence[Mapping[str, str]], source: Source) -> list[list[str]]:
    """The header and the rows. Raises ParseError (size) for too many names."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > MAX_COLUMNS:
        raise ParseError(f"the holdings have {len(names)} different fields", code="size")
    alternatives = _alternatives(names, source)
    spare = {name for others in alternatives.values() for name in others}
    kept = [name for name in names if name not in spare]
    blanks = frozenset(map(normalise, source.document.blanks))
    table = [kept]
    for row in rows:
        table.append([_cell(row, (name, *alternatives.get(name, ())), blanks) for name in kept])
    return table


def _alternatives(names: Sequence[str], source: Source) -> dict[str, tuple[str, ...]]:
    """For the first name of each column its other names, in the order of the source."""
    by_alias: dict[str, list[str]] = {}
    for name in names:
        by_alias.setdefault(normalise(name), []).append(name)
    found = {}
    for aliases in source.columns.values():
        present = [name for alias in aliases for name in by_alias.get(alias, ())]
        if len(present) > 1:
            found[present[0]] = tuple(present[1:])
    return found


def _cell(row: Mapping[str, str], names: tuple[str, ...], blanks: frozenset[str]) -> str:
    """The first value that says something; else how the first name says that there is none."""
    if len(names) == 1 and not blanks:
        return row.get(names[0], "")
    for name in names:
        text = row.get(name, "")
        if plain_text(text) and (not blanks or normalise(text) not in blanks):
            return text
    first = row.get(names[0], "")
    return "" if blanks and normalise(first) in blanks else first
