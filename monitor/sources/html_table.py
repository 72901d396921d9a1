"""One table of a web page while it is read: its cells come as they open and close, spans are laid out.

It knows nothing of holdings; `html_rows` feeds it.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.sources.delimited import MAX_COLUMNS

MAX_SPAN = 20_000  # rows a cell may reach down


class HtmlTable:
    """Collects the rows of one table. A cell over several columns stands in the first of them, one over several
    rows in each of them: so a group says what all its rows are."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self.names = {attributes.get("id", ""), *attributes.get("class", "").split()} - {""}
        self.read: list[list[tuple[str, bool]]] = []  # text, and whether nobody sees the cell
        self.width = 0
        self._row: list[tuple[str, bool]] | None = None
        self._cell: list[str] | None = None
        self._span = (1, 1, False)  # columns, rows, hidden
        self._below: dict[int, tuple[str, int, bool]] = {}  # by column: what a cell above says for so many rows more

    def is_called(self, name: str) -> bool:
        """Whether the table has this id or class."""
        return name in self.names

    def start_row(self) -> None:
        """A row begins; one that was left open ends."""
        self.end_row()
        self._row = []

    def start_cell(self, attributes: Mapping[str, str], *, hidden: bool) -> int:
        """A cell begins; how many cells it takes."""
        self.end_cell()
        if self._row is None:
            self._row = []
        columns, rows = _span(attributes, "colspan", MAX_COLUMNS), _span(attributes, "rowspan", MAX_SPAN)
        self._cell, self._span = [], (columns, rows, hidden)
        return columns

    def data(self, text: str) -> bool:
        """Take text into the open cell; False when there is none."""
        if self._cell is None:
            return False
        self._cell.append(text)
        return True

    def end_cell(self) -> None:
        """The open cell ends and is laid out."""
        if self._cell is None or self._row is None:
            return
        text = " ".join("".join(self._cell).split())
        columns, rows, hidden = self._span
        self._fill()
        for at in range(columns):
            if rows > 1:
                self._below[len(self._row)] = ("" if at else text, rows, hidden)
            self._row.append(("" if at else text, hidden))
        self._cell = None

    def end_row(self) -> None:
        """The open row ends."""
        self.end_cell()
        if self._row is None:
            return
        self._fill()
        self._below = {at: (text, left - 1, hidden) for at, (text, left, hidden) in self._below.items() if left > 1}
        self.width = max(self.width, len(self._row))
        if self._row:
            self.read.append(self._row)
        self._row = None

    def end(self) -> None:
        """The table ends."""
        self.end_row()

    def rows(self) -> list[list[str]]:
        """All rows as text. Cells that nobody sees are left out, unless the first row has such cells, too: then they
        are columns of their own."""
        keep = not self.read or any(hidden for _, hidden in self.read[0])
        return [[text for text, hidden in row if keep or not hidden] for row in self.read]

    def _fill(self) -> None:
        """Lay the cells that reach down from above into the open row, as far as they are next."""
        assert self._row is not None
        while len(self._row) in self._below and len(self._row) <= MAX_COLUMNS:
            text, _, hidden = self._below[len(self._row)]
            self._row.append((text, hidden))


def _span(attributes: Mapping[str, str], name: str, most: int) -> int:
    text = attributes.get(name, "1").strip()
    return max(1, min(int(text), most)) if text.isascii() and text.isdigit() and len(text) < 9 else 1
