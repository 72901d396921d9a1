"""The items told last, newest file first, with what was told before and is no longer so: what feeds are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from monitor.core.rules import Subject, subject_of_document, ticker_names
from monitor.store.codec import date_of_day
from monitor.store.documents import documents, of_fund, stored
from monitor.store.engine import Connection
from monitor.store.heard import printed_names
from monitor.store.queries.names import groups
from monitor.store.schema import item, superseded

BATCH = 200  # rows fetched at once: most feeds need no more


@dataclass(frozen=True, slots=True)
class ToldItem:
    """An item as it was derived. `changed`: when something else stopped being true, "" where nothing did; `withdrawn`:
    it is no longer derived, and `body` is what was told."""

    id: str
    security: int
    day: date
    body: Mapping[str, object]
    changed: str
    withdrawn: bool


def newest_items(
    conn: Connection, issuer: int | None, securities: frozenset[int] | None, most: int, fund: str = ""
) -> Iterator[ToldItem]:
    """At most so many items, newest first, optionally of one issuer or one security, or that may name a fund."""
    last = select(superseded.c.item, func.max(superseded.c.at).label("at")).group_by(superseded.c.item)
    changed = {row.item: row.at for row in conn.execute(last)}
    query = documents(item).order_by(item.c.as_of.desc(), item.c.id)
    if issuer is not None:
        query = query.where(item.c.issuer + 0 == issuer)  # else all of its items are sorted for the first fifty
    if fund:
        query = query.where(of_fund(fund))
    if securities is not None:
        query = query.where(item.c.security.in_(sorted(securities)))
    for one in stored(conn, query.limit(most), BATCH):
        body = json.loads(one.text)
        yield ToldItem(one.id, one.security, date_of_day(one.day), body, changed.get(one.id, ""), withdrawn=False)


def withdrawn_items(conn: Connection, issuer: int | None, most: int) -> list[ToldItem]:
    """What was told and is no longer derived, the newest such knowledge first."""
    columns = (superseded.c.item, superseded.c.at, superseded.c.body)
    query = select(*columns).where(superseded.c.item.not_in(select(item.c.id))).order_by(superseded.c.at.desc())
    if issuer is not None:
        query = query.where(superseded.c.issuer == issuer)
    found: dict[str, ToldItem] = {}
    for row in conn.execute(query.limit(most)):
        body = json.loads(row.body)
        day = date.fromisoformat(body["as_of"])
        found.setdefault(row.item, ToldItem(row.item, 0, day, body, row.at, withdrawn=True))
    return list(found.values())


class Naming:
    """Items as rules see them, under all names their securities ever had."""

    def __init__(self, conn: Connection) -> None:
        self.conn, self.joined = conn, groups(conn)
        self.names: dict[int, list[str]] = {}

    def subject(self, one: ToldItem) -> Subject:
        """The subject of an item."""
        found = subject_of_document(one.body, one.day)
        if one.security == 0:
            return found
        root = self.joined.root_of(one.security)
        if root not in self.names:
            printed = printed_names(self.conn, self.joined.members({root}))
            self.names[root] = [text for name, ticker in printed for text in (name, *ticker_names(ticker))]
        return found.also_called(self.names[root])
