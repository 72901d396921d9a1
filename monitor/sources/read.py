"""Reads the bytes of one published file as a `HoldingsFile`.

It says what the file says and what in it could not be understood; whether to believe it is decided
elsewhere. For any bytes the answer is a `HoldingsFile` or a `ParseError`.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile, Line, UnreadRow
from monitor.sources.cells import day, number, percentage, plain_text
from monitor.sources.sniff import text_of
from monitor.sources.spec import Column, Source, WeightUnit
from monitor.sources.tables import Header, find_header, rows_of

FOOTER_LENGTH = 60  # a cell longer than this is prose, no security's name
KEPT_TEXT = 4000
EIGHT = 8  # the columns most issuers print come first in Column; the others are rare
HUNDRED = Decimal(100)


def read_file(source: Source, body: bytes, *, expected_fund: str | None = None) -> HoldingsFile:
    """What the file `body` of `source` says. Weights in percent points, values in the source's currency.

    `expected_fund` only adds a warning when the file names another fund. Raises ParseError with one of the
    codes empty, size, binary, encoding, html, json, error-page, quotes, columns, rows, as_of, numbers.
    """
    text, encoding = text_of(body, source)
    rows = rows_of(text, source)
    header = find_header(rows, source)
    table = _Table(source, header)
    for row, cells in enumerate(rows[header.row :], start=header.row + 1):
        table.take(row, cells)
    return table.result(encoding, expected_fund)


def fund_of(source: Source, file: HoldingsFile, name: str = "") -> str:
    """The ticker of the fund `file` is about: what the file says, else what its file name `name` says.

    Raises ParseError(code="fund") when neither names a fund of this source.
    """
    known = {code.upper(): fund.ticker for fund in source.funds.values() for code in (fund.ticker, *fund.codes)}
    if file.fund:
        if file.fund in known:
            return known[file.fund]
        raise ParseError(f"the file is about fund {file.fund!r}, which source {source.id!r} does not list", code="fund")
    words = [known[word] for word in re.split(r"[^A-Z0-9]+", name.upper()) if word in known]
    if len(set(words)) == 1:
        return words[0]
    raise ParseError("neither the file nor its name says which fund it is about", code="fund")


def revision_hint(path: str) -> str:
    """Text that sorts revisions of one as-of date: "" for `2021-02-08.csv`, "00002" for `2021-02-08.v2.csv`."""
    found = re.search(r"[._-]v(\d{1,5})(?:\.[A-Za-z0-9.]*)?$", re.split(r"[/\\!]", path)[-1])
    return found.group(1).zfill(5) if found else ""


class _Table:
    """Collects what the rows below the header say; one instance reads one file."""

    def __init__(self, source: Source, header: Header) -> None:
        self.source = source
        self.header = header
        self.form = header.known.date_format if header.known else source.date_format
        self.width = len(header.names)
        # Rows get one empty cell more, so that -1 reads "" where the file has no such column.
        self.at = [header.index.get(column, -1) for column in Column]
        self.date_at = self.at[0]
        self.more = any(position >= 0 for position in self.at[EIGHT:])
        self.fraction = source.weight_unit is WeightUnit.FRACTION
        self.lines: list[Line] = []
        self.unread: list[UnreadRow] = []
        self.footer: list[str] = []
        self.warnings = list(header.warnings)
        self.days: list[date] = []
        self.funds: list[str] = []
        self.failed: Counter[str] = Counter()
        self.ended = 0

    def take(self, row: int, cells: list[str]) -> None:
        """Sort one row into lines, unread rows or footer."""
        as_of = day(cells[self.date_at], self.form) if len(cells) > self.date_at else None
        if as_of is None:
            self._other(row, cells)
        elif len(cells) != self.width and (len(cells) < self.width or any(map(str.strip, cells[self.width :]))):
            self._reject(row, cells, "rows", f"{len(cells)} cells under {self.width} column names")
        else:
            cells.append("")
            self._line(row, cells, as_of)

    def _line(self, row: int, cells: list[str], as_of: date) -> None:
        _, fund, name, ticker, identifier, shares, value, weight = self.at[:EIGHT]
        try:
            held = number(cells[shares])
        except ValueError:
            self._reject(row, cells, "numbers", f"shares: {cells[shares][:40]!r} is not a number")
            return
        try:
            worth, part = number(cells[value], "$"), percentage(cells[weight], "%")
        except ValueError:
            worth, part = self._amount(row, "value", cells[value], "$"), self._amount(row, "weight", cells[weight], "%")
        if self.fraction and part is not None:
            part *= HUNDRED
        line = Line(
            row,
            plain_text(cells[name]),
            plain_text(cells[ticker]),
            plain_text(cells[identifier]),
            held,
            worth,
            part,
            *(map(plain_text, [cells[position] for position in self.at[EIGHT:]]) if self.more else ()),
        )
        if not (line.name or line.ticker or line.identifier):
            self._reject(row, cells, "rows", "no name, ticker or identifier")
            return
        if "\n" in line.name:
            raise ParseError(f"row {row} holds a line break: a quote is not closed", code="quotes", row=row)
        self.lines.append(line)
        self.days.append(as_of)
        self.funds.append(cells[fund])
        if self.ended:
            self._warn(f"holdings go on in row {row}, after a blank or footer row ({self.ended})")
            self.ended = 0

    def _amount(self, row: int, column: str, cell: str, unit: str) -> Decimal | None:
        """A value or weight that is no number becomes a warning, because shares decide what is held."""
        try:
            return number(cell, unit)
        except ValueError:
            self._warn(f"row {row}: {column}: {cell[:40]!r} is not a number")
            return None

    def _other(self, row: int, cells: list[str]) -> None:
        """A row without a date: blank, footer, a repeated header, or not understood."""
        filled = [cell.strip() for cell in cells if cell.strip()]
        if not filled:
            self.ended = self.ended or row
        elif len(filled) > 1 and [cell.strip() for cell in cells] == list(self.header.names):
            self._warn(f"the header is repeated in row {row}")
        elif len(filled) == 1 or self.ended or max(map(len, filled)) > FOOTER_LENGTH:
            self.ended = self.ended or row
            self.footer.append(", ".join(filled)[:KEPT_TEXT])
        else:
            printed = cells[self.date_at].strip() if len(cells) > self.date_at else ""
            self._reject(row, cells, "as_of", f"date: {printed[:40]!r} is not a date ({self.form})")

    def _reject(self, row: int, cells: list[str], code: str, reason: str) -> None:
        self.failed[code] += 1
        self.unread.append(UnreadRow(row, ",".join(cells).rstrip(",")[:300], reason))

    def _warn(self, text: str) -> None:
        if len(self.warnings) < 50:
            self.warnings.append(text)

    def result(self, encoding: str, expected: str | None) -> HoldingsFile:
        """The file as a value. Raises ParseError when no line could be read."""
        if not self.lines:
            raise self._nothing()
        if all(line.shares is None for line in self.lines):
            raise ParseError(
                f"none of {len(self.lines)} lines prints a number of shares", code="numbers", column="shares"
            )
        fund = self._fund(expected)
        if encoding == "cp1252":  # a guess, the only one of the four that cannot fail by itself
            self._warn(f"read as {encoding}: the file is not UTF-8")
        if self.source.closing_text and not self.footer:
            self._warn("the closing text is missing: the file may have been cut short")
        days = Counter(self.days)
        as_of = max(days, key=lambda d: (days[d], d))
        return HoldingsFile(
            fund=fund,
            as_of=as_of,
            dates=tuple(sorted(days)),
            lines=tuple(self.lines),
            unread=tuple(self.unread),
            footer=tuple(self.footer),
            columns=self.header.names,
            warnings=tuple(self.warnings),
        )

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
            return ""
        if len(named) > 1:
            self._warn("several fund codes: " + ", ".join(f"{c} ({n} lines)" for c, n in sorted(named.items())[:10]))
        if nameless:
            self._warn(f"{nameless} lines name no fund")
        fund = max(named, key=lambda code: (named[code], code == (expected or "").upper(), code))
        if expected and fund != expected.upper():
            self._warn(f"the file is about fund {fund[:40]}, expected {expected.upper()}")
        return fund
