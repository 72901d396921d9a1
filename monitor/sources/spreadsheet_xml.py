"""Makes rows of text from the XML a spreadsheet program wrote in 2003 (SpreadsheetML), often named .xls.

Issuers write it by hand: with two byte order marks, bare `&` and elements of HTML in its cells. It is read as a stream
of tags within bounds; entities are neither fetched nor expanded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from monitor.core.errors import ParseError
from monitor.sources.delimited import MAX_COLUMNS
from monitor.sources.sniff import decoded
from monitor.sources.spec import Source

SHEETS = 20
ELEMENTS = 5_000_000
DEPTH = 100
CHUNK = 1 << 16
_SIGNS = (b"urn:schemas-microsoft-com:office:spreadsheet", b'progid="Excel.Sheet"')
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_END = re.compile(r"</(?:\w+:)?Workbook\s*>\s*$")
_MIDNIGHT = re.compile(r"T00:00(?::00(?:\.0+)?)?$")


def is_spreadsheet_xml(body: bytes) -> bool:
    """Whether the bytes begin as such a file does."""
    start = body[:4000].replace(b"\0", b"")
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") and any(sign in start for sign in _SIGNS)


def spreadsheet_rows(body: bytes, source: Source) -> tuple[list[list[str]], ...]:
    """The visible sheets, each with its rows. Raises ParseError (size, binary, empty)."""
    from lxml import etree  # not loaded by who reads text

    text, _ = decoded(body)
    if not _END.search(text[-2000:]):
        raise ParseError("the workbook has no end: it was cut short", code="binary")
    reader = _Reader(source.max_rows)
    parser = etree.XMLParser(
        target=reader, recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    raw = _BARE.sub("&amp;", _CONTROL.sub(" ", text.lstrip("\ufeff \t\r\n"))).encode("utf-8", "replace")
    raw = re.sub(rb"^<\?xml[^>]*\?>", b"", raw, count=1)  # what it says of its encoding no longer holds
    try:
        for start in range(0, len(raw), CHUNK):
            parser.feed(raw[start : start + CHUNK])
        parser.close()
    except etree.LxmlError as error:
        raise ParseError(f"the workbook cannot be read: {str(error)[:100]}", code="binary") from None
    filled = tuple(rows for rows in reader.sheets if any(rows))
    if not filled:
        raise ParseError("the workbook holds no visible sheet with cells", code="empty")
    return filled


class _Reader:
    """What the parser tells of a workbook."""

    def __init__(self, max_rows: int) -> None:
        self.max_rows = max_rows
        self.sheets: list[list[list[str]]] = []
        self.rows: list[list[str]] = []
        self.row: list[str] = []
        self.text: list[str] | None = None  # of the cell's value, or of what says whether the sheet is shown
        self.kind = ""
        self.across = 0  # cells the open one covers besides its own
        self.hidden = False
        self.elements = self.depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > ELEMENTS or self.depth > DEPTH:
            raise ParseError(f"more than {ELEMENTS} elements or {DEPTH} within one another", code="size")
        said = {_local(name): value for name, value in attributes.items()}
        match _local(tag):
            case "Worksheet":
                self.rows, self.hidden = [], False
                if len(self.sheets) >= SHEETS:
                    raise ParseError(f"more than {SHEETS} sheets", code="size")
            case "Row":
                self._skip(self.rows, said.get("Index", ""), self.max_rows, [])
                self.row = []
            case "Cell":
                self._skip(self.row, said.get("Index", ""), MAX_COLUMNS, "")
                self.row.append("")
                self.across = _count(said.get("MergeAcross", ""), MAX_COLUMNS)
            case "Data":
                self.text, self.kind = [], said.get("Type", "")
            case "Visible":
                self.text, self.kind = [], "Visible"
            case _ if self.text:
                self.text.append(" ")  # a line break of HTML

    def end(self, tag: str) -> None:
        self.depth -= 1
        match _local(tag):
            case "Data" if self.text is not None and self.row:
                self.row[-1] = _value("".join(self.text), self.kind)
                self.text = None
            case "Visible" if self.text is not None:
                self.hidden = self.hidden or "hidden" in "".join(self.text).casefold()
                self.text = None
            case "Cell":
                self.row += [""] * min(self.across, MAX_COLUMNS - len(self.row))
                self.across = 0
            case "Row":
                while self.row and not self.row[-1]:
                    self.row.pop()
                if len(self.row) > MAX_COLUMNS or len(self.rows) >= self.max_rows:
                    raise ParseError(f"more than {self.max_rows} rows or {MAX_COLUMNS} columns", code="size")
                self.rows.append(self.row)
            case "Worksheet" if not self.hidden:
                self.sheets.append(self.rows)

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def close(self) -> None:
        """All has been told when the last element ended."""

    def _skip(self, into: list[str] | list[list[str]], index: str, most: int, empty: object) -> None:
        """Fill up to the place an element names; without one it is the next."""
        wanted = _count(index, most + 1)
        if wanted > most:
            raise ParseError(f"a cell or row at place {index[:20]}", code="size")
        into += [empty] * (wanted - 1 - len(into))  # type: ignore[operator, list-item]


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def _count(text: str, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _value(text: str, kind: str) -> str:
    """A cell as text: dates as ISO dates, numbers without exponent."""
    text = html.unescape(" ".join(text.split()) if kind in ("", "String") else text.strip())
    if kind == "DateTime":
        return _MIDNIGHT.sub("", text).replace("T", " ")
    if kind == "Number" and "e" in text.casefold() and len(text) < 40:
        try:
            return f"{Decimal(text):f}" if abs(Decimal(text).adjusted()) < 40 else text
        except InvalidOperation:
            return text
    return text
