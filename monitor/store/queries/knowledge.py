"""What our knowledge gained or changed between two instants, from the append-only facts. It reads only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select

from monitor.core.model import Arrival
from monitor.store import schema as t
from monitor.store.chunks import chunks
from monitor.store.codec import REVISIONS, date_of_day, instant_text, parse_instant
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef, issuer_number

WAITING = 40  # days a held file waits for the one that decides, at most: later ones settle nothing


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One thing we came to know at `at`. `what` is file, back-file, restatement, settled, operator, evidence,
    corrected, withdrawn or identity; `standing` what is made of a file now; `item` the id of an item that changed."""

    at: datetime
    what: str
    issuer: str
    fund: str | None
    as_of: date | None
    standing: str | None
    detail: str
    item: str | None
    place: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """Between which instants (the first exclusive) and of whom; None means all."""

    since: datetime
    until: datetime | None = None
    fund: FundRef | None = None
    issuer: str | None = None

    def holds(self, column: Any) -> ColumnElement[bool]:
        """Whether an instant lies within."""
        late = column > instant_text(self.since)
        return late if self.until is None else and_(late, column <= instant_text(self.until))


def revisions(conn: Connection, span: Span) -> list[RevisionRow]:
    """What we came to know, in that order."""
    issuer = None if span.issuer is None else issuer_number(conn, span.issuer)
    found = [
        *_files(conn, span, issuer),
        *_settled(conn, span, issuer),
        *_operators(conn, span, issuer),
        *_evidence(conn, span, issuer),
        *_items(conn, span, issuer),
        *_words(conn, span, issuer),
    ]
    return sorted(found, key=lambda one: (one.at, one.issuer, one.fund or "", one.as_of or date.min, one.what))


def _of(query: Select[Any], span: Span, issuer: int | None) -> Select[Any]:
    """The query, which names `fund`, of the funds asked for."""
    if span.fund is not None:
        return query.where(t.fund.c.id == span.fund.id)
    return query if issuer is None else query.where(t.fund.c.issuer == issuer)


def _snapshots() -> Select[Any]:
    same = and_(t.standing.c.fund == t.snapshot.c.fund, t.standing.c.snapshot == t.snapshot.c.id)
    return (
        select(t.snapshot, t.standing.c.standing, t.standing.c.reasons, t.fund.c.ticker, t.issuer.c.code)
        .join(t.fund, t.fund.c.id == t.snapshot.c.fund)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .outerjoin(t.standing, same)
    )


def _files(conn: Connection, span: Span, issuer: int | None) -> Iterator[RevisionRow]:
    for row in conn.execute(_of(_snapshots().where(span.holds(t.snapshot.c.known_at)), span, issuer)):
        again = row.id % REVISIONS > 0  # another version of that date came before
        what = "restatement" if again else "file" if row.arrival == Arrival.LIVE.value else "back-file"
        yield _file(row, row.known_at, what, _reasons(row.reasons))


def _file(row: Row[Any], at: str, what: str, detail: str) -> RevisionRow:
    day = date_of_day(row.as_of)
    return RevisionRow(
        parse_instant(at), what, row.code, row.ticker, day, row.standing, detail, None, row.place, row.sha256
    )


def _reasons(text: str | None) -> str:
    return "; ".join(str(one["text"]) for one in json.loads(text or "[]"))


def _settled(conn: Connection, span: Span, issuer: int | None) -> Iterator[RevisionRow]:
    """Files that were held until a later file of the fund decided."""
    later = t.snapshot.alias("later")
    decided = and_(
        later.c.fund == t.snapshot.c.fund,
        later.c.as_of == t.standing.c.day,
        later.c.as_of > t.snapshot.c.as_of,
        t.snapshot.c.id >= (later.c.as_of - WAITING) * REVISIONS,
        t.snapshot.c.id < later.c.as_of * REVISIONS,
    )
    query = _snapshots().add_columns(later.c.known_at.label("decided"), later.c.as_of.label("by"))
    query = query.join(later, decided).where(span.holds(later.c.known_at))
    seen = set()
    for row in conn.execute(_of(query, span, issuer).order_by(later.c.known_at)):
        if (row.fund, row.id) not in seen:
            seen.add((row.fund, row.id))
            yield _file(row, row.decided, "settled", f"{row.standing} after the file dated {date_of_day(row.by)}")


def _operators(conn: Connection, span: Span, issuer: int | None) -> Iterator[RevisionRow]:
    query = _snapshots().where(t.snapshot.c.operator_at.is_not(None), span.holds(t.snapshot.c.operator_at))
    for row in conn.execute(_of(query, span, issuer)):
        yield _file(row, row.operator_at, "operator", f"an operator said {row.operator}")


def _evidence(conn: Connection, span: Span, issuer: int | None) -> Iterator[RevisionRow]:
    query = (
        select(t.schedule, t.fund.c.ticker, t.issuer.c.code)
        .join(t.fund, t.fund.c.id == t.schedule.c.fund)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .where(span.holds(t.schedule.c.known_at))
    )
    for row in conn.execute(_of(query, span, issuer)):
        detail = f"{row.source}: {row.title}, {row.lines} lines"
        at, day = parse_instant(row.known_at), date_of_day(row.as_of)
        yield RevisionRow(at, "evidence", row.code, row.ticker, day, None, detail, None, row.place, row.sha256)


def _items(conn: Connection, span: Span, issuer: int | None) -> Iterator[RevisionRow]:
    """What was told and said something else, or nothing, afterwards."""
    query = select(t.superseded, t.issuer.c.code).join(t.issuer, t.issuer.c.id == t.superseded.c.issuer)
    query = query.where(span.holds(t.superseded.c.at))
    if issuer is not None or span.fund is not None:
        query = query.where(t.superseded.c.issuer == (span.fund.issuer_id if span.fund is not None else issuer))
    rows = conn.execute(query).all()
    ids = {row.item for row in rows}
    still = {one for some in chunks(ids) for one in conn.scalars(select(t.item.c.id).where(t.item.c.id.in_(some)))}
    for row in rows:
        body = json.loads(row.body)
        if span.fund is None or span.fund.ticker in body["funds"]:
            fund = body["funds"][0] if len(body["funds"]) == 1 else None
            what, day = "corrected" if row.item in still else "withdrawn", date.fromisoformat(body["as_of"])
            at, said = parse_instant(row.at), str(body.get("headline") or body["claim"])
            yield RevisionRow(at, what, row.code, fund, day, None, f"told before: {said}", row.item, None, None)


def _words(conn: Connection, span: Span, issuer: int | None) -> Iterator[RevisionRow]:
    """What operators said of identities."""
    old, new, table = t.security.alias("old"), t.security.alias("new"), t.operator_link.c
    query = (
        select(t.operator_link, t.fund.c.ticker, t.issuer.c.code, old.c.public.label("a"), new.c.public.label("b"))
        .join(t.issuer, t.issuer.c.id == table.issuer)
        .outerjoin(t.fund, t.fund.c.id == table.fund)
        .join(old, old.c.id == table.earlier)
        .join(new, new.c.id == table.later)
        .where(span.holds(table.at))
    )
    if span.fund is not None:
        query = query.where(table.issuer == span.fund.issuer_id)
        query = query.where(table.fund.is_(None) | (table.fund == span.fund.id))
    elif issuer is not None:
        query = query.where(table.issuer == issuer)
    for row in conn.execute(query):
        detail = f"an operator said {row.verb} {row.a} → {row.b}{f': {row.note}' if row.note else ''}"
        day = date_of_day(row.day)
        yield RevisionRow(parse_instant(row.at), "identity", row.code, row.ticker, day, None, detail, None, None, None)
