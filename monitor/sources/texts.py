"""What the texts of a row say of its line: everything but quantities.

The same texts come back every day and in the next fund, so that what they mean is remembered.
Quantities and dates of files are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from monitor.core.identity import described, ids_of
from monitor.core.model import AssetClass, Described, Line
from monitor.sources.adjusting import RIGHTS, class_of_type, is_short, is_total
from monitor.sources.cells import day, normalise, number, plain_text
from monitor.sources.forms import CodeClass, Column, DateFormat, TickerStyle
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
MOST = 65_536  # rows whose texts are remembered
Plain = tuple[str, str, str, str, str, str, str, str]
Key = tuple[Any, ...]  # a reader, and the cells it looks at
SHARES = (None, AssetClass.EQUITY)  # what is not called anything else


class Texts(NamedTuple):
    """The texts of a line, in its order. `short`: whatever sign is printed, its quantities are those of a debt;
    `usual`: they are as printed, neither those of a debt nor of cash."""

    name: str
    ticker: str
    identifier: str
    isin: str
    sedol: str
    figi: str
    currency: str
    asset_class: str
    coupon: Decimal | None
    maturity: date | None
    venue: str
    stated: AssetClass | None
    described: Described
    short: bool
    usual: bool


class Meaning(NamedTuple):
    """What a source knows of texts, as `Source` has it. Sources that know the same share what is remembered: brands of
    one family, and a source before and after a fund was added to it."""

    venue: str
    ticker_style: TickerStyle
    asset_classes: tuple[tuple[str, AssetClass], ...]
    asset_codes: tuple[CodeClass, ...]
    name_pattern: re.Pattern[str] | None


class Reader:
    """Reads the texts of rows below one header. A row has an empty cell more than its header, which is read where a
    column is missing. `meaning` is None where texts mean what they say."""

    def __init__(self, meaning: Meaning | None, index: Mapping[Column, int], forms: tuple[DateFormat, ...]) -> None:
        self.meaning, self.forms = meaning, (*forms, *CLEAR)
        self._classes = dict(meaning.asset_classes) if meaning is not None else {}
        self.at = [index.get(column, -1) for column in PLAIN]
        self.coupon, self.maturity, self.exchange, self.country, self.side = (index.get(c, -1) for c in FURTHER)
        self.printed = [index[column] for column in (*PLAIN, *FURTHER) if column in index] or [0]
        self._looked_at = [*self.printed, self.printed[0]]
        self._cells_of: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*self._looked_at)

    def of(self, cells: Sequence[str]) -> Texts | None:
        """What a row says that is a line like most; None where it has to be looked at more closely."""
        return _KNOWN[self, *self._cells_of(cells)]

    def each(self, columns: Sequence[Sequence[str]]) -> list[Texts | None]:
        """The same for each row of a table, given by its columns."""
        keys = zip(repeat(self), *(columns[at] for at in self._looked_at), strict=False)
        return list(map(_KNOWN.__getitem__, keys))

    def ordinary(self, texts: Sequence[str]) -> Texts | None:
        """What the cells of the columns `printed` say."""
        cells = [""] * (max(self.printed) + 2)
        for at, text in zip(self.printed, texts, strict=False):
            cells[at] = text
        plain = self.plain(cells)
        name, ticker, identifier = plain[:3]
        if not (name or ticker or identifier) or "\n" in name or (is_total(name) and not (ticker or identifier)):
            return None
        try:
            return self.said(plain, cells, number(cells[self.coupon], "%") if self.coupon >= 0 else None)
        except ValueError:
            return None

    def plain(self, cells: list[str]) -> Plain:
        """The texts of the columns `PLAIN`, "" for what is not printed; what has only a type is called so."""
        texts = [plain_text(cells[at]) if at >= 0 else "" for at in self.at]
        name, ticker, identifier, isin, sedol, figi, currency, kind = texts
        if not (name or ticker or identifier):
            name = kind  # a forward is printed without any name
        return name, ticker, identifier, isin, sedol, figi, currency, kind

    def said(self, plain: Plain, cells: list[str], coupon: Decimal | None) -> Texts:
        """What such texts mean, with what only some sources print or know: venue, class, coupon, maturity."""
        name, ticker, identifier, isin, sedol, figi, currency, kind = plain
        line = Line(0, name, ticker, identifier, None, None, None, isin, sedol, figi, currency, kind)
        if self.meaning is None:
            return _texts(line)
        line = taken_apart(line, self.meaning.name_pattern)
        root, exchange = split_ticker(line.ticker, self.meaning.ticker_style)
        stated = self._stated(line)
        if root and not exchange and stated in SHARES:
            exchange = self._place(cells)
        if exchange:
            root = local_code(root, exchange)
        is_plain = bool(root) and " " not in root and stated in SHARES
        venue = exchange or (self.meaning.venue if is_plain else "")
        maturity = self._maturity(cells[self.maturity]) if self.maturity >= 0 else None
        if stated is AssetClass.CASH and maturity is not None:
            stated = _no_cash(replace(line, ticker=root, maturity=maturity, stated=stated))
        if stated is AssetClass.OPTION and normalise(line.asset_class) in RIGHTS:
            line = replace(line, name=f"{line.name} {line.asset_class.upper()}")  # the name alone is that of the shares
        more = (line.isin, line.sedol, line.figi, line.currency, line.asset_class, coupon, maturity, venue, stated)
        line = Line(0, line.name, root, line.identifier, None, None, None, *more)
        return _texts(line, short=self.side >= 0 and is_short(cells[self.side]))

    def _stated(self, line: Line) -> AssetClass | None:
        """The class the source knows of the line's printed type, ticker, identifier or name."""
        if line.asset_class and (found := class_of_type(self._classes, line.asset_class[:CODE_LENGTH])):
            return found
        known = self.meaning.asset_codes if self.meaning is not None else ()
        if not known:
            return None
        codes = [code.upper()[:CODE_LENGTH] for code in (line.ticker, line.identifier) if code]
        names = [line.name.upper()[:NAME_LONGEST]]
        return next((c.stated for c in known if any(map(c.pattern.fullmatch, names if c.of_name else codes))), None)

    def _place(self, cells: list[str]) -> str:
        """Where the ticker of a row is listed: its exchange, else its country, where the file prints them."""
        place = place_of_exchange(cells[self.exchange]) if self.exchange >= 0 else ""
        return place or (place_of_country(cells[self.country]) if self.country >= 0 else "")

    def _maturity(self, cell: str) -> date | None:
        """The date in a cell; some issuers write maturities in a form of their own that can mean no other day."""
        return next((found for form in self.forms if (found := day(cell, form)) is not None), None)


class _Known(dict[Key, Texts | None]):
    """What texts say to a reader, found out when it is asked for; of what was not asked for lately nothing is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[Key, Texts | None] = {}

    def __missing__(self, key: Key) -> Texts | None:
        if len(self) >= MOST // 2:
            self._before = dict(self)
            self.clear()
        reader, *texts = key
        try:  # looked at once: another thread may put something else in its place
            said = self._before[key]
        except KeyError:
            said = reader.ordinary(texts)
        self[key] = said
        return said


# A dictionary and no `lru_cache`: that moves every entry it is asked for, which takes longer than to find it.
_KNOWN = _Known()


def _texts(line: Line, short: bool = False) -> Texts:
    return Texts(
        line.name,
        line.ticker,
        line.identifier,
        line.isin,
        line.sedol,
        line.figi,
        line.currency,
        line.asset_class,
        line.coupon,
        line.maturity,
        line.venue,
        line.stated,
        described(line),
        short,
        usual=not short and line.stated is not AssetClass.CASH,
    )


def reader(source: Source, index: Mapping[Column, int], forms: tuple[DateFormat, ...], *, as_is: bool) -> Reader:
    """The reader of such rows; `as_is`: their texts mean the same to every source, and are remembered for all."""
    if as_is:
        return _reader(tuple(index.items()), (), None)
    key = (tuple(index.items()), forms)
    known = source.memory.get(key)
    if not isinstance(known, Reader):
        classes = tuple(source.asset_classes.items())
        meaning = Meaning(source.venue, source.ticker_style, classes, source.asset_codes, source.name_pattern)
        known = _reader(*key, meaning)
        source.remember(key, known)
    return known


@lru_cache(maxsize=256)
def _reader(index: tuple[tuple[Column, int], ...], forms: tuple[DateFormat, ...], meaning: Meaning | None) -> Reader:
    return Reader(meaning, dict(index), forms)


def _no_cash(line: Line) -> AssetClass | None:
    """The class of a line; one that is called cash but has an identifier and falls due is a bill: a bond."""
    called = line.stated is AssetClass.CASH and normalise(line.asset_class).startswith("cash")
    return AssetClass.BOND if called and line.maturity is not None and ids_of(line) else line.stated
