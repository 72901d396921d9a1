"""The daemons at work and their ticks, for the supervisor's view. Records only; nothing is decided by them.

A holder is `host:pid:namespace-random`: new for every start, and on the same machine it can be told whether the
process behind it is still there.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select, update

from monitor.store.codec import instant_text, maybe_instant, maybe_text, parse_instant
from monitor.store.engine import Connection, Engine, insert_new, transaction
from monitor.store.schema import tick, worker

REMEMBERED = timedelta(days=7)  # daemons that stopped are shown for a while
DETAIL = 2000  # characters of what went wrong that are kept


@dataclass(frozen=True, slots=True)
class Worker:
    """One daemon as it last reported; `stopped_at` is None while it runs, or when it was killed."""

    holder: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tick:
    """The last run of one tick of one daemon. `outcome`: running, ok or failed; `failures` in a row."""

    name: str
    holder: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    detail: str
    runs: int
    failures: int


def new_holder() -> str:
    """A name for this process that no other ever had."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{_namespace()}-{secrets.token_hex(4)}"


def is_gone(holder: str) -> bool:
    """Whether the process of `holder` surely ended: it was on this machine, in our namespace of processes."""
    host, _, rest = holder.partition(":")
    pid, _, life = rest.partition(":")
    if host != socket.gethostname()[:24] or life.partition("-")[0] != str(_namespace()) or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _namespace() -> int:
    """The namespace our process number belongs to: the same number elsewhere is somebody else."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:  # not on Linux
        return 0


def register(engine: Engine, holder: str, version: str, now: datetime) -> None:
    """A daemon has begun. Those of this machine that were killed are marked, those long gone are forgotten."""
    host, pid = socket.gethostname(), os.getpid()
    text = instant_text(now)
    row = {
        "holder": holder,
        "host": host,
        "pid": pid,
        "version": version[:20],
        "started_at": text,
        "seen_at": text,
        "stopped_at": None,
    }
    with transaction(engine) as conn:
        for other in workers(conn):
            if other.stopped_at is None and other.holder != holder and is_gone(other.holder):
                _set(conn, other.holder, stopped_at=instant_text(other.seen_at))
        old = select(worker.c.holder).where(worker.c.seen_at < instant_text(now - REMEMBERED))
        conn.execute(delete(tick).where(tick.c.holder.in_(old)))
        conn.execute(delete(worker).where(worker.c.seen_at < instant_text(now - REMEMBERED)))
        insert_new(conn, worker, [row])


def report(engine: Engine, holder: str, now: datetime, ticks: Iterable[Tick] = (), stopped: bool = False) -> None:
    """The daemon is alive, and how its ticks have been doing; with `stopped` it says goodbye."""
    text = instant_text(now)
    with transaction(engine) as conn:
        _set(conn, holder, seen_at=text, stopped_at=text if stopped else None)
        for one in ticks:
            _write(conn, one)


def _set(conn: Connection, holder: str, **values: str | None) -> None:
    conn.execute(update(worker).where(worker.c.holder == holder).values(**values))


def _write(conn: Connection, one: Tick) -> None:
    key = {"name": one.name, "holder": one.holder}
    values = {
        "started_at": instant_text(one.started_at),
        "ended_at": maybe_text(one.ended_at),
        "outcome": one.outcome,
        "detail": one.detail[:DETAIL],
        "runs": one.runs,
        "failures": one.failures,
    }
    if not insert_new(conn, tick, [{**key, **values}]):
        conn.execute(update(tick).where(tick.c.name == one.name, tick.c.holder == one.holder).values(**values))


def started_at(conn: Connection, holder: str) -> datetime | None:
    """When the daemon began; None when it never registered."""
    found = conn.execute(select(worker.c.started_at).where(worker.c.holder == holder)).scalar()
    return maybe_instant(found)


def workers(conn: Connection) -> list[Worker]:
    """The daemons of the last days, those started last first."""
    rows = conn.execute(select(worker).order_by(worker.c.started_at.desc(), worker.c.holder))
    return [
        Worker(
            row.holder,
            row.host,
            row.pid,
            row.version,
            parse_instant(row.started_at),
            parse_instant(row.seen_at),
            maybe_instant(row.stopped_at),
        )
        for row in rows
    ]


def ticks(conn: Connection) -> list[Tick]:
    """The last run of each tick of each daemon."""
    rows = conn.execute(select(tick).order_by(tick.c.name, tick.c.holder))
    return [
        Tick(
            row.name,
            row.holder,
            parse_instant(row.started_at),
            maybe_instant(row.ended_at),
            row.outcome,
            row.detail,
            row.runs,
            row.failures,
        )
        for row in rows
    ]
