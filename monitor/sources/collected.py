"""What was read of a file, and from it what the file says: of one fund or of each that it lists.

Nothing is converted here but totals; whether to believe the outcome is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile, Line, UnreadRow
from monitor.sources import doubles
from monitor.sources.cells import day, number
from monitor.sources.cusips import completed
from monitor.sources.forms import Column, DateFormat, Shape, Units
from monitor.sources.preamble import Preamble
from monitor.sources.spec import Source
from monitor.sources.tables import Header

TOTALS = (Column.OUTSTANDING, Column.NET_ASSETS, Column.TITLE, Column.ANNOUNCED)  # what each row says of its fund


class Collected:
    """The lines, the unread rows and the footer of one file, in the order in which they are found."""

    def __init__(self, source: Source, shape: Shape, header: Header, preamble: Preamble, units: Units) -> None:
        self.source = source
        self.header = header
        self.preamble = preamble
        self.units = units
        self.required = header.like.required if header.like else source.required
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

    def date_in(self, cell: str) -> date | None:
        """The date in a cell, in the form of this format or of its source. Workbooks keep dates as numbers, which
        have been written as ISO dates."""
        return next((found for form in self.date_forms if (found := day(cell, form)) is not None), None)

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
        whole = len(rows) == len(self.lines)
        days = Counter(self.days if whole else [self.days[at] for at in rows]) or Counter(
            [self.preamble.as_of or date.min]
        )
        as_of = max(days, key=lambda d: (days[d], d))
        return HoldingsFile(
            fund=fund,
            as_of=as_of,
            dates=tuple(sorted(days)),
            lines=tuple(self.lines if whole else [self.lines[at] for at in rows]),
            unread=unread,
            footer=tuple(self.footer),
            columns=self.header.names[: self.header.printed or None],
            warnings=tuple(self.warnings),
            dated_by=self.preamble.dated_by,
            outstanding=self._total(Column.OUTSTANDING, rows, self.preamble.outstanding),
            net_assets=self._total(Column.NET_ASSETS, rows, self.preamble.net_assets),
            lists_cash=self.source.lists_cash,
            announced=self.preamble.announced or self.date_in(self._usual(Column.ANNOUNCED, rows)),
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
