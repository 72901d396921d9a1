"""Writes and takes back flows and trades: one row per pair of consecutive files, one per line that was traded.

Both are derived. Nothing here decides what a trade is (`core.trades`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import delete

from monitor.core.flows import LEAST_LINES
from monitor.core.model import Interval
from monitor.core.trades import Trade
from monitor.store import schema as t
from monitor.store.codec import REVISIONS, day_of, encode_value
from monitor.store.engine import Connection, bulk_insert
from monitor.store.lines import Securities

FACTOR_PLACES = 12  # of the flow factor: exact to a share in a position of a hundred billion


@dataclass(frozen=True, slots=True)
class PairLine:
    """Two consecutive accepted files of a fund: the flow between them, its labels counted, and the trades.

    `snapshot` and `previous` are the store's numbers. `factor`, `units` and the last three counts are None where
    they cannot be known.
    """

    fund: int
    snapshot: int
    previous: int
    as_of: date
    sessions: Interval
    gap: int
    factor: float | None
    units: int | None
    lines: int
    unchanged: int
    in_flow: int | None
    in_groups: int | None
    active: int | None
    rebalance: bool
    confidence: str
    trades: tuple[Trade, ...]

    @property
    def is_idle(self) -> bool:
        """No share count changed, of lines enough to tell."""
        return self.lines >= LEAST_LINES and self.unchanged == self.lines


def rewind_pairs(conn: Connection, fund_ids: Sequence[int], since: date) -> None:
    """Takes back the flows and trades of files dated `since` or later."""
    first = day_of(since) * REVISIONS
    for fund in fund_ids:
        conn.execute(delete(t.trade).where(t.trade.c.fund == fund, t.trade.c.snapshot >= first))
        conn.execute(delete(t.flow).where(t.flow.c.fund == fund, t.flow.c.snapshot >= first))


def write_pairs(conn: Connection, names: Securities, pairs: Iterable[PairLine]) -> None:
    """Stores the flows and their trades."""
    known = sorted(pairs, key=lambda pair: (pair.fund, pair.snapshot))
    bulk_insert(conn, t.flow, tuple(column.name for column in t.flow.columns), (_flow_row(pair) for pair in known))
    rows = [row for pair in known for row in _trade_rows(names, pair)]
    bulk_insert(conn, t.trade, tuple(column.name for column in t.trade.columns), rows)


def _flow_row(pair: PairLine) -> tuple[int | str | None, ...]:
    return (
        pair.fund,
        pair.snapshot,
        pair.previous,
        day_of(pair.as_of),
        None if pair.sessions.first is None else day_of(pair.sessions.first),
        None if pair.sessions.last is None else day_of(pair.sessions.last),
        pair.gap,
        None if pair.factor is None else f"{pair.factor:.{FACTOR_PLACES}f}",
        pair.units,
        pair.lines,
        pair.unchanged,
        pair.in_flow,
        pair.in_groups,
        pair.active,
        int(pair.rebalance),
        pair.confidence,
    )


def _trade_rows(names: Securities, pair: PairLine) -> Iterator[tuple[int | str | None, ...]]:
    for trade in pair.trades:
        yield (
            pair.fund,
            pair.snapshot,
            names.number(trade.position.key),
            names.listing(trade.position),
            trade.label.value,
            _text(trade.before),
            _text(trade.after),
            str(trade.split),
            _text(trade.active),
            encode_value(trade.value),
            int(trade.outside),
        )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
