"""Reads, writes and takes back for how long a fund's creation baskets left a line out. Derived rows.

Nothing is decided here (`core.baskets`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, delete, or_, select, update

from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection, bulk_insert
from monitor.store.lines import Securities
from monitor.store.statements import Among, Statement


@dataclass(slots=True)
class Outside:
    """From the file of `since` on baskets leave the line `key` out, until that of `until` (None: still)."""

    fund: int
    key: str
    since: date
    until: date | None = None
    stored: bool = False


def rewind_outside(conn: Connection, fund_ids: Sequence[int], since: date) -> None:
    """Takes back what files dated `since` or later showed."""
    table, first = t.outside.c, day_of(since)
    for fund in fund_ids:
        conn.execute(delete(t.outside).where(table.fund == fund, table.since >= first))
        conn.execute(update(t.outside).where(table.fund == fund, table.until >= first).values(until=None))


_OPEN = Statement(
    select(t.outside.c.fund, t.outside.c.security, t.outside.c.since).where(
        Among(t.outside.c.fund, "funds"),
        t.outside.c.since < bindparam("before"),
        or_(t.outside.c.until.is_(None), t.outside.c.until >= bindparam("before")),
    )
)


def open_outside(conn: Connection, funds: Sequence[int], names: Securities, before: date) -> dict[int, list[Outside]]:
    """The lines left out just before the files of `before`: by fund, then by key."""
    rows = _OPEN.rows(conn, funds=list(funds), before=day_of(before))
    keys = names.keys(security for _, security, _ in rows)
    found: dict[int, list[Outside]] = {}
    for fund, security, since in sorted(rows, key=lambda row: keys[row[1]]):
        found.setdefault(fund, []).append(Outside(fund, keys[security], date_of_day(since), stored=True))
    return found


def write_outside(conn: Connection, names: Securities, spans: Iterable[Outside]) -> None:
    """Adds new spans and ends stored ones."""
    known = list(spans)
    table = t.outside.c
    for one in known:
        if one.stored and one.until is not None:
            mine = (table.fund == one.fund) & (table.security == names.number(one.key)) & table.until.is_(None)
            conn.execute(update(t.outside).where(mine).values(until=day_of(one.until)))
    new = sorted((one for one in known if not one.stored), key=lambda one: (one.fund, one.key, one.since))
    rows = [
        (one.fund, names.number(one.key), day_of(one.since), None if one.until is None else day_of(one.until))
        for one in new
    ]
    bulk_insert(conn, t.outside, ("fund", "security", "since", "until"), rows)
