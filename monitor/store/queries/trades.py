"""What funds bought and sold, their own flows removed, as it was derived. It filters and sorts, no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select

from monitor.core.model import Interval, SecurityRef
from monitor.core.trades import TradeLabel
from monitor.store.codec import date_of_day, day_of, decode_value, maybe_date, maybe_decimal
from monitor.store.engine import Connection
from monitor.store.queries.names import (
    FundRef,
    chunks,
    funds_by_id,
    funds_called,
    groups_by_issuer,
    issuer_number,
    public_of,
    refs_by_fund,
)
from monitor.store.queries.portfolios import factor_between, splits_by_fund
from monitor.store.save import REVISIONS
from monitor.store.schema import flow, snapshot, trade

SHARE_PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class TradesWanted:
    """Which trades are asked for; None means all. `since` and `until` are trade sessions (dates of files where a
    fund's convention is unknown), `session` one session the trade may have happened in."""

    since: date | None = None
    until: date | None = None
    session: date | None = None
    fund: FundRef | None = None
    issuer: str | None = None
    securities: frozenset[int] | None = None
    labels: tuple[TradeLabel, ...] = tuple(TradeLabel)


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One line that was traded, `as_of` in the file that shows it: `shares_before` in its shares, `flow_factor` and
    `units` of the fund that day, `active_shares` what the flow does not explain, `value` of them in `currency`,
    `share_of_fund` as a part of the fund (0 … 1). Unknown is None."""

    issuer: str
    fund: str
    as_of: date
    trade_session: Interval
    security: SecurityRef
    shares_before: Decimal | None
    shares_after: Decimal | None
    flow_factor: Decimal | None
    units: int | None
    active_shares: Decimal | None
    value: Decimal | None
    currency: str | None
    share_of_fund: Decimal | None
    label: str


def trades(conn: Connection, wanted: TradesWanted) -> list[TradeRow]:
    """The trades, oldest first, within a session by fund and size."""
    issuer_id = None if wanted.issuer is None else issuer_number(conn, wanted.issuer)
    rows = _rows(conn, wanted)
    owners = funds_by_id(conn, {row.fund for row in rows})
    rows = [row for row in rows if issuer_id in (None, owners[row.fund].issuer_id)]
    named = _named(conn, rows, owners)
    found = [_row(row, owners[row.fund], named[owners[row.fund].issuer_id, row.security, row.listing]) for row in rows]
    return sorted(found, key=_order)


def _rows(conn: Connection, wanted: TradesWanted) -> list[Row[Any]]:
    last = func.coalesce(flow.c.session_to, flow.c.as_of)
    first = func.coalesce(flow.c.session_from, last)
    bounds: list[ColumnElement[bool]] = [trade.c.label.in_([str(label) for label in wanted.labels])]
    bounds += [last >= day_of(day) for day in (wanted.since, wanted.session) if day is not None]
    bounds += [first <= day_of(day) for day in (wanted.until, wanted.session) if day is not None]
    shown = max((day_of(day) for day in (wanted.since, wanted.session) if day is not None), default=None)
    if shown is not None:  # no file shows a session after its own date: where to begin reading
        bounds += [flow.c.as_of >= shown, trade.c.snapshot >= shown * REVISIONS]
    if wanted.fund is not None:
        bounds.append(trade.c.fund == wanted.fund.id)
    query = _joined().where(*bounds)
    if wanted.securities is None:
        return list(conn.execute(query))
    return [row for some in chunks(wanted.securities) for row in conn.execute(query.where(trade.c.security.in_(some)))]


def _joined() -> Select[Any]:
    columns = (
        flow.c.as_of,
        flow.c.session_from,
        flow.c.session_to,
        flow.c.factor,
        flow.c.units,
        snapshot.c.value.label("total"),
        snapshot.c.currency,
    )
    same = and_(flow.c.fund == trade.c.fund, flow.c.snapshot == trade.c.snapshot)
    newer = and_(snapshot.c.fund == trade.c.fund, snapshot.c.id == trade.c.snapshot)
    return select(trade, *columns).join(flow, same).join(snapshot, newer)


def _named(
    conn: Connection, rows: Sequence[Row[Any]], owners: dict[int, FundRef]
) -> dict[tuple[int, int, int], SecurityRef]:
    """What to call each line; a security is the position it is in the funds of the issuer."""
    lines = {(owners[row.fund].issuer_id, row.security, row.listing) for row in rows}
    return refs_by_fund(conn, lines, groups_by_issuer(conn, {one for _, one, _ in lines}))


def _row(row: Row[Any], owner: FundRef, security: SecurityRef) -> TradeRow:
    return TradeRow(
        owner.issuer,
        owner.ticker,
        date_of_day(row.as_of),
        Interval(maybe_date(row.session_from), maybe_date(row.session_to)),
        security,
        maybe_decimal(row.shares_before),
        maybe_decimal(row.shares_after),
        Decimal(1) if row.outside else maybe_decimal(row.factor),
        row.units,
        maybe_decimal(row.active_shares),
        decode_value(row.value),
        row.currency or None,
        None if row.value is None or not row.total else (Decimal(row.value) / row.total).quantize(SHARE_PLACES),
        row.label,
    )


def _order(row: TradeRow) -> tuple[date, str, Decimal, str, str]:
    session = row.trade_session.last or row.trade_session.first or date.min
    return session, row.fund, -abs(row.value or Decimal(0)), row.security.name, row.security.id


def later_splits(
    conn: Connection, ids: Collection[int], funds: Collection[tuple[str, str]]
) -> Callable[[str, str, str, date], Decimal]:
    """By what the shares of a file are multiplied to be those of today: a function of issuer, fund, public id of a
    security and date of the file. `ids` are the identities of the securities, `funds` the issuers and tickers."""
    owners = [one for one in funds_called(conn, {ticker for _, ticker in funds}) if (one.issuer, one.ticker) in funds]
    splits = splits_by_fund(conn, owners, ids)
    by_name = {(one.issuer, one.ticker): splits[one.id] for one in owners}
    numbers = {public: number for number, public in public_of(conn, ids).items()}
    return lambda issuer, fund, security, as_of: factor_between(
        by_name[issuer, fund](numbers[security]), as_of, date.max
    )
