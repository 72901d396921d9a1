"""Leases: a piece of work that one process does at a time, and the workers that take them. It knows no work.

A lease is taken by one UPDATE that must hit exactly one row, and every taking raises its `token`. Time only decides
who may try: what is written for a lease is written in a transaction that first finds its token unchanged
(`still_held`), so that a process that slept through its lease, or whose clock jumped, writes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Update, select, update

from monitor.core.errors import StoreError
from monitor.store.codec import instant_text, parse_instant
from monitor.store.engine import Connection, Engine, insert_new, reading, transaction
from monitor.store.schema import lease as table

LONGEST = timedelta(hours=2)  # no lease is made for longer: one that seems to run longer was made by a wrong clock
FREE = ""  # `until` of a lease nobody holds: before every instant


class LeaseLost(StoreError):
    """Somebody else took over the work: what was prepared for it must not be written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A piece of work that is ours until `until`; `token` proves it."""

    name: str
    holder: str
    token: int
    until: datetime


def nobody_is_gone(_holder: str) -> bool:
    """Of no holder it is known that it ended without giving its leases back."""
    return False


def acquire(
    engine: Engine,
    name: str,
    holder: str,
    now: datetime,
    seconds: float,
    gone: Callable[[str], bool] = nobody_is_gone,
) -> Lease | None:
    """The lease `name`, or None while somebody else holds it. `gone` says of a holder that it surely ended.

    That a lease is held is found out without writing: who only asks makes nobody wait.
    """
    with reading(engine) as conn:
        row = conn.execute(select(table).where(table.c.name == name)).first()
    if row is not None and not _may_be_taken(row.until, row.holder, now, gone):
        return None
    with transaction(engine) as conn:
        if row is None:  # else not: beside a holder that writes, even an insert that would do nothing waits
            insert_new(conn, table, [{"name": name, "holder": "", "token": 0, "until": FREE}])
        # A holder that writes just now has the row locked: it is alive, and waiting for it would stop our other work.
        query = select(table).where(table.c.name == name).with_for_update(skip_locked=True)
        row = conn.execute(query).first()
        if row is None or not _may_be_taken(row.until, row.holder, now, gone):
            return None
        until = now + timedelta(seconds=seconds)
        taken = Lease(name, holder, row.token + 1, until)
        values = {"holder": holder, "token": taken.token, "until": instant_text(until)}
        won = conn.execute(update(table).where(table.c.name == name, table.c.token == row.token).values(values))
        return taken if won.rowcount == 1 else None


def renew(engine: Engine, lease: Lease, now: datetime, seconds: float) -> Lease | None:
    """The lease with a later end, or None when somebody else took it."""
    until = now + timedelta(seconds=seconds)
    with transaction(engine) as conn:
        kept = conn.execute(_ours(lease).values(until=instant_text(until)))
        return replace(lease, until=until) if kept.rowcount == 1 else None


def release(engine: Engine, lease: Lease) -> bool:
    """Gives the lease back; false when it was no longer ours."""
    with transaction(engine) as conn:
        return conn.execute(_ours(lease).values(holder="", until=FREE)).rowcount == 1


def still_held(conn: Connection, lease: Lease) -> bool:
    """Whether nobody took the lease since, which then nobody can until this transaction ends."""
    return conn.execute(_ours(lease).values(token=lease.token)).rowcount == 1


def fence(conn: Connection, lease: Lease) -> None:
    """Raises LeaseLost, which undoes the transaction, unless the lease is still ours."""
    if not still_held(conn, lease):
        raise LeaseLost(f"Another daemon has taken over {lease.name}; nothing was stored by this one.")


@contextmanager
def writing(engine: Engine, lease: Lease) -> Iterator[Connection]:
    """A transaction for the work of the lease. Raises LeaseLost when it is no longer ours."""
    with transaction(engine) as conn:
        fence(conn, lease)
        yield conn


@contextmanager
def kept(engine: Engine, lease: Lease, clock: Callable[[], datetime], seconds: float) -> Iterator[threading.Event]:
    """Renews the lease from a thread while work goes on; the event is set once it is lost.

    Stopping the process stops this thread as well, so that a process that hangs as a whole is taken over.
    """
    ended, lost = threading.Event(), threading.Event()

    def keep() -> None:
        while not ended.wait(seconds / 3):
            try:
                if renew(engine, lease, clock(), seconds) is None:
                    lost.set()
                    return
            except StoreError:
                continue  # busy or away; the next third, or else the fence, will tell

    thread = threading.Thread(target=keep, name=f"keeps {lease.name}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        ended.set()
        thread.join()


def _ours(lease: Lease) -> Update:
    where = (table.c.name == lease.name, table.c.holder == lease.holder, table.c.token == lease.token)
    return update(table).where(*where)


def _may_be_taken(until: str, holder: str, now: datetime, gone: Callable[[str], bool]) -> bool:
    if until == FREE:
        return True
    ends = parse_instant(until)
    return ends <= now or ends > now + LONGEST or gone(holder)
