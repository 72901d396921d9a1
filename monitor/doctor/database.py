"""What the database says of itself, of the clock, of the daemons, and of what waits to be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.core.errors import MonitorError
from monitor.doctor.finding import Finding, State
from monitor.doctor.here import room
from monitor.store import migrate
from monitor.store.engine import Engine, open_engine, reading

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.store.health import Health

SLOW_CLOCK = 30.0  # seconds two clocks may differ before it is worth a word
WRONG_CLOCK = 300.0


def look(app: App) -> Iterator[Finding]:
    """The database and what it tells; nothing is made, upgraded or written."""
    try:
        engine = open_engine(app.config.database, read_only=True)
    except MonitorError as error:
        remedy = "Check the address, and that the server runs; `holdings-monitor db upgrade` makes a new database."
        yield Finding("database", "reachable", State.FAULT, str(error), remedy)
        return
    try:
        yield Finding("database", "reachable", State.OK, app.config.database_shown)
        yield from _current(app, engine)
    except MonitorError as error:
        yield Finding("database", "answers", State.FAULT, str(error), "See: holdings-monitor db check")
    finally:
        engine.dispose()


def _current(app: App, engine: Engine) -> Iterator[Finding]:
    from monitor.store.health import folder_of, health

    found = migrate.current(engine)
    if found != migrate.head():
        text = f"it is at schema {found or 'none'}, this program needs {migrate.head()}"
        newer = found is not None and found > migrate.head()
        remedy = "Install the newer program." if newer else f"Make a backup, then run: {migrate.UPGRADE}"
        yield Finding("database", "schema", State.FAULT if newer else State.WARNING, text, remedy)
        return
    yield Finding("database", "schema", State.OK, found)
    yield _writable(app)
    seen = health(engine)
    yield Finding("database", "size", State.OK, f"{seen.size / (1 << 20):,.1f} MiB")
    if (folder := folder_of(engine)) is not None:
        yield _sound(seen)
        yield room("database", "disk", folder)
    yield clock(app.clock(), seen)
    yield from _daemons(app, seen)
    yield from _backlog(app, engine)


def _writable(app: App) -> Finding:
    from monitor.store.health import why_not_writable

    try:
        engine = open_engine(app.config.database)
        try:
            reason = why_not_writable(engine)
        finally:
            engine.dispose()
    except MonitorError as error:
        reason = str(error)
    if reason:
        return Finding("database", "writable", State.FAULT, reason, "Give the program's user the right to write.")
    return Finding("database", "writable", State.OK, "yes")


def _sound(seen: Health) -> Finding:
    if seen.sound is None:
        return Finding(
            "database", "integrity", State.SKIPPED, "too large for a quick look", "holdings-monitor db check"
        )
    if seen.sound:
        return Finding("database", "integrity", State.FAULT, seen.sound, "Restore a backup: db restore")
    return Finding("database", "integrity", State.OK, "a quick look found nothing wrong")


def clock(now: datetime, seen: Health) -> Finding:
    """This machine's clock beside the server's, or beside the latest instant the database holds."""
    remedy = "Set the clock, and keep it by NTP."
    if seen.clock is not None:
        apart = abs((now - seen.clock).total_seconds())
        text = f"{apart:,.0f} s from the database server's"
        state = State.FAULT if apart > WRONG_CLOCK else State.WARNING if apart > SLOW_CLOCK else State.OK
        return Finding("clock", "database", state, text, remedy if state is not State.OK else "")
    if seen.newest is not None and seen.newest - now > timedelta(seconds=WRONG_CLOCK):
        text = f"it says {now:%Y-%m-%d %H:%M} UTC, but something was recorded at {seen.newest:%Y-%m-%d %H:%M} UTC"
        return Finding("clock", "database", State.FAULT, text, remedy)
    return Finding("clock", "database", State.OK, "nothing was recorded later than now")


def _daemons(app: App, seen: Health) -> Iterator[Finding]:
    now, silence = app.clock(), timedelta(seconds=app.config.daemon.lease_seconds)
    alive = [holder for holder, at in seen.alive if now - at <= silence]
    if alive:
        yield Finding("daemon", "running", State.OK, f"{len(alive)}: {', '.join(sorted(alive))}")
    else:
        yield Finding("daemon", "running", State.WARNING, "none reports", "Start one: holdings-monitor run")
    for holder, at in seen.alive:
        if now - at > silence:
            text = f"{holder} was last heard of {at:%Y-%m-%d %H:%M} UTC and did not say that it stopped"
            yield Finding("daemon", "silent", State.OK, text)
    held = [f"{name} by {holder}" for name, holder, until in seen.held if until > now]
    if held:
        yield Finding("daemon", "leases", State.OK, ", ".join(sorted(held)))
    for issuer, until in seen.waiting:
        if until > now:
            text = f"{issuer} is left alone until {until:%Y-%m-%d %H:%M} UTC"
            yield Finding("daemon", "patience", State.WARNING, text, "See: holdings-monitor status")


def _backlog(app: App, engine: Engine) -> Iterator[Finding]:
    from monitor.store import queries

    with reading(engine) as conn:
        rows = queries.status(conn, app.clock(), app.watched_funds())
    wrong = [row for row in rows if queries.needs_attention([row])]
    for row in wrong:
        text = f"{row.count:,} {row.state}" if row.what != "fund" else f"{row.state}: {row.detail}"
        yield Finding(row.what, row.name, State.WARNING, text, "See: holdings-monitor status")
    if not wrong:
        yield Finding("work", "backlog", State.OK, "nothing is unfinished, held or overdue")
