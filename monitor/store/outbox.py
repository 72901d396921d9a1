"""The outbox: messages promised to channels, as rows that survive a crash. It sends nothing and composes nothing.

A row is `pending` until a claim makes it `sending` under a lease, and `sent` or `dead` when the outcome is
recorded. Every claim raises `token`; a record must show the token of its claim, so that a process that
slept through its lease cannot speak for a row that somebody else took over. A `sending` row whose lease
ran out is *ambiguous*: the message may have arrived. An attempt known to be ambiguous is therefore left
`sending`, with the lease running until the next try.

Per channel the oldest row goes first and holds back the younger ones: messages arrive in order, and one
refused attempt delays its destination only. `delivery.message` is opaque text here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select, update

from monitor.store.codec import INT64, instant_text, parse_instant
from monitor.store.engine import Connection, Engine, insert_new, transaction
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
class Sent:
    """A message, as JSON, that a channel took, and its receipt."""

    receipt: str
    message: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours until `lease_until`.

    `attempt` counts from 1. `ambiguous`: an earlier attempt may have succeeded, look before sending.
    `earlier` is what was sent about this item on this channel before, oldest first.
    """

    id: int
    key: str
    item: str
    revision: int
    channel: str
    message: str
    attempt: int
    token: int
    created_at: datetime
    lease_until: datetime
    ambiguous: bool
    earlier: tuple[Sent, ...] = ()


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

    A row that may have arrived is left alone; then `enqueue` the newer message, which follows it. One that waited for
    the end of quiet hours goes at once when the newer thing may.
    """
    same = and_(table.c.item == new.item, table.c.channel == new.channel, table.c.state == "pending")
    newest = select(func.max(table.c.id)).where(same).scalar_subquery()
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


# --- claiming and recording -----------------------------------------------------------------------


def claim(
    engine: Engine, *, now: datetime, lease_seconds: float, limit: int, channels: Collection[str] | None = None
) -> list[Claimed]:
    """Take the oldest due row of up to `limit` channels (of `channels`, default all), oldest first.

    Each is one UPDATE that must hit exactly one row; a row that somebody else took is left out.
    """
    lease = now + timedelta(seconds=lease_seconds)
    with transaction(engine) as conn:
        due = [row for row in conn.execute(_heads(now, channels)) if _is_due(row, instant_text(now))]
        taken = [row for row in due[:limit] if _take(conn, row, instant_text(lease))]
        return [_claimed(conn, row, lease) for row in taken]


def _heads(now: datetime, channels: Collection[str] | None) -> Select[Any]:
    """Per channel the oldest open row, leaving out what is only planned for later."""
    begun = or_(table.c.attempts > 0, table.c.due_at <= instant_text(now))
    oldest = select(func.min(table.c.id)).where(table.c.state.in_(OPEN), begun).group_by(table.c.channel)
    if channels is not None:
        oldest = oldest.where(table.c.channel.in_(channels))
    return select(*table.c).where(table.c.id.in_(oldest)).order_by(table.c.id)


def _is_due(row: Row[Any], now: str) -> bool:
    if row.state == "sending":
        return row.lease_until is None or str(row.lease_until) <= now
    return str(row.due_at) <= now


def _take(conn: Connection, row: Row[Any], lease: str) -> bool:
    mine = and_(table.c.id == row.id, table.c.token == row.token, table.c.state == row.state)
    new = {"state": "sending", "token": row.token + 1, "attempts": row.attempts + 1, "lease_until": lease}
    return conn.execute(update(table).where(mine).values(new)).rowcount == 1


def _claimed(conn: Connection, row: Row[Any], lease: datetime) -> Claimed:
    sent = and_(table.c.item == row.item, table.c.channel == row.channel, table.c.state == "sent")
    earlier = select(table.c.receipt, table.c.message).where(sent, table.c.id < row.id).order_by(table.c.id)
    return Claimed(
        id=row.id,
        key=row.key,
        item=row.item,
        revision=row.revision,
        channel=row.channel,
        message=row.message,
        attempt=row.attempts + 1,
        token=row.token + 1,
        created_at=parse_instant(row.created_at),
        lease_until=lease,
        ambiguous=row.state == "sending",
        earlier=tuple(Sent(one.receipt or "", one.message) for one in conn.execute(earlier)),
    )


def record_sent(engine: Engine, claimed: Claimed, *, receipt: str, now: datetime, note: str = "") -> bool:
    """Write down that it was sent. False: the claim was lost, somebody else speaks for the row."""
    new = {
        "state": "sent",
        "receipt": receipt,
        "sent_at": instant_text(now),
        "lease_until": None,
        "error": note or None,
    }
    with transaction(engine) as conn:
        return conn.execute(update(table).where(_ours(claimed)).values(new)).rowcount == 1


def record_failure(
    engine: Engine,
    claimed: Claimed,
    *,
    error: str,
    retry_at: datetime | None,
    now: datetime,
    ambiguous: bool = False,
    notices: Sequence[NewDelivery] = (),
) -> bool:
    """Write down a failure: try again at `retry_at`, or never (`None`: dead letter). False: the claim was lost.

    `ambiguous` makes the next claim look first. `notices` are promised in the same transaction.
    """
    with transaction(engine) as conn:
        if conn.execute(update(table).where(_ours(claimed)).values(_failed(error, retry_at, ambiguous))).rowcount != 1:
            return False
        enqueue(conn, notices, now=now)
        return True


def _failed(error: str, retry_at: datetime | None, ambiguous: bool) -> dict[str, object]:
    if retry_at is None:
        return {"state": "dead", "error": error, "lease_until": None}
    at = instant_text(retry_at)
    if ambiguous:
        return {"state": "sending", "error": error, "due_at": at, "lease_until": at}
    return {"state": "pending", "error": error, "due_at": at, "lease_until": None}


def _ours(claimed: Claimed) -> ColumnElement[bool]:
    return and_(table.c.id == claimed.id, table.c.token == claimed.token, table.c.state == "sending")


# --- questions and the operator's word ------------------------------------------------------------


def listing(
    conn: Connection,
    *,
    state: str | None = None,
    item: str | None = None,
    channel: str | None = None,
    limit: int | None = None,
) -> list[DeliveryRow]:
    """Deliveries, newest first, optionally of one state, item or channel."""
    query = select(*table.c).order_by(table.c.id.desc()).limit(limit)
    for column, value in ((table.c.state, state), (table.c.item, item), (table.c.channel, channel)):
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
    ended = and_(table.c.id == delivery, table.c.state.not_in(OPEN))
    new = {"state": "pending", "attempts": 0, "due_at": instant_text(now), "lease_until": None, "error": None}
    return conn.execute(update(table).where(ended).values(new)).rowcount == 1


def pending_count(conn: Connection) -> int:
    """How many deliveries are still to be sent."""
    return _count(conn, table.c.state.in_(OPEN))


def undelivered_count(conn: Connection) -> int:
    """How many need a look: dead letters, and what has failed at least once and was not sent since."""
    failed = and_(table.c.state.in_(OPEN), table.c.error.is_not(None))
    return _count(conn, or_(table.c.state == "dead", failed))


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
        sent_at=parse_instant(row.sent_at) if row.sent_at else None,
        receipt=row.receipt,
        error=row.error,
        message=row.message,
    )
