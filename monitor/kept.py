"""What one run of the program keeps from pass to pass: the sources it has read, its one fetcher, and names it has met.

It decides nothing. A fetcher remembers when each server was asked last, so a pace holds only as long as it is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from monitor.sources import registry
from monitor.sources.spec import Source

if TYPE_CHECKING:
    from monitor.sources.fetch import Fetcher
    from monitor.store.engine import Engine
    from monitor.store.names import Names


class Kept:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: registry.State | None = None
        self._sources: Mapping[str, Source] = {}
        self._fetcher: Fetcher | None = None
        self._names: WeakKeyDictionary[Engine, Names] = WeakKeyDictionary()

    def sources(self, folder: Path | None) -> Mapping[str, Source]:
        """As `registry.load`, read again only when a file of the user's folder has changed."""
        with self._lock:
            state = registry.state(folder)
            if state != self._state:
                self._sources = registry.load(folder)
                self._state = state
            return self._sources

    def fetcher(self, make: Callable[[], Fetcher]) -> Fetcher:
        """The fetcher of this run, made when first asked for."""
        with self._lock:
            if self._fetcher is None:
                self._fetcher = make()
            return self._fetcher

    def names(self, engine: Engine) -> Names:
        """The names met in this database, for one thread at a time."""
        from monitor.store.names import Names  # not loaded by what asks for none

        with self._lock:
            return self._names.setdefault(engine, Names())
