"""Reads the rows below a header column by column, which takes half the time that `Lines.take` needs for each.

It says nothing that `Lines.take` would not: a row with anything unusual in it is left to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import count, groupby, repeat
from operator import is_
from typing import NamedTuple, cast

from monitor.core.model import Line
from monitor.sources.cells import ODD, numbers, percentages
from monitor.sources.lines import FUND_AT, SHARES_AT, VALUE_AT, WEIGHT_AT, Lines
from monitor.sources.texts import Texts

Amount = Decimal | None


def take_all(lines: Lines, rows: Sequence[list[str]], first: int) -> None:
    """As `lines.take` for each of the rows, of which the first has the number `first`."""
    if lines.ragged:
        width = lines.width
        rows = [cells if len(cells) == width else cells[:width] + [""] * (width - len(cells)) for cells in rows]
    by_column = not (lines.downward or lines.points)  # else a cell may say what stands above, or be written otherwise
    for is_whole, run in groupby(rows, key=lambda cells: len(cells) == lines.width):
        some = list(run)
        if is_whole and by_column:
            _take_whole(lines, some, first)
        else:
            for row, cells in enumerate(some, start=first):
                lines.take(row, cells)
        first += len(some)


def _take_whole(lines: Lines, rows: list[list[str]], first: int) -> None:
    """The same for rows with a cell for each column: those with anything unusual one by one, the others together."""
    columns = list(zip(*rows, strict=True))
    table = _Table(first, rows, columns, lines.texts.each(columns), *_days_and_amounts(lines, columns))
    start = 0
    for odd in (*table.odd(), len(rows)):
        while start < odd and lines.ended:  # what goes on after a blank row is looked at more closely
            lines.take(first + start, rows[start])
            start += 1
        if start < odd:
            _take_usual(lines, table.part(start, odd) if odd - start < len(rows) else table)
        if odd < len(rows):
            _take_odd(lines, table, odd)
        start = odd + 1


class _Table(NamedTuple):
    """Rows, of which the first has the number `first`, by columns: what is printed, and what of it was understood."""

    first: int
    rows: list[list[str]]
    columns: Sequence[Sequence[str]]
    texts: Sequence[Texts | None]
    days: Sequence[date | None]
    shares: Sequence[Amount]
    values: Sequence[Amount]
    weights: Sequence[Amount]

    def odd(self) -> list[int]:
        """The indexes of the rows that are to be looked at more closely."""
        odd = {at for at, said in enumerate(self.texts) if said is None or not said.usual}
        if None in self.days:
            odd.update(at for at, day in enumerate(self.days) if day is None)
        for amounts in (self.shares, self.values, self.weights):
            if any(map(is_, amounts, repeat(ODD))):
                odd.update(at for at, amount in enumerate(amounts) if amount is ODD)
        return sorted(odd)

    def part(self, start: int, end: int) -> _Table:
        """Some of the rows."""
        some = slice(start, end)
        return _Table(
            self.first + start,
            self.rows[some],
            [column[some] for column in self.columns],
            self.texts[some],
            self.days[some],
            self.shares[some],
            self.values[some],
            self.weights[some],
        )


def _take_odd(lines: Lines, table: _Table, at: int) -> None:
    """A row of cash or of a debt, or one that is to be looked at more closely."""
    row, cells, said, day = table.first + at, table.rows[at], table.texts[at], table.days[at]
    amounts = table.shares[at], table.values[at], table.weights[at]
    if said is None or day is None or lines.ended or any(one is ODD for one in amounts):
        lines.take(row, cells)
    else:
        lines.keep(row, [*cells, ""], day, said, lines.quantities(cells, *amounts))


def _take_usual(lines: Lines, table: _Table) -> None:
    """Lines of rows that are like most: in each all is printed as it is meant."""
    amounts: tuple[Sequence[Amount], ...] = (table.shares, table.values, table.weights)
    if lines.fraction or lines.mixed or lines.lots or lines.thousands:
        amounts = tuple(zip(*map(lines.quantities, table.rows, *amounts), strict=True))
    said = list(zip(*table.texts, strict=True))  # by columns
    lines.lines += map(Line, count(table.first), *said[:3], *amounts, *said[3:13])
    lines.days += cast(Sequence[date], table.days)
    lines.funds += table.columns[lines.at[FUND_AT]] if lines.at[FUND_AT] >= 0 else [""] * len(table.rows)
    for printed, at in lines.of_fund:
        printed += table.columns[at]


def _days_and_amounts(
    lines: Lines, columns: Sequence[Sequence[str]]
) -> tuple[Sequence[date | None], Sequence[Amount], Sequence[Amount], Sequence[Amount]]:
    """Day, shares, value and weight of each row; a row that is to be looked at more closely has no day or ODD."""
    shares, value, weight = lines.at[SHARES_AT], lines.at[VALUE_AT], lines.at[WEIGHT_AT]
    helds = _amounts(columns, shares, lines.contracts)
    worths = _amounts(columns, value, lines.notional, "$")
    parts = percentages(columns[weight]) if weight >= 0 else [None] * len(columns[0])
    if lines.date_at >= 0:
        known = {cell: lines.date_in(cell) for cell in set(columns[lines.date_at])}
        return [known[cell] for cell in columns[lines.date_at]], helds, worths, parts
    as_of = lines.preamble.as_of  # of rows that state a quantity; others may be prose
    amounts = zip(helds, worths, parts, strict=True)
    days = [as_of if any(one is not None for one in some) else None for some in amounts]
    return days, helds, worths, parts


def _amounts(columns: Sequence[Sequence[str]], at: int, instead: int, unit: str = "") -> Sequence[Amount]:
    """The numbers of a column; where another may state one `instead`, a row without is to be looked at."""
    if at < 0:
        return [None if instead < 0 else ODD] * len(columns[0])
    found = numbers(columns[at], unit)
    return found if instead < 0 else [ODD if amount is None else amount for amount in found]
