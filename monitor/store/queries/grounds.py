"""What the answer to `why` is read from: files, pairs of files, links and splits. It reads, it explains nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, select

from monitor.core.linking import Link
from monitor.core.model import Convention, Interval, Reason
from monitor.core.splits import Split
from monitor.store import past
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of, decode_value, maybe_date, maybe_decimal
from monitor.store.documents import documents, of_fund, stored
from monitor.store.engine import Connection
from monitor.store.queries.changes import Change
from monitor.store.queries.names import FundRef

AT_ONCE = 20  # items looked at together: the one that tells an event is among the first


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One snapshot with what became of it. `settled` is the date of the file that decided; `value` is the sum of all
    lines in `currency`; `notes` are what the reader noticed. None is unknown, or not yet judged."""

    fund: FundRef
    number: int
    as_of: date
    pos_session: date | None
    convention: Convention | None
    standing: str | None
    settled: date | None
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    operator: str | None
    place: str
    sha256: str
    arrival: str
    known_at: str
    published_from: str | None
    published_to: str | None
    lines: int
    unread: int
    value: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class StoredFlow:
    """The flow between two files of a fund, as it was derived; `snapshot` and `previous` are their numbers."""

    snapshot: int
    previous: int
    sessions: Interval
    gap: int
    factor: Decimal | None
    units: int | None
    lines: int
    unchanged: int
    in_flow: int | None
    in_groups: int | None
    active: int | None
    rebalance: bool
    confidence: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event or item with its own keys beside the documented ones. `day` is the date of the file that settled it."""

    id: str
    level: str
    security: int
    day: date
    body: Change


def stored_change(conn: Connection, change_id: str) -> StoredEvent | None:
    """The event or item with this id, whole."""
    for level, table in (("event", t.event), ("item", t.item)):
        for one in stored(conn, documents(table).where(table.c.id == change_id)):
            body: Change = json.loads(one.text, parse_float=Decimal)
            return StoredEvent(change_id, level, one.security, date_of_day(one.day), body)
    return None


def change_ids(conn: Connection, start: str, limit: int = 2_000) -> list[str]:
    """Ids of events and items that begin so: what a mistyped id may have meant."""
    found: list[str] = []
    for table in (t.event, t.item):
        query = select(table.c.id).where(table.c.id.startswith(start, autoescape=True)).limit(limit)
        found += conn.execute(query).scalars()
    return sorted(found)


def item_of(conn: Connection, event_id: str, as_of: date, issuer_id: int) -> str | None:
    """The item that tells an event."""
    issuer = t.item.c.issuer + 0 == issuer_id  # day by day from there on, instead of all of the issuer's items
    query = documents(t.item).where(issuer, t.item.c.as_of >= day_of(as_of))
    fund = conn.scalar(select(t.fund.c.ticker).join(t.event).where(t.event.c.id == event_id))
    query = query if fund is None else query.where(of_fund(fund))
    found = stored(conn, query.order_by(t.item.c.as_of), AT_ONCE)
    return next((one.id for one in found if f'"{event_id}"' in one.text), None)


def stored_file(conn: Connection, fund: FundRef, as_of: date, sha256: str) -> StoredFile | None:
    """The fund's file with this date and hash."""
    query = _files().where(
        t.snapshot.c.fund == fund.id, t.snapshot.c.as_of == day_of(as_of), t.snapshot.c.sha256 == sha256
    )
    return _file(conn, fund, query)


def numbered_file(conn: Connection, fund: FundRef, number: int) -> StoredFile | None:
    """The fund's file with this number of the store."""
    return _file(conn, fund, _files().where(t.snapshot.c.fund == fund.id, t.snapshot.c.id == number))


def _files() -> Select[Any]:
    judged = t.standing.c
    return select(
        t.snapshot, judged.pos_session, judged.convention, judged.standing, judged.day, judged.reasons,
        judged.warnings.label("cautions"),
    ).outerjoin(t.standing, and_(judged.fund == t.snapshot.c.fund, judged.snapshot == t.snapshot.c.id))  # fmt: skip


def _file(conn: Connection, fund: FundRef, query: Select[Any]) -> StoredFile | None:
    row = conn.execute(query).first()
    if row is None:
        return None
    return StoredFile(
        fund,
        row.id,
        date_of_day(row.as_of),
        maybe_date(row.pos_session),
        None if row.convention is None else Convention(row.convention),
        row.standing,
        maybe_date(row.day),
        _reasons(row.reasons),
        _reasons(row.cautions),
        _reasons(row.warnings),
        row.operator,
        row.place,
        row.sha256,
        row.arrival,
        row.known_at,
        row.published_from,
        row.published_to,
        row.lines,
        row.unread,
        decode_value(row.value),
        row.currency,
    )


def _reasons(text: str | None) -> tuple[Reason, ...]:
    return tuple(Reason(str(one["gate"]), str(one["text"])) for one in json.loads(text or "[]"))


def stored_flow(conn: Connection, fund: FundRef, snapshot: int) -> StoredFlow | None:
    """The flow into this file of the fund; None for its first one and for files that do not count."""
    row = conn.execute(select(t.flow).where(t.flow.c.fund == fund.id, t.flow.c.snapshot == snapshot)).first()
    if row is None:
        return None
    return StoredFlow(
        row.snapshot,
        row.previous,
        Interval(maybe_date(row.session_from), maybe_date(row.session_to)),
        row.gap,
        maybe_decimal(row.factor),
        row.units,
        row.lines,
        row.unchanged,
        row.in_flow,
        row.in_groups,
        row.active,
        bool(row.rebalance),
        row.confidence,
    )


def links_of(conn: Connection, fund: FundRef) -> list[tuple[date, Link]]:
    """All links of the funds of this fund's issuer with their days, oldest first."""
    return past.links(conn, fund.issuer_id)


def splits_of(conn: Connection, fund: FundRef) -> list[Split]:
    """All splits seen by the funds of this fund's issuer, oldest first."""
    return past.splits(conn, fund.issuer_id)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The last time prices were asked what the dates of a fund's files mean."""

    at: str
    found: str
    configured: str
    outcome: str
    files: int
    compared: int
    prices: str


def last_calibration(conn: Connection, fund: FundRef) -> Calibration | None:
    """The newest calibration of the fund; None when there was none."""
    query = select(t.calibration).where(t.calibration.c.fund == fund.id).order_by(t.calibration.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    if row is None:
        return None
    return Calibration(row.at, row.found, row.configured, row.outcome, row.files, row.compared, row.prices)
