"""Makes lines of the rows below a header.

It converts cells and keeps what it cannot; what the file then says as a whole is `collected`'s to tell.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from monitor.core.errors import ParseError
from monitor.core.model import AssetClass, Line, UnreadRow
from monitor.sources.adjusting import class_of_type, in_thousands, in_units, is_total, no_cash, signed
from monitor.sources.cells import day, normalise, number, percentage, plain_text, with_point
from monitor.sources.collected import Collected
from monitor.sources.forms import Column, DateFrom, QuantityUnit, Shape, Units, WeightUnit
from monitor.sources.marks import AMOUNTS
from monitor.sources.places import place_of_country, place_of_exchange
from monitor.sources.preamble import CLEAR, Preamble
from monitor.sources.spec import Source
from monitor.sources.sums import NAME_LONGEST, contradiction, taken_apart
from monitor.sources.tables import Header
from monitor.sources.tickers import local_code, split_ticker

FOOTER_LENGTH = 60  # a cell longer than this is prose, no security's name
KEPT_TEXT = 4000
CODE_LENGTH = 60  # characters of a ticker or identifier that are compared with `asset_codes`
EIGHT = 8  # the columns most issuers print come first in Column; the others are rare
TEXTS = 13  # columns before this one are text or have been converted before
SEVENTEEN = 17  # and those before this one are amounts and dates
FUND_AT, VALUE_AT, WEIGHT_AT = 1, 6, 7
OTHERS = (Column.CONTRACTS, Column.NOTIONAL, Column.ANNOUNCED, Column.EXCHANGE, Column.COUNTRY)
HUNDRED, LOT = Decimal(100), Decimal(1000)
DUST = 8  # decimals of percent points: fractions come with the noise of binary numbers, 0.024300000000000002


class Lines(Collected):
    """Reads the rows below the header one by one; one instance reads one file."""

    def __init__(self, source: Source, shape: Shape, header: Header, preamble: Preamble, units: Units) -> None:
        super().__init__(source, shape, header, preamble, units)
        self.width = len(header.names)
        # Rows get one empty cell more, so that -1 reads "" where the file has no such column.
        self.at = [header.index.get(column, -1) for column in Column]
        self.date_at = self.at[0] if self.units.date_from is not DateFrom.NAME else -1
        self.contracts, self.notional, self.announced, self.exchange, self.country = (
            header.index.get(column, -1) for column in OTHERS
        )
        self.points = [header.index[c] for c in AMOUNTS if c in header.index] if self.units.decimal_comma else []
        self.more = any(position >= 0 for position in self.at[EIGHT:TEXTS])
        self.extra = any(position >= 0 for position in self.at[TEXTS:])
        self.thousands = in_thousands(source.document, preamble)
        known = source.venue or source.asset_classes or source.asset_codes or source.name_pattern
        self.plain = not (known or self.thousands)
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
            return self._date(cells[self.date_at]) if len(cells) > self.date_at else None
        printed = [cell.strip() for cell in cells]
        if sum(map(bool, printed)) < 2 or printed == list(self.header.names) or self._is_prose(printed):
            return None
        return self.preamble.as_of

    def _maturity(self, cell: str) -> date | None:
        """As `_date`; some issuers write maturities in a form of their own that can mean no other day."""
        return next((found for form in (*self.date_forms, *CLEAR) if (found := day(cell, form)) is not None), None)

    def _is_prose(self, printed: list[str]) -> bool:
        """Whether a row without a date column states no quantity at all, and so is no holding."""
        _, _, _, _, _, shares, value, weight = self.at[:EIGHT]
        amounts = (shares, value, weight, self.contracts, self.notional)
        cells = [printed[at] for at in amounts if 0 <= at < len(printed)]
        return not any(map(plain_text, cells))

    def _line(self, row: int, cells: list[str], as_of: date) -> None:
        _, fund, name, ticker, identifier, shares, value, weight = self.at[:EIGHT]
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
        if part is not None and (self.fraction or (self.mixed and "%" not in cells[weight])):
            part = round(part * HUNDRED, DUST)
        if self.lots and held is not None:
            held = held * LOT
        line = Line(
            row,
            plain_text(cells[name]),
            plain_text(cells[ticker]),
            plain_text(cells[identifier]),
            held,
            worth,
            part,
            *(map(plain_text, [cells[position] for position in self.at[EIGHT:TEXTS]]) if self.more else ()),
        )
        if not (line.name or line.ticker or line.identifier) and line.asset_class:
            line = replace(line, name=line.asset_class)  # a forward is printed without any name
        if is_total(line.name) and not (line.ticker or line.identifier):
            self.total(row, cells)
            return
        if not (line.name or line.ticker or line.identifier):
            self._reject(row, cells, "rows", "no name, ticker or identifier")
            return
        if "\n" in line.name:
            raise ParseError(f"row {row} holds a line break: a quote is not closed", code="quotes", row=row)
        self.lines.append(line if self.plain and not self.extra else self._enriched(row, line, cells))
        self.days.append(as_of)
        self.funds.append(cells[fund])
        if self.ended:
            self._warn(f"holdings go on in row {row}, after a blank or footer row ({self.ended})")
            self.ended = 0

    def _enriched(self, row: int, line: Line, cells: list[str]) -> Line:
        """The line with what only some sources print or know: venue, class, coupon, maturity, the fund's totals."""
        coupon, maturity, outstanding, net_assets = self.at[TEXTS:SEVENTEEN]
        line = taken_apart(line, self.source.name_pattern)
        root, exchange = split_ticker(line.ticker, self.source.ticker_style)
        stated = self._stated(line)
        if root and not exchange and stated in (None, AssetClass.EQUITY):
            exchange = self._place(cells)
        if exchange:
            root = local_code(root, exchange)
        plain = bool(root) and " " not in root and stated in (None, AssetClass.EQUITY)
        for column, at in (
            (Column.OUTSTANDING, outstanding),
            (Column.NET_ASSETS, net_assets),
            (Column.TITLE, self.header.index.get(Column.TITLE, -1)),
            (Column.ANNOUNCED, self.announced),
        ):
            if at >= 0:
                self.totals[column].append(cells[at])
        enriched = replace(
            line,
            ticker=root,
            venue=exchange or (self.source.venue if plain else ""),
            stated=stated,
            coupon=self._amount(row, "coupon", cells[coupon], "%"),
            maturity=self._maturity(cells[maturity]) if maturity >= 0 else None,
        )
        enriched = no_cash(enriched)
        return signed(in_units(enriched, thousands=self.thousands), cells[self.header.index.get(Column.SIDE, -1)])

    def _place(self, cells: list[str]) -> str:
        """Where the ticker of a row is listed: its exchange, else its country, where the file prints them."""
        place = place_of_exchange(cells[self.exchange]) if self.exchange >= 0 else ""
        return place or (place_of_country(cells[self.country]) if self.country >= 0 else "")

    def _stated(self, line: Line) -> AssetClass | None:
        """The class the source knows of the line's printed type, ticker, identifier or name."""
        if line.asset_class and (found := class_of_type(self.source.asset_classes, line.asset_class[:CODE_LENGTH])):
            return found
        codes = [code.upper()[:CODE_LENGTH] for code in (line.ticker, line.identifier) if code]
        names = [line.name.upper()[:NAME_LONGEST]]
        known = self.source.asset_codes
        return next((c.stated for c in known if any(map(c.pattern.fullmatch, names if c.of_name else codes))), None)

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
