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
from monitor.store.chunks import chunks
from monitor.store.codec import REVISIONS, date_of_day, day_of, decode_value, maybe_date, maybe_decimal
from monitor.store.engine import Connection
from monitor.store.queries.deferred import Deferred
from monitor.store.queries.names import (
    FundRef,
    funds_by_id,
    funds_called,
    groups_by_issuer,
    issuer_number,
    public_of,
    refs_by_fund,
)
from monitor.store.queries.portfolios import factor_between, splits_by_fund
from monitor.store.schema import flow, fund, snapshot, trade

SHARE_PLACES = Decimal("0.00000001")
SAME_FILE = and_(flow.c.fund == trade.c.fund, flow.c.snapshot == trade.c.snapshot)
NEWER_FILE = and_(snapshot.c.fund == trade.c.fund, snapshot.c.id == trade.c.snapshot)
Read = tuple[Row[Any], FundRef, SecurityRef]


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
    largest: int | None = None  # of each currency so many of those that have a value, or a few more that are as large


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


def trades(conn: Connection, wanted: TradesWanted) -> Sequence[TradeRow]:
    """The trades, oldest first, within a session by fund and size."""
    rows = _rows(conn, wanted)
    owners = funds_by_id(conn, {row.fund for row in rows})
    named = _named(conn, rows, owners)
    read = [(row, owners[row.fund], named[owners[row.fund].issuer_id, row.security, row.listing]) for row in rows]
    return Deferred(sorted(read, key=_order), _row)


def _rows(conn: Connection, wanted: TradesWanted) -> list[Row[Any]]:
    bounds = _bounds(conn, wanted)
    some = [None] if wanted.securities is None else list(chunks(wanted.securities))
    parts = [bounds if ids is None else [*bounds, trade.c.security.in_(ids)] for ids in some]
    if wanted.largest is not None:
        parts = [part for each in parts for part in _largest(conn, each, wanted.largest)]
    return [row for part in parts for row in conn.execute(_joined().where(*part)).all()]


def _largest(conn: Connection, bounds: Sequence[ColumnElement[bool]], count: int) -> list[list[ColumnElement[bool]]]:
    """The bounds, for each currency narrowed to the trades not smaller than the last of its `count` largest."""
    size, currency = func.abs(trade.c.value), snapshot.c.currency
    place = func.row_number().over(partition_by=currency, order_by=size.desc())
    sizes = (
        select(currency, size.label("size"), place.label("place"))
        .select_from(trade)
        .join(flow, SAME_FILE)
        .join(snapshot, NEWER_FILE)
        .where(*bounds, trade.c.value.is_not(None))
        .subquery()
    )
    least = select(sizes.c.currency, func.min(sizes.c.size)).where(sizes.c.place <= count).group_by(sizes.c.currency)
    return [[*bounds, currency == name, size >= smallest] for name, smallest in conn.execute(least)]


def _bounds(conn: Connection, wanted: TradesWanted) -> list[ColumnElement[bool]]:
    last = func.coalesce(flow.c.session_to, flow.c.as_of)
    first = func.coalesce(flow.c.session_from, last)
    bounds: list[ColumnElement[bool]] = [trade.c.label.in_([str(label) for label in wanted.labels])]
    bounds += [last >= day_of(day) for day in (wanted.since, wanted.session) if day is not None]
    bounds += [first <= day_of(day) for day in (wanted.until, wanted.session) if day is not None]
    shown = max((day_of(day) for day in (wanted.since, wanted.session) if day is not None), default=None)
    if shown is not None:  # no file shows a session after its own date: where to begin reading
        bounds.append(flow.c.as_of >= shown)
    if wanted.fund is not None:
        bounds.append(trade.c.fund == wanted.fund.id)
        if shown is not None:  # of all funds it would lead SQLite to read all trades of a fund for each of its files
            bounds.append(trade.c.snapshot >= shown * REVISIONS)
    if wanted.issuer is not None:
        mine = select(fund.c.id).where(fund.c.issuer == issuer_number(conn, wanted.issuer))
        bounds.append(flow.c.fund.in_(mine))
    return bounds


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
    return select(trade, *columns).join(flow, SAME_FILE).join(snapshot, NEWER_FILE)


def _named(
    conn: Connection, rows: Sequence[Row[Any]], owners: dict[int, FundRef]
) -> dict[tuple[int, int, int], SecurityRef]:
    """What to call each line; a security is the position it is in the funds of the issuer."""
    lines = {(owners[row.fund].issuer_id, row.security, row.listing) for row in rows}
    return refs_by_fund(conn, lines, groups_by_issuer(conn, {one for _, one, _ in lines}))


def _row(read: Read) -> TradeRow:
    row, owner, security = read
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


def _order(read: Read) -> tuple[int, str, int, str, str]:
    row, owner, security = read
    session = next((day for day in (row.session_to, row.session_from) if day is not None), 0)
    return session, owner.ticker, -abs(row.value or 0), security.name, security.id


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
