"""The words of the domain as frozen values.

Everything that crosses a module boundary is defined here. Nothing in this module computes, reads a
clock or touches a file: it only says what a thing is, in which unit, and what `None` means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from monitor.core.values import quick


class Convention(StrEnum):
    """How the date printed in a file relates to the session its quantities belong to."""

    CLOSE = "CLOSE"  # the last session on or before as_of
    OPEN = "OPEN"  # the last session before as_of
    CALENDAR = "CALENDAR"  # as CLOSE, but as_of may be a Sunday or a holiday
    MONTH_END = "MONTH_END"  # as CLOSE, published monthly
    UNKNOWN = "UNKNOWN"  # no session may be claimed


class AssetClass(StrEnum):
    """What a line is, as far as the rules for changes care."""

    EQUITY = "equity"  # shares, ADRs, ETFs, trusts, preferred
    COIN = "coin"  # a crypto asset held directly
    CASH = "cash"  # cash, currencies, money-market funds, collateral
    FUTURE = "future"
    OPTION = "option"
    SWAP = "swap"
    BOND = "bond"
    RIGHT = "right"  # warrants, rights, when-issued, escrow, placeholders


class Kind(StrEnum):
    """What happened to a position: the names of the event catalogue."""

    INITIATED = "INITIATED"
    INITIATED_AT_ISSUER = "INITIATED_AT_ISSUER"
    RE_ENTERED = "RE_ENTERED"
    RESUMED = "RESUMED"
    EXITED = "EXITED"
    INCREASED = "INCREASED"
    DECREASED = "DECREASED"
    SPLIT = "SPLIT"
    IDENTIFIER_CHANGE = "IDENTIFIER_CHANGE"
    TICKER_CHANGED = "TICKER_CHANGED"
    RENAMED = "RENAMED"
    SUCCESSOR = "SUCCESSOR"
    CONVERTED = "CONVERTED"
    POSSIBLE_CONVERSION = "POSSIBLE_CONVERSION"
    SPIN_OFF_RECEIVED = "SPIN_OFF_RECEIVED"
    CRUMB_REMOVED = "CRUMB_REMOVED"
    REBALANCE = "REBALANCE"
    FUND_CLOSED = "FUND_CLOSED"
    FLIPPED = "FLIPPED"
    ROLLED = "ROLLED"
    MATURED = "MATURED"
    CORPORATE_ACTION = "CORPORATE_ACTION"
    CASH_VEHICLE = "CASH_VEHICLE"


class Severity(StrEnum):
    """How loudly an item is told: high and normal at once, low in a digest."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Standing(StrEnum):
    """What became of a snapshot that could be read."""

    ACCEPTED = "accepted"  # it counts, perhaps with warnings
    QUARANTINED = "quarantined"  # stored, no events, the next file decides
    DISCARDED = "discarded"  # the next file disagreed with it
    SUPERSEDED = "superseded"  # another revision of the same as_of is preferred
    REJECTED = "rejected"  # an operator said no


class Arrival(StrEnum):
    """How a file reached us; only what arrives live may alert."""

    LIVE = "live"
    HISTORY = "history"


# What a line is whatever its quantities and its fund: the parts of its key between which the name of the fund stands,
# name, ticker, identifier, class and verified ids.
Described = tuple[tuple[str, ...], str, str, str, AssetClass, tuple[str, ...]]


@quick(frozen=True, slots=True)
class Line:
    """One row of a holdings file, cells converted, nothing interpreted.

    `row` is the 1-based row in the file. `identifier` is the id column as printed (it may mix CUSIP,
    SEDOL, ISIN and local codes); `isin`, `sedol` and `figi` are filled when the file has own columns.
    `value` is in `currency`; `weight` is in percent points of the fund. Empty text means not printed,
    `None` means not printed or not a number. `venue` is where the ticker is listed (a MIC or a composite
    exchange code), `stated` the class the source knows the line to be of, `asset_class` the type as printed.
    `coupon` is in percent. `described` is what `identity.described` makes of it, where that is known already.
    """

    row: int
    name: str
    ticker: str
    identifier: str
    shares: Decimal | None
    value: Decimal | None
    weight: Decimal | None
    isin: str = ""
    sedol: str = ""
    figi: str = ""
    currency: str = ""
    asset_class: str = ""
    coupon: Decimal | None = None
    maturity: date | None = None
    venue: str = ""
    stated: AssetClass | None = None
    described: Described | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row we could not use, and why: nothing is dropped silently."""

    row: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldingsFile:
    """What one published file says about one fund.

    `fund` is the ticker printed in the file ("" when the file names none). `dates` are all distinct
    as-of dates printed; `as_of` is the one most lines carry. `warnings` are sentences about the form
    (extra columns, repaired cells), never about what the numbers mean. `dated_by` says where as_of stands:
    in the `file`, only in its `name`, or nowhere: then it follows from when the file was `fetched`, or somebody
    `said` it. `outstanding` is the number of the fund's own shares and `net_assets` its size in the file's
    currency, where the file prints them. `lists_cash` is False where the issuer leaves cash out, so that weights
    may sum to less than the fund. `stated_lines` is the number of holdings the issuer says there are, `lots` that
    one security may
    stand in several lines by design. `announced` is a second date printed: when the list was announced, or the day it
    is for. `title` is the fund's name as printed, "" when it is not.
    """

    fund: str
    as_of: date
    dates: tuple[date, ...]
    lines: tuple[Line, ...]
    unread: tuple[UnreadRow, ...] = ()
    footer: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    dated_by: str = "file"
    outstanding: Decimal | None = None
    net_assets: Decimal | None = None
    lists_cash: bool = True
    announced: date | None = None
    stated_lines: int | None = None
    lots: bool = False
    title: str = ""


@quick(frozen=True, slots=True)
class Position:
    """A fund's total in one line identity on one as_of: lines with the same key are summed.

    `key` is what `identity.key_of` made of the line, `ids` every verified identifier it carried
    (`scheme:value`). `shares` is `None` in a file that prints weights only. `value` is in the file's
    currency, `weight` in percent points of the fund, taken from the file or else from the value; `None`
    when neither exists.
    """

    key: str
    name: str
    ticker: str
    identifier: str
    asset_class: AssetClass
    shares: Decimal | None
    value: Decimal | None
    weight: Decimal | None
    ids: tuple[str, ...] = ()
    lines: int = 1


@quick(frozen=True, slots=True)
class Snapshot:
    """All positions of one fund for one as_of, as one published file gave them.

    `id` is the store's number of this snapshot. `pos_session` is the session after whose close these
    quantities were true (`None` when the convention is unknown).
    """

    id: int
    fund: str
    as_of: date
    pos_session: date | None
    known_at: datetime
    arrival: Arrival
    sha256: str
    positions: tuple[Position, ...]
    resolution: Decimal = Decimal(0)  # lines whose weight is below this are not published
    published_from: datetime | None = None  # last poll without this content
    published_to: datetime | None = None  # first poll with it
    outstanding: Decimal | None = None  # the fund's own shares, as the file prints them


@quick(frozen=True, slots=True)
class Interval:
    """Sessions in which something happened: after the close before `first`, up to `last`.

    Both are exchange sessions; `None` when the convention of the file is unknown.
    """

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Instants:
    """Between two instants, the first exclusive; `None` when unknown."""

    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class SecurityRef:
    """A security as people know it. `id` is ours and public; identifiers are as the issuer printed."""

    id: str
    name: str
    ticker: str | None = None
    cusip: str | None = None
    isin: str | None = None
    sedol: str | None = None
    figi: str | None = None


@quick(frozen=True, slots=True)
class Absence:
    """How long a position was gone. Sessions and days count from the last material holding."""

    last_held: date | None  # session of the last line, crumbs included
    last_material: date | None  # session of the last material holding
    last_shares: Decimal | None  # split-adjusted size on last_material
    sessions: int | None
    days: int | None
    uncovered_sessions: int
    longest_gap: Interval | None
    longest_gap_sessions: int
    exit: Interval | None = None  # the sessions in which the position effectively ended
    last_file: date | None = None  # as_of of the file with the last material holding
    resolution: Decimal = Decimal(0)  # percent points below which files since then left lines out, at times
    witness: str = ""  # the schedule that saw the last holding; empty: a daily file did


@quick(frozen=True, slots=True)
class Coverage:
    """How much of [first, last] a fund's accepted files cover, counted in sessions."""

    first: date | None
    last: date | None
    sessions: int
    files: int
    uncovered: int
    longest_gap: Interval | None
    longest_gap_sessions: int
    resolution: Decimal = Decimal(0)  # percent points below which lines were left out, at times


@quick(frozen=True, slots=True)
class Evidence:
    """One line of one file that an event rests on."""

    fund: str
    as_of: date
    sha256: str
    row: str  # what the line says, in words: "200 shares, 0.00 %" or "not listed"


@quick(frozen=True, slots=True)
class Event:
    """One change of one position of one fund between two accepted snapshots.

    `key` identifies the event by what it says (issuer, fund, security, kind, files' dates), so that deriving it again
    gives the same key; `place` orders events of one fund that are told together. `day` is the as_of of the file that
    settled it. Quantities are shares, values in `currency`, weights in percent points; `None` is unknown.
    """

    key: str
    kind: Kind
    fund: str
    security: str  # root key
    as_of: date
    day: date
    pos_session: Interval
    known_at: datetime
    arrival: Arrival
    shares_before: Decimal | None
    shares_after: Decimal | None
    active_shares: Decimal | None
    value: Decimal | None
    currency: str
    weight_before: Decimal | None
    weight_after: Decimal | None
    absence: Absence | None
    confidence: str  # high | low
    claim: str
    evidence: tuple[Evidence, ...] = ()
    factors: tuple[tuple[str, str], ...] = ()  # numbers and rules behind it, name and value
    peak_shares: Decimal | None = None
    maximum_weight: Decimal | None = None  # of the last 60 files, for exits
    published_from: datetime | None = None
    published_to: datetime | None = None
    shown: date | None = None  # session of the file that shows it, where a schedule dates the change earlier
    witnessed: str = ""  # the sentence of schedules that narrowed its sessions
    records: Coverage | None = None  # what "first" rests on
    place: str = ""

    @property
    def told_for(self) -> date | None:
        """The session under which people hear of it, whatever is learned later of when it happened."""
        return self.shown or self.pos_session.last


@quick(frozen=True, slots=True)
class FundPart:
    """One row of an item's fund table."""

    fund: str
    kind: Kind | None  # None: the fund does not take part
    shares_before: Decimal | None
    shares_after: Decimal | None
    active_shares: Decimal | None
    value: Decimal | None
    weight_after: Decimal | None
    holds: bool
    note: str = ""


@quick(frozen=True, slots=True)
class Item:
    """What people are told: one change of one security over all funds of one issuer.

    `events` are the keys of the events it sums up; `funds` those that changed, `others` the issuer's
    funds that did not, with what they hold.
    """

    key: str
    kind: Kind
    issuer: str
    security: str
    as_of: date
    day: date
    pos_session: Interval
    known_at: datetime
    arrival: Arrival
    funds: tuple[FundPart, ...]
    others: tuple[FundPart, ...]
    shares_before: Decimal | None
    shares_after: Decimal | None
    active_shares: Decimal | None
    value: Decimal | None
    currency: str
    weight_before: Decimal | None
    weight_after: Decimal | None
    absence: Absence | None
    headline: str  # what happened and since when
    claim: str  # the headline and what the files do not show
    caveat: str  # the history caveat alone
    score: int
    severity: Severity
    confidence: str
    events: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    terms: tuple[tuple[str, float, str], ...] = ()  # of the score: name, points, how they were computed
    published_from: datetime | None = None
    published_to: datetime | None = None
    unit: str = "shares"  # what its quantities count: shares, contracts or par


@quick(frozen=True, slots=True)
class Reason:
    """Why a gate spoke: `gate` is its name, `text` the sentence with the value and the limit."""

    gate: str
    text: str


@quick(frozen=True, slots=True)
class Verdict:
    """What the gates make of a snapshot: its standing and every reason and warning."""

    standing: Standing
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = field(default=())
