"""Trading days from the exchange_calendars library, which takes seconds to import and 110 MB that are never given back.

A process that has no other use for it has a short-lived one look them up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.core.errors import ConfigError

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

LIBRARY = "exchange_calendars"
WEEK = timedelta(days=7)  # the library makes no calendar of a single day
LONGEST_BREAK = timedelta(days=21)  # no exchange pauses longer in peace
FIRST_DECADE = 200  # is looked up together with that of the day asked for
PATIENCE = 300.0  # seconds for the process that looks up; it needs three

# Of each calendar its sessions and, in seconds since 1970, their ends; or why there are none, in words.
_Answer = dict[str, list[tuple[str, float]] | str]


def sessions_between(calendar: str, first: date, last: date) -> list[date]:
    """The sessions of the exchange `calendar` (a MIC such as XNYS) from `first` to `last`, both included.

    Fewer when the library does not know the calendar that far: some exchanges announce one year at a time.
    """
    known = _around(calendar, first, last)
    return [] if known is None else [day for day in map(_date, known.sessions) if first <= day <= last]


def provider(calendars: Iterable[str]) -> Callable[[str, date, date], Sequence[date]]:
    """As `sessions_between`, for `calendars` that are looked up together when the first of them is asked for."""
    wanted, known = tuple(calendars), dict[tuple[date, date], _Answer]()

    def sessions(calendar: str, first: date, last: date) -> Sequence[date]:
        if (first, last) not in known:
            known[first, last] = _looked_up(wanted, first, last)
        return [date.fromisoformat(day) for day, _ in _sessions(known[first, last], calendar)]

    return sessions


@lru_cache(maxsize=1024)
def last_session(calendar: str, by: date | datetime) -> date | None:
    """The last session of `calendar` on or before a day or, of a moment, the last that had ended by then.

    None when the library does not know the calendar that far.
    """
    if isinstance(by, datetime):
        latest = by.date() + timedelta(days=1)  # as it may be already in the east
        days, ends = _decades(calendar, latest.year // 10)
        earliest, at = latest - LONGEST_BREAK - WEEK, bisect_right(ends, by.timestamp())
    else:
        days, _ = _decades(calendar, by.year // 10)
        earliest, at = by - LONGEST_BREAK, bisect_right(days, by)
    return days[at - 1] if at and days[at - 1] >= earliest else None


@lru_cache(maxsize=64)
def _decades(calendar: str, decade: int) -> tuple[list[date], list[float]]:
    """The sessions of a decade and of those before it since 2000, and when each ends in seconds since 1970."""
    first, last = date(10 * min(decade, FIRST_DECADE) - 1, 12, 1), date(10 * decade + 10, 1, 31)
    found = _sessions(_looked_up((calendar,), first, last), calendar)
    return [date.fromisoformat(day) for day, _ in found], [end for _, end in found]


def _sessions(found: _Answer, calendar: str) -> list[tuple[str, float]]:
    """Raises ConfigError when there is no such calendar."""
    answer = found[calendar]
    if isinstance(answer, str):
        raise ConfigError(answer)
    return answer


def _looked_up(calendars: tuple[str, ...], first: date, last: date) -> _Answer:
    if LIBRARY in sys.modules:
        return _answer(calendars, first, last)
    code = f"from {__name__} import main; main()"
    line = [sys.executable, "-P", "-c", code, first.isoformat(), last.isoformat(), *calendars]
    try:
        done = subprocess.run(line, capture_output=True, check=True, timeout=PATIENCE, text=True)  # noqa: S603 – our own
        found: _Answer = json.loads(done.stdout)
        return found
    except (OSError, subprocess.SubprocessError, ValueError):  # where no second process can be had
        return _answer(calendars, first, last)


def main() -> None:
    """Prints the sessions of the calendars that the arguments name, from one day to another, as JSON."""
    first, last, *calendars = sys.argv[1:]
    print(json.dumps(_answer(calendars, date.fromisoformat(first), date.fromisoformat(last))))  # noqa: T201


def _answer(calendars: Iterable[str], first: date, last: date) -> _Answer:
    found: _Answer = {}
    for calendar in calendars:
        try:
            known = _around(calendar, first, last)
        except ConfigError as error:
            found[calendar] = str(error)
            continue
        closes = () if known is None else zip(map(_date, known.sessions), known.closes, strict=True)
        found[calendar] = [(day.isoformat(), end.timestamp()) for day, end in closes if first <= day <= last]
    return found


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
