"""What we know about an issuer and its files, as frozen values.

Nothing here reads a file or the network: `loading` makes these values from TOML and names every fault.
Dates in validity periods are as-of dates, both ends included; `None` means open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeVar

from monitor.core.model import AssetClass, Convention
from monitor.sources.forms import (
    CodeClass,
    Column,
    DateFormat,
    Document,
    Format,
    Head,
    Section,
    Shape,
    TickerStyle,
    Units,
)
from monitor.sources.page_forms import Embedded, Page
from monitor.sources.profile import HttpProfile, Sniff


class FundKind(StrEnum):
    """What sort of fund it is. That a fund has closed is a date, not a sort."""

    ACTIVE = "active"
    INDEX = "index"
    MONTHLY = "monthly"
    CRYPTO = "crypto"
    OPTION = "option"


class Cadence(StrEnum):
    """How often a new file is expected."""

    DAILY = "daily"
    MONTHLY = "monthly"


class Dated(Protocol):
    """Anything with a validity period."""

    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


T = TypeVar("T", bound=Dated)


def covers(item: Dated, day: date) -> bool:
    """Whether `day` lies in the validity period of `item`."""
    return (item.valid_from is None or item.valid_from <= day) and (item.valid_to is None or day <= item.valid_to)


def pick(items: Iterable[T], day: date) -> T | None:
    """The last of `items` valid on `day`, or None."""
    found = None
    for item in items:
        if covers(item, day):
            found = item
    return found


DATED = re.compile(r"\{date:([^{}]*)\}")
PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")  # of what belongs to a fund: {T}, {t} or one of its keys
DATE_PARTS = {"YYYY": "%Y", "YY": "%y", "MMM": "%b", "MM": "%m", "DD": "%d"}  # of a date in an address


@dataclass(frozen=True, slots=True)
class Url:
    """One address of a fund's file and the as-of dates it served; `note` says what is uncertain.

    `{date:YYYYMMDD}` in it stands for the as-of date: every session then has an address of its own.
    """

    url: str
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""

    @property
    def dated(self) -> bool:
        """Whether every session has its own address."""
        return DATED.search(self.url) is not None

    def on(self, as_of: date) -> str:
        """The address of the file dated `as_of`."""
        return DATED.sub(lambda found: _written(as_of, found[1]), self.url)


def _written(day: date, form: str) -> str:
    """`day` in a form like YYYY-MM-DD; what is no part of a date stays as it is."""
    return re.sub("|".join(DATE_PARTS), lambda part: day.strftime(DATE_PARTS[part[0]]), form)


class PastDays(StrEnum):
    """Of which days an issuer answers when asked for the past."""

    SESSIONS = "sessions"
    MONTH_ENDS = "month-ends"  # the last calendar day of each month


@dataclass(frozen=True, slots=True)
class Backfill:
    """Where an issuer answers for past dates.

    `url` (or what is sent to it) holds `{date:…}`, and may hold `{T}` (ticker), `{t}` (in small letters) and keys of a
    fund. `first` is the oldest as-of date it is said to have. A body that holds one of the texts `absent` (small
    letters), or cannot be read for a reason in `absent_codes`, means that there is no file of that day, whatever the
    status says.
    """

    url: Url
    first: date | None = None
    days: PastDays = PastDays.SESSIONS
    absent: tuple[str, ...] = ()
    absent_codes: tuple[str, ...] = ()

    def url_of(self, fund: FundSpec) -> Url | None:
        """Where the files of `fund` are, by date; None when it has not all the keys that takes."""
        address = filled(self.url.url, fund)
        return None if address is None else replace(self.url, url=address)


def filled(template: str, fund: FundSpec) -> str | None:
    """An address with what it leaves open about the fund; None when the fund has no such key. Dates stay open."""
    known = {**fund.keys, "T": fund.ticker, "t": fund.ticker.lower()}
    if any(name not in known for name in PLACEHOLDER.findall(template)):
        return None
    return PLACEHOLDER.sub(lambda found: known[found[1]], template)


@dataclass(frozen=True, slots=True)
class ConventionPeriod:
    """What the printed date means in a period; no `funds` means all funds of the source. `note` says how we know."""

    convention: Convention
    valid_from: date | None = None
    valid_to: date | None = None
    funds: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """When a file usually appears, in local time of `timezone`, relative to its as-of date.

    `first`/`last` bound the usual time; `first_day`/`last_day` are calendar days from the as-of date
    (-1 is the day before). `polls` are the local times at which looking is worth while, every weekday.
    """

    timezone: str
    first: time
    last: time
    polls: tuple[time, ...]
    first_day: int = 0
    last_day: int = 0
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Lines whose weight is below `below` (percent points) were not listed in this period."""

    below: Decimal
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class FundSpec:
    """One fund of an issuer.

    `keys` are what the issuer's addresses call it, by name: a number, a CUSIP, a part of a path. `codes` are
    spellings of the fund in its files besides the ticker. `verified` is False when the address or the form of the
    file could not be confirmed, or the file cannot be read as holdings; `why` then says so and the fund is not
    watched unless asked for. `page` is where people find its file.
    """

    ticker: str
    name: str
    kind: FundKind
    cadence: Cadence = Cadence.DAILY
    inception: date | None = None
    closed: date | None = None
    urls: tuple[Url, ...] = ()
    codes: tuple[str, ...] = ()
    verified: bool = True
    why: str = ""
    page: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)

    def url_on(self, day: date) -> Url | None:
        """The address that served files dated `day`, or None."""
        return pick(self.urls, day)

    @property
    def url(self) -> Url | None:
        """The address that serves the newest file; None when the fund is closed or has none."""
        return next((u for u in reversed(self.urls) if u.valid_to is None), None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Where an issuer lists its funds, and under which printed names (small letters) it does.

    `keys` are names for addresses, as in `FundSpec.keys`. `tables` and `names` are paths in a document: to the lists,
    and to the names of what stands in rows without any. Sizes in bytes.
    """

    url: str
    shape: Shape
    ticker: tuple[str, ...]
    name: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    names: str = ""
    max_rows: int = 100_000
    max_bytes: int = 30_000_000
    note: str = ""


def addressed(fund: FundSpec, urls: Sequence[Url], page: str) -> FundSpec:
    """The fund with the addresses and the page that the templates of its issuer give, where it has none of its own."""
    if not fund.urls:
        known = [(url, filled(url.url, fund)) for url in urls]
        made = tuple(replace(url, url=address) for url, address in known if address is not None)
        fund = replace(fund, urls=made)
    return fund if fund.page else replace(fund, page=filled(page, fund) or "")


@dataclass(frozen=True, slots=True)
class OtherFunds:
    """Funds that are not listed one by one: a code of this form in a file or its name is a fund of the issuer.

    `in_name` finds the code in the name of a file (in capitals) where it does not stand alone: `CPSMHOLDINGS.XLSX`.
    """

    pattern: re.Pattern[str]
    kind: FundKind
    why: str
    in_name: re.Pattern[str] | None = None


FETCHED_DATES = ("fetched", "poll")  # as a file that was read says it, and as it is stored


@dataclass(frozen=True)
class Source:
    """One issuer: its funds, its files and its manners.

    `venue` is where a ticker without an exchange code is listed (a MIC or a composite exchange code); a ticker
    with a venue names a security in all funds of the issuer. `asset_classes` says what printed asset types
    mean (small letters), `asset_codes` which tickers and identifiers are no shares. `lists_cash` is False
    where the files leave out cash, so that weights may sum to less than the fund. `verified` is False where no
    real file of this shape was seen; `why` then says what is known and from where. `urls` are templates of
    addresses for funds without their own, `many_funds` says that one file lists several funds. `fill_down` are
    columns printed once, on the first row they are true for, `also_dates` further forms in which dates are written.
    """

    id: str
    name: str
    shape: Shape
    currency: str
    calendar: str
    units: Units
    http: HttpProfile
    sniff: Sniff
    columns: Mapping[Column, tuple[str, ...]]
    required: tuple[Column, ...]
    formats: tuple[Format, ...]
    conventions: tuple[ConventionPeriod, ...]
    windows: tuple[Window, ...]
    resolutions: tuple[Resolution, ...]
    funds: Mapping[str, FundSpec]
    delimiter: str = ","
    max_rows: int = 20_000
    homepage: str = ""
    notes: tuple[str, ...] = field(default=())
    closing_text: bool = False  # every file ends with prose; one without may have been cut short
    head: Head = field(default_factory=Head)
    tables: tuple[str, ...] = ()  # JSON, XML: dotted paths of the lists of holdings (see `paths`)
    document: Document = field(default_factory=Document)
    venue: str = ""
    ticker_style: TickerStyle = TickerStyle.PLAIN
    asset_classes: Mapping[str, AssetClass] = field(default_factory=dict)
    asset_codes: tuple[CodeClass, ...] = ()
    lists_cash: bool = True
    per_unit: bool = False  # a list of one creation unit, not of the whole fund: sizes say less
    others: OtherFunds | None = None
    backfill: Backfill | None = None
    verified: bool = True
    why: str = ""
    urls: tuple[Url, ...] = ()
    page: str = ""  # template of the address of a fund's page
    many_funds: bool = False
    any_order: bool = False  # columns are known by their names alone, also where they stand in a new order
    catalogue: Catalogue | None = None
    fill_down: tuple[Column, ...] = ()
    also_dates: tuple[DateFormat, ...] = ()
    html: Page = field(default_factory=Page)
    sections: tuple[Section, ...] = ()
    totals: tuple[str, ...] = ()  # what the first cell of a row of sums reads, normalised
    name_pattern: re.Pattern[str] | None = None  # what a printed name holds, by the names of columns
    embedded: Embedded | None = None

    @cached_property
    def memory(self) -> dict[object, object]:
        """What reading its files found out that holds for the next ones, too: another copy knows nothing of it."""
        return {}

    def __getstate__(self) -> dict[str, object]:
        """What another process is sent: nothing of what was found out here."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def remember(self, key: object, found: object) -> None:
        """Keeps something in the memory, with what is kept already as long as that is not much."""
        if len(self.memory) >= 100:  # headers with a date in them are new every day
            self.memory.clear()
        self.memory[key] = found

    @cached_property
    def codes(self) -> Mapping[str, str]:
        """The tickers of all funds, by whatever files call them in capitals."""
        return {code.upper(): fund.ticker for fund in self.funds.values() for code in (fund.ticker, *fund.codes)}

    @cached_property
    def has_pages(self) -> bool:
        """Whether files of this source may be web pages."""
        return Shape.HTML in self.shapes or self.embedded is not None

    @cached_property
    def shapes(self) -> frozenset[Shape]:
        """All shapes in which files of this source come."""
        return frozenset((self.shape, *(form.shape for form in self.formats)))

    def fund(self, ticker: str) -> FundSpec:
        """The fund called `ticker`, listed or one of the others. Raises KeyError when it is neither."""
        if ticker not in self.funds and self.others is not None and self.others.pattern.fullmatch(ticker):
            other = FundSpec(ticker, ticker, self.others.kind, verified=False, why=self.others.why)
            return addressed(other, self.urls, self.page)
        return self.funds[ticker]

    def convention_on(self, fund: str, as_of: date) -> Convention:
        """What `as_of` means in the file of `fund`; a period naming the fund wins. UNKNOWN if none fits."""
        own = pick((c for c in self.conventions if fund in c.funds), as_of)
        found = own or pick((c for c in self.conventions if not c.funds), as_of)
        return found.convention if found else Convention.UNKNOWN

    def convention_of(self, fund: str, as_of: date, dated_by: str | None) -> Convention:
        """The same for a file whose date stands, or follows from what, `dated_by` says: conventions are about dates
        that are printed, so that one taken from the moment of the fetch means UNKNOWN."""
        return Convention.UNKNOWN if dated_by in FETCHED_DATES else self.convention_on(fund, as_of)

    def resolution_on(self, as_of: date) -> Decimal:
        """Weights (percent points) below this were not published in the file of `as_of`; 0 when all were."""
        found = pick(self.resolutions, as_of)
        return found.below if found else Decimal(0)

    def resolution_between(self, first: date, last: date) -> Decimal:
        """The coarsest resolution of files dated `first` to `last`; 0 when none of them left lines out."""
        overlapping = (
            r.below
            for r in self.resolutions
            if (r.valid_from is None or r.valid_from <= last) and (r.valid_to is None or first <= r.valid_to)
        )
        return max(overlapping, default=Decimal(0))

    def window_on(self, as_of: date) -> Window | None:
        """When the file of `as_of` usually appears, or None when that is not known."""
        return pick(self.windows, as_of)

    def watched(self) -> tuple[FundSpec, ...]:
        """Funds that are open, verified and have an address now."""
        return tuple(f for f in self.funds.values() if f.verified and f.closed is None and f.url is not None)


def convention_on(source: Source, fund: str, as_of: date) -> Convention:
    """The same as `source.convention_on`, for callers that pass functions around."""
    return source.convention_on(fund, as_of)
