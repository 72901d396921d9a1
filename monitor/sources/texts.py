"""What the texts of a row say of its line: everything but quantities.

The same texts come back every day and in the next fund, so that what they mean is remembered.
Quantities and dates of files are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple

from monitor.core.identity import ids_of
from monitor.core.model import AssetClass, Line
from monitor.sources.adjusting import RIGHTS, class_of_type, is_short, is_total
from monitor.sources.cells import day, normalise, number, plain_text
from monitor.sources.forms import Column, DateFormat
from monitor.sources.places import place_of_country, place_of_exchange
from monitor.sources.preamble import CLEAR
from monitor.sources.spec import Source
from monitor.sources.sums import NAME_LONGEST, taken_apart
from monitor.sources.tickers import local_code, split_ticker

CODE_LENGTH = 60  # characters of a ticker or identifier that are compared with `asset_codes`
PLAIN = (
    Column.NAME,
    Column.TICKER,
    Column.IDENTIFIER,
    Column.ISIN,
    Column.SEDOL,
    Column.FIGI,
    Column.CURRENCY,
    Column.ASSET_CLASS,
)
FURTHER = (Column.COUPON, Column.MATURITY, Column.EXCHANGE, Column.COUNTRY, Column.SIDE)
Plain = tuple[str, str, str, str, str, str, str, str]


# What `Line` has after its quantities: isin, sedol, figi, currency, asset_class, coupon, maturity, venue, stated.
Others = tuple[str, str, str, str, str, Decimal | None, date | None, str, AssetClass | None]


class Texts(NamedTuple):
    """The texts of a line; `short`: whatever sign is printed, its quantities are those of a debt."""

    name: str
    ticker: str
    identifier: str
    others: Others
    stated: AssetClass | None = None
    short: bool = False


class Reader:
    """Reads the texts of rows below one header. A row has an empty cell more than its header, which is read where a
    column is missing. `source` is None where texts mean what they say."""

    def __init__(self, source: Source | None, index: Mapping[Column, int], forms: tuple[DateFormat, ...]) -> None:
        self.source, self.forms = source, (*forms, *CLEAR)
        self.at = [index.get(column, -1) for column in PLAIN]
        self.coupon, self.maturity, self.exchange, self.country, self.side = (index.get(c, -1) for c in FURTHER)
        self.printed = [index[column] for column in (*PLAIN, *FURTHER) if column in index] or [0]
        self.cells_of: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*self.printed, self.printed[0])

    def of(self, cells: Sequence[str]) -> Texts | None:
        """What a row says that is a line like most; None where it has to be looked at more closely."""
        return _remembered(self, self.cells_of(cells))

    def each(self, rows: Iterable[Sequence[str]]) -> Iterable[Texts | None]:
        """The same for each row."""
        return map(_remembered, repeat(self), map(self.cells_of, rows))

    def ordinary(self, texts: tuple[str, ...]) -> Texts | None:
        """What the cells that `cells_of` a row gives say."""
        cells = [""] * (max(self.printed) + 2)
        for at, text in zip(self.printed, texts, strict=False):
            cells[at] = text
        plain = self.plain(cells)
        name, ticker, identifier = plain[:3]
        if not (name or ticker or identifier) or "\n" in name or (is_total(name) and not (ticker or identifier)):
            return None
        try:
            return self.said(plain, cells, number(cells[self.coupon], "%"))
        except ValueError:
            return None

    def plain(self, cells: list[str]) -> Plain:
        """The texts of the columns `PLAIN`, "" for what is not printed; what has only a type is called so."""
        name, ticker, identifier, isin, sedol, figi, currency, kind = (plain_text(cells[at]) for at in self.at)
        if not (name or ticker or identifier):
            name = kind  # a forward is printed without any name
        return name, ticker, identifier, isin, sedol, figi, currency, kind

    def said(self, plain: Plain, cells: list[str], coupon: Decimal | None) -> Texts:
        """What such texts mean, with what only some sources print or know: venue, class, coupon, maturity."""
        name, ticker, identifier, isin, sedol, figi, currency, kind = plain
        if self.source is None:
            return Texts(name, ticker, identifier, (isin, sedol, figi, currency, kind, None, None, "", None))
        line = Line(0, name, ticker, identifier, None, None, None, isin, sedol, figi, currency, kind)
        line = taken_apart(line, self.source.name_pattern)
        root, exchange = split_ticker(line.ticker, self.source.ticker_style)
        stated = _stated(self.source, line)
        if root and not exchange and stated in (None, AssetClass.EQUITY):
            exchange = self._place(cells)
        if exchange:
            root = local_code(root, exchange)
        is_plain = bool(root) and " " not in root and stated in (None, AssetClass.EQUITY)
        venue = exchange or (self.source.venue if is_plain else "")
        maturity = self._maturity(cells[self.maturity]) if self.maturity >= 0 else None
        stated = _no_cash(replace(line, ticker=root, maturity=maturity, stated=stated))
        if stated is AssetClass.OPTION and normalise(line.asset_class) in RIGHTS:
            line = replace(line, name=f"{line.name} {line.asset_class.upper()}")  # the name alone is that of the shares
        words = (line.isin, line.sedol, line.figi, line.currency, line.asset_class, coupon, maturity, venue, stated)
        return Texts(line.name, root, line.identifier, words, stated, is_short(cells[self.side]))

    def _place(self, cells: list[str]) -> str:
        """Where the ticker of a row is listed: its exchange, else its country, where the file prints them."""
        place = place_of_exchange(cells[self.exchange]) if self.exchange >= 0 else ""
        return place or (place_of_country(cells[self.country]) if self.country >= 0 else "")

    def _maturity(self, cell: str) -> date | None:
        """The date in a cell; some issuers write maturities in a form of their own that can mean no other day."""
        return next((found for form in self.forms if (found := day(cell, form)) is not None), None)


@lru_cache(maxsize=65536)
def _remembered(reader: Reader, texts: tuple[str, ...]) -> Texts | None:
    return reader.ordinary(texts)


def reader(source: Source, index: Mapping[Column, int], forms: tuple[DateFormat, ...], *, as_is: bool) -> Reader:
    """The reader of such rows; `as_is`: their texts mean the same to every source, and are remembered for all."""
    if as_is:
        return _reader_of_all(tuple(index.items()))
    key = (tuple(index.items()), forms)
    known = source.memory.get(key)
    if not isinstance(known, Reader):
        known = Reader(source, index, forms)
        source.remember(key, known)
    return known


@lru_cache(maxsize=256)
def _reader_of_all(index: tuple[tuple[Column, int], ...]) -> Reader:
    return Reader(None, dict(index), ())


def _stated(source: Source, line: Line) -> AssetClass | None:
    """The class the source knows of the line's printed type, ticker, identifier or name."""
    if line.asset_class and (found := class_of_type(source.asset_classes, line.asset_class[:CODE_LENGTH])):
        return found
    codes = [code.upper()[:CODE_LENGTH] for code in (line.ticker, line.identifier) if code]
    names = [line.name.upper()[:NAME_LONGEST]]
    known = source.asset_codes
    return next((c.stated for c in known if any(map(c.pattern.fullmatch, names if c.of_name else codes))), None)


def _no_cash(line: Line) -> AssetClass | None:
    """The class of a line; one that is called cash but has an identifier and falls due is a bill: a bond."""
    called = line.stated is AssetClass.CASH and normalise(line.asset_class).startswith("cash")
    return AssetClass.BOND if called and line.maturity is not None and ids_of(line) else line.stated
