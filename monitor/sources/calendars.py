"""Trading days from the exchange_calendars library, which takes seconds to import and is imported when asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.core.errors import ConfigError

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

WEEK = timedelta(days=7)  # the library makes no calendar of a single day
LONGEST_BREAK = timedelta(days=21)  # no exchange pauses longer in peace


def sessions_between(calendar: str, first: date, last: date) -> list[date]:
    """The sessions of the exchange `calendar` (a MIC such as XNYS) from `first` to `last`, both included.

    Fewer when the library does not know the calendar that far: some exchanges announce one year at a time.
    """
    known = _around(calendar, first, last)
    return [] if known is None else [day for day in map(_date, known.sessions) if first <= day <= last]


@lru_cache(maxsize=1024)
def last_session(calendar: str, by: date | datetime) -> date | None:
    """The last session of `calendar` on or before a day or, of a moment, the last that had ended by then.

    None when the library does not know the calendar that far.
    """
    if not isinstance(by, datetime):
        return max(sessions_between(calendar, by - LONGEST_BREAK, by), default=None)
    day = by.date() + timedelta(days=1)  # as it may be already in the east
    known = _around(calendar, day - LONGEST_BREAK, day)
    if known is None:
        return None
    return max((_date(session) for session in known.sessions if known.session_close(session) <= by), default=None)


def _around(calendar: str, first: date, last: date) -> ExchangeCalendar | None:
    """The calendar of these days and a week before and after, as far as the library knows it."""
    import exchange_calendars

    try:
        kind = type(exchange_calendars.get_calendar(calendar))
    except exchange_calendars.errors.InvalidCalendarName as error:
        raise ConfigError(
            f"No exchange calendar is called {calendar!r}. Use a MIC such as XNYS, XLON or XETR."
        ) from error
    earliest, latest = kind.bound_min(), kind.bound_max()
    start = first - WEEK if earliest is None else max(first - WEEK, earliest.date())
    end = last + WEEK if latest is None else min(last + WEEK, latest.date())
    return kind(start.isoformat(), end.isoformat()) if start < end else None


def _date(session: date) -> date:
    return date(session.year, session.month, session.day)
