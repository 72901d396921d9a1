"""Trading days from the exchange_calendars library, which takes seconds to import and is imported when asked."""

from __future__ import annotations

from datetime import date, timedelta

from monitor.core.errors import ConfigError

WEEK = timedelta(days=7)  # the library makes no calendar of a single day


def sessions_between(calendar: str, first: date, last: date) -> list[date]:
    """The sessions of the exchange `calendar` (a MIC such as XNYS) from `first` to `last`, both included.

    Fewer when the library does not know the calendar that far: some exchanges announce one year at a time.
    """
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
    if start >= end:
        return []
    return [day for day in map(_date, kind(start.isoformat(), end.isoformat()).sessions) if first <= day <= last]


def _date(session: date) -> date:
    return date(session.year, session.month, session.day)
