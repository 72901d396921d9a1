"""Writes and takes back the lines that wait for a fund's next file, and what that file said of them. Derived rows.

Nothing is decided here (`core.splits`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, delete, select, update

from monitor.core.splits import Decision, Pending
from monitor.core.trades import TradeLabel
from monitor.store import schema as t
from monitor.store.codec import day_of, encode_value
from monitor.store.engine import Connection, bulk_insert
from monitor.store.lines import Securities

_LABELS = {Decision.SPLIT: TradeLabel.SPLIT, Decision.UNDONE: TradeLabel.UNDONE, Decision.TRADE: TradeLabel.ACTIVE}


@dataclass(frozen=True, slots=True)
class Decided:
    """What the file of `day` said of a waiting line, published as `key`; `active` shares and their value where it
    was a trade."""

    pending: Pending
    decision: Decision
    day: date
    key: str
    active: Decimal | None = None
    value: Decimal | None = None


def rewind_pending(conn: Connection, fund_ids: Sequence[int], since: date) -> None:
    """Takes back what files dated `since` or later put in waiting, or decided."""
    table, first = t.pending.c, day_of(since)
    for fund in fund_ids:
        conn.execute(delete(t.pending).where(table.fund == fund, table.day >= first))
        mine = (table.fund == fund) & (table.settled >= first)
        for row in conn.execute(select(table.snapshot, table.listed).where(mine)).all():
            waiting = {"label": TradeLabel.PENDING.value, "active_shares": None, "value": None}
            conn.execute(update(t.trade).where(_trade(fund, row.snapshot, row.listed)).values(waiting))
        conn.execute(update(t.pending).where(mine).values(settled=None, decision=None, listed=None))


def _trade(fund: int, snapshot: int, security: int) -> ColumnElement[bool]:
    table = t.trade.c
    return and_(table.fund == fund, table.snapshot == snapshot, table.security == security)


def write_pending(
    conn: Connection, names: Securities, new: Iterable[tuple[int, Pending]], decided: Iterable[tuple[int, Decided]]
) -> None:
    """Adds waiting lines, and says of decided ones what they were; their trades follow."""
    columns = ("fund", "day", "security", "factor", "previous", "snapshot", "session_from", "session_to")
    rows = [(fund, day_of(p.day), names.number(p.root), *_pending(p)) for fund, p in new]
    bulk_insert(conn, t.pending, columns, sorted(rows))
    table = t.pending.c
    for fund, one in decided:
        listed, pending = names.number(one.key), one.pending
        mine = (table.fund == fund) & (table.day == day_of(pending.day)) & (table.snapshot == pending.after)
        values = {"settled": day_of(one.day), "decision": one.decision.value, "listed": listed}
        conn.execute(update(t.pending).where(mine, table.security == names.number(pending.root)).values(values))
        told = {
            "label": _LABELS[one.decision].value,
            "active_shares": None if one.active is None else f"{one.active:f}",
            "value": encode_value(one.value),
        }
        conn.execute(update(t.trade).where(_trade(fund, pending.after, listed)).values(told))


def _pending(one: Pending) -> tuple[str | int | None, ...]:
    first, last = (None if day is None else day_of(day) for day in (one.interval.first, one.interval.last))
    return str(one.factor), one.before, one.after, first, last
