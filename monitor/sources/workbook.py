"""Makes rows of text from a workbook (xlsx, xls, ods) in a process of its own, within bounds of memory and time.

Nothing is converted but what a spreadsheet keeps as numbers, which become text; see `unpacking`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from monitor.core.errors import ParseError
from monitor.sources.delimited import MAX_COLUMNS
from monitor.sources.spec import Source
from monitor.sources.spreadsheet_xml import is_spreadsheet_xml, spreadsheet_rows
from monitor.sources.unpacking import TOO_LARGE, UNREADABLE

SECONDS = 300  # for one workbook, waiting included: hostile ones end by processor time, good ones wait for a machine
CHARACTERS = 20_000_000
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAM = Path(__file__).with_name("unpacking.py")


def is_workbook(body: bytes) -> bool:
    """Whether the bytes begin as a workbook does (xlsx, ods: zip; xls: OLE, or the spreadsheet XML of 2003)."""
    return body.startswith((_ZIP, _OLE)) or is_spreadsheet_xml(body)


def workbook_rows(body: bytes, source: Source) -> tuple[list[list[str]], ...]:
    """The visible sheets of a workbook, each with its rows. Raises ParseError (size, binary, empty)."""
    if len(body) > source.http.max_bytes:
        raise ParseError(f"{len(body)} bytes, more than the limit of {source.http.max_bytes}", code="size")
    if is_spreadsheet_xml(body):
        return spreadsheet_rows(body, source)
    command = [sys.executable, "-I", str(_PROGRAM), str(source.max_rows), str(CHARACTERS)]
    try:
        done = subprocess.run(command, input=body, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise ParseError(f"the workbook was not read within {SECONDS} seconds", code="size") from None
    if done.returncode in (1, UNREADABLE):  # 1: the library raised something of its own
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        raise ParseError(f"the workbook cannot be read: {said}", code="binary")
    if done.returncode == TOO_LARGE:
        raise ParseError(
            f"more than {source.max_rows} rows or {CHARACTERS} characters, or too much memory", code="size"
        )
    if done.returncode:  # stopped at a limit, or the library ended the process: both from the file's contents
        raise ParseError(f"the workbook needs more memory or time than is allowed ({done.returncode})", code="size")
    return _bounded(json.loads(done.stdout))


def _bounded(sheets: list[list[list[str]]]) -> tuple[list[list[str]], ...]:
    for rows in sheets:
        for number, row in enumerate(rows, start=1):
            if len(row) > MAX_COLUMNS:
                raise ParseError(f"row {number} has {len(row)} cells", code="size", row=number)
    filled = tuple(rows for rows in sheets if any(rows))
    if not filled:
        raise ParseError("the workbook holds no visible sheet with cells", code="empty")
    return filled
