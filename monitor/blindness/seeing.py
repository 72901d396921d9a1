"""Reads what is seen of every watched fund: looks, files, what is expected by the calendar. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from monitor.config import Blindness
from monitor.core.sessions import Sessions
from monitor.core.sight import Cause, FundSight, Hole, Seen
from monitor.core.watching import Expectation, Freshness, missed
from monitor.expecting import calendars_of, expectations
from monitor.sources.spec import Cadence, FundSpec, Source
from monitor.store import incidents, past, sights
from monitor.store.engine import Connection


def see(
    conn: Connection,
    sources: Mapping[str, Source],
    watched: Sequence[tuple[str, str]],
    now: datetime,
    settings: Blindness,
) -> list[FundSight]:
    """Every watched fund (issuer, ticker), in that order, whether or not the database knows it yet."""
    calendars = calendars_of(conn, [sources[issuer] for issuer, _ in watched], now)
    expected = expectations(conn, sources, watched, now, settings.late_factor)
    numbers = {(issuer, one.ticker): one.id for issuer in {i for i, _ in watched} for one in _funds(conn, issuer)}
    return [
        _sight(
            conn,
            sources[issuer],
            sources[issuer].funds[ticker],
            numbers.get((issuer, ticker)),
            calendars[sources[issuer].calendar],
            expected.get((issuer, ticker)),
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
    calendar: Sessions,
    expected: Expectation | None,
    settings: Blindness,
) -> FundSight:
    if number is None:
        return FundSight(source.id, source.name, spec.ticker, closed=spec.closed)
    files = sights.files(conn, number)
    daily = spec.cadence is Cadence.DAILY
    slot = expected.oldest if expected is not None and expected.state is not Freshness.FRESH else None
    return FundSight(
        source.id,
        source.name,
        spec.ticker,
        looks=sights.looks(conn, number, 4 * settings.failures + 8),
        last=files.last,
        closed=spec.closed,
        expected=slot.as_of if slot is not None else None,
        late_from=slot.late_from if slot is not None else None,
        stale=files.stale,
        quarantined=files.quarantined,
        hole=_hole(conn, f"fund:{source.id}/{spec.ticker}", number, files.newest, calendar) if daily else None,
    )


def _hole(conn: Connection, subject: str, fund: int, newest: Sequence[Seen], calendar: Sessions) -> Hole | None:
    """The sessions between the fund's two newest fetched files that have none, unless that was noted before."""
    if len(newest) < 2 or not all(calendar.is_session(one.as_of) for one in newest[:2]):
        return None
    days = missed(calendar, newest[1].as_of, newest[0].as_of)
    if not days or incidents.is_noted(conn, subject, Cause.MISSING, newest[0].known_at):
        return None
    return sights.hole(conn, fund, newest, days)
