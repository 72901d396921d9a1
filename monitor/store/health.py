"""Whether a database is fit to work with: reachable, current, writable, sound, on time. Nothing in it is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, text

from monitor.store.codec import parse_instant
from monitor.store.engine import Connection, Engine, is_postgres, reading, transaction
from monitor.store.schema import breaker, delivery, fetch, lease, worker

LARGEST_QUICK = 2 << 30  # bytes of a SQLite file that is looked through here; more takes minutes
TABLES = ("archive", "snapshot", "holding", "delivery", "lease")


@dataclass(frozen=True, slots=True)
class Health:
    """How a current database is doing. `clock`: the server's own (None: SQLite has none). `newest`: the latest instant
    it holds. `sound`: "" or what SQLite complains of; None: too large to look. `alive`: holder and last report of
    daemons that did not say they stopped. `held`: leases. `waiting`: issuers left alone until then."""

    size: int
    clock: datetime | None
    newest: datetime | None
    sound: str | None
    alive: tuple[tuple[str, datetime], ...]
    held: tuple[tuple[str, str, datetime], ...]
    waiting: tuple[tuple[str, datetime], ...]


def health(engine: Engine) -> Health:
    """All of it, at one moment."""
    with reading(engine) as conn:
        size = _size(conn, engine)
        newest = [conn.execute(select(func.max(c))).scalar() for c in (fetch.c.at, delivery.c.created_at)]
        alive = select(worker.c.holder, worker.c.seen_at).where(worker.c.stopped_at.is_(None))
        held = select(lease).where(lease.c.until != "")  # a lease that was given back has none
        return Health(
            size=size,
            clock=_clock(conn),
            newest=max((parse_instant(one) for one in newest if one), default=None),
            sound=_sound(conn, size),
            alive=tuple((row.holder, parse_instant(row.seen_at)) for row in conn.execute(alive)),
            held=tuple((row.name, row.holder, parse_instant(row.until)) for row in conn.execute(held)),
            waiting=tuple(
                (row.issuer, parse_instant(row.not_before))
                for row in conn.execute(select(breaker).where(breaker.c.not_before.is_not(None)))
            ),
        )


def why_not_writable(engine: Engine) -> str:
    """Why this program could not write, in words; "" when it could. Raises StoreUnavailable when it is locked.

    SQLite is asked for the write lock, which is given back; PostgreSQL says what the role may do.
    """
    with transaction(engine) as conn:
        if not is_postgres(conn):
            return ""  # BEGIN IMMEDIATE was granted, and there is nothing to commit
        if conn.execute(text("SELECT pg_is_in_recovery()")).scalar():
            return "the server is a replica, which cannot be written"
        rights = "SELECT has_table_privilege(current_user, :name, 'INSERT, UPDATE')"
        return ", ".join(
            f"no right to write the table {name}"
            for name in TABLES
            if not conn.execute(text(rights), {"name": name}).scalar()
        )


def folder_of(engine: Engine) -> Path | None:
    """Where the file of a SQLite database lies; None for any other."""
    found = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
    return Path(found).absolute().parent if found and found != ":memory:" else None


def _size(conn: Connection, engine: Engine) -> int:
    if is_postgres(conn):
        return int(conn.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0)
    file = Path(engine.url.database or "")
    return _bytes(file) + _bytes(file.with_name(f"{file.name}-wal"))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # SQLite removes its log when the last program leaves: perhaps just now
        return 0


def _clock(conn: Connection) -> datetime | None:
    if not is_postgres(conn):
        return None
    found: datetime | None = conn.execute(text("SELECT clock_timestamp()")).scalar()
    return None if found is None else found.astimezone(UTC)


def _sound(conn: Connection, size: int) -> str | None:
    if is_postgres(conn):
        return ""
    if size > LARGEST_QUICK:
        return None
    said = str(conn.execute(text("PRAGMA quick_check(1)")).scalar())
    return "" if said == "ok" else said
