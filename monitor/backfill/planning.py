"""What is missing of a fund, and how a way of getting it describes what it could give. Asks nobody but the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from monitor.core.errors import StoreError
from monitor.core.filling import Expected, Period, expected, runs
from monitor.core.sessions import Gap, Sessions
from monitor.fetching import latest_day
from monitor.sources.spec import Cadence, FundSpec, Source
from monitor.store.engine import Connection
from monitor.store.filled import Have, have
from monitor.store.sessions import sessions


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fund whose history is to be extended over `period` (no first day: as far as there is something).

    `expected` are the days of its files in that period as far as it has ends, `have` what is stored, `now` when this
    was found.
    """

    source: Source
    spec: FundSpec
    period: Period
    calendar: Sessions
    expected: Expected
    have: Have
    now: datetime
    is_ended: bool = False  # somebody said a last day

    @property
    def past(self) -> Period:
        """The part of the period that is nobody else's to fetch: without a last day given, what is newer than our
        newest file comes by looking for news, and is told."""
        newest = max(self.have.days, default=None)
        return self.period if newest is None or self.is_ended else self.period.within(None, newest)

    @property
    def name(self) -> str:
        """`ark/ARKK`."""
        return f"{self.source.id}/{self.spec.ticker}"

    @property
    def runs(self) -> list[Gap]:
        """The missing days as runs of sessions."""
        return runs(self.calendar, self.expected)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a way could give for a fund: `days` of those missing (None: not known before asking), in so many
    `requests` and `seconds`, from about `first` to `last`; `asks` are the addresses, `why` says what stands
    in the way (then nothing is asked) and `note` what else to know."""

    way: str
    days: int | None = None
    requests: int = 0
    seconds: float = 0.0
    first: date | None = None
    last: date | None = None
    asks: tuple[str, ...] = ()
    note: str = ""
    why: str = ""


def wanted(conn: Connection, source: Source, spec: FundSpec, period: Period, now: datetime) -> Wanted:
    """What is missing of a fund in `period`. Raises StoreError when the sessions of its calendar are not stored."""
    calendar = Sessions(sessions(conn, source.calendar))
    if not calendar.days:
        raise StoreError(f"The trading days of {source.calendar} are not stored. Run: holdings-monitor db upgrade")
    today = latest_day(conn, source, now)
    alive = period.within(spec.inception, min(spec.closed or today, today))
    known = have(conn, source.id, spec.ticker)
    first = alive.first or min(known.days, default=None)
    monthly = spec.cadence is Cadence.MONTHLY
    return Wanted(
        source,
        spec,
        alive,
        calendar,
        expected(calendar, Period(first, alive.last), known.days, monthly=monthly),
        known,
        now,
        period.last is not None,
    )
