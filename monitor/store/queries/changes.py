"""Events and issuer-wide items as they were derived, with the documented keys. It filters and sorts, no more."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import Select, Table, select

from monitor.core.model import Kind, Severity
from monitor.store import superseded as record
from monitor.store.chunks import chunks
from monitor.store.codec import day_of, maybe_date
from monitor.store.documents import documents, of_fund, stored
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef, issuer_number
from monitor.store.schema import event, item, security

Level = Literal["event", "item"]
Change = dict[str, object]
KEYS = (
    "id", "level", "kind", "issuer", "funds", "security", "as_of", "pos_session", "published", "known_at",
    "shares_before", "shares_after", "active_shares", "value", "currency", "weight_before", "weight_after", "absence",
    "claim", "score", "severity", "confidence", "status", "evidence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes are asked for; an empty collection and None mean all."""

    since: date | None = None
    until: date | None = None
    fund: FundRef | None = None
    issuer: str | None = None
    securities: frozenset[int] | None = None
    kinds: tuple[Kind, ...] = ()
    severities: tuple[Severity, ...] = ()
    level: Level | None = None
    superseded: bool = False  # also what was told and has been replaced or taken back
    newest: int | None = None  # only so many, the newest


def changes(conn: Connection, wanted: Wanted) -> list[Change]:
    """The changes, oldest first, each as the JSON object that was derived.

    `status` is current, or correction where something else was told before; superseded on what was told then.
    """
    if wanted.newest is None:
        return _changes(conn, wanted)
    count = max(1, wanted.newest)
    while True:  # what was told before is not counted by the database: look further back
        first = _newest_since(conn, wanted, count)
        found = _changes(conn, wanted if first is None else replace(wanted, since=first))
        if first is None or len(found) >= wanted.newest:
            return found[-wanted.newest :] if wanted.newest else []
        count *= 4


def _newest_since(conn: Connection, wanted: Wanted, count: int) -> date | None:
    """A day with about so many rows on and after it; None when all must be read. Of a fund its events are counted,
    of which its items are made: they have an index, the items of one fund among those of its issuer have none."""
    table = item if wanted.level == "item" and wanted.fund is None else event
    queries = _queries(conn, table, wanted)
    if len(queries) > 1 or wanted.superseded:
        return None
    query = queries[0].with_only_columns(table.c.as_of).order_by(table.c.as_of.desc())
    day = conn.execute(query.offset(count - 1).limit(1)).scalar()
    return maybe_date(day)


def _changes(conn: Connection, wanted: Wanted) -> list[Change]:
    found: list[Change] = []
    for _, table in _tables(wanted):
        for query in _queries(conn, table, wanted):
            found += [_read(one.text) for one in stored(conn, query)]
    if wanted.level in (None, "item"):
        told_before = record.corrected(conn)
        found = [one | {"status": "correction"} if one["id"] in told_before else one for one in found]
    if wanted.superseded and wanted.level in (None, "item"):
        found += _superseded(conn, wanted)
    if wanted.fund is not None:
        found = [one for one in found if wanted.fund.ticker in _texts(one, "funds")]
    if wanted.severities:
        loud = {str(one) for one in wanted.severities}
        found = [one for one in found if one.get("severity") in loud]
    return sorted(found, key=_order)


def _tables(wanted: Wanted) -> list[tuple[Level, Table]]:
    both: tuple[tuple[Level, Table], ...] = (("event", event), ("item", item))
    return [one for one in both if wanted.level in (None, one[0])]


def change(conn: Connection, change_id: str) -> Change | None:
    """One event or item by its id."""
    for table in (item, event):
        for one in stored(conn, documents(table).where(table.c.id == change_id)):
            return _read(one.text)
    return None


def _queries(conn: Connection, table: Table, wanted: Wanted) -> list[Select[Any]]:
    """The statements whose rows are the changes of a table."""
    query = documents(table)
    if wanted.since is not None:
        query = query.where(table.c.as_of >= day_of(wanted.since))
    if wanted.until is not None:
        query = query.where(table.c.as_of <= day_of(wanted.until))
    if wanted.kinds:
        query = query.where(table.c.kind.in_([str(one) for one in wanted.kinds]))
    if wanted.issuer is not None:
        query = query.where(table.c.issuer == issuer_number(conn, wanted.issuer))
    if wanted.fund is not None:
        query = query.where(table.c.issuer == wanted.fund.issuer_id)
        if table is event:
            query = query.where(table.c.fund == wanted.fund.id)
        else:
            query = query.where(of_fund(wanted.fund.ticker))
    if wanted.severities:
        query = query.where(table.c.severity.in_([str(one) for one in wanted.severities]))
    if wanted.securities is None:
        return [query]
    return [query.where(table.c.security.in_(some)) for some in chunks(wanted.securities)]


def _superseded(conn: Connection, wanted: Wanted) -> list[Change]:
    """What was told before, of the same choice."""
    issuer = None if wanted.issuer is None else issuer_number(conn, wanted.issuer)
    issuer = issuer if wanted.fund is None else wanted.fund.issuer_id
    rows = [_read(body) | {"status": "superseded"} for body in record.bodies(conn, issuer)]
    first, last = wanted.since or date.min, wanted.until or date.max
    rows = [one for one in rows if first.isoformat() <= str(one["as_of"]) <= last.isoformat()]
    if wanted.kinds:
        rows = [one for one in rows if one["kind"] in {str(kind) for kind in wanted.kinds}]
    if wanted.securities is None:
        return rows
    query = select(security.c.public)
    named = {str(p) for some in chunks(wanted.securities) for p in conn.scalars(query.where(security.c.id.in_(some)))}
    return [one for one in rows if isinstance(one["security"], dict) and one["security"].get("id") in named]


def _read(body: str) -> Change:
    """The object with its documented keys in their order, unknown values null."""
    tree: Change = json.loads(body)
    return {key: tree.get(key) for key in KEYS}


def _texts(one: Change, key: str) -> list[str]:
    values = one.get(key)
    return [str(value) for value in values] if isinstance(values, list) else []


def _order(one: Change) -> tuple[str, str, str, str, str, str]:
    """By meaning: file date, issuer, events before the items made of them, kind, security, id."""
    security = one.get("security")
    name = str(security.get("name")) if isinstance(security, dict) else ""
    level = str(one["level"])
    return (str(one["as_of"]), str(one["issuer"]), level, str(one["kind"]), name, str(one["id"]))
