"""Keeps what a channel hears of later, in one message with others. It composes nothing and knows no times of day.

An entry is `waiting` until a digest takes it (`gathered`, with the digest's id) or it is `withdrawn` because the item
was told at once, silenced or is no longer true. Taking is one UPDATE of rows still waiting, in the transaction that
promises the digest: two daemons never make two digests of one entry. `message` is opaque text here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, select, update

from monitor.core.errors import StoreError
from monitor.store.chunks import MANY
from monitor.store.codec import instant_text, parse_instant
from monitor.store.engine import Connection
from monitor.store.ledger import digest_entry as table
from monitor.store.statements import Statement


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A line for the next digest of a channel. `message` is its JSON."""

    item: str
    revision: int
    channel: str
    cadence: str
    severity: str
    due: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored line: `state` is waiting, gathered or withdrawn, `digest` the id of the message that carried it."""

    id: int
    item: str
    revision: int
    channel: str
    cadence: str
    severity: str
    created_at: datetime
    due_at: datetime
    state: str
    digest: str | None
    message: str


_SAID = ("revision", "cadence", "severity", "due_at", "message")
_AGAIN = Statement(
    update(table)
    .where(table.c.item == bindparam("of_item"), table.c.channel == bindparam("for"), table.c.state == "waiting")
    .values({name: bindparam(f"new_{name}") for name in _SAID})
)
_FIRST = Statement(
    insert(table)
    .inline()
    .values({name: bindparam(f"new_{name}") for name in (*_SAID, "item", "channel", "created_at", "state")})
)


def put(conn: Connection, new: NewEntry, now: datetime) -> None:
    """Lets the line wait for its digest. One of the same item that still waits for it says the newer thing instead."""
    values: dict[str, object] = {
        "new_revision": new.revision,
        "new_cadence": new.cadence,
        "new_severity": new.severity,
        "new_due_at": instant_text(new.due),
        "new_message": new.message,
    }
    if not _AGAIN.run(conn, of_item=new.item, **{"for": new.channel}, **values):
        first = {"new_created_at": instant_text(now), "new_state": "waiting"}
        _FIRST.run(conn, new_item=new.item, new_channel=new.channel, **first, **values)


def drop(conn: Connection, item: str, channel: str | None = None) -> int:
    """Takes the lines about `item` out that no digest has taken yet (of one channel); how many there were."""
    waiting = and_(table.c.item == item, table.c.state == "waiting")
    if channel is not None:
        waiting = and_(waiting, table.c.channel == channel)
    return conn.execute(update(table).where(waiting).values(state="withdrawn")).rowcount


def due(conn: Connection, now: datetime) -> list[tuple[str, str]]:
    """The digests whose time has come: channel and cadence."""
    query = select(table.c.channel, table.c.cadence).distinct()
    query = query.where(table.c.state == "waiting", table.c.due_at <= instant_text(now))
    return sorted((row.channel, row.cadence) for row in conn.execute(query))


def waiting(conn: Connection, channel: str, cadence: str) -> list[Entry]:
    """The lines of one digest, oldest first, for the caller alone until its transaction ends."""
    mine = and_(table.c.state == "waiting", table.c.channel == channel, table.c.cadence == cadence)
    query = select(*table.c).where(mine).order_by(table.c.id).with_for_update()
    return [_entry(row) for row in conn.execute(query)]


def gather(conn: Connection, entries: Iterable[Entry], digest: str) -> None:
    """Marks lines as carried by `digest`. Each must still be waiting: `waiting` has locked them."""
    ids = [entry.id for entry in entries]
    for start in range(0, len(ids), MANY):
        some = ids[start : start + MANY]
        mine = and_(table.c.id.in_(some), table.c.state == "waiting")
        if conn.execute(update(table).where(mine).values(state="gathered", digest=digest)).rowcount != len(some):
            raise StoreError(f"Lines of the digest {digest} were taken by somebody else.")


def entries_about(conn: Connection, items: Collection[str]) -> list[Entry]:
    """All lines about these items that are waiting or were gathered, oldest first."""
    found: list[Entry] = []
    ordered = sorted(items)
    for start in range(0, len(ordered), MANY):
        mine = and_(table.c.item.in_(ordered[start : start + MANY]), table.c.state != "withdrawn")
        found += [_entry(row) for row in conn.execute(select(*table.c).where(mine).order_by(table.c.id))]
    return found


def carriers(conn: Connection, item: str) -> frozenset[str]:
    """The ids of the digests that told of the item."""
    query = select(table.c.digest).where(table.c.item == item, table.c.digest.is_not(None)).distinct()
    return frozenset(conn.execute(query).scalars())


def listing(
    conn: Connection, state: str, *, item: str | None = None, channel: str | None = None, limit: int | None = None
) -> list[Entry]:
    """The lines in a state, newest first, optionally of one item or channel."""
    query = select(*table.c).where(table.c.state == state).order_by(table.c.id.desc()).limit(limit)
    for column, value in ((table.c.item, item), (table.c.channel, channel)):
        if value is not None:
            query = query.where(column == value)
    return [_entry(row) for row in conn.execute(query)]


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        row.id,
        row.item,
        row.revision,
        row.channel,
        row.cadence,
        row.severity,
        parse_instant(row.created_at),
        parse_instant(row.due_at),
        row.state,
        row.digest,
        row.message,
    )
