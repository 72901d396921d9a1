"""Which items rest on a file as their newest: those derived now, and those told then and taken back. It reads only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from monitor.store.codec import day_of
from monitor.store.documents import documents, of_fund, stored
from monitor.store.engine import Connection
from monitor.store.queries.held import HeldFile
from monitor.store.schema import fund, item, superseded

LATER = timedelta(days=7)  # the files of an issuer's funds for one session are dated within a week


@dataclass(frozen=True, slots=True)
class Caused:
    """An item because of a file; `current` when it is still derived from that version."""

    item: str
    kind: str
    headline: str
    current: bool


def caused_by(conn: Connection, file: HeldFile) -> list[Caused]:
    """The items that a file made, by their ids."""
    owner = select(fund.c.issuer).where(fund.c.id == file.fund_id).scalar_subquery()
    has = f'"{file.sha256}"'
    gone = select(superseded.c.item, superseded.c.body).where(superseded.c.issuer == owner)
    first, last = day_of(file.as_of), day_of(file.as_of + LATER)
    query = documents(item).where(item.c.issuer == owner, item.c.as_of >= first, item.c.as_of <= last)
    rows = [(number, text, False) for number, text in conn.execute(gone.where(superseded.c.body.contains(has)))]
    rows += [(one.id, one.text, True) for one in stored(conn, query.where(of_fund(file.fund))) if has in one.text]
    found: dict[str, Caused] = {}
    for number, text, current in rows:
        body = json.loads(text)
        if _newest(body, file.fund) == (file.as_of, file.sha256):
            found[number] = Caused(number, str(body["kind"]), str(body.get("headline") or body["claim"]), current)
    return [found[number] for number in sorted(found)]


def _newest(body: dict[str, object], ticker: str) -> tuple[date, str] | None:
    """Date and hash of the newest file of the fund that an item rests on."""
    lines = body.get("evidence")
    mine = [one for one in lines if one["fund"] == ticker] if isinstance(lines, list) else []
    return max(((date.fromisoformat(one["as_of"]), str(one["sha256"])) for one in mine), default=None)
