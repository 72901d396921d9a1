"""Reads what is seen of every watched fund: looks, files, what is expected by the calendar. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitor.config import Blindness
from monitor.core.sessions import Sessions
from monitor.core.sight import Cause, FundSight, Hole, Seen
from monitor.core.watching import Freshness, Manner, Slot, Window, expect
from monitor.sources.spec import Cadence, FundSpec, Source
from monitor.store import incidents, past, sights
from monitor.store.engine import Connection
from monitor.store.sessions import sessions as stored_sessions


def see(
    conn: Connection,
    sources: Mapping[str, Source],
    watched: Sequence[tuple[str, str]],
    now: datetime,
    settings: Blindness,
) -> list[FundSight]:
    """Every watched fund (issuer, ticker), in that order, whether or not the database knows it yet."""
    calendars = {name: Sessions(stored_sessions(conn, name)) for name in {sources[i].calendar for i, _ in watched}}
    numbers = {(issuer, one.ticker): one.id for issuer in {i for i, _ in watched} for one in _funds(conn, issuer)}
    return [
        _sight(
            conn,
            sources[issuer],
            sources[issuer].funds[ticker],
            numbers.get((issuer, ticker)),
            calendars,
            now,
            settings,
        )
        for issuer, ticker in watched
    ]


def _funds(conn: Connection, issuer: str) -> list[past.StoredFund]:
    known = past.issuer(conn, issuer)
    return past.funds(conn, known[0]) if known is not None else []


def _sight(
    conn: Connection,
    source: Source,
    spec: FundSpec,
    number: int | None,
    calendars: Mapping[str, Sessions],
    now: datetime,
    settings: Blindness,
) -> FundSight:
    if number is None:
        return FundSight(source.id, source.name, spec.ticker, closed=spec.closed)
    calendar = calendars[source.calendar]
    files = sights.files(conn, number)
    daily = spec.cadence is Cadence.DAILY
    slot = _expected(source, spec, files.arrived, calendar, now, settings)
    return FundSight(
        source.id,
        source.name,
        spec.ticker,
        looks=sights.looks(conn, number, 2 * settings.failures + 2),
        last=files.last,
        closed=spec.closed,
        expected=slot.as_of if slot is not None else None,
        late_from=slot.late_from if slot is not None else None,
        stale=files.stale,
        quarantined=files.quarantined,
        hole=_hole(conn, f"fund:{source.id}/{spec.ticker}", number, files.newest, calendar) if daily else None,
    )


def _expected(
    source: Source, spec: FundSpec, last: date | None, calendar: Sessions, now: datetime, settings: Blindness
) -> Slot | None:
    """The file that is expected and not there; None while none is."""
    window = source.window_on(now.date())
    manner = Manner(
        calendar,
        ZoneInfo(window.timezone if window is not None else "UTC"),
        source.convention_on(spec.ticker, now.date()),
        monthly=spec.cadence is Cadence.MONTHLY,
        usual=Window(window.first_day, window.first, window.last_day, window.last) if window is not None else None,
        late_factor=settings.late_factor,
        closed=spec.closed,
    )
    found = expect(now, last, manner)
    return found.oldest if found is not None and found.state is not Freshness.FRESH else None


def _hole(conn: Connection, subject: str, fund: int, newest: Sequence[Seen], calendar: Sessions) -> Hole | None:
    """The sessions between the fund's two newest fetched files that have none, unless that was noted before."""
    if len(newest) < 2 or not all(calendar.is_session(one.as_of) for one in newest[:2]):
        return None
    days = calendar.between(newest[1].as_of, newest[0].as_of)[1:-1]
    if not days or incidents.is_noted(conn, subject, Cause.MISSING, newest[0].known_at):
        return None
    return sights.hole(conn, fund, newest, days)
