"""How each watched fund publishes: what its source says, its calendar, and what its files showed. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from monitor.core.sessions import Sessions
from monitor.core.watching import Expectation, Manner, Window, expect, learn
from monitor.sources.spec import Cadence, FundSpec, Source
from monitor.store import watch
from monitor.store.engine import Connection
from monitor.store.watch import FundKey, FundState

# Where an exchange is, for sources that do not say when they publish. Others count in New York, like most we know.
ZONES = {
    "XTAI": "Asia/Taipei",
    "XKRX": "Asia/Seoul",
    "XTKS": "Asia/Tokyo",
    "XLON": "Europe/London",
    "XETR": "Europe/Berlin",
}


def expectations(
    conn: Connection,
    sources: Mapping[str, Source],
    funds: Collection[FundKey],
    now: datetime,
    late_factor: float,
) -> dict[FundKey, Expectation]:
    """What is expected of these funds (issuer, ticker), where anything is."""
    states = watch.funds(conn, {issuer for issuer, _ in funds}, now)
    calendars = calendars_of(conn, [sources[issuer] for issuer, _ in funds], now, states.values())
    found = {}
    for issuer, ticker in funds:
        source, state = sources[issuer], states.get((issuer, ticker))
        if state is not None and ticker in source.funds:
            days = calendars[source.calendar]
            expected = expectation(source, source.funds[ticker], state, days, now, late_factor)
            if expected is not None:
                found[issuer, ticker] = expected
    return found


def calendars_of(
    conn: Connection, sources: Collection[Source], now: datetime, states: Iterable[FundState] = ()
) -> dict[str, Sessions]:
    """The trading days around now of these sources' calendars, back to the newest files of the funds in `states`."""
    since = min((one.arrived for one in states if one.arrived is not None), default=None)
    found = watch.sessions_around(conn, {one.calendar for one in sources}, now, since)
    return {name: Sessions(days) for name, days in found.items()}


def expectation(
    source: Source, spec: FundSpec, state: FundState, calendar: Sessions, now: datetime, late_factor: float
) -> Expectation | None:
    """What is expected of one fund after the newest file that arrived, believed or held."""
    return expect(now, state.arrived, manner_of(source, spec, state, calendar, now, late_factor))


def manner_of(
    source: Source, spec: FundSpec, state: FundState, calendar: Sessions, now: datetime, late_factor: float
) -> Manner:
    """How a fund publishes: as seen, else as its source says, else as is usual."""
    today = now.date()
    said = source.window_on(today)
    manner = Manner(
        calendar,
        zone_of(source, now),
        source.convention_on(spec.ticker, today),
        spec.cadence is Cadence.MONTHLY,
        None if said is None else Window(said.first_day, said.first, said.last_day, said.last),
        late_factor,
        spec.closed,
    )
    habit = learn(state.seen, manner)
    return manner if habit is None else replace(manner, usual=habit)


def zone_of(source: Source, now: datetime) -> tzinfo:
    """The local time of the issuer's publications."""
    said = source.window_on(now.date())
    return ZoneInfo(said.timezone if said is not None else ZONES.get(source.calendar, "America/New_York"))
