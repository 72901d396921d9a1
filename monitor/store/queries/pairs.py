"""Each file of a fund beside the one before: its flow, and what was bought and sold. It reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, case, func, select

from monitor.core.flows import LONGEST_FLOW
from monitor.core.model import Interval
from monitor.core.trades import TRADED, TradeLabel
from monitor.store.codec import REVISIONS, date_of_day, day_of, decode_value, maybe_date, maybe_decimal
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef
from monitor.store.schema import flow, snapshot, trade

WITHOUT_SIZE = (TradeLabel.PENDING, TradeLabel.REBALANCE)


@dataclass(frozen=True, slots=True)
class PairOfFiles:
    """Two consecutive accepted files. `assets` is the value of the newer one, `outstanding` the fund's own shares in
    the older and the newer; `bought` and `sold` are values of active trades, `unsized` how many have no value."""

    previous_file: date
    as_of: date
    sessions: Interval
    gap: int
    factor: Decimal | None
    units: int | None
    rebalance: bool
    confidence: str
    assets: Decimal | None
    currency: str | None
    outstanding: tuple[Decimal | None, Decimal | None]
    bought: Decimal
    sold: Decimal
    unsized: int

    @property
    def day(self) -> date:
        """The last session it speaks of, or the file's date while that is unknown."""
        return self.sessions.last or self.as_of

    @property
    def is_sized(self) -> bool:
        """Whether its trades can have sizes: no re-sizing of the whole fund, no long run without files."""
        return not self.rebalance and self.gap <= LONGEST_FLOW


def pairs(conn: Connection, fund: FundRef, since: date | None = None, until: date | None = None) -> list[PairOfFiles]:
    """The pairs whose newer file is dated in the range, oldest first."""
    older = snapshot.alias("older")
    sums = _sums(fund).subquery()
    query = (
        select(
            flow,
            snapshot.c.value,
            snapshot.c.currency,
            snapshot.c.outstanding,
            older.c.outstanding.label("outstanding_before"),
            sums.c.bought,
            sums.c.sold,
            sums.c.unsized,
        )
        .join(snapshot, and_(snapshot.c.fund == flow.c.fund, snapshot.c.id == flow.c.snapshot))
        .join(older, and_(older.c.fund == flow.c.fund, older.c.id == flow.c.previous))
        .outerjoin(sums, sums.c.snapshot == flow.c.snapshot)
        .where(flow.c.fund == fund.id)
        .order_by(flow.c.as_of)
    )
    if since is not None:
        query = query.where(flow.c.as_of >= day_of(since))
    if until is not None:
        query = query.where(flow.c.as_of <= day_of(until))
    return [
        PairOfFiles(
            date_of_day(row.previous // REVISIONS),
            date_of_day(row.as_of),
            Interval(maybe_date(row.session_from), maybe_date(row.session_to)),
            row.gap,
            maybe_decimal(row.factor),
            row.units,
            bool(row.rebalance),
            row.confidence,
            decode_value(row.value),
            row.currency or None,
            (maybe_decimal(row.outstanding_before), maybe_decimal(row.outstanding)),
            _money(row.bought),
            -_money(row.sold),
            int(row.unsized or 0),
        )
        for row in conn.execute(query)
    ]


def _sums(fund: FundRef) -> Select[Any]:
    traded = trade.c.label.in_([str(one) for one in TRADED])
    counted = trade.c.label.in_([str(one) for one in (*TRADED, *WITHOUT_SIZE)])
    return (
        select(
            trade.c.snapshot,
            func.sum(case((and_(traded, trade.c.value > 0), trade.c.value), else_=0)).label("bought"),
            func.sum(case((and_(traded, trade.c.value < 0), trade.c.value), else_=0)).label("sold"),
            func.sum(case((trade.c.value.is_(None), 1), else_=0)).label("unsized"),
        )
        .where(trade.c.fund == fund.id, counted)
        .group_by(trade.c.snapshot)
    )


def _money(cents: int | Decimal | None) -> Decimal:
    return decode_value(int(cents or 0)) or Decimal(0)
