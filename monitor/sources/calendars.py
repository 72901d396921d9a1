"""Trading days from the exchange_calendars library, which takes seconds to import and is imported when asked."""

from __future__ import annotations

from datetime import date

from monitor.core.errors import ConfigError


def sessions_between(calendar: str, first: date, last: date) -> list[date]:
    """The sessions of the exchange `calendar` (a MIC such as XNYS) from `first` to `last`, both included."""
    import exchange_calendars

    try:
        days = exchange_calendars.get_calendar(calendar, start=first.isoformat(), end=last.isoformat()).sessions
    except exchange_calendars.errors.InvalidCalendarName as error:
        raise ConfigError(
            f"No exchange calendar is called {calendar!r}. Use a MIC such as XNYS, XLON or XETR."
        ) from error
    return [day.date() for day in days if first <= day.date() <= last]
