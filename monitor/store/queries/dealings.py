"""What funds traded in files that follow one another, for runs in one direction. It reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, func, select

from monitor.core.model import Interval
from monitor.core.trades import TRADED
from monitor.store.codec import REVISIONS, date_of_day, day_of, decode_value
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef
from monitor.store.schema import flow, snapshot, trade


@dataclass(frozen=True, slots=True)
class NextFile:
    """One accepted file that has another before it, `gap` sessions earlier; `sessions` are those between them."""

    id: int
    as_of: date
    sessions: Interval
    gap: int

    @property
    def day(self) -> date:
        """The last session it speaks of, or its date while that is unknown."""
        return self.sessions.last or self.as_of


@dataclass(frozen=True, slots=True)
class SizedTrade:
    """One active trade that has a size, in the file `snapshot` and its shares; `shares_after` as published there."""

    fund: int
    snapshot: int
    security: int
    listing: int
    active_shares: Decimal
    value: Decimal | None
    currency: str | None
    shares_after: Decimal | None


@dataclass(frozen=True, slots=True)
class Dealings:
    """The files of one fund, oldest first, and what they show to be traded."""

    files: tuple[NextFile, ...]
    trades: tuple[SizedTrade, ...]


def dealings(
    conn: Connection,
    funds: Collection[FundRef],
    since: date | None = None,
    until: date | None = None,
    securities: Collection[int] | None = None,
) -> dict[int, Dealings]:
    """By number of the fund, for each of them: the files of these sessions, and their trades (of these securities)."""
    numbers = sorted(one.id for one in funds)
    last = func.coalesce(flow.c.session_to, flow.c.as_of)
    bounds: list[ColumnElement[bool]] = []
    if since is not None:  # no file shows a session after its own date: where to begin reading
        bounds += [last >= day_of(since), flow.c.as_of >= day_of(since)]
    if until is not None:
        bounds.append(last <= day_of(until))
    columns = (flow.c.fund, flow.c.snapshot, flow.c.as_of, flow.c.session_from, flow.c.session_to, flow.c.gap)
    query = select(*columns).where(flow.c.fund.in_(numbers), *bounds).order_by(flow.c.fund, flow.c.as_of)
    files: dict[int, list[NextFile]] = {one: [] for one in numbers}
    for fund, number, as_of, first, end, gap in conn.execute(query):
        files[fund].append(NextFile(number, date_of_day(as_of), Interval(_day(first), _day(end)), gap))
    found: dict[int, list[SizedTrade]] = {one: [] for one in numbers}
    if since is not None:
        bounds.append(trade.c.snapshot >= day_of(since) * REVISIONS)
    if securities is not None:
        bounds.append(trade.c.security.in_(sorted(securities)))
    for one in _trades(conn, numbers, bounds):
        found[one.fund].append(one)
    return {one: Dealings(tuple(files[one]), tuple(found[one])) for one in numbers}


def _trades(conn: Connection, funds: Collection[int], bounds: Collection[ColumnElement[bool]]) -> list[SizedTrade]:
    query = (
        select(
            trade.c.fund,
            trade.c.snapshot,
            trade.c.security,
            trade.c.listing,
            trade.c.active_shares,
            trade.c.value,
            snapshot.c.currency,
            trade.c.shares_after,
        )
        .join(flow, and_(flow.c.fund == trade.c.fund, flow.c.snapshot == trade.c.snapshot))
        .join(snapshot, and_(snapshot.c.fund == trade.c.fund, snapshot.c.id == trade.c.snapshot))
        .where(trade.c.fund.in_(funds), trade.c.label.in_([str(one) for one in TRADED]))
        .where(trade.c.active_shares.is_not(None), *bounds)
        .order_by(trade.c.fund, trade.c.snapshot, trade.c.security)
    )
    return [
        SizedTrade(fund, file, one, line, Decimal(active), decode_value(value), currency or None, _decimal(after))
        for fund, file, one, line, active, value, currency, after in conn.execute(query)
    ]


def _day(value: int | None) -> date | None:
    return None if value is None else date_of_day(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
