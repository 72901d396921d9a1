"""Makes lines of the rows below a header.

It converts cells and keeps what it cannot; what the file then says as a whole is `collected`'s to tell.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from monitor.core.errors import ParseError
from monitor.core.model import AssetClass, Line, UnreadRow
from monitor.sources.adjusting import in_thousands, is_total
from monitor.sources.cells import normalise, number, percentage, plain_text, with_point
from monitor.sources.collected import TOTALS, Collected
from monitor.sources.forms import Column, DateFrom, QuantityUnit, Shape, Units, WeightUnit
from monitor.sources.marks import AMOUNTS
from monitor.sources.preamble import Preamble
from monitor.sources.spec import Source
from monitor.sources.sums import contradiction
from monitor.sources.tables import Header
from monitor.sources.texts import CODE_LENGTH, Texts, reader

FOOTER_LENGTH = 60  # a cell longer than this is prose, no security's name
KEPT_TEXT = 4000
FUND_AT, SHARES_AT, VALUE_AT, WEIGHT_AT, COUPON_AT = 1, 5, 6, 7, 13  # in Column; what comes last is rare
HUNDRED, LOT, THOUSAND = Decimal(100), Decimal(1000), Decimal(1000)
MOST_PERCENT = Decimal(10) ** 18  # no weight; more has too many digits to be rounded
DUST = 8  # decimals of percent points: fractions come with the noise of binary numbers, 0.024300000000000002

COLUMNS = tuple(Column)
Amounts = tuple[Decimal | None, Decimal | None, Decimal | None]  # shares, value and weight


class Lines(Collected):
    """Reads the rows below the header one by one; one instance reads one file."""

    def __init__(self, source: Source, shape: Shape, header: Header, preamble: Preamble, units: Units) -> None:
        super().__init__(source, shape, header, preamble, units)
        self.width = len(header.names)
        # Rows get one empty cell more, so that -1 reads "" where the file has no such column.
        self.at = [header.index.get(column, -1) for column in COLUMNS]
        self.date_at = self.at[0] if self.units.date_from is not DateFrom.NAME else -1
        self.contracts, self.notional = header.index.get(Column.CONTRACTS, -1), header.index.get(Column.NOTIONAL, -1)
        self.points = [header.index[c] for c in AMOUNTS if c in header.index] if self.units.decimal_comma else []
        self.thousands = in_thousands(source.document, preamble)
        known = source.venue or source.asset_classes or source.asset_codes or source.name_pattern or self.thousands
        as_is = not known and all(position < 0 for position in self.at[COUPON_AT:])
        self.texts = reader(source, header.index, self.date_forms, as_is=as_is)
        self.of_fund = [(self.totals[column], at) for column in TOTALS if (at := header.index.get(column, -1)) >= 0]
        self.fraction = self.units.weight is WeightUnit.FRACTION
        self.mixed = self.units.weight is WeightUnit.MIXED
        self.downward = {header.index[column]: "" for column in source.fill_down if column in header.index}
        self.lots = self.units.quantity is QuantityUnit.LOTS

    def start(self, names: str) -> None:
        """The header of a section, or again that of the table (""): more lines are to come, whatever stood above."""
        self.ended, self.since = 0, len(self.lines)
        self.starts.append((len(self.lines), names))

    def repeated(self, row: int) -> None:
        """The header again: what follows goes on with the table, or is a copy of it."""
        self._warn(f"the header is repeated in row {row}")
        self.start("")

    def total(self, row: int, cells: list[str]) -> None:
        """A row of sums: kept as footer, and compared with the lines above it."""
        self.footer.append(", ".join(cell.strip() for cell in cells if cell.strip())[:KEPT_TEXT])
        percent = HUNDRED if self.fraction else Decimal(1)
        if normalise(next(filter(None, cells), "")[:CODE_LENGTH]) in self.source.asset_classes:
            return  # the sum of another section, named after its class
        for at, unit, scale in ((self.at[VALUE_AT], "$", Decimal(1)), (self.at[WEIGHT_AT], "%", percent)):
            if 0 <= at < len(cells):
                above = (line.value if unit == "$" else line.weight for line in self.lines[self.since :])
                if words := contradiction(cells[at], unit, scale, above):
                    self._warn(f"row {row} {words}")
        self.since = len(self.lines)

    def take(self, row: int, cells: list[str]) -> None:
        """Sort one row into lines, unread rows or footer."""
        if self.ragged:
            cells = cells[: self.width] + [""] * (self.width - len(cells))
        if self.downward:
            cells = self._filled(cells)
        as_of = self._day(cells)
        if as_of is None:
            self._other(row, cells)
        elif len(cells) != self.width and (len(cells) < self.width or any(map(str.strip, cells[self.width :]))):
            self._reject(row, cells, "rows", f"{len(cells)} cells under {self.width} column names")
        else:
            if self.points:
                cells = [with_point(cell) if at in self.points else cell for at, cell in enumerate(cells)]
            cells.append("")
            self._line(row, cells, as_of)

    def _filled(self, cells: list[str]) -> list[str]:
        """A row that states a quantity, with what the rows above say of its date and its fund."""
        if len(cells) < self.width or self._is_prose([cell.strip() for cell in cells]):
            return cells
        self.downward = {at: cells[at] if cells[at].strip() else above for at, above in self.downward.items()}
        return [self.downward.get(at, cell) for at, cell in enumerate(cells)]

    def _day(self, cells: list[str]) -> date | None:
        """The date of a row; where dates stand elsewhere, that date if the row has two cells or more, else None."""
        if self.date_at >= 0:
            return self.date_in(cells[self.date_at]) if len(cells) > self.date_at else None
        printed = [cell.strip() for cell in cells]
        if sum(map(bool, printed)) < 2 or printed == list(self.header.names) or self._is_prose(printed):
            return None
        return self.preamble.as_of

    def _is_prose(self, printed: list[str]) -> bool:
        """Whether a row without a date column states no quantity at all, and so is no holding."""
        amounts = (*self.at[SHARES_AT : WEIGHT_AT + 1], self.contracts, self.notional)
        cells = [printed[at] for at in amounts if 0 <= at < len(printed)]
        return not any(map(plain_text, cells))

    def _line(self, row: int, cells: list[str], as_of: date) -> None:
        shares, value, weight = self.at[SHARES_AT], self.at[VALUE_AT], self.at[WEIGHT_AT]
        try:
            held = number(cells[shares])
            if held is None and self.contracts >= 0:
                held = number(cells[self.contracts])
        except ValueError:
            self._reject(row, cells, "numbers", f"shares: {cells[shares][:40]!r} is not a number")
            return
        try:
            worth, part = number(cells[value], "$"), percentage(cells[weight], "%")
        except ValueError:
            worth, part = self._amount(row, "value", cells[value], "$"), self._amount(row, "weight", cells[weight], "%")
        if worth is None and self.notional >= 0:
            worth = self._amount(row, "notional", cells[self.notional], "$")
        said = self.texts.of(cells) or self._said(row, cells)
        if said is not None:
            self.keep(row, cells, as_of, said, self.quantities(cells, held, worth, part))

    def _said(self, row: int, cells: list[str]) -> Texts | None:
        """What the texts of a row say, one after the other; None where it is no line after all."""
        plain = self.texts.plain(cells)
        name, ticker, identifier = plain[:3]
        if is_total(name) and not (ticker or identifier):
            self.total(row, cells)
            return None
        if not (name or ticker or identifier):
            self._reject(row, cells, "rows", "no name, ticker or identifier")
            return None
        if "\n" in name:
            raise ParseError(f"row {row} holds a line break: a quote is not closed", code="quotes", row=row)
        return self.texts.said(plain, cells, self._amount(row, "coupon", cells[self.at[COUPON_AT]], "%"))

    def quantities(
        self, cells: list[str], held: Decimal | None, worth: Decimal | None, part: Decimal | None
    ) -> Amounts:
        """What is printed as shares, value and weight in the units of `Line`, but for what the texts of a line say."""
        if part is not None and (self.fraction or (self.mixed and "%" not in cells[self.at[WEIGHT_AT]])):
            part = part * HUNDRED
            part = round(part, DUST) if abs(part) < MOST_PERCENT else part
        if self.lots and held is not None:
            held = held * LOT
        if self.thousands and worth is not None:
            worth = worth * THOUSAND
        return held, worth, part

    def keep(self, row: int, cells: list[str], as_of: date, said: Texts, amounts: Amounts) -> None:
        """Adds a line. Cash that prints an amount but no quantity is so much money."""
        held, worth, part = amounts
        if said.stated is AssetClass.CASH and not held and worth:
            held = worth
        if said.short and held is not None and held >= 0:
            held = -held
        self.lines.append(Line(row, said.name, said.ticker, said.identifier, held, worth, part, *said[3:13]))
        self.days.append(as_of)
        self.funds.append(cells[self.at[FUND_AT]])
        for printed, at in self.of_fund:
            printed.append(cells[at])
        if self.ended:
            self._warn(f"holdings go on in row {row}, after a blank or footer row ({self.ended})")
            self.ended = 0

    def _amount(self, row: int, column: str, cell: str, unit: str) -> Decimal | None:
        """An amount that is no number becomes a warning, because shares decide what is held."""
        try:
            return number(cell, unit)
        except ValueError:
            self._warn(f"row {row}: {column}: {cell[:40]!r} is not a number")
            return None

    def _other(self, row: int, cells: list[str]) -> None:
        """A row without a date: blank, footer, a repeated header, or not understood."""
        filled = [cell.strip() for cell in cells if cell.strip()]
        if not filled:
            self.ended = self.ended or (row if self.lines else 0)  # some issuers leave a row free below the header
        elif len(filled) > 1 and [cell.strip() for cell in cells] == list(self.header.names):
            self.repeated(row)
        elif len(filled) == 1 or self.ended or max(map(len, filled)) > FOOTER_LENGTH:
            self.ended = self.ended or row
            self.footer.append(", ".join(filled)[:KEPT_TEXT])
        elif self.date_at < 0:
            self._reject(row, cells, "numbers", "states no quantity")
        else:
            printed = cells[self.date_at].strip() if len(cells) > self.date_at else ""
            self._reject(row, cells, "as_of", f"date: {printed[:40]!r} is not a date ({self.units.date_format})")

    def _reject(self, row: int, cells: list[str], code: str, reason: str) -> None:
        self.failed[code] += 1
        self.unread.append(UnreadRow(row, ",".join(cells).rstrip(",")[:300], reason))
        at = self.at[FUND_AT]
        self.unread_of.append(cells[at].strip().upper() if 0 <= at < len(cells) else "")
