"""Says in words what a database could not do, and whether waiting may mend it. It never tries anything again.

A mistake in one of our statements is no trouble: it surfaces as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as AllInUse

from monitor.core.errors import StoreError

BUSY_SECONDS = 30  # how long a lock, or a free connection, is waited for
CONFLICTS = ("40001", "40P01")  # of PostgreSQL: serialization failure, deadlock
# What a database says when it will not do tomorrow what it does not do today, unless a person does something. A server
# that refuses to connect gives no code but these words, in its own language: what is not understood is taken to pass.
LASTING = (
    "unable to open database file",
    "readonly database",
    "no such table",
    "no such column",
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",  # the database, or the role
    "is not permitted to log in",
    "permission denied for database",
    "certificate verify failed",
    "does not support SSL",
)


class StoreUnavailable(StoreError):
    """The database is locked, full or out of reach. `passing`: the same may succeed later, without anybody's help."""

    def __init__(self, message: str, *, passing: bool = True) -> None:
        super().__init__(message)
        self.passing = passing


class StoreConflict(StoreUnavailable):
    """The database ended a transaction for the sake of another one: the same may be done again at once."""


def where(engine: Engine) -> str:
    """The address as it may be shown: never with a password."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return f"{url.host or url.query.get('host') or 'local socket'}:{url.port or 5432}/{url.database or ''}"


@contextmanager
def in_words(engine: Engine) -> Iterator[None]:
    """Turns what the database itself could not do into a sentence; faults of our statements surface as they are."""
    try:
        yield
    except AllInUse as error:
        raise StoreUnavailable(
            f"All connections to the database {where(engine)} have been in use for {BUSY_SECONDS} seconds."
        ) from error
    except OperationalError as error:
        kind = StoreConflict if getattr(error.orig, "sqlstate", None) in CONFLICTS else StoreUnavailable
        raise _unavailable(engine, str(error.orig).strip(), kind) from error
    except DatabaseError as error:
        if error.connection_invalidated:  # as when it was idle in a transaction for too long
            raise _unavailable(engine, str(error.orig).strip()) from error
        reason = str(error.orig) if isinstance(error.orig, sqlite3.DatabaseError) else ""
        if "not a database" in reason:
            raise StoreError(f"The file {where(engine)} is not a database.") from error
        if "malformed" not in reason:
            raise
        raise StoreError(_sentence(engine, reason)) from error


def _unavailable(engine: Engine, reason: str, kind: type[StoreUnavailable] = StoreUnavailable) -> StoreUnavailable:
    return kind(_sentence(engine, reason), passing=not any(sign in reason for sign in LASTING))


def _sentence(engine: Engine, reason: str) -> str:
    place, password = where(engine), engine.url.password
    if password:
        reason = reason.replace(str(password), "***")
    for sign, text in (
        ("database is locked", f"The database {place} has been locked by another program for {BUSY_SECONDS} seconds."),
        (
            "unable to open database file",
            f"The database {place} cannot be opened: check that the folder may be written.",
        ),
        ("disk is full", f"There is no room left for the database {place}."),
        ("readonly database", f"The database {place} may only be read."),
        ("disk image is malformed", f"The database {place} is damaged. Restore a backup."),
        ("no such table", f"The database {place} lacks a table ({reason}). Run: holdings-monitor db upgrade"),
    ):
        if sign in reason:
            return text
    return f"The database {place} cannot do this now: {reason}"
