"""Counts that show how the program is doing, for metrics and health: each question bounded in time. Read only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from monitor.store import schema as t
from monitor.store.codec import instant_text, maybe_instant
from monitor.store.engine import Connection, Engine, reading, stop_after
from monitor.store.outbox import OPEN


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages that are due and not sent, since when the oldest of them is, and how many were given up."""

    waiting: int
    oldest: datetime | None
    dead: int


@dataclass(frozen=True, slots=True)
class Vitals:
    """The counts."""

    files: dict[str, int]  # by standing
    events: dict[str, int]  # by kind
    items: dict[str, int]  # by severity
    deliveries: dict[tuple[str, str], int]  # by channel and state
    incidents: dict[str, int]  # that last, by kind
    backlog: Backlog


@contextmanager
def reading_within(engine: Engine, seconds: float) -> Iterator[Connection]:
    """As `reading`; what takes longer than `seconds` is stopped with StoreUnavailable."""
    with reading(engine) as conn:
        lift = stop_after(conn, seconds)
        try:
            yield conn
        finally:
            lift()


def backlog(conn: Connection, now: datetime) -> Backlog:
    """What is still to be sent."""
    table = t.delivery.c
    due = select(func.count(), func.min(table.due_at)).where(table.state.in_(OPEN), table.due_at <= instant_text(now))
    waiting, oldest = conn.execute(due).one()
    dead = conn.execute(select(func.count()).where(table.state == "dead")).scalar_one()
    return Backlog(waiting, maybe_instant(oldest), dead)


def vitals(conn: Connection, now: datetime) -> Vitals:
    """All counts at one moment."""
    incidents = t.incident.c
    lasting = select(incidents.kind, func.count()).where(incidents.closed_at.is_(None)).group_by(incidents.kind)
    table = t.delivery.c
    deliveries = select(table.channel, table.state, func.count()).group_by(table.channel, table.state)
    return Vitals(
        _counts(conn, t.standing.c.standing),
        _counts(conn, t.event.c.kind),
        _counts(conn, t.item.c.severity),
        {(channel, state): count for channel, state, count in conn.execute(deliveries)},
        {kind: count for kind, count in conn.execute(lasting)},  # noqa: C416 – rows, not pairs
        backlog(conn, now),
    )


def _counts(conn: Connection, column: Any) -> dict[str, int]:
    return {str(value): count for value, count in conn.execute(select(column, func.count()).group_by(column))}


def last_fetch_id(conn: Connection) -> int:
    """The number of the newest look for a file."""
    return int(conn.execute(select(func.max(t.fetch.c.id))).scalar() or 0)


def fetches_since(conn: Connection, number: int) -> dict[str, int]:
    """Looks for files after the one with this number, by outcome."""
    table = t.fetch.c
    query = select(table.outcome, func.count()).where(table.id > number).group_by(table.outcome)
    return {outcome: count for outcome, count in conn.execute(query)}  # noqa: C416 – rows, not pairs
