"""Incidents as rows: what lasts, what is to be recorded, what people may list. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from monitor.core.blindness import Incident
from monitor.core.sight import Cause
from monitor.store.codec import instant_text, parse_instant
from monitor.store.engine import Connection, insert_new
from monitor.store.ledger import incident as table


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident as lists show it. `name` is the subject as people write it: ark/ARKK, ark, or all."""

    id: int
    name: str
    kind: str
    opened_at: str
    closed_at: str | None
    headline: str
    detail: str
    notice: str | None


def lasting(conn: Connection) -> list[Incident]:
    """The incidents that have not ended, oldest first."""
    query = select(table).where(table.c.closed_at.is_(None)).order_by(table.c.id)
    known = [row for row in conn.execute(query) if row.kind in {one.value for one in Cause}]
    return [Incident(row.id, row.subject, Cause(row.kind), parse_instant(row.opened_at)) for row in known]


@dataclass(frozen=True, slots=True)
class NewIncident:
    """One to be recorded; `notice` is the item of its notice, None when nobody is told. `ended`: it is only a note."""

    subject: str
    cause: Cause
    opened_at: datetime
    headline: str
    detail: str
    notice: str | None
    ended: bool = False


def add(conn: Connection, new: NewIncident) -> bool:
    """Records it. False: it is known already."""
    at = instant_text(new.opened_at)
    row = {
        "subject": new.subject,
        "kind": new.cause.value,
        "opened_at": at,
        "closed_at": at if new.ended else None,
        "headline": new.headline,
        "detail": new.detail,
        "notice": new.notice,
    }
    return insert_new(conn, table, [row]) == 1


def close(conn: Connection, number: int, at: datetime) -> bool:
    """Records its end. False: it had ended."""
    open_ = (table.c.id == number) & table.c.closed_at.is_(None)
    return conn.execute(update(table).where(open_).values(closed_at=instant_text(at))).rowcount == 1


def is_noted(conn: Connection, subject: str, cause: Cause, opened_at: datetime) -> bool:
    """Whether this incident is on record."""
    same = (table.c.subject == subject) & (table.c.kind == cause.value) & (table.c.opened_at == instant_text(opened_at))
    return conn.execute(select(table.c.id).where(same)).first() is not None


def listing(conn: Connection, *, everything: bool = False) -> list[IncidentRow]:
    """The incidents that last, or all there were, newest first."""
    query = select(table).order_by(table.c.opened_at.desc(), table.c.id.desc())
    if not everything:
        query = query.where(table.c.closed_at.is_(None))
    return [_row(row) for row in conn.execute(query)]


def _row(row: Row[Any]) -> IncidentRow:
    return IncidentRow(
        row.id,
        row.subject.partition(":")[2] or row.subject,
        row.kind,
        row.opened_at,
        row.closed_at,
        row.headline,
        row.detail,
        row.notice,
    )
