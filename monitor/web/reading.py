"""How pages and the API reach the history: one read-only pool, each request one consistent state, bounded in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING

from monitor.store.migrate import open_current
from monitor.store.vitals import reading_within

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.store.engine import Connection, Engine

SECONDS = 10.0  # for all questions of one request


@dataclass(slots=True)
class Reading:
    """Opens the database when it is first asked, so that the page starts before its database does."""

    app: App
    _engine: Engine | None = None
    _lock: Lock = field(default_factory=Lock)

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return self.app.clock()

    def today(self) -> date:
        """The day it is, in UTC."""
        return self.now().date()

    @contextmanager
    def connection(self, seconds: float | None = None) -> Iterator[Connection]:
        """One consistent state. Raises StoreError where there is no database, StoreUnavailable when it takes longer."""
        with reading_within(self.engine(), SECONDS if seconds is None else seconds) as conn:
            yield conn

    def close(self) -> None:
        """Ends all connections."""
        if self._engine is not None:
            self._engine.dispose()

    def engine(self) -> Engine:
        """The pool. Raises StoreError where there is no database, or one of another schema."""
        with self._lock:
            if self._engine is None:
                self._engine = open_current(self.app.config.database, read_only=True)
            return self._engine
