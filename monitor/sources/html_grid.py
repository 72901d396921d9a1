"""Rows from a web page without a table of holdings: elements of certain classes are its rows, cells and titles.

It knows nothing of holdings; `html_rows` feeds it.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.sources.page_forms import Page

MAX_TITLES = 200


class Grid:
    """Collects texts of elements by their classes. Where each cell has its title beside it, a row ends where a title
    comes again."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._names: dict[str, int] = {}  # titles by their place
        self._rows: list[dict[int, str]] = []
        self._row: dict[int, str] = {}
        self._title = ""
        self._text: list[str] | None = None
        self._depth = 0  # of the element that is being read
        self._is_title = False

    def start(self, depth: int, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if self._text is not None:
            return
        classes = attributes.get("class", "").split()
        if self.page.row and self.page.row in classes:
            self._end_row()
        if self.page.cell in classes or (self.page.title and self.page.title in classes):
            self._text, self._depth, self._is_title = [], depth, self.page.cell not in classes

    def data(self, text: str) -> None:
        """Text, perhaps of the open cell."""
        if self._text is not None:
            self._text.append(text)

    def end(self, depth: int) -> None:
        """The element at this depth ends."""
        if self._text is None or depth > self._depth:
            if self._text is not None:
                self._text.append(" ")
            return
        text, self._text = " ".join("".join(self._text).split()), None
        if self._is_title:
            self._title = text
        else:
            self._put(text)

    def rows(self) -> list[list[str]]:
        """The rows, first the titles where cells have them."""
        self._end_row()
        if not self._rows:
            return []
        width = max(len(self._names), *(max(row, default=-1) + 1 for row in self._rows))
        found = [[row.get(at, "") for at in range(width)] for row in self._rows]
        return [list(self._names), *found] if self.page.title else found

    def _put(self, text: str) -> None:
        if not self.page.title:
            self._row[len(self._row)] = text
            return
        at = self._names.setdefault(self._title, len(self._names)) if len(self._names) < MAX_TITLES else 0
        if at in self._row:
            self._end_row()
        self._row[at] = text

    def _end_row(self) -> None:
        if self._row:
            self._rows.append(self._row)
            self._row = {}
