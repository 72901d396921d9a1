"""Which days a fund's history lacks, and how far back the past is asked for. Pure: it knows nobody who could give them.

A day is an as-of date: what is printed in a file and written in an address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from monitor.core.sessions import Gap, Sessions, gaps

SILENCE = 60  # sessions in a row without a file after which older ones are not asked for
UNSETTLED = timedelta(days=7)  # a file that was not there so soon after its day may only have been late
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included; None is open."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def within(self, first: date | None, last: date | None) -> Period:
        """The part that lies between two days (None: no bound)."""
        begin = max((day for day in (self.first, first) if day is not None), default=None)
        end = min((day for day in (self.last, last) if day is not None), default=None)
        return Period(begin, end)

    @property
    def is_empty(self) -> bool:
        """Whether no day lies in it."""
        return self.first is not None and self.last is not None and self.first > self.last


ANY_TIME = Period()


def month_ends(first: date, last: date) -> Iterator[date]:
    """The last calendar days of months from `first` to `last`."""
    year, month = first.year, first.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        end = date(year, month, 1) - ONE_DAY
        if end > last:
            return
        if end >= first:
            yield end


def quarter_ends(first: date, last: date) -> int:
    """How many quarters of a fund's own year can end from `first` to `last`, whichever months those are."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return 0 if first > last else months // 3 + 1


@dataclass(frozen=True, slots=True)
class Expected:
    """The days on which a fund's files are dated in a period, and those we have, oldest first."""

    days: tuple[date, ...]
    stored: frozenset[date]
    monthly: bool = False

    @property
    def missing(self) -> tuple[date, ...]:
        """The days we lack."""
        return tuple(day for day in self.days if day not in self.stored)


def expected(calendar: Sessions, period: Period, stored: Collection[date], *, monthly: bool = False) -> Expected:
    """The sessions of a period with both ends (`monthly`: the month ends), and which of them have a file.

    A monthly file counts for its month, whatever day of it is printed.
    """
    if period.first is None or period.last is None or period.is_empty:
        return Expected((), frozenset())
    if not monthly:
        days = tuple(calendar.between(period.first, period.last))
        return Expected(days, frozenset(days).intersection(stored))
    days = tuple(month_ends(period.first, period.last))
    months = {(day.year, day.month) for day in stored}
    return Expected(days, frozenset(day for day in days if (day.year, day.month) in months), True)


def runs(calendar: Sessions, found: Expected) -> list[Gap]:
    """The missing days as runs of sessions; month ends each by itself."""
    if found.monthly:
        return [Gap(day, day, 1) for day in found.missing]
    return gaps(calendar, found.stored, found.days[0], found.days[-1]) if found.days else []


def is_final(day: date, asked: datetime) -> bool:
    """Whether a file of `day` that was not there at `asked` never will be."""
    return asked.date() - day >= UNSETTLED


def silent_since(days: Sequence[date], absent: Collection[date]) -> date | None:
    """Going back through `days` (oldest first): the day at which `SILENCE` of them in a row were found absent."""
    run = 0
    for day in reversed(days):
        run = run + 1 if day in absent else 0
        if run >= SILENCE:
            return day
    return None
