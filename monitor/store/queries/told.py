"""The items of some days of files, the loudest first, a page of them at a time. It reads no more than it returns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from monitor.core.model import Kind, Severity
from monitor.store import superseded
from monitor.store.codec import date_of_day, day_of, maybe_date
from monitor.store.documents import documents, stored
from monitor.store.engine import Connection
from monitor.store.queries.changes import Change
from monitor.store.queries.names import issuer_number
from monitor.store.schema import item
from monitor.store.schema import superseded as replaced

LOUD = (Severity.HIGH, Severity.NORMAL, Severity.LOW)


@dataclass(frozen=True, slots=True)
class Told:
    """Which items are asked for; empty means all."""

    since: date
    until: date
    issuer: str | None = None
    kinds: tuple[Kind, ...] = ()
    severities: tuple[Severity, ...] = ()


def item_days(conn: Connection, day: date | None, issuer: str | None = None) -> tuple[date | None, date, date | None]:
    """The day of files with items at or before `day` (the newest without one), between the days before and after it.

    Raises LookupError when there is no item.
    """
    column = item.c.as_of
    query = select(func.max(column))
    least = select(func.min(column))
    if issuer is not None:
        number = issuer_number(conn, issuer)
        query, least = query.where(item.c.issuer == number), least.where(item.c.issuer == number)
    at = conn.scalar(query if day is None else query.where(column <= day_of(day)))
    at = conn.scalar(least) if at is None else at
    if at is None:
        raise LookupError
    before, after = conn.scalar(query.where(column < at)), conn.scalar(least.where(column > at))
    return maybe_date(before), date_of_day(at), maybe_date(after)


def tally(conn: Connection, told: Told) -> dict[tuple[Severity, Kind], int]:
    """How many items there are, by severity and kind."""
    query = _chosen(conn, select(item.c.severity, item.c.kind, func.count().label("items")), told)
    rows = conn.execute(query.group_by(item.c.severity, item.c.kind))
    return {(Severity(row.severity), Kind(row.kind)): row.items for row in rows}


def items(conn: Connection, told: Told, limit: int, offset: int = 0) -> list[Change]:
    """The items, newest day first, then by severity and score. Each is the JSON object that was derived."""
    query = _chosen(conn, documents(item), told)  # severities are numbered from the loudest on
    query = query.order_by(item.c.as_of.desc(), item.c.severity, item.c.score.desc(), item.c.id)
    corrected = superseded.corrected(conn)
    found: list[Change] = []
    for one in stored(conn, query.limit(limit).offset(offset)):
        tree: Change = json.loads(one.text)
        found.append(tree | {"status": "correction"} if one.id in corrected else tree)
    return found


def _chosen(conn: Connection, query: Select[Any], told: Told) -> Select[Any]:
    query = query.where(item.c.as_of.between(day_of(told.since), day_of(told.until)))
    if told.issuer is not None:
        query = query.where(item.c.issuer == issuer_number(conn, told.issuer))
    for column, wanted in ((item.c.kind, told.kinds), (item.c.severity, told.severities)):
        if wanted:
            query = query.where(column.in_(_texts(wanted)))
    return query


def _texts(values: Sequence[object]) -> list[str]:
    return [str(one) for one in values]


def told_before(conn: Connection, item_id: str) -> list[tuple[str, Change]]:
    """What an item said before it said something else or was taken back, with the instant we came to know better,
    the newest first."""
    table = replaced
    query = select(table.c.at, table.c.body).where(table.c.item == item_id).order_by(table.c.at.desc())
    return [(row.at, json.loads(row.body)) for row in conn.execute(query)]


def body_of(conn: Connection, item_id: str) -> Change | None:
    """All that was derived of an item, also what the documented keys leave out: its parts and its score's terms."""
    return next((json.loads(one.text) for one in stored(conn, documents(item).where(item.c.id == item_id))), None)
