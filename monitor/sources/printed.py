"""The rows of a published file as they are printed: column names and cells, nothing converted.

For showing what a line rests on. What the cells mean is `read`'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.sources.layout import Role, laid_out, numbered
from monitor.sources.spec import Source
from monitor.sources.tables import tables_of


@dataclass(frozen=True, slots=True)
class Printed:
    """The rows below the header by their 1-based number in the file, each cell under the name of its column."""

    columns: tuple[str, ...]
    rows: Mapping[int, Mapping[str, str]]


def printed(source: Source, body: bytes) -> Printed:
    """The table in the bytes of a file. Raises ParseError as `read_file` does."""
    layout = laid_out(tables_of(body, source), source)
    names = [name or f"column {at}" for at, name in enumerate(layout.header.names, start=1)]
    below = ((row, cells) for row, cells, role in numbered(layout, source) if role is Role.ROW)
    return Printed(layout.header.names, {number: dict(zip(names, cells, strict=False)) for number, cells in below})
