"""The trading days of each calendar, as a table. Where they come from is passed in; nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import Text, cast, delete, func, select

from monitor.core.errors import StoreError
from monitor.core.sessions import Sessions
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection, insert_new
from monitor.store.schema import session

FIRST = date(2000, 1, 1)  # no fund we can read published holdings before
AHEAD = timedelta(days=366)
ENOUGH = timedelta(days=180)  # with less than this ahead of `last` the table is made anew

Provider = Callable[[str, date, date], Sequence[date]]


def ensure_sessions(conn: Connection, calendar: str, last: date, provider: Provider) -> bool:
    """Makes the calendar's sessions known from 2000 to a year after `last`; true when they were made anew.

    The whole calendar is replaced, not extended: an exchange that announced an extra holiday since then
    would otherwise keep a session that never took place. Several daemons may do so in the same moment: what
    another of them has added meanwhile is left alone.
    """
    if reach_beyond(conn, calendar, last):
        return False
    known = set(conn.scalars(select(session.c.day).where(session.c.calendar == calendar)))
    wanted = [day_of(day) for day in provider(calendar, FIRST, last + AHEAD)]
    for day in sorted(known.difference(wanted)):
        conn.execute(delete(session).where(session.c.calendar == calendar, session.c.day == day))
    insert_new(conn, session, [{"calendar": calendar, "day": day} for day in wanted if day not in known])
    return True


def reach_beyond(conn: Connection, calendar: str, last: date) -> bool:
    """Whether the calendar's sessions are known well beyond `last`."""
    known = conn.execute(select(func.max(session.c.day)).where(session.c.calendar == calendar)).scalar()
    return known is not None and date_of_day(known) >= last + ENOUGH


def sessions(conn: Connection, calendar: str) -> tuple[date, ...]:
    """All known trading days of the calendar, oldest first."""
    return _decoded(_joined(conn, calendar))[1]


def days_of(conn: Connection, calendar: str) -> Sequence[int]:
    """As `sessions`, in days since 1970 as the store counts them."""
    return _decoded(_joined(conn, calendar))[0]


def _joined(conn: Connection, calendar: str) -> str:
    """All days of the calendar as one text: a calendar has thousands, and most questions ask for one."""
    days = cast(session.c.day, Text)
    return conn.scalar(select(func.aggregate_strings(days, ",")).where(session.c.calendar == calendar)) or ""


@lru_cache(maxsize=16)
def _decoded(joined: str) -> tuple[tuple[int, ...], tuple[date, ...]]:
    days = tuple(sorted(map(int, joined.split(",")))) if joined else ()
    return days, tuple(map(date_of_day, days))


def calendars(conn: Connection) -> Callable[[str], Sessions]:
    """The sessions of an exchange by its name, read when first asked for. Raises StoreError when none are stored."""
    known: dict[str, Sessions] = {}

    def calendar(name: str) -> Sessions:
        if name not in known:
            known[name] = Sessions(sessions(conn, name))
            if not known[name].days:
                raise StoreError(f"The trading days of {name} are not stored. Run: holdings-monitor db upgrade")
        return known[name]

    return calendar
