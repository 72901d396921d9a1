"""What the records say about watched funds: the last look, the newest file, recent publications, servers' manners.

A few queries for all funds together, none of which reads all of history; they run with every tick. They decide nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, select, update

from monitor.core.politeness import COMES_BACK, Breaker
from monitor.core.quality import AHEAD
from monitor.core.sight import IN_VAIN
from monitor.core.watching import RETRIES, Asked, Seen
from monitor.store import schema as t
from monitor.store.codec import (
    REVISIONS,
    date_of_day,
    day_of,
    instant_text,
    maybe_date,
    maybe_instant,
    maybe_text,
    parse_instant,
)
from monitor.store.engine import Connection, insert_new

RECENT = timedelta(days=60)  # publications from which habits are learned
AROUND = timedelta(days=800)  # trading days read before and after now
LOOKS = 3 * RETRIES  # the newest looks that are counted through: a pass may record several

FundKey = tuple[str, str]  # issuer code and ticker


@dataclass(frozen=True, slots=True)
class FundState:
    """One fund as the records have it. `arrived` is the newest as_of that is accepted or held for a decision."""

    number: int
    accepted: date | None
    arrived: date | None
    asked: Asked | None
    seen: tuple[Seen, ...] = ()


def funds(conn: Connection, issuers: Collection[str], now: datetime) -> dict[FundKey, FundState]:
    """The funds of these issuers that the database knows."""
    fund, issuer = t.fund.c, t.issuer.c
    query = (
        select(
            issuer.code,
            fund.ticker,
            fund.id,
            _newest_as_of(("accepted",), now).label("accepted"),
            _newest_as_of(("accepted", "quarantined"), now).label("arrived"),
            _last_look().label("look"),
        )
        .join(t.issuer, issuer.id == fund.issuer)
        .where(issuer.code.in_(sorted(issuers)))
    )
    rows = list(conn.execute(query))
    looks = _looks(conn, [row.look for row in rows if row.look is not None])
    seen = _publications(conn, [row.id for row in rows], now)
    return {
        (row.code, row.ticker): FundState(
            row.id, maybe_date(row.accepted), maybe_date(row.arrived), looks.get(row.look), tuple(seen.get(row.id, ()))
        )
        for row in rows
    }


def installation(conn: Connection) -> str:
    """What tells this database from others for as long as it lives: the instant of its first look; "" before that."""
    return conn.execute(select(t.fetch.c.at).order_by(t.fetch.c.id).limit(1)).scalar() or ""


def _newest_as_of(standings: tuple[str, ...], now: datetime) -> ScalarSelect[int]:
    """Dates to come are left out: a slip of the issuer's pen must not look like a file that is here."""
    table = t.standing.c
    query = select(table.as_of).where(table.fund == t.fund.c.id, table.standing.in_(standings))
    query = query.where(table.as_of <= day_of(now.date() + AHEAD))
    return query.order_by(table.as_of.desc()).limit(1).correlate(t.fund).scalar_subquery()


def _last_look() -> ScalarSelect[int]:
    query = select(t.fetch.c.id).where(t.fetch.c.fund == t.fund.c.id, _is_live())
    return query.order_by(t.fetch.c.id.desc()).limit(1).correlate(t.fund).scalar_subquery()


def _is_live() -> ColumnElement[bool]:
    return t.fetch.c.arrival == "live"


def _looks(conn: Connection, numbers: list[int]) -> dict[int, Asked]:
    """The looks with these numbers, and how many in a row were in vain up to each."""
    table = t.fetch.c
    found = {}
    for row in conn.execute(
        select(table.id, table.fund, table.at, table.outcome, table.status).where(table.id.in_(numbers))
    ):
        failures = _failures(conn, row.fund) if row.outcome in IN_VAIN else 0
        refused = row.outcome == "failed" and row.status is not None and 400 <= row.status < 500
        found[row.id] = Asked(parse_instant(row.at), failures, refused and row.status not in COMES_BACK)
    return found


def _failures(conn: Connection, fund: int) -> int:
    """The newest looks in a row that were in vain, one for each pass."""
    query = select(t.fetch.c.at, t.fetch.c.outcome).where(t.fetch.c.fund == fund, _is_live())
    passes = set()
    for row in conn.execute(query.order_by(t.fetch.c.id.desc()).limit(LOOKS)):
        if row.outcome not in IN_VAIN:
            break
        passes.add(row.at)
    return len(passes)


def _publications(conn: Connection, numbers: list[int], now: datetime) -> dict[int, list[Seen]]:
    """Between which two looks the first version of each recent file appeared."""
    table = t.snapshot.c
    since = day_of((now - RECENT).date()) * REVISIONS
    query = select(table.fund, table.as_of, table.published_from, table.published_to).where(
        table.fund.in_(numbers), table.id >= since, table.published_from.is_not(None), table.published_to.is_not(None)
    )
    first: dict[tuple[int, int], Seen] = {}
    for row in conn.execute(query.order_by(table.fund, table.as_of, table.published_to)):
        one = Seen(date_of_day(row.as_of), parse_instant(row.published_from), parse_instant(row.published_to))
        first.setdefault((row.fund, row.as_of), one)
    found: dict[int, list[Seen]] = {}
    for (number, _), one in first.items():
        found.setdefault(number, []).append(one)
    return found


def sessions_around(
    conn: Connection, calendars: Collection[str], now: datetime, since: date | None = None
) -> dict[str, tuple[date, ...]]:
    """The trading days of each calendar around now, and from `since` on where that is earlier, oldest first."""
    begin = (now - AROUND).date()
    first, last = day_of(min(begin, since or begin)), day_of((now + AROUND).date())
    query = select(t.session).where(t.session.c.calendar.in_(sorted(calendars)), t.session.c.day.between(first, last))
    found: dict[str, list[date]] = {one: [] for one in calendars}
    for row in conn.execute(query.order_by(t.session.c.calendar, t.session.c.day)):
        found[row.calendar].append(date_of_day(row.day))
    return {one: tuple(days) for one, days in found.items()}


# --- servers' manners -----------------------------------------------------------------------------


def breakers(conn: Connection) -> Mapping[str, Breaker]:
    """How every issuer's server is to be treated, by issuer code; none: without restraint."""
    return {
        row.issuer: Breaker(
            row.failures,
            maybe_instant(row.not_before),
            row.detail,
            parse_instant(row.at),
        )
        for row in conn.execute(select(t.breaker))
    }


def set_breaker(conn: Connection, issuer: str, breaker: Breaker) -> None:
    """Keeps how the issuer's server is to be treated."""
    values = {
        "failures": breaker.failures,
        "not_before": maybe_text(breaker.not_before),
        "detail": breaker.detail,
        "at": instant_text(breaker.at) if breaker.at is not None else "",
    }
    if not insert_new(conn, t.breaker, [{"issuer": issuer, **values}]):
        conn.execute(update(t.breaker).where(t.breaker.c.issuer == issuer).values(**values))
