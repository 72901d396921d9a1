"""Excel workbooks: real dates and numbers, text that stays text, a frozen header, and a sheet that says what it is.

Rows are written as they come and not kept (XlsxWriter's `constant_memory`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from monitor import __version__
from monitor.asking.plain import json_line, plain
from monitor.core.columns import Sort
from monitor.core.errors import UsageError
from monitor.exporting.table import Field, Table

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575  # of a sheet, its header aside
LONGEST = 32_767  # characters of a cell
NARROWEST, WIDEST = 8, 60
LOOKED_AT = 500  # rows that decide how wide a column is
MOST_FILES = 5_000  # source files that are listed
FIRST_DAY = date(1900, 3, 1)  # Excel counts a 29 February 1900 that never was; earlier days stay text


def write_workbook(path: Path, table: Table, *, database: str, made_at: datetime) -> int:
    """The number of rows written. Raises UsageError for more than a sheet can hold."""
    if table.more_than(MOST_ROWS):
        raise _too_many(table.name)
    book = xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    try:
        rows, cut = _rows(book, table)
        _about(book, table, rows, cut, database, made_at)
        book.close()
    except XlsxWriterException as error:
        reason = error.__cause__ or (error.args[0] if error.args else error)
        raise reason if isinstance(reason, OSError) else OSError(str(reason)) from error
    return rows


def _too_many(name: str) -> UsageError:
    return UsageError(
        f"{name} has more than {MOST_ROWS:,} rows, the most a sheet of Excel can hold. "
        "Narrow it, or write .csv or .parquet: CSV and Parquet have no such limit."
    )


def _rows(book: Workbook, table: Table) -> tuple[int, int]:
    """How many rows were written, and how many texts were too long for a cell."""
    sheet = book.add_worksheet(_title(table.name))
    cells = _Cells(book, sheet, table.fields)
    sheet.freeze_panes(1, 0)
    header = book.add_format({"bold": True, "bottom": 1})
    for at, one in enumerate(table.fields):
        sheet.write_string(0, at, one.name, header)
    count = 0
    for batch in table.batches(()):
        if count + len(batch) > MOST_ROWS:
            raise _too_many(table.name)
        for row in batch:
            count += 1
            for at, value in enumerate(row):
                if value is not None:
                    cells.put(count, at, value)
    sheet.autofilter(0, 0, max(count, 1), len(table.fields) - 1)
    cells.set_widths()
    return count, cells.cut


class _Cells:
    """Writes values as what their column is."""

    def __init__(self, book: Workbook, sheet: Worksheet, fields: Sequence[Field]) -> None:
        self.sheet, self.fields, self.cut = sheet, fields, 0
        self.widths = [len(one.name) + 3 for one in fields]  # the filter's button takes room
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.whole = book.add_format({"num_format": "#,##0"})
        self.number = book.add_format({"num_format": "#,##0.00######"})
        self.plain_whole = book.add_format({"num_format": "0"})

    def put(self, row: int, at: int, value: object) -> None:
        """One cell."""
        sort = self.fields[at].sort
        if sort in (Sort.NUMBER, Sort.WHOLE) and isinstance(value, (int, float, Decimal)):
            self._number(row, at, float(value))
        elif sort is Sort.FLAG:
            self.sheet.write_boolean(row, at, bool(value))
        elif sort in (Sort.DAY, Sort.INSTANT) and (moment := _moment(value)) is not None:
            self._moment(row, at, moment)
        else:
            self._text(row, at, value if isinstance(value, str) else json_line(plain(value)))

    def _number(self, row: int, at: int, value: float) -> None:
        whole = self.plain_whole if self.fields[at].name in ("id", "number") else self.whole
        form = whole if value == int(value) else self.number
        self.sheet.write_number(row, at, value, form)
        self._widen(row, at, len(f"{value:,.2f}") if form is self.number else len(f"{value:,.0f}"))

    def _moment(self, row: int, at: int, value: date) -> None:
        exact: Format = self.instant if isinstance(value, datetime) else self.day
        self.sheet.write_datetime(row, at, value, exact)
        self._widen(row, at, 19 if exact is self.instant else 10)

    def _text(self, row: int, at: int, text: str) -> None:
        if len(text) > LONGEST // 2 and len(text.encode("utf-16-le")) // 2 > LONGEST:
            text, self.cut = (
                text.encode("utf-16-le")[: 2 * (LONGEST - 1)].decode("utf-16-le", "ignore") + "…",
                self.cut + 1,
            )
        self.sheet.write_string(row, at, text)
        self._widen(row, at, len(text))

    def _widen(self, row: int, at: int, width: int) -> None:
        if row <= LOOKED_AT:
            self.widths[at] = max(self.widths[at], width + 1)

    def set_widths(self) -> None:
        """Columns as wide as what is in them, within reason."""
        for at, width in enumerate(self.widths):
            self.sheet.set_column(at, at, min(WIDEST, max(NARROWEST, width)))


def _moment(value: object) -> date | None:
    """The date or instant (in UTC, without zone, as Excel has it); None for what Excel cannot count."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return value if value.date() >= FIRST_DAY else None
    return value if isinstance(value, date) and value >= FIRST_DAY else None


def _about(book: Workbook, table: Table, rows: int, cut: int, database: str, made_at: datetime) -> None:
    sheet = book.add_worksheet("About")
    strong = book.add_format({"bold": True})
    stamp = f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    lines: list[tuple[Any, ...]] = [
        ("Table", table.name),
        ("Is", table.says),
        *((f"Asked: {name}", value) for name, value in table.asked),
        ("Rows", f"{rows:,}"),
        ("Written", f"{stamp} by holdings-monitor {__version__}"),
        ("Database", database),
        ("Unknown", "An empty cell is unknown, not 0. Instants are UTC. Weights are percent points."),
        *([("Cut", f"{cut:,} texts are longer than a cell can be and end with …")] if cut else []),
        (),
        ("Column", "Unit", "Means"),
        *((one.name, one.unit, one.says) for one in table.fields),
    ]
    if table.files:
        lines += [(), ("Files the rows rest on", "Dated", "SHA-256")]
        lines += [(f"{one.issuer}/{one.fund}", str(one.as_of), one.sha256) for one in table.files[:MOST_FILES]]
    if len(table.files) > MOST_FILES:
        lines.append((f"and {len(table.files) - MOST_FILES:,} more",))
    for row, line in enumerate(lines):
        head = line[:1] in (("Column",), ("Files the rows rest on",))
        for at, text in enumerate(line):
            sheet.write_string(row, at, str(text)[:LONGEST], strong if head or at == 0 else None)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 2, 72)


def _title(name: str) -> str:
    return name[:31]
