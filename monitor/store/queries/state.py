"""How the monitor itself is doing: fresh files, unfinished work, held files, undelivered messages. Read only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, func, select

from monitor.core.errors import UsageError
from monitor.core.model import Standing
from monitor.core.sessions import Sessions
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection
from monitor.store.queries.held import held_files
from monitor.store.queries.names import FundRef, funds_known
from monitor.store.schema import delivery, fetch, issuer, snapshot, standing
from monitor.store.sessions import sessions

LATE_SESSIONS = 2  # a daily file may be missing for the current session and the one before it is published


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One thing looked at. `what` is fund, work, quarantine or deliveries; `count` what `state` counts."""

    what: str
    name: str
    state: str
    count: int
    since: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message for one channel: promised, sent or given up."""

    id: int
    item: str
    revision: int
    channel: str
    severity: str
    state: str
    attempts: int
    created_at: str
    due_at: str
    sent_at: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """A delivery with its whole message and what the channel answered."""

    row: DeliveryRow
    key: str
    message: dict[str, object]
    receipt: str | None


def deliveries(conn: Connection, states: Sequence[str] = (), item: str | None = None) -> list[DeliveryRow]:
    """The deliveries in these states (all when empty), oldest first."""
    query = select(delivery).order_by(delivery.c.created_at, delivery.c.id)
    if states:
        query = query.where(delivery.c.state.in_(list(states)))
    if item is not None:
        query = query.where(delivery.c.item == item)
    return [_delivery(row) for row in conn.execute(query)]


def delivery_detail(conn: Connection, number: int) -> DeliveryDetail:
    """One delivery by its number."""
    row = conn.execute(select(delivery).where(delivery.c.id == number)).first()
    if row is None:
        raise UsageError(f"There is no delivery {number}. See: holdings-monitor alerts list")
    message = json.loads(row.message, parse_float=Decimal)
    return DeliveryDetail(_delivery(row), row.key, message, row.receipt)


def _delivery(row: object) -> DeliveryRow:
    names = DeliveryRow.__dataclass_fields__
    return DeliveryRow(**{name: getattr(row, name) for name in names})


def status(conn: Connection, today: date) -> list[StatusRow]:
    """Freshness of every fund, then unfinished work, quarantine and deliveries; counts are 0 where all is well."""
    held = held_files(conn)
    rows = [_freshness(conn, fund, today) for fund in funds_known(conn)]
    rows += _unfinished(conn)
    refs = [one.ref for one in held]
    since = min((one.known_at for one in held), default=None)
    rows.append(StatusRow("quarantine", "files", "quarantined" if held else "ok", len(held), since, _some(refs)))
    return rows + _undelivered(conn)


def _some(names: Sequence[str], shown: int = 3) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def _freshness(conn: Connection, fund: FundRef, today: date) -> StatusRow:
    query = (
        select(standing.c.as_of, standing.c.pos_session, snapshot.c.known_at)
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .where(standing.c.fund == fund.id, standing.c.standing == str(Standing.ACCEPTED))
        .order_by(standing.c.as_of.desc())
        .limit(1)
    )
    last = conn.execute(query).first()
    tried = _last_try(conn, fund)
    if last is None:
        return StatusRow("fund", fund.ticker, "empty", 0, None, f"no accepted file yet{tried}")
    as_of = date_of_day(last.as_of)
    behind = _sessions_behind(conn, fund, as_of, today)
    state = "closed" if fund.closed else "late" if behind > _allowed(fund) else "ok"
    return StatusRow("fund", fund.ticker, state, behind, last.known_at, f"last file {as_of}{tried}")


def _allowed(fund: FundRef) -> int:
    return 35 if fund.kind == "monthly" else LATE_SESSIONS


def _sessions_behind(conn: Connection, fund: FundRef, as_of: date, today: date) -> int:
    """Sessions after the last file's date up to yesterday: today's file may still come."""
    calendar = Sessions(sessions(conn, fund.calendar))
    yesterday = calendar.before(today)
    return 0 if yesterday is None else max(0, calendar.distance(as_of, yesterday))


def _last_try(conn: Connection, fund: FundRef) -> str:
    query = select(fetch.c.at, fetch.c.outcome).where(fetch.c.fund == fund.id).order_by(fetch.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    return "" if row is None else f", last look {row.at[:16].replace('T', ' ')} UTC: {row.outcome}"


def _unfinished(conn: Connection) -> list[StatusRow]:
    query = select(issuer.c.code, issuer.c.derive_from).order_by(issuer.c.code)
    rows = []
    for row in conn.execute(query):
        if row.derive_from is not None:
            day = str(date_of_day(row.derive_from))
            detail = f"files from {day} are stored but not yet compared; the next check does it"
            rows.append(StatusRow("work", row.code, "unfinished", 1, day, detail))
    return rows


def _undelivered(conn: Connection) -> list[StatusRow]:
    query = select(
        delivery.c.channel,
        delivery.c.state,
        func.count().label("messages"),
        func.min(delivery.c.created_at).label("since"),
    ).where(delivery.c.state.in_(["pending", "sending", "dead"]))
    rows = conn.execute(query.group_by(delivery.c.channel, delivery.c.state)).all()
    found = [
        StatusRow("deliveries", row.channel, row.state, row.messages, row.since, _meaning(row.state)) for row in rows
    ]
    return sorted(found, key=lambda one: (one.name, one.state)) or [StatusRow("deliveries", "all", "ok", 0, None, "")]


def _meaning(state: str) -> str:
    return "given up: see `alerts list --state dead`" if state == "dead" else "will be sent"


def needs_attention(rows: Sequence[StatusRow]) -> bool:
    """Whether something is quarantined, unfinished or undelivered (a late issuer is not ours to mend)."""
    return any(row.count for row in rows if row.what != "fund")
