"""Which sessions our files cover: funds, first and last, gaps. It counts; it does not judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, select

from monitor.core.model import Standing
from monitor.core.sessions import Gap, Sessions, gaps
from monitor.store.chunks import chunks
from monitor.store.codec import date_of_day, decode_value, maybe_date
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef, funds_known
from monitor.store.queries.portfolios import File, latest_files
from monitor.store.schema import issuer as issuer_table
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
class IssuerRow:
    """An issuer and the outline of what we have of it."""

    issuer: str
    name: str
    fund_count: int
    closed_funds: int
    first_file: date | None
    last_file: date | None
    files: int


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How much of a fund's history we have. `first` and `last` are sessions (file dates while a fund's convention
    is unknown); `late` counts files first seen after the session following theirs, null when never polled."""

    issuer: str
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


@dataclass(frozen=True, slots=True)
class _Span:
    first: date
    last: date
    files: int


def funds(conn: Connection, issuer: str | None = None) -> list[FundRow]:
    """Every fund with its first and last accepted file and the size of the last."""
    known = funds_known(conn, issuer)
    ids = None if issuer is None else {one.id for one in known}
    spans = _spans(conn, ids)
    last = {one.fund.id: one for one in latest_files(conn, ids)}
    return [_outline(one, spans.get(one.id), last.get(one.id)) for one in known]


def _outline(fund: FundRef, span: _Span | None, last: File | None) -> FundRow:
    return FundRow(
        fund.issuer,
        fund.ticker,
        fund.name,
        fund.kind,
        None if span is None else span.first,
        None if span is None else span.last,
        0 if span is None else span.files,
        None if last is None else last.positions,
        None if last is None else decode_value(last.value),
        None if last is None else last.currency or None,
        fund.closed,
    )


def _spans(conn: Connection, ids: Collection[int] | None) -> dict[int, _Span]:
    """First and last date and the number of the accepted files of these funds, or of all."""
    query = (
        select(standing.c.fund, func.min(standing.c.as_of), func.max(standing.c.as_of), func.count())
        .where(standing.c.standing == str(Standing.ACCEPTED))
        .group_by(standing.c.fund)
    )
    return {
        number: _Span(date_of_day(first), date_of_day(last), files)
        for one in _parts(query, ids)
        for number, first, last, files in conn.execute(one)
    }


def _parts(query: Select[Any], ids: Collection[int] | None) -> list[Select[Any]]:
    """The query for the standings of these funds, in statements of bearable length; or of all funds."""
    return [query] if ids is None else [query.where(standing.c.fund.in_(some)) for some in chunks(ids)]


def issuers(conn: Connection) -> list[IssuerRow]:
    """Every issuer and the outline of what we have of it, by its code."""
    rows: dict[str, list[FundRow]] = {}
    for one in funds(conn):
        rows.setdefault(one.issuer, []).append(one)
    return [
        _issuer(row.code, row.name, rows.get(row.code, []))
        for row in conn.execute(select(issuer_table.c.code, issuer_table.c.name).order_by(issuer_table.c.code))
    ]


def _issuer(code: str, name: str, mine: Sequence[FundRow]) -> IssuerRow:
    first = [one.first_file for one in mine if one.first_file is not None]
    last = [one.last_file for one in mine if one.last_file is not None]
    closed = sum(1 for one in mine if one.closed is not None)
    files = sum(one.files for one in mine)
    return IssuerRow(code, name, len(mine), closed, min(first, default=None), max(last, default=None), files)


def coverage(conn: Connection, wanted: Iterable[FundRef] | None = None) -> list[CoverageRow]:
    """The coverage of these funds, or of all."""
    calendars: dict[str, Sessions] = {}
    owners = funds_known(conn) if wanted is None else list(wanted)
    ids = None if wanted is None else {one.id for one in owners}
    held, files = _quarantined(conn, ids), _accepted(conn, ids)
    rows = []
    for fund in owners:
        if fund.calendar not in calendars:
            calendars[fund.calendar] = Sessions(sessions(conn, fund.calendar))
        rows.append(_cover(fund, files.get(fund.id, ()), calendars[fund.calendar], held.get(fund.id, 0)))
    return rows


def _cover(fund: FundRef, files: Sequence[_Accepted], calendar: Sessions, quarantined: int) -> CoverageRow:
    covered = {one.session or one.as_of for one in files}
    late = _late(files, calendar)
    if not covered:
        return CoverageRow(fund.issuer, fund.ticker, None, None, 0, 0, (), quarantined, late)
    first, last = min(covered), max(covered)
    count = len(calendar.between(first, last))
    missing = tuple(gaps(calendar, covered, first, last))
    return CoverageRow(fund.issuer, fund.ticker, first, last, count, len(files), missing, quarantined, late)


def _late(files: Iterable[_Accepted], calendar: Sessions) -> int | None:
    polled = [(one.session or one.as_of, one.published) for one in files if one.published is not None]
    if not polled:
        return None
    due = ((calendar.after(session), published) for session, published in polled)
    return sum(1 for following, published in due if following is not None and published > following)


def _accepted(conn: Connection, ids: Collection[int] | None) -> dict[int, list[_Accepted]]:
    """The accepted files of these funds, or of all."""
    query = (
        select(standing.c.fund, standing.c.as_of, standing.c.pos_session, snapshot.c.published_to)
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .where(standing.c.standing == str(Standing.ACCEPTED))
    )
    found: dict[int, list[_Accepted]] = {}
    for one in _parts(query, ids):
        for fund, as_of, session, published in conn.execute(one):
            file = _Accepted(
                date_of_day(as_of),
                maybe_date(session),
                None if published is None else date.fromisoformat(published[:10]),
            )
            found.setdefault(fund, []).append(file)
    return found


def _quarantined(conn: Connection, ids: Collection[int] | None) -> dict[int, int]:
    query = (
        select(standing.c.fund, func.count().label("files"))
        .where(standing.c.standing == str(Standing.QUARANTINED))
        .group_by(standing.c.fund)
    )
    return {row.fund: row.files for one in _parts(query, ids) for row in conn.execute(one)}
