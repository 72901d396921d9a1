"""Makes rows of text from the tables of a web page, and of what it says around them, within bounds.

The page is read as a stream of tags: no tree of it is kept, nothing is fetched, no entity is expanded but those of
HTML. Nothing is converted here: cells stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.core.errors import ParseError
from monitor.sources.delimited import MAX_COLUMNS
from monitor.sources.html_grid import Grid
from monitor.sources.html_table import HtmlTable
from monitor.sources.page_forms import Page
from monitor.sources.sniff import page_title

ELEMENTS = 400_000  # a page of 20,000 holdings in ten columns has 220,000
DEPTH = 400
MAX_CELLS = 1_000_000  # of all tables of a page
AROUND = 10_000  # texts around the tables that are kept
TEXT_LENGTH = 300  # characters of each that are kept
CHUNK = 1 << 16
_SILENT = frozenset(("script", "style", "template", "noscript", "title", "svg", "math", "iframe", "textarea"))
_INLINE = frozenset(("a", "b", "em", "font", "i", "img", "input", "label", "mark", "q", "s", "small", "span", "strong"))
_INLINE |= frozenset(("abbr", "code", "data", "nobr", "strike", "sub", "sup", "time", "tt", "u", "var", "wbr"))
_CELLS = ("td", "th")
_FIELDS = ("", "text", "hidden", "date")  # types of fields of a form whose value a page shows or keeps
_SCREEN_READERS = frozenset(("sr-only", "visually-hidden", "screen-reader-text"))
_NONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageRows:
    """The tables of a page in its order, each with its rows; `outside` is what stands around them: texts that follow
    one another, the fields of forms as `#id` and value, the rows of small tables. `whole`: its end was there."""

    tables: tuple[list[list[str]], ...]
    outside: tuple[list[str], ...]
    title: str
    whole: bool


def looks_like_page(text: str) -> bool:
    """Whether the text begins as HTML does; other XML does not."""
    start = text[:4000].lstrip(' \t\r\n\ufeff"').casefold()
    return start.startswith("<") and bool(
        re.search(r"<(?:!doctype html|html|head|body|table|div|script|meta)\b", start)
    )


def page_rows(text: str, page: Page, max_rows: int) -> PageRows:
    """The tables of the page `text` and what is around them. Raises ParseError(code="size")."""
    from lxml import etree  # not loaded by who reads text

    reader = _Reader(page, max_rows)
    parser = etree.HTMLParser(target=reader, encoding="utf-8", no_network=True, recover=True, huge_tree=False)
    raw = text.encode("utf-8", "replace")
    try:
        for start in range(0, len(raw), CHUNK):
            parser.feed(raw[start : start + CHUNK])
        parser.close()
    except etree.LxmlError as error:
        raise ParseError(f"the page cannot be read: {str(error)[:100]}", code="html") from None
    tail = text[-20_000:].casefold()
    return PageRows(reader.tables(), tuple(reader.outside), page_title(text), "</html" in tail or "</body" in tail)


class _Reader:
    """What the parser tells of a page: tags and text in their order."""

    def __init__(self, page: Page, max_rows: int) -> None:
        self.page = page
        self.max_rows = max_rows
        self.open: list[HtmlTable] = []
        self.closed: list[HtmlTable] = []
        self.grid = Grid(page) if page.cell else None
        self.outside: list[list[str]] = []
        self.run: list[str] = []  # texts since the last table
        self.parts: list[str] = []  # the same, in the pieces that elements make of them
        self.pieces: list[str] = []  # of the text that is being read
        self.kept = self.elements = self.cells = self.depth = 0
        self.mute = 0  # the depth of the element whose text nobody sees; 0: none
        self.select = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > ELEMENTS or self.depth > DEPTH:
            raise ParseError(f"a page of more than {ELEMENTS} elements or {DEPTH} within one another", code="size")
        if self.mute:
            return
        table = self.open[-1] if self.open else None
        if tag in _SILENT or (table is not None and tag not in ("tr", "table", *_CELLS) and _is_hidden(attributes)):
            self.mute = self.depth
        elif tag == "table":
            self._end_run()
            self.open.append(HtmlTable(attributes))
            self.closed.append(self.open[-1])
        elif tag == "tr" and table is not None:
            table.start_row()
            self._check(table)
        elif tag in _CELLS and table is not None:
            self.cells += table.start_cell(attributes, hidden=_is_hidden(attributes))
        elif tag in ("input", "option", "select"):
            self._field(tag, attributes)
        elif tag not in _INLINE:
            self._break()
        if self.grid is not None:
            self.grid.start(self.depth, attributes)

    def end(self, tag: str) -> None:
        if self.grid is not None:
            self.grid.end(self.depth)
        self.depth -= 1
        if self.mute:
            if self.mute > self.depth:
                self.mute = 0
            return
        if tag == "table" and self.open:
            table = self.open.pop()
            table.end()
            self._check(table)
            self._small(table)
        elif tag == "tr" and self.open:
            self.open[-1].end_row()
        elif tag in _CELLS and self.open:
            self.open[-1].end_cell()
        elif tag not in _INLINE:
            self._break()

    def data(self, text: str) -> None:
        if self.mute:
            return
        if self.grid is not None:
            self.grid.data(text)
        if self.open and self.open[-1].data(text):
            return
        self.pieces.append(text)

    def close(self) -> None:
        while self.open:
            table = self.open.pop()
            table.end()
            self._small(table)
        self._end_run()

    def tables(self) -> tuple[list[list[str]], ...]:
        """The rows of each table that may hold the holdings."""
        if self.grid is not None and (rows := self.grid.rows()):
            return (rows,)  # the cells of a table may hold the elements of the grid
        found = [table.rows() for table in self.closed if not self.page.table or table.is_called(self.page.table)]
        return tuple(rows for rows in found if rows)

    def _check(self, table: HtmlTable) -> None:
        if len(table.read) > self.max_rows:
            raise ParseError(f"more than {self.max_rows} rows", code="size", row=self.max_rows + 1)
        if self.cells > MAX_CELLS or table.width > MAX_COLUMNS:
            raise ParseError(f"more than {MAX_CELLS} cells or {MAX_COLUMNS} columns", code="size")

    def _field(self, tag: str, attributes: Mapping[str, str]) -> None:
        name, value = attributes.get("id") or attributes.get("name") or "", attributes.get("value", "")
        if tag == "select":
            self.select = name
        elif tag == "option" and "selected" in attributes and self.select:
            self._keep([f"#{self.select}", value])
        elif tag == "input" and attributes.get("type", "").casefold() in _FIELDS:
            if self.open:
                self.open[-1].data(f" {value} ")
            if name and value:
                self._keep([f"#{name}", value])

    def _small(self, table: HtmlTable) -> None:
        """What a table of labels and values says, for a table of holdings beside it."""
        for row in table.rows():
            filled = [cell for cell in row if cell]
            if 0 < len(filled) <= 4:
                self._keep(filled)

    def _break(self) -> None:
        """The end of a paragraph: in a cell a space, elsewhere the end of one text."""
        if self.open and self.open[-1].data(" "):
            return
        if not self.pieces:
            return
        whole = " ".join("".join(self.pieces).split())
        parts = [found for piece in self.pieces if (found := " ".join(piece.split()))]
        self.pieces = []
        if whole:
            self.run.append(whole)
            self.parts += parts

    def _end_run(self) -> None:
        self._break()
        if self.run:
            self._keep(self.run)
            if self.parts != self.run:  # a label and its value may stand in one paragraph
                self._keep(self.parts)
            self.run, self.parts = [], []

    def _keep(self, texts: list[str]) -> None:
        room = AROUND - self.kept
        if room > 0:
            self.outside.append([text[:TEXT_LENGTH] for text in texts[:room]])
            self.kept += len(texts)


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    if "hidden" in attributes or _NONE.search(attributes.get("style", "")[:1000]):
        return True
    return not _SCREEN_READERS.isdisjoint(attributes.get("class", "")[:1000].split())
