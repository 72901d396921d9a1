"""Keeps what people do not want to hear of until a day. What a mute silences is decided in `core.rules`.

Whoever takes a wish writes it with `add`: the command line and the buttons in Slack alike. Nothing is deleted: a mute
that was lifted early keeps its row with `ended_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select, update

from monitor.store.codec import INT32, instant_text, maybe_instant, parse_instant
from monitor.store.engine import Connection, is_postgres
from monitor.store.ledger import mute as table

Scope = Literal["security", "fund", "issuer", "kind"]


@dataclass(frozen=True, slots=True)
class NewMute:
    """A wish to be kept.

    `value` is a public id (security), issuer/TICKER (fund), the issuer's id, or a kind; `label` is what people call
    it. `channel` None means every channel. `by` says who asked and where: "command line", "Slack U012ABC".
    """

    scope: Scope
    value: str
    label: str
    until: datetime
    by: str
    channel: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class StoredMute:
    """A kept wish; `ended_at` is when it was lifted early."""

    id: int
    scope: str
    value: str
    label: str
    channel: str | None
    until: datetime
    at: datetime
    by: str
    note: str
    ended_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it silences at this instant."""
        return self.ended_at is None and now < self.until


def add(conn: Connection, new: NewMute, now: datetime) -> int:
    """Keeps the wish and returns its number. The same wish, still in force, is only moved to the later end."""
    same = (
        (table.c.scope == new.scope)
        & (table.c.value == new.value)
        & (table.c.channel.is_(None) if new.channel is None else table.c.channel == new.channel)
        & table.c.ended_at.is_(None)
        & (table.c.until > instant_text(now))
    )
    until = instant_text(new.until)
    found = conn.execute(select(table.c.id, table.c.until).where(same).order_by(table.c.id)).first()
    if found is not None:
        later = max(found.until, until)
        conn.execute(update(table).where(table.c.id == found.id).values(until=later, by=new.by, note=new.note))
        return int(found.id)
    row = {
        "scope": new.scope,
        "value": new.value,
        "label": new.label,
        "channel": new.channel,
        "until": until,
        "at": instant_text(now),
        "by": new.by,
        "note": new.note,
    }
    return int(conn.execute(insert(table).values(row).returning(table.c.id)).scalar_one())


def add_once(conn: Connection, new: NewMute, now: datetime) -> tuple[StoredMute, bool]:
    """The mute that answers a wish, and whether it is new: one that is in force stays as it is, and the wish with this
    note, which names one press on a button, is granted once for ever."""
    if is_postgres(conn):  # SQLite has one writer anyway
        conn.exec_driver_sql("LOCK TABLE mute IN SHARE ROW EXCLUSIVE MODE")
    for one in listing(conn):
        alike = (one.scope, one.value) == (new.scope, new.value) and one.channel in (None, new.channel)
        if alike and (one.holds(now) or (new.note and one.note == new.note)):
            return one, False
    number = add(conn, new, now)
    return next(one for one in listing(conn) if one.id == number), True


def end(conn: Connection, number: int, now: datetime) -> bool:
    """Lifts a mute that is still in force. False: there is none with this number, or it is over."""
    if not 0 < number <= INT32:
        return False
    mine = (table.c.id == number) & table.c.ended_at.is_(None) & (table.c.until > instant_text(now))
    return conn.execute(update(table).where(mine).values(ended_at=instant_text(now))).rowcount == 1


def listing(conn: Connection, now: datetime | None = None) -> list[StoredMute]:
    """The mutes in force at `now`, or all there ever were; oldest first."""
    query = select(*table.c).order_by(table.c.id)
    if now is not None:
        query = query.where(table.c.ended_at.is_(None), table.c.until > instant_text(now))
    return [
        StoredMute(
            row.id,
            row.scope,
            row.value,
            row.label,
            row.channel,
            parse_instant(row.until),
            parse_instant(row.at),
            row.by,
            row.note,
            maybe_instant(row.ended_at),
        )
        for row in conn.execute(query)
    ]
