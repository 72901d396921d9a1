"""How much flows into funds, and how much they trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from monitor.asking.arguments import Asked
from monitor.core import activity as core
from monitor.core.model import Interval
from monitor.core.ranking import rough_dollars
from monitor.core.trades import TRADED
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import FundRef, PairOfFiles, TradeRow, TradesWanted


@dataclass(frozen=True, slots=True)
class FlowRow:
    """What creations and redemptions did between two files."""

    issuer: str
    fund: str
    previous_file: date
    as_of: date
    trade_session: Interval
    gap: int
    flow_factor: Decimal | None
    units: int | None
    flow: Decimal | None
    assets: Decimal | None
    currency: str | None
    confidence: str


@dataclass(frozen=True, slots=True)
class TurnoverRow:
    """What a fund bought and sold in one month."""

    issuer: str
    fund: str
    month: date
    first_file: date
    last_file: date
    files: int
    longest_gap: int
    buys: Decimal
    sells: Decimal
    mean_assets: Decimal | None
    currency: str | None
    turnover: Decimal | None
    unsized: int


def flows(conn: Connection, asked: Asked) -> Sequence[FlowRow]:
    """The flow between each file and the one before, oldest first."""
    fund = asked.the_fund()
    return [_flow(fund, one) for one in queries.pairs(conn, fund, asked.day("since"), asked.day("until"))]


def _flow(fund: FundRef, one: PairOfFiles) -> FlowRow:
    factor = core.flow_factor(None if one.rebalance else one.factor, *one.outstanding)
    return FlowRow(
        fund.issuer,
        fund.ticker,
        one.previous_file,
        one.as_of,
        one.sessions,
        one.gap,
        factor,
        _signed(one.units, factor),
        core.flow_value(one.assets, factor),
        one.assets,
        one.currency,
        one.confidence,
    )


def _signed(units: int | None, factor: Decimal | None) -> int | None:
    return -units if units is not None and factor is not None and factor < 1 else units


def turnover(conn: Connection, asked: Asked) -> Sequence[TurnoverRow]:
    """The turnover of each month with a session asked for, oldest first."""
    fund, until = asked.the_fund(), asked.day("until")
    since = asked.day("since")
    # No session is later than its file, but a file may be dated a session or more later.
    pairs = [
        one
        for one in queries.pairs(conn, fund, since)
        if (since is None or one.day >= since) and (until is None or one.day <= until)
    ]
    return [_month(fund, month, list(some)) for month, some in groupby(pairs, lambda one: one.day.replace(day=1))]


def _month(fund: FundRef, month: date, some: Sequence[PairOfFiles]) -> TurnoverRow:
    buys, sells = sum((one.bought for one in some), Decimal(0)), sum((one.sold for one in some), Decimal(0))
    assets = core.mean([one.assets for one in some])
    known = all(one.is_sized for one in some)
    return TurnoverRow(
        fund.issuer,
        fund.ticker,
        month,
        some[0].as_of,
        some[-1].as_of,
        len(some),
        max(one.gap for one in some),
        buys,
        sells,
        assets,
        some[-1].currency,
        core.turnover(buys, sells, assets) if known else None,
        sum(one.unsized for one in some),
    )


def largest_trades(conn: Connection, asked: Asked) -> Sequence[TradeRow]:
    """The active trades, the largest first, whatever their currency; those of unknown worth last."""
    wanted = TradesWanted(
        asked.day("since"),
        asked.day("until"),
        fund=asked.fund(),
        issuer=asked.text("issuer"),
        labels=TRADED,
        largest=asked.count("limit"),
    )
    found = [one for one in queries.trades(conn, wanted) if one.value is not None]
    return sorted(found, key=_worth, reverse=True)[: asked.count("limit")]


def _worth(one: TradeRow) -> tuple[float, Decimal]:
    size = abs(one.value or Decimal(0))
    dollars = rough_dollars(size, one.currency or "")
    return -1.0 if dollars is None else dollars, size
