"""The outbox: messages promised to channels, as rows that survive a crash. It sends nothing and composes nothing.

A row is `pending` until it is claimed (`claims`), and `sent`, `dead` or `withdrawn` at the end.
`delivery.message` is opaque text here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update

from monitor.store.codec import INT64, instant_text, maybe_instant, parse_instant
from monitor.store.destinations import let_try
from monitor.store.engine import Connection, insert_new
from monitor.store.schema import delivery as table

OPEN = ("pending", "sending")


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message to be promised. `message` is its JSON; the key is unique for ever. `due` None: at once."""

    item: str
    revision: int
    channel: str
    severity: str
    message: str
    due: datetime | None = None

    @property
    def key(self) -> str:
        """The idempotency key the message carries."""
        return f"{self.item}:{self.revision}:{self.channel}"


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as lists show it; `message` is JSON."""

    id: int
    key: str
    item: str
    revision: int
    channel: str
    severity: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    receipt: str | None
    error: str | None
    message: str
    holder: str | None = None  # whose claim it is, or was
    lease_until: datetime | None = None


# --- promising ------------------------------------------------------------------------------------


def enqueue(conn: Connection, deliveries: Sequence[NewDelivery], *, now: datetime, due: datetime | None = None) -> int:
    """Promise each delivery whose key is new; the number promised. Part of the caller's transaction."""
    fixed: dict[str, object] = {"created_at": instant_text(now), "state": "pending", "attempts": 0, "token": 0}
    rows = [
        {
            **_columns(new),
            **fixed,
            "due_at": instant_text(new.due or due or now),
            "item": new.item,
            "channel": new.channel,
        }
        for new in deliveries
    ]
    return insert_new(conn, table, rows)


def replace_pending(conn: Connection, new: NewDelivery, now: datetime) -> bool:
    """Let the unsent, unclaimed delivery of the same item and channel say the newer thing. False: there is none.

    A row that may have arrived, or did once, is left alone; then `enqueue` the newer message, which follows it. One
    that waited for the end of quiet hours goes at once when the newer thing may.
    """
    same = and_(table.c.item == new.item, table.c.channel == new.channel, table.c.state == "pending")
    newest = select(func.max(table.c.id)).where(same, table.c.sent_at.is_(None)).scalar_subquery()
    older = table.c.revision < new.revision
    due = instant_text(new.due or now)
    sooner = case((and_(table.c.attempts == 0, table.c.due_at > due), due), else_=table.c.due_at)
    changed = update(table).where(table.c.id == newest, same, older).values(**_columns(new), due_at=sooner)
    return conn.execute(changed).rowcount == 1


def promise(conn: Connection, deliveries: Iterable[NewDelivery], *, now: datetime) -> int:
    """`replace_pending` where possible, else `enqueue`; the number of rows written."""
    return sum(1 if replace_pending(conn, new, now) else enqueue(conn, [new], now=now) for new in deliveries)


def withdraw_pending(conn: Connection, item: str) -> int:
    """Give up what was promised about `item` and not yet claimed; the number of rows."""
    unsent = and_(table.c.item == item, table.c.state == "pending")
    return conn.execute(update(table).where(unsent).values(state="withdrawn")).rowcount


def last_told(conn: Connection, item: str) -> dict[str, str]:
    """By channel the newest message, as JSON, about `item` that arrived or may yet arrive."""
    told = and_(table.c.item == item, table.c.state.in_(("sent", "sending")))
    query = select(table.c.channel, table.c.message).where(told).order_by(table.c.channel, table.c.id)
    return {row.channel: row.message for row in conn.execute(query)}


def last_revision(conn: Connection, item: str) -> int:
    """The highest revision ever promised about `item`; 0 when nothing was."""
    return int(conn.execute(select(func.max(table.c.revision)).where(table.c.item == item)).scalar() or 0)


def _columns(new: NewDelivery) -> dict[str, object]:
    return {"key": new.key, "revision": new.revision, "severity": new.severity, "message": new.message}


# --- questions and the operator's word ------------------------------------------------------------


def listing(
    conn: Connection,
    *,
    state: str | None = None,
    item: str | None = None,
    digests: Collection[str] = (),
    channel: str | None = None,
    failing: bool = False,
    limit: int | None = None,
) -> list[DeliveryRow]:
    """Deliveries, newest first, optionally of one state, channel or item (with the `digests` that carried it), or only
    those that need a look."""
    query = select(*table.c).order_by(table.c.id.desc()).limit(limit)
    if failing:
        query = query.where(_undelivered())
    if item is not None:
        query = query.where(table.c.item.in_([item, *digests]))
    for column, value in ((table.c.state, state), (table.c.channel, channel)):
        if value is not None:
            query = query.where(column == value)
    return [_row(row) for row in conn.execute(query)]


def show(conn: Connection, delivery: int | str) -> DeliveryRow | None:
    """The delivery with this number or key."""
    if isinstance(delivery, int) and delivery > INT64:
        return None
    column = table.c.id if isinstance(delivery, int) else table.c.key
    row = conn.execute(select(*table.c).where(column == delivery)).one_or_none()
    return None if row is None else _row(row)


def resend(conn: Connection, delivery: int, *, now: datetime) -> bool:
    """Promise an ended delivery again, under the same key. False: it is still on its way, or unknown."""
    return _again(conn, and_(table.c.id == delivery, table.c.state.not_in(OPEN)), now) == 1


def resend_dead(conn: Connection, *, channel: str | None = None, now: datetime) -> int:
    """Promise every dead letter again (of one channel); the number. They keep their place before younger ones."""
    dead = table.c.state == "dead"
    return _again(conn, dead if channel is None else and_(dead, table.c.channel == channel), now)


def hurry(conn: Connection, channel: str, *, now: datetime) -> None:
    """Let what waits for its next attempt on `channel` be tried at once."""
    waiting = and_(table.c.channel == channel, table.c.state == "pending", table.c.attempts > 0)
    conn.execute(update(table).where(waiting).values(due_at=instant_text(now)))
    let_try(conn, channel)


def _again(conn: Connection, condition: ColumnElement[bool], now: datetime) -> int:
    channels = conn.execute(select(table.c.channel).where(condition).distinct()).scalars().all()
    new = {"state": "pending", "attempts": 0, "due_at": instant_text(now), "lease_until": None, "error": None}
    count = conn.execute(update(table).where(condition).values(new)).rowcount
    for channel in channels:
        hurry(conn, channel, now=now)
    return count


def pending_count(conn: Connection) -> int:
    """How many deliveries are still to be sent."""
    return _count(conn, table.c.state.in_(OPEN))


def undelivered_count(conn: Connection) -> int:
    """How many need a look: dead letters, and what has failed at least once and was not sent since."""
    return _count(conn, _undelivered())


def _undelivered() -> ColumnElement[bool]:
    unsent = table.c.state.in_(("dead", *OPEN))  # an index finds these few among all that were ever sent
    return and_(unsent, or_(table.c.state == "dead", table.c.error.is_not(None)))


def _count(conn: Connection, condition: ColumnElement[bool]) -> int:
    return conn.execute(select(func.count()).select_from(table).where(condition)).scalar_one()


def _row(row: Row[Any]) -> DeliveryRow:
    return DeliveryRow(
        id=row.id,
        key=row.key,
        item=row.item,
        revision=row.revision,
        channel=row.channel,
        severity=row.severity,
        state=row.state,
        attempts=row.attempts,
        created_at=parse_instant(row.created_at),
        due_at=parse_instant(row.due_at),
        sent_at=maybe_instant(row.sent_at),
        receipt=row.receipt,
        error=row.error,
        message=row.message,
        holder=row.holder,
        lease_until=maybe_instant(row.lease_until),
    )
