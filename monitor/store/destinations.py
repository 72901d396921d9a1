"""Destinations: when each channel may be written to again, and how it has been doing. It decides nothing.

Pace, Retry-After and back-off are one instant, `not_before`, in the database: it survives a restart and holds for all
daemons on the database together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from monitor.store.codec import maybe_instant, maybe_text
from monitor.store.engine import Connection, insert_new
from monitor.store.schema import destination as table


@dataclass(frozen=True, slots=True)
class Destination:
    """How a channel is doing. `failures` in a row; `told_at`: since when an operator has been told that it fails."""

    channel: str
    not_before: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    last_sent_at: datetime | None = None
    told_at: datetime | None = None


def destinations(conn: Connection) -> dict[str, Destination]:
    """Every channel that was ever tried, by name."""
    return {row.channel: read(row) for row in conn.execute(select(*table.c).order_by(table.c.channel))}


def put(conn: Connection, one: Destination) -> None:
    """Write down how a channel is doing. Part of the caller's transaction."""
    values: dict[str, object] = {
        "not_before": maybe_text(one.not_before),
        "failures": one.failures,
        "last_error": one.last_error,
        "last_sent_at": maybe_text(one.last_sent_at),
        "told_at": maybe_text(one.told_at),
    }
    if not insert_new(conn, table, [{"channel": one.channel, **values}]):
        conn.execute(update(table).where(table.c.channel == one.channel).values(values))


def let_try(conn: Connection, channel: str) -> None:
    """Forget for how long `channel` was to be left alone: a person says that it works again."""
    conn.execute(update(table).where(table.c.channel == channel).values(not_before=None))


def read(row: Row[Any]) -> Destination:
    """The destination in a row with its columns."""
    return Destination(
        channel=row.channel,
        not_before=maybe_instant(row.not_before),
        failures=row.failures or 0,
        last_error=row.last_error,
        last_sent_at=maybe_instant(row.last_sent_at),
        told_at=maybe_instant(row.told_at),
    )
