"""The part of a source's TOML that says how its files are printed: columns, formats, head, units, classes.

It opens no files; faults are collected in the table.
"""

from __future__ import annotations

import re
from decimal import Decimal

from monitor.core.model import AssetClass
from monitor.sources.cells import normalise
from monitor.sources.forms import (
    HEAD_COLUMNS,
    CodeClass,
    Column,
    DateFormat,
    DateFrom,
    Format,
    Head,
    QuantityUnit,
    Section,
    Shape,
    Units,
    WeightUnit,
)
from monitor.sources.toml_table import Table


def units(table: Table, usual: Units | None = None) -> Units:
    """The units of a source or, given the `usual` ones of its source, of a format."""
    known = usual or Units(DateFormat.ISO, WeightUnit.PERCENT)
    return Units(
        date_format=table.choice("date_format", DateFormat, usual.date_format if usual else None),
        weight=table.choice("weight_unit", WeightUnit, usual.weight if usual else None),
        quantity=table.choice("quantity_unit", QuantityUnit, known.quantity),
        date_from=table.choice("date_from", DateFrom, known.date_from),
        decimal_comma=table.flag("decimal_comma", known.decimal_comma),
    )


def columns(top: Table) -> tuple[dict[Column, tuple[str, ...]], tuple[Column, ...]]:
    """The printed names of each column, and the columns without which a file is refused."""
    table = top.table("columns")
    names = [column.value for column in Column]
    required = _required(table, None)
    for column in required:
        if column.value not in table.values:
            table.fault("required", f"{column.value!r} is not a column of this file")
    found = {Column(n): tuple(map(normalise, table.texts(n, None))) for n in names if n in table.values}
    table.done()
    aliases = [alias for aliases in found.values() for alias in aliases]
    for alias in sorted({a for a in aliases if aliases.count(a) > 1}):
        table.fault("", f"{alias!r} is given for two columns")
    return found, required


def _required(table: Table, default: tuple[Column, ...] | None) -> tuple[Column, ...]:
    names = [column.value for column in Column]
    required = table.texts("required", default)
    for name in required:
        if name not in names:
            table.fault("required", f"{name!r} is not a column of this file")
    return tuple(Column(name) for name in required if name in names)


def file_format(table: Table, usual: Units, required: tuple[Column, ...], shape: Shape) -> Format:
    """One `[[formats]]` entry; what it does not say is as in its source."""
    made = Format(
        columns=tuple(map(normalise, table.texts("columns", None))),
        units=units(table, usual),
        required=_required(table, required),
        shape=table.choice("shape", Shape, shape),
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
        note=table.text("note", ""),
        refused=table.text("refused", ""),
    )
    table.done()
    if made.valid_from and made.valid_to and made.valid_from > made.valid_to:
        table.fault("valid_to", "is before valid_from")
    return made


def head(top: Table, usual: Units) -> Head:
    """The labels of what stands above the table."""
    table = top.table("head")
    labels = {c: tuple(map(normalise, table.texts(c.value))) for c in HEAD_COLUMNS if c.value in table.values}
    row = int(table.number("title_row", Decimal(0), Decimal(0), Decimal(20)))
    form, cells = table.choice("date_format", DateFormat, usual.date_format), _cells(table.table("cells"))
    made = Head(labels, form, row, cells, _patterns(table.table("patterns")))
    table.done()
    return made


def _patterns(table: Table) -> dict[Column, re.Pattern[str]]:
    """How to find in the midst of a text what stands above a table."""
    found = {column: table.pattern(column.value) for column in HEAD_COLUMNS if column.value in table.values}
    for column, pattern in found.items():
        if not pattern.groups:
            table.fault(column.value, "has no group: put brackets around what is meant")
    table.done()
    return found


def _cells(table: Table) -> dict[Column, tuple[int, int]]:
    """The places of what stands above a table without a label: `G1` is the seventh cell of the first row."""
    found = {}
    for column in HEAD_COLUMNS:
        if column.value in table.values:
            place = table.text(column.value, pattern=r"[A-Z][1-9]\d?", wanted="a cell like G1")
            found[column] = (int(place[1:] or "1"), ord(place[:1] or "A") - ord("A") + 1)
    table.done()
    return found


def fill_down(top: Table) -> tuple[Column, ...]:
    """The columns that are printed once, on the first row they are true for."""
    names = top.texts("fill_down")
    wanted = [column.value for column in (Column.DATE, Column.FUND)]
    for name in names:
        if name not in wanted:
            top.fault("fill_down", f"wanted {' or '.join(wanted)}, found {name!r}")
    return tuple(Column(name) for name in names if name in wanted)


def also_dates(top: Table) -> tuple[DateFormat, ...]:
    """Further forms in which dates are written; what may be read in two ways is read in the first that fits."""
    known = {form.value: form for form in DateFormat}
    names = top.texts("also_dates")
    for name in names:
        if name not in known:
            top.fault("also_dates", f"wanted some of {', '.join(known)}, found {name!r}")
    return tuple(known[name] for name in names if name in known)


def asset_classes(top: Table, sections: tuple[Section, ...]) -> dict[str, AssetClass]:
    """What printed asset types mean; lines of a section are given its class as if it were printed."""
    table = top.table("asset_classes")
    of_sections = {section.stated.value: section.stated for section in sections if section.stated is not None}
    return of_sections | {normalise(printed): table.choice(printed, AssetClass) for printed in table.values}


def asset_codes(top: Table) -> tuple[CodeClass, ...]:
    """Which tickers and identifiers, or names, are of which class, in the order of the file."""
    found = []
    for table in top.tables("asset_codes"):
        key = "name" if "name" in table.values else "code"
        found.append(CodeClass(table.pattern(key), table.choice("class", AssetClass), key == "name"))
        table.done()
    return tuple(found)
