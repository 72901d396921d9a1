"""Which funds an issuer has, as it lists them itself, and reading such a list.

A list says what a fund is called and what the issuer's addresses call it; it says nothing of holdings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from monitor.core.errors import ParseError
from monitor.sources.cells import normalise, plain_text
from monitor.sources.forms import Column, Document
from monitor.sources.spec import Catalogue, Source
from monitor.sources.tables import find_header, tables_of

TICKER = re.compile(r"[A-Z0-9][A-Z0-9._\-]{0,39}")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
LONGEST = 300  # characters of a name or an address


@dataclass(frozen=True, slots=True)
class Entry:
    """One fund of a list: what people and the issuer's addresses call it. `page` may be a path on its site."""

    ticker: str
    name: str
    keys: Mapping[str, str] = field(default_factory=dict)
    page: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list said: its funds, and how many rows named none."""

    entries: tuple[Entry, ...]
    skipped: int


def read_catalogue(source: Source, catalogue: Catalogue, body: bytes) -> Listing:
    """The funds in the bytes of an issuer's list. Raises ParseError as `read_file` does, and when it names no fund."""
    reader = _as_source(source, catalogue)
    tables = tables_of(body, reader)
    first: ParseError | None = None
    for rows in tables.rows:
        try:
            header = find_header(rows, reader)
        except ParseError as error:
            first = first or error
            continue
        names = {normalise(name): at for at, name in enumerate(header.names)}
        return _listing(catalogue, names, rows[header.row :])
    raise first or ParseError("the list holds no table", code="empty")


def _as_source(source: Source, catalogue: Catalogue) -> Source:
    """A source whose files are such lists, so that the same readers read them."""
    return replace(
        source,
        shape=catalogue.shape,
        tables=catalogue.tables,
        columns={Column.TICKER: catalogue.ticker, Column.NAME: catalogue.name},
        required=(Column.TICKER,),
        formats=(),
        max_rows=catalogue.max_rows,
        http=replace(source.http, max_bytes=catalogue.max_bytes),
        closing_text=False,
        many_funds=False,
        document=Document(names=catalogue.names),
        embedded=None,
        fill_down=(),
    )


def _listing(catalogue: Catalogue, names: Mapping[str, int], rows: list[list[str]]) -> Listing:
    found: dict[str, Entry] = {}
    skipped = 0
    for cells in rows:
        if not any(map(str.strip, cells)):
            continue
        ticker = _cell(cells, names, catalogue.ticker).upper()
        if not TICKER.fullmatch(ticker) or ticker in found:
            skipped += 1
            continue
        printed = {key: _cell(cells, names, labels) for key, labels in catalogue.keys.items()}
        keys = {key: value for key, value in printed.items() if KEY.fullmatch(value)}
        page = _cell(cells, names, catalogue.page)
        found[ticker] = Entry(ticker, _cell(cells, names, catalogue.name) or ticker, keys, page)
    if not found:
        raise ParseError("the list names no fund", code="rows")
    return Listing(tuple(found.values()), skipped)


def _cell(cells: list[str], names: Mapping[str, int], labels: tuple[str, ...]) -> str:
    """What the row prints in the first of these columns that is there and filled, made printable."""
    for label in labels:
        at = names.get(label, -1)
        if 0 <= at < len(cells) and (text := plain_text(cells[at])):
            return "".join(filter(str.isprintable, " ".join(text.split())))[:LONGEST]
    return ""
