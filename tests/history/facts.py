"""The facts and what follows from them as plain values, free of database numbers and clocks: two databases
loaded from the same files must give the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from monitor import pipeline
from monitor.core.model import Severity
from monitor.pipeline import AlertPlan, Outcome
from monitor.sources import registry
from monitor.sources.calendars import sessions_between
from monitor.store import schema as t
from monitor.store.documents import documents as stored_documents
from monitor.store.documents import stored
from monitor.store.engine import Engine, reading, transaction
from monitor.store.sessions import ensure_sessions

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ARK = registry.get("ark")
CLOCKS = ("known_at", "published")
TABLES = {"event": t.event, "item": t.item}

DERIVED = {
    "standing": """
        SELECT f.ticker, n.sha256, d.as_of, d.day, d.standing, d.convention, d.pos_session, d.reasons, d.warnings
        FROM standing d JOIN fund f ON f.id = d.fund JOIN snapshot n ON n.fund = d.fund AND n.id = d.snapshot""",
    "link": """
        SELECT f.ticker, d.day, a.key AS earlier, b.key AS later, d.kind, d.rule, d.confidence, d.evidence
        FROM link d JOIN fund f ON f.id = d.fund
        JOIN security a ON a.id = d.earlier JOIN security b ON b.id = d.later""",
    "split": "SELECT d.day, s.key, d.factor, d.rule, d.evidence FROM split d JOIN security s ON s.id = d.security",
    "sighting": """
        SELECT f.ticker, s.key, d.as_of, d.session, d.day
        FROM sighting d JOIN fund f ON f.id = d.fund JOIN security s ON s.id = d.security""",
    "flow": """
        SELECT f.ticker, n.sha256, o.sha256 AS previous, d.as_of, d.session_from, d.session_to, d.gap, d.factor,
        d.units, d.lines, d.unchanged, d.in_flow, d.in_groups, d.active, d.rebalance, d.confidence
        FROM flow d JOIN fund f ON f.id = d.fund JOIN snapshot n ON n.fund = d.fund AND n.id = d.snapshot
        JOIN snapshot o ON o.fund = d.fund AND o.id = d.previous""",
    "trade": """
        SELECT f.ticker, n.sha256, s.key, l.name, l.ticker AS symbol, l.identifier, d.label, d.shares_before,
        d.shares_after, d.split, d.active_shares, d.value
        FROM trade d JOIN fund f ON f.id = d.fund JOIN snapshot n ON n.fund = d.fund AND n.id = d.snapshot
        JOIN security s ON s.id = d.security JOIN listing l ON l.id = d.listing""",
    "spell": """
        SELECT f.ticker, s.key, d.opened_day, d.opened_from, d.opened_to, d.first_file, d.entry_shares, d.censored,
        d.closed_day, d.closed_from, d.closed_to, d.exit_file, d.last_file, d.last_session, d.exit_shares,
        d.last_shares, d.material_file, d.material_session, d.material_shares, d.peak_shares, d.peak_file, d.files,
        d.last_line_file, d.last_line_session, d.last_line_shares, d.last_line_day
        FROM spell d JOIN fund f ON f.id = d.fund JOIN security s ON s.id = d.security""",
}


def prepare(engine: Engine) -> Engine:
    """The trading days of New York made known."""
    with transaction(engine) as conn:
        ensure_sessions(conn, "XNYS", NOW.date(), sessions_between)
    return engine


def load(
    engine: Engine, files: Iterable[Path], *, alert: bool = False, channels: tuple[str, ...] = (), now: datetime = NOW
) -> Outcome:
    """The files through the pipeline."""
    return pipeline.ingest(
        engine,
        ARK,
        ((str(path), path.read_bytes()) for path in files),
        now=now,
        alert=alert,
        plan=AlertPlan(channels, Severity.NORMAL),
        progress=lambda _text, _count: None,
    )


def derived(engine: Engine) -> dict[str, list[object]]:
    """Every derived row, by table, sorted; events and items as their documents without instants."""
    found: dict[str, list[object]] = {}
    with reading(engine) as conn:
        for table, query in DERIVED.items():
            found[table] = sorted((tuple(row) for row in conn.exec_driver_sql(query)), key=repr)
        for table in TABLES:
            rows = stored(conn, stored_documents(TABLES[table]))
            found[table] = sorted((document(row.text) for row in rows), key=repr)
    return found


def document(body: str) -> dict[str, object]:
    """An event or item without the instants that depend on when it was loaded."""
    return {key: value for key, value in json.loads(body).items() if key not in CLOCKS}


def documents(engine: Engine, table: str) -> list[dict[str, object]]:
    """All events or items as their documents."""
    with reading(engine) as conn:
        said = TABLES[table].c
        query = stored_documents(TABLES[table]).order_by(said.as_of, said.id)
        return [json.loads(row.text) for row in stored(conn, query)]
