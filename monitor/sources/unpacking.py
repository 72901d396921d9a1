"""Turns a workbook on standard input into rows of text on standard output. Run as a program of its own, never imported.

A workbook of two cells may ask for 500 gigabytes, and the library then ends its whole process: so it gets one, with
little memory and time (see `workbook`). Arguments: rows and characters at most. Prints one JSON list, per sheet the
list of its rows, each a list of texts.
"""

import io
import json
import resource
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MEMORY = 268 << 20  # bytes of address space, so that no more than 256 MiB are used; 20,000 rows need 205
SECONDS = 4  # of processor time; 20,000 rows need a tenth
SHEETS = 20
TOO_LARGE, UNREADABLE = 3, 4  # exit codes


def main() -> None:
    """Reads one workbook; ends with an exit code that says what was wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    rows, characters = int(sys.argv[1]), int(sys.argv[2])
    try:
        book = load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        shown = [s.name for s in book.sheets_metadata if s.visible is SheetVisibleEnum.Visible]
        tables = [s.name for s in book.sheets_metadata if s.typ is SheetTypeEnum.WorkSheet and s.name in shown]
        sheets = [sheet(book.get_sheet_by_name(name), rows) for name in tables[:SHEETS]]
    except MemoryError:
        sys.exit(TOO_LARGE)
    except (CalamineError, OSError, ValueError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}"[:300])
        sys.exit(UNREADABLE)
    text = json.dumps(sheets, ensure_ascii=False, separators=(",", ":"))
    if len(text) > characters or any(len(one) > rows for one in sheets):
        sys.exit(TOO_LARGE)
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def sheet(found: "CalamineSheet", rows: int) -> list[list[str]]:
    """All rows of a sheet, one more than allowed at most, without the empty cells at their ends."""
    cells = found.to_python(skip_empty_area=False, nrows=rows + 1)
    return [trimmed([text(value) for value in row]) for row in cells]


def trimmed(row: list[str]) -> list[str]:
    """The row up to its last cell that holds something."""
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def text(value: object) -> str:
    """A cell as text: numbers with the 15 digits a spreadsheet keeps, dates as ISO dates."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(f'{value:.15g}'):f}"
    if isinstance(value, datetime):
        return value.isoformat(" ") if (value.hour or value.minute or value.second) else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


if __name__ == "__main__":
    main()
