"""What we have of a fund session by session: a file, a late one, one in quarantine, none. It judges nothing anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import and_, select

from monitor.core.model import Standing
from monitor.core.sessions import Sessions
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef
from monitor.store.schema import snapshot, standing
from monitor.store.sessions import sessions


class Have(StrEnum):
    """What we have of a session."""

    FILE = "file"
    LATE = "late"  # first seen after the session following it
    HELD = "held"  # only in quarantine
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class DayRow:
    """One session (date of a file while the fund's convention is unknown) and the file that covers it."""

    day: date
    have: Have
    as_of: date | None


def session_days(conn: Connection, fund: FundRef) -> list[DayRow]:
    """Every session from the first to the last that a file of the fund speaks of."""
    calendar = Sessions(sessions(conn, fund.calendar))
    found: dict[date, DayRow] = {}
    query = (
        select(standing.c.as_of, standing.c.pos_session, standing.c.standing, snapshot.c.published_to)
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .where(standing.c.fund == fund.id)
        .where(standing.c.standing.in_([str(Standing.ACCEPTED), str(Standing.QUARANTINED)]))
    )
    for as_of, session, verdict, published in conn.execute(query):
        day = date_of_day(as_of if session is None else session)
        row = DayRow(day, _have(calendar, day, verdict, published), date_of_day(as_of))
        if day not in found or verdict == Standing.ACCEPTED:
            found[day] = row
    if not found:
        return []
    known = set(found) | set(calendar.between(min(found), max(found)))
    return [found.get(day) or DayRow(day, Have.GAP, None) for day in sorted(known)]


def _have(calendar: Sessions, day: date, verdict: str, published: str | None) -> Have:
    if verdict != Standing.ACCEPTED:
        return Have.HELD
    following = calendar.after(day) if published is not None else None
    is_late = following is not None and published is not None and published[:10] > following.isoformat()
    return Have.LATE if is_late else Have.FILE
