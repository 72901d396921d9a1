"""How a published file is printed, as frozen values: its shape, its columns, its units and where its date stands.

Nothing here reads a file; `spec` says the rest about an issuer, `loading` makes both from TOML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from monitor.core.model import AssetClass


class Column(StrEnum):
    """The canonical names a file's columns are mapped to."""

    DATE = "date"
    FUND = "fund"
    NAME = "name"
    TICKER = "ticker"
    IDENTIFIER = "identifier"
    SHARES = "shares"
    VALUE = "value"
    WEIGHT = "weight"
    ISIN = "isin"
    SEDOL = "sedol"
    FIGI = "figi"
    CURRENCY = "currency"
    ASSET_CLASS = "asset_class"
    COUPON = "coupon"
    MATURITY = "maturity"
    OUTSTANDING = "outstanding"  # the fund's own shares, repeated on every row
    NET_ASSETS = "net_assets"  # likewise
    CONTRACTS = "contracts"  # the quantity of a line that prints no shares
    NOTIONAL = "notional"  # the value of a line that prints none: the exposure of a contract
    EXCHANGE = "exchange"  # where the ticker is listed
    COUNTRY = "country"  # where the ticker is listed, when no exchange is printed
    ANNOUNCED = "announced"  # a second date: when the list was announced, or the day it is for
    TITLE = "title"  # the fund's name
    TOTAL = "total"  # the number of holdings the issuer says there are
    SIDE = "side"  # long or short


# What may stand above a table.
HEAD_COLUMNS = (
    Column.DATE,
    Column.FUND,
    Column.OUTSTANDING,
    Column.NET_ASSETS,
    Column.ANNOUNCED,
    Column.TITLE,
    Column.TOTAL,
)


class Shape(StrEnum):
    """The form of a file; each has its own code. The first bytes tell them apart."""

    DELIMITED = "delimited"
    JSON = "json"
    WORKBOOK = "workbook"  # xlsx, xls, ods and the spreadsheet XML of 2003
    HTML = "html"
    XML = "xml"


class DateFormat(StrEnum):
    """How a date is written; leading zeros are optional. A time of day after the date is left out."""

    MDY = "M/D/YYYY"
    MDY_DASHED = "M-D-YYYY"  # 12-31-2022
    MDY_SHORT = "M/D/YY"  # 07/28/25
    DMY = "D/M/YYYY"
    ISO = "YYYY-MM-DD"
    YMD = "YYYY/M/D"  # or with points: 2026.03.05
    COMPACT = "YYYYMMDD"
    DMY_POINTS = "D.M.YYYY"
    DAY_MONTH = "D-MMM-YYYY"  # 18-Nov-2025, 18/Nov/2025
    DAY_MONTH_SHORT = "D-MMM-YY"  # 18-Nov-25
    DAY_MONTH_POINTS = "D.MMM.YYYY"  # 20.Jan.2026, 3. März 2026; months also in German
    MONTH_DAY = "MMM D, YYYY"  # Nov 18, 2025
    ROC = "ROC/M/D"  # 115/04/29: years since 1911
    SERIAL = "serial"  # 46185: days as spreadsheets count them


class WeightUnit(StrEnum):
    """What a printed weight of 0.5 means: half a percent, or half the fund. `MIXED`: a cell with a percent sign is
    percent, a bare number a fraction."""

    PERCENT = "percent"
    FRACTION = "fraction"
    MIXED = "mixed"


class QuantityUnit(StrEnum):
    """What a printed quantity of 1 means."""

    SHARES = "shares"
    LOTS = "lots"  # Taiwanese board lots of 1,000 shares


class DateFrom(StrEnum):
    """Where the as-of date stands. `EITHER`: inside the file, and only where nothing is printed there in its name.

    `FETCHED`: nowhere. It is then the last session on or before the day the file was fetched, which is the moment of
    asking or what the name of a local file says.
    """

    FILE = "file"
    NAME = "name"
    EITHER = "file-or-name"
    FETCHED = "fetched"


class TickerStyle(StrEnum):
    """Whether a printed ticker carries an exchange code."""

    PLAIN = "plain"
    BLOOMBERG = "bloomberg"  # 1893 JP, PLTR US Equity
    DOTTED = "dotted"  # 6857.JP


@dataclass(frozen=True, slots=True)
class Units:
    """What the cells of a file mean; a format may differ from its source."""

    date_format: DateFormat
    weight: WeightUnit
    quantity: QuantityUnit = QuantityUnit.SHARES
    date_from: DateFrom = DateFrom.FILE
    decimal_comma: bool = False  # 1.234,50


@dataclass(frozen=True, slots=True)
class Format:
    """One header an issuer, or somebody who re-publishes its files, has used: the printed names in order.

    `required` are the columns without which this form is refused. `refused` says why it is not read.
    """

    columns: tuple[str, ...]
    units: Units
    required: tuple[Column, ...]
    shape: Shape
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the table or, in JSON, around it: the printed labels of the date, the fund and its totals.

    `title_row` is the row above the table whose first cell is the fund's name and nothing else; 0: there is none.
    `cells` are what stands in a certain cell without a label, by its row and column, both from 1. `patterns` find it
    in the midst of a text: the first group is meant.
    """

    labels: Mapping[Column, tuple[str, ...]] = field(default_factory=dict)
    date_format: DateFormat = DateFormat.ISO
    title_row: int = 0
    cells: Mapping[Column, tuple[int, int]] = field(default_factory=dict)
    patterns: Mapping[Column, re.Pattern[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """Lines with a header of their own beside or below the table of holdings: cash, futures, bonds.

    A header is known by the `required` of the `columns`. `name` is what a line without a name is called, `stated` the
    class of the lines.
    """

    columns: Mapping[Column, tuple[str, ...]]
    name: str = ""
    stated: AssetClass | None = None
    required: tuple[Column, ...] = ()  # none: all of them

    @property
    def needed(self) -> tuple[Column, ...]:
        """The columns that make a row the header of this section."""
        return self.required or tuple(self.columns)


@dataclass(frozen=True, slots=True)
class Document:
    """How a JSON or XML document lists holdings, besides where.

    `join`: all lists at the paths of the source are one table, else the first that has rows counts. `names` is where
    the names of rows that are lists stand. `blanks` are codes that mean "none". `may_be_empty`: a list without
    holdings can be true. `lots`: one security may stand in several rows. `thousands_until`: values of files dated
    until then are in thousands; where a file says when it was announced, that date counts.
    """

    join: bool = False
    names: str = ""
    blanks: tuple[str, ...] = ()
    may_be_empty: bool = False
    lots: bool = False
    thousands_until: date | None = None


@dataclass(frozen=True, slots=True)
class CodeClass:
    """Lines whose ticker or identifier – or name – matches `pattern` as a whole are of class `stated`."""

    pattern: re.Pattern[str]
    stated: AssetClass
    of_name: bool = False
