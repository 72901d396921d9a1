"""Which sessions our files cover: funds, first and last, gaps. It counts; it does not judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, func, select

from monitor.core.model import Standing
from monitor.core.sessions import Gap, Sessions, gaps
from monitor.store.codec import date_of_day, decode_value
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef, funds_known
from monitor.store.queries.portfolios import file_on
from monitor.store.schema import snapshot, standing
from monitor.store.sessions import sessions


@dataclass(frozen=True, slots=True)
class FundRow:
    """A fund and the outline of what we have of it."""

    issuer: str
    fund: str
    name: str
    kind: str
    first_file: date | None
    last_file: date | None
    files: int
    positions: int | None
    value: Decimal | None
    currency: str | None
    closed: date | None


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How much of a fund's history we have. `first` and `last` are sessions (file dates while a fund's convention
    is unknown); `late` counts files first seen after the session following theirs, null when never polled."""

    fund: str
    first: date | None
    last: date | None
    sessions: int
    files: int
    gaps: tuple[Gap, ...]
    quarantined: int
    late: int | None


@dataclass(frozen=True, slots=True)
class _Accepted:
    as_of: date
    session: date | None
    published: date | None


def funds(conn: Connection, issuer: str | None = None) -> list[FundRow]:
    """Every fund with its first and last accepted file and the size of the last."""
    return [_outline(conn, fund) for fund in funds_known(conn, issuer)]


def _outline(conn: Connection, fund: FundRef) -> FundRow:
    days = [one.as_of for one in _accepted(conn, fund)]
    last = file_on(conn, fund)
    size = None if last is None else _positions(conn, last.fund.id, last.id)
    return FundRow(
        fund.issuer,
        fund.ticker,
        fund.name,
        fund.kind,
        min(days, default=None),
        max(days, default=None),
        len(days),
        size,
        None if last is None else decode_value(last.value),
        None if last is None else last.currency or None,
        fund.closed,
    )


def _positions(conn: Connection, fund_id: int, snapshot_id: int) -> int | None:
    query = select(snapshot.c.positions).where(snapshot.c.fund == fund_id, snapshot.c.id == snapshot_id)
    return conn.execute(query).scalar()


def coverage(conn: Connection, wanted: Iterable[FundRef] | None = None) -> list[CoverageRow]:
    """The coverage of these funds, or of all."""
    calendars: dict[str, Sessions] = {}
    held = _quarantined(conn)
    rows = []
    for fund in funds_known(conn) if wanted is None else wanted:
        if fund.calendar not in calendars:
            calendars[fund.calendar] = Sessions(sessions(conn, fund.calendar))
        rows.append(_cover(fund, _accepted(conn, fund), calendars[fund.calendar], held.get(fund.id, 0)))
    return rows


def _cover(fund: FundRef, files: Sequence[_Accepted], calendar: Sessions, quarantined: int) -> CoverageRow:
    covered = {one.session or one.as_of for one in files}
    late = _late(files, calendar)
    if not covered:
        return CoverageRow(fund.ticker, None, None, 0, 0, (), quarantined, late)
    first, last = min(covered), max(covered)
    count = len(calendar.between(first, last))
    missing = tuple(gaps(calendar, covered, first, last))
    return CoverageRow(fund.ticker, first, last, count, len(files), missing, quarantined, late)


def _late(files: Iterable[_Accepted], calendar: Sessions) -> int | None:
    polled = [(one.session or one.as_of, one.published) for one in files if one.published is not None]
    if not polled:
        return None
    due = ((calendar.after(session), published) for session, published in polled)
    return sum(1 for following, published in due if following is not None and published > following)


def _accepted(conn: Connection, fund: FundRef) -> list[_Accepted]:
    query = (
        select(standing.c.as_of, standing.c.pos_session, snapshot.c.published_to)
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .where(standing.c.fund == fund.id, standing.c.standing == str(Standing.ACCEPTED))
    )
    return [
        _Accepted(
            date_of_day(row.as_of),
            None if row.pos_session is None else date_of_day(row.pos_session),
            None if row.published_to is None else date.fromisoformat(row.published_to[:10]),
        )
        for row in conn.execute(query)
    ]


def _quarantined(conn: Connection) -> dict[int, int]:
    query = (
        select(standing.c.fund, func.count().label("files"))
        .where(standing.c.standing == str(Standing.QUARANTINED))
        .group_by(standing.c.fund)
    )
    return {row.fund: row.files for row in conn.execute(query)}
