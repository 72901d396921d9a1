"""Makes lines of the rows below a header, and of the cells above it what the file says of itself.

It converts cells and keeps what it cannot; whether to believe the outcome is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from monitor.core.errors import ParseError
from monitor.core.model import AssetClass, HoldingsFile, Line, UnreadRow
from monitor.sources import doubles
from monitor.sources.adjusting import class_of_type, in_thousands, in_units, is_total, no_cash, signed
from monitor.sources.cells import day, normalise, number, percentage, plain_text, with_point
from monitor.sources.cusips import completed
from monitor.sources.forms import Column, DateFormat, DateFrom, QuantityUnit, Shape, Units, WeightUnit
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
TOTALS = (Column.OUTSTANDING, Column.NET_ASSETS, Column.TITLE, Column.ANNOUNCED)  # what each row says of its fund
OTHERS = (Column.CONTRACTS, Column.NOTIONAL, Column.ANNOUNCED, Column.EXCHANGE, Column.COUNTRY)
HUNDRED, LOT = Decimal(100), Decimal(1000)
DUST = 8  # decimals of percent points: fractions come with the noise of binary numbers, 0.024300000000000002


class Lines:
    """Collects what the rows below the header say; one instance reads one file."""

    def __init__(self, source: Source, shape: Shape, header: Header, preamble: Preamble, units: Units) -> None:
        self.source = source
        self.header = header
        self.preamble = preamble
        self.units = units
        self.required = header.like.required if header.like else source.required
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
        self.ragged = shape is not Shape.DELIMITED
        forms = (self.units.date_format, source.units.date_format, *([DateFormat.ISO] if self.ragged else ()))
        self.date_forms = tuple(dict.fromkeys((*forms, *source.also_dates)))
        self.lines: list[Line] = []
        self.unread: list[UnreadRow] = []
        self.footer: list[str] = []
        self.warnings = list(header.warnings)
        self.days: list[date] = []
        self.funds: list[str] = []
        # As each line prints them.
        self.totals: dict[Column, list[str]] = {column: [] for column in TOTALS}
        self.unread_of: list[str] = []  # the fund each unread row names
        self.failed: Counter[str] = Counter()
        self.ended = 0
        # The indexes of the lines before which a header stands, and the names of a section's.
        self.starts: list[tuple[int, str]] = [(0, "")]
        self.since = 0  # the index of the first line that the next sum is about

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

    def _date(self, cell: str) -> date | None:
        """The date in a cell, in the form of this format or of its source. Workbooks keep dates as numbers, which
        have been written as ISO dates."""
        return next((found for form in self.date_forms if (found := day(cell, form)) is not None), None)

    def _maturity(self, cell: str) -> date | None:
        """As `_date`; some issuers write maturities in a form of their own that can mean no other day."""
        return next((found for form in (*self.date_forms, *CLEAR) if (found := day(cell, form)) is not None), None)

    def _is_prose(self, printed: list[str]) -> bool:
        """Whether a row without a date column states no quantity at all, and so is no holding."""
        _, _, _, _, _, shares, value, weight = self.at[:EIGHT]
        cells = [printed[at] for at in (shares, value, weight) if 0 <= at < len(printed)]
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

    def _warn(self, text: str) -> None:
        if len(self.warnings) < 50:
            self.warnings.append(text)

    def results(self, encoding: str, expected: str | None) -> tuple[HoldingsFile, ...]:
        """The file as values, one for each fund where it may list many; `expected`: only that one.

        Raises ParseError when no line could be read, none prints what is required, or `expected` is not among them.
        """
        if not self.lines and not (self.source.document.may_be_empty and not self.unread and self.preamble.as_of):
            raise self._nothing()
        self.lines, short = completed(self.lines)
        if short:
            self._warn(f"{short} CUSIPs of 8 characters were completed with their check digit")
        if encoding == "cp1252":  # a guess, the only one of the four that cannot fail by itself
            self._warn(f"read as {encoding}: the file is not UTF-8")
        if self.source.closing_text and not self.footer:
            self._warn("the closing text is missing: the file may have been cut short")
        self._read_once()
        if not self.source.many_funds:
            self._check_quantities(self.lines)
            return (self._file(self._fund(expected), range(len(self.lines)), tuple(self.unread)),)
        shares = self._shares(expected)
        if len(shares) == 1:
            self._check_quantities([self.lines[at] for rows in shares.values() for at in rows])
        return tuple(self._file(code, rows, self._unread(code)) for code, rows in shares.items())

    def _read_once(self) -> None:
        """Keep one of what a file prints twice."""
        if len(self.starts) == 1:
            return
        kept, said = doubles.read_once(self.lines, self.funds, self.starts)
        self.warnings += said
        self.lines, self.days = [self.lines[at] for at in kept], [self.days[at] for at in kept]
        self.funds = [self.funds[at] for at in kept]
        self.totals = {of: [printed[at] for at in kept] if printed else [] for of, printed in self.totals.items()}

    def _shares(self, expected: str | None) -> dict[str, list[int]]:
        """The lines of each fund that a file of many funds lists."""
        found: dict[str, list[int]] = {}
        for at, code in enumerate(self.funds):
            found.setdefault(code.strip().upper(), []).append(at)
        nameless = found.pop("", [])
        if nameless and found:
            self._warn(f"{len(nameless)} lines name no fund")
        elif nameless:
            by_design = self.header.like is not None and Column.FUND not in self.header.index  # a form of one fund
            found[self.preamble.fund.upper() or (expected.upper() if expected and by_design else "")] = nameless
        if expected is None:
            return found
        if set(found) == {""}:
            raise ParseError(f"no line says that it is of {expected}, as lines of this source do", code="fund")
        if expected.upper() not in found:
            listed = ", ".join(sorted(found)[:10]) + (" …" if len(found) > 10 else "")
            raise ParseError(f"the file lists {len(found)} funds, but not {expected}: {listed}", code="fund")
        return {expected.upper(): found[expected.upper()]}

    def _unread(self, fund: str) -> tuple[UnreadRow, ...]:
        """The rows of a fund that were not understood, and those that name none."""
        return tuple(row for row, of in zip(self.unread, self.unread_of, strict=True) if of in ("", fund))

    def _file(self, fund: str, rows: Sequence[int], unread: tuple[UnreadRow, ...]) -> HoldingsFile:
        days = Counter(self.days[at] for at in rows) or Counter([self.preamble.as_of or date.min])
        as_of = max(days, key=lambda d: (days[d], d))
        return HoldingsFile(
            fund=fund,
            as_of=as_of,
            dates=tuple(sorted(days)),
            lines=tuple(self.lines[at] for at in rows),
            unread=unread,
            footer=tuple(self.footer),
            columns=self.header.names,
            warnings=tuple(self.warnings),
            dated_by=self.preamble.dated_by,
            outstanding=self._total(Column.OUTSTANDING, rows, self.preamble.outstanding),
            net_assets=self._total(Column.NET_ASSETS, rows, self.preamble.net_assets),
            lists_cash=self.source.lists_cash,
            announced=self.preamble.announced or self._date(self._usual(Column.ANNOUNCED, rows)),
            stated_lines=self.preamble.stated_lines,
            lots=self.source.document.lots,
            title=self.preamble.title or self._usual(Column.TITLE, rows),
        )

    def _check_quantities(self, lines: Sequence[Line]) -> None:
        count = len(lines)
        if not count:
            return
        if Column.SHARES in self.required and all(line.shares is None for line in lines):
            raise ParseError(f"none of {count} lines prints a number of shares", code="numbers", column="shares")
        if all(line.shares is None and line.weight is None for line in lines):
            raise ParseError(f"none of {count} lines prints a weight", code="numbers", column="weight")

    def _total(self, column: Column, rows: Sequence[int], above: Decimal | None) -> Decimal | None:
        """A total of the fund: what stands above the table, else what most of its rows print."""
        if above is not None or not self.totals[column]:
            return above
        try:
            return number(self._usual(column, rows), "$")
        except ValueError:
            return None

    def _usual(self, column: Column, rows: Sequence[int]) -> str:
        """What most rows of a fund print in a column that says something of the fund."""
        printed = self.totals[column]
        return Counter(printed[at] for at in rows).most_common(1)[0][0].strip() if printed else ""

    def _nothing(self) -> ParseError:
        if not self.unread:
            footer = " and disclaimer" if self.footer else ""
            return ParseError(f"header{footer} only: 0 holdings lines", code="rows")
        code, count = self.failed.most_common(1)[0]
        first = self.unread[0]
        words = f"0 holdings lines, {len(self.unread)} rows not understood; row {first.row}: {first.reason}"
        return ParseError(words, code=code if count == len(self.unread) else "rows", row=first.row)

    def _fund(self, expected: str | None) -> str:
        named: Counter[str] = Counter()
        for code, count in Counter(self.funds).items():
            named[code.strip().upper()] += count
        nameless = named.pop("", 0)
        if not named:
            named[self.preamble.fund.upper()] = nameless
            if not self.preamble.fund:
                return ""
            nameless = 0
        if len(named) > 1:
            self._warn("several fund codes: " + ", ".join(f"{c} ({n} lines)" for c, n in sorted(named.items())[:10]))
        if nameless:
            self._warn(f"{nameless} lines name no fund")
        fund = max(named, key=lambda code: (named[code], code == (expected or "").upper(), code))
        if expected and fund != expected.upper():
            self._warn(f"the file is about fund {fund[:40]}, expected {expected.upper()}")
        return fund
