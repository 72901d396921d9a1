"""Rows of `status` about the running program: daemons, ticks that fail, servers that are left alone. Read only."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.store import watch, workers
from monitor.store.codec import instant_text, maybe_text
from monitor.store.engine import Connection
from monitor.store.queries.status_row import StatusRow
from monitor.store.workers import Tick, Worker

SILENT = timedelta(minutes=5)  # a daemon reports every few seconds
SHOWN = 500  # characters of what went wrong


def running(conn: Connection, now: datetime) -> list[StatusRow]:
    """Who works, and what does not; nothing where no daemon ever ran and no server failed."""
    known = workers.workers(conn)
    alive = [one for one in known if _state(one, now) == "running"]
    shown = alive or known[:1]  # else the one that started last
    rows = [_daemon(one, now) for one in shown]
    holders = {one.holder: one for one in alive}
    rows += [_tick(one) for one in workers.ticks(conn) if one.failures and one.holder in holders]
    return rows + _servers(conn, now)


def _state(one: Worker, now: datetime) -> str:
    if one.stopped_at is not None:
        return "stopped"
    return "running" if now - one.seen_at <= SILENT else "silent"


def _daemon(one: Worker, now: datetime) -> StatusRow:
    state = _state(one, now)
    words = {"running": "last seen", "silent": "killed or cut off, last seen", "stopped": "stopped"}
    detail = f"version {one.version}, {words[state]} {one.seen_at:%Y-%m-%d %H:%M:%S} UTC"
    return StatusRow(
        "daemon", f"{one.host}:{one.pid}", state, int(state == "running"), instant_text(one.started_at), detail
    )


def _tick(one: Tick) -> StatusRow:
    return StatusRow("tick", one.name, "broken", one.failures, instant_text(one.started_at), one.detail[:SHOWN])


def _servers(conn: Connection, now: datetime) -> list[StatusRow]:
    rows = []
    for issuer, one in sorted(watch.breakers(conn).items()):
        waits = one.not_before is not None and one.not_before > now and not one.may_ask(now)
        if one.failures or waits:
            state = "open" if one.is_open else "waiting"
            after = f"; asked again from {one.not_before:%Y-%m-%d %H:%M:%S} UTC" if one.not_before is not None else ""
            since = maybe_text(one.at)
            rows.append(StatusRow("issuer", issuer, state, one.failures, since, one.detail[:SHOWN] + after))
    return rows
