"""The stored items as rules see them, whenever and however their files came in. It decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from monitor.core.rehearsal import Past
from monitor.core.rules import subject_of_document, ticker_names
from monitor.store.codec import date_of_day, day_of
from monitor.store.documents import documents, stored
from monitor.store.engine import Connection
from monitor.store.heard import printed_names
from monitor.store.queries.names import groups
from monitor.store.schema import item


def past_items(conn: Connection, since: date, until: date | None, *, former_names: bool) -> Iterator[Past]:
    """The items settled by files of these days, oldest first, with `former_names` also what securities were called."""
    query = documents(item).where(item.c.day >= day_of(since))
    if until is not None:
        query = query.where(item.c.day <= day_of(until))
    joined = groups(conn) if former_names else None
    names: dict[int, list[str]] = {}
    for row in list(stored(conn, query.order_by(item.c.day, item.c.id))):
        body = json.loads(row.text)
        subject = subject_of_document(body, date_of_day(row.day))
        if joined is not None:
            root = joined.root_of(row.security)
            if root not in names:
                printed = printed_names(conn, joined.members({root}))
                names[root] = [text for name, ticker in printed for text in (name, *ticker_names(ticker))]
            subject = subject.also_called(names[root])
        yield Past(subject, row.id, body["headline"])
