"""Claims: who may send a promised message now, and what became of it. It sends nothing and decides nothing.

A claim makes a row `sending` under a lease and raises `token`; a record must show the token of its claim, so that a
process that slept through its lease cannot speak for a row that somebody else took over. A `sending` row whose lease
ran out is *ambiguous*: the message may have arrived. An attempt known to be ambiguous is therefore left `sending`,
with the lease running until the next try.

Per channel the oldest row goes first and holds back the younger ones: messages arrive in order, one at a time, from
however many processes. What is only planned for later holds back nothing but later news of the same item.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, update

from monitor.store import destinations
from monitor.store.codec import instant_text, parse_instant
from monitor.store.destinations import Destination
from monitor.store.engine import Connection, Engine, reading, transaction
from monitor.store.leases import nobody_is_gone
from monitor.store.outbox import OPEN, NewDelivery, enqueue
from monitor.store.schema import delivery as table
from monitor.store.schema import destination

REACHED = "reached:"  # begins the receipt of a message that only some of its recipients have
SETTLING = timedelta(seconds=20)  # what a process sent before it was killed may arrive for so long, then we look


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, as JSON, that a channel took, and its receipt."""

    receipt: str
    message: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours until `lease_until`.

    `attempt` counts from 1. `ambiguous`: an earlier attempt may have succeeded, look before sending.
    `earlier` is what was sent about this item on this channel before, oldest first; `reached` are recipients an
    earlier attempt reached.
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
    destination: Destination
    earlier: tuple[Sent, ...] = ()
    reached: tuple[str, ...] = ()


def next_try(
    conn: Connection,
    channel: str,
    now: datetime,
    *,
    lease_seconds: float = 0.0,
    gone: Callable[[str], bool] = nobody_is_gone,
) -> datetime | None:
    """From when the oldest open message of `channel` may be claimed; `None` when there is none."""
    row = conn.execute(_heads(now, [channel])).first()
    return None if row is None else parse_instant(_from(row, lease_seconds, gone))


def claim(
    engine: Engine,
    *,
    now: datetime,
    lease_seconds: float,
    limit: int,
    channels: Collection[str] | None = None,
    holder: str = "",
    gone: Callable[[str], bool] = nobody_is_gone,
) -> list[Claimed]:
    """Take the oldest due row of up to `limit` channels (of `channels`, default all), oldest first, for `holder`.

    Each is one UPDATE that must hit exactly one row; a row that somebody else took is left out. The row of a holder
    that is surely `gone` is free as soon as what it sent has had time to arrive.
    """
    lease, at = now + timedelta(seconds=lease_seconds), instant_text(now)
    with transaction(engine) as conn:
        due = [row for row in conn.execute(_heads(now, channels)) if _from(row, lease_seconds, gone) <= at]
        taken = [row for row in due[:limit] if _take(conn, row, instant_text(lease), holder)]
        return [_claimed(conn, row, lease) for row in taken]


def still_ours(engine: Engine, claimed: Claimed) -> bool:
    """Whether nobody took the row over since: to be asked right before sending."""
    with reading(engine) as conn:
        return conn.execute(select(table.c.id).where(_ours(claimed))).first() is not None


def _heads(now: datetime, channels: Collection[str] | None) -> Select[Any]:
    """Per channel the oldest open row and the channel's manners, leaving out what is only planned for later."""
    begun = or_(table.c.attempts > 0, table.c.due_at <= instant_text(now))
    before = table.alias("before")
    same = and_(before.c.item == table.c.item, before.c.channel == table.c.channel)
    waits = exists().where(same, before.c.id < table.c.id, before.c.state.in_(OPEN))
    oldest = select(func.min(table.c.id)).where(table.c.state.in_(OPEN), begun, ~waits).group_by(table.c.channel)
    if channels is not None:
        oldest = oldest.where(table.c.channel.in_(channels))
    manners = [column for column in destination.c if column.name != "channel"]
    joined = table.outerjoin(destination, destination.c.channel == table.c.channel)
    return select(*table.c, *manners).select_from(joined).where(table.c.id.in_(oldest)).order_by(table.c.id)


def _from(row: Row[Any], lease_seconds: float, gone: Callable[[str], bool]) -> str:
    """From when a row may be claimed: when it is due or its lease ends, or sooner when its holder died; its channel
    must be ready, too."""
    at = str(row.lease_until or row.due_at) if row.state == "sending" else str(row.due_at)
    if _is_claim(row) and gone(row.holder):
        claimed_at = parse_instant(row.lease_until) - timedelta(seconds=lease_seconds)
        at = min(at, instant_text(claimed_at + SETTLING))
    return max(at, row.not_before or "")


def _is_claim(row: Row[Any]) -> bool:
    """Whether the row is being sent; not whether it waits for another try."""
    return bool(row.state == "sending" and row.holder and row.lease_until and row.lease_until != row.due_at)


def _take(conn: Connection, row: Row[Any], lease: str, holder: str) -> bool:
    mine = and_(table.c.id == row.id, table.c.token == row.token, table.c.state == row.state)
    new = {"state": "sending", "token": row.token + 1, "attempts": row.attempts + 1, "lease_until": lease}
    return conn.execute(update(table).where(mine).values(new | {"holder": holder[:64] or None})).rowcount == 1


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
        destination=destinations.read(row),
        earlier=tuple(Sent(one.receipt or "", one.message) for one in conn.execute(earlier)),
        reached=_reached(row),
    )


def _reached(row: Row[Any]) -> tuple[str, ...]:
    """Whom earlier attempts of a message that is not yet sent reached."""
    words = str(row.receipt or "").split()
    return tuple(words[1:]) if words[:1] == [REACHED] else ()


def record_sent(
    engine: Engine,
    claimed: Claimed,
    *,
    receipt: str,
    now: datetime,
    note: str = "",
    after: Destination | None = None,
    notices: Sequence[NewDelivery] = (),
) -> bool:
    """Write down that it was sent. False: the claim was lost, somebody else speaks for the row.

    `after` is how its channel is doing now; `notices` are promised in the same transaction.
    """
    at = instant_text(now)
    new: dict[str, object] = {"state": "sent", "receipt": receipt, "sent_at": at, "lease_until": None}
    new["error"] = note or None
    return _record(engine, claimed, new, now, after, notices)


def record_failure(
    engine: Engine,
    claimed: Claimed,
    *,
    error: str,
    retry_at: datetime | None,
    now: datetime,
    ambiguous: bool = False,
    reached: Sequence[str] = (),
    after: Destination | None = None,
    notices: Sequence[NewDelivery] = (),
) -> bool:
    """Write down a failure: try again at `retry_at`, or never (`None`: dead letter). False: the claim was lost.

    `ambiguous` makes the next claim look first, `reached` are recipients who need it no more; the rest is as in
    `record_sent`.
    """
    new = _failed(error, retry_at, ambiguous)
    if reached:
        new["receipt"] = " ".join([REACHED, *reached])
    return _record(engine, claimed, new, now, after, notices)


def _record(
    engine: Engine,
    claimed: Claimed,
    new: dict[str, object],
    now: datetime,
    after: Destination | None,
    notices: Sequence[NewDelivery],
) -> bool:
    with transaction(engine) as conn:
        if conn.execute(update(table).where(_ours(claimed)).values(new)).rowcount != 1:
            return False
        if after is not None:
            destinations.put(conn, after)
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
