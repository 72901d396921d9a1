"""Tells whether the numbers of a file have a decimal comma or a point, by those that can be read in one way only.

One issuer prints `1.234,50` on its German pages, `1,234.50` on its English and `1'234.50` on its Swiss ones, under
headers that are partly the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.sources.cells import decimal_mark
from monitor.sources.forms import Column, Units
from monitor.sources.spec import Source

AMOUNTS = (
    Column.SHARES,
    Column.VALUE,
    Column.WEIGHT,
    Column.COUPON,
    Column.OUTSTANDING,
    Column.NET_ASSETS,
    Column.CONTRACTS,
    Column.NOTIONAL,
)


def as_printed(units: Units, source: Source, rows: Sequence[Sequence[str]], columns: Sequence[int]) -> Units:
    """The units with the decimal mark that the first unambiguous number in `columns` has; as they are when there is
    none, and where no file of the source has decimal commas."""
    if not (source.units.decimal_comma or any(form.units.decimal_comma for form in source.formats)):
        return units
    cells = (row[at] for row in rows for at in columns if at < len(row))
    mark = next((mark for cell in cells if (mark := decimal_mark(cell))), "")
    return replace(units, decimal_comma=mark == ",") if mark else units
