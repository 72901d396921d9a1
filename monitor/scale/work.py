"""What a worker does with a job: looks whether it is of our version, does it, and says trouble in words.

One engine for each process and database: opened when first needed, checked once, and kept while it is the same file.
The names met in a run are kept, too; another run may find another database at the same address.
"""

from __future__ import annotations

import atexit
import gc
import platform
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import TypeVar

from monitor import __version__
from monitor.core.errors import MonitorError, StoreError, UsageError
from monitor.leisure import look_seldom
from monitor.store import migrate
from monitor.store.engine import Engine, StoreConflict, StoreUnavailable, file_number
from monitor.store.names import Names

A = TypeVar("A")
K = TypeVar("K")
R = TypeVar("R")
SETTLED = 1.2  # seconds after the start of a process
PATIENCE = 900.0  # seconds a job waits for a database that is locked or away: a large issuer is derived for minutes


@dataclass(frozen=True, slots=True)
class Trouble:
    """A MonitorError on its way home: its words alone. `lasting`: waiting does not help."""

    text: str
    kind: str = ""

    def error(self) -> MonitorError:
        """As it is raised at home."""
        return UsageError(self.text) if self.kind == "usage" else StoreError(self.text)


@lru_cache(maxsize=1)
def stamp() -> str:
    """What client and workers must have in common, in words."""
    python = ".".join(platform.python_version_tuple()[:2])
    return f"holdings-monitor {__version__} (schema {migrate.head()}, Python {python})"


def perform(wanted: str, function: Callable[[K, A], R], kit: K, job: A) -> R | Trouble:
    """The result of a job, or the words for why there is none. A bug surfaces as it is."""
    _begin()
    if wanted != stamp():
        return Trouble(f"A worker has {stamp()}, this is {wanted}. Install the same version everywhere.", "usage")
    try:
        return patiently(lambda: function(kit, job))
    except UsageError as error:
        return Trouble(str(error), "usage")
    except MonitorError as error:
        return Trouble(str(error))


@lru_cache(maxsize=1)
def _begin() -> None:
    """The first thing a process does. It lets itself be known to its nanny: one that ends before is not brought back,
    and with it its place."""
    look_seldom()
    atexit.register(gc.freeze)  # it would look for cycles once more as it goes, for half a second
    born: float = import_module("psutil").Process().create_time()  # comes with Dask
    time.sleep(max(0.0, min(SETTLED, born + SETTLED - time.time())))


def patiently(
    function: Callable[[], R],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> R:
    """The result of something that is one transaction, tried again while the database is locked or away.

    Raises StoreUnavailable after `PATIENCE` seconds.
    """
    began, pause = clock(), 0.1
    while True:
        try:
            return function()
        except StoreUnavailable as error:
            if not error.passing or clock() - began > PATIENCE:
                raise
            # Two that met in the database do not meet again at once.
            sleep(random.random() * 0.2 if isinstance(error, StoreConflict) else pause)
            pause = min(2 * pause, 10.0)


def engine_at(url: str) -> Engine:
    """The database of a job, which keeps one connection. Raises StoreError when its schema is another, and at once
    where it cannot be reached: it was, from where the run was started."""
    return _engine(url, file_number(url))  # an open file that was replaced would still be written, and seen by nobody


@lru_cache(maxsize=4)
def _engine(url: str, _file: int | None) -> Engine:
    try:
        return migrate.open_current(url, kept=1)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"A worker cannot use the database: {error}", passing=False) from error


@contextmanager
def names_at(url: str, run: datetime) -> Iterator[Names]:
    """The names this process has met in the database in the run that began then, for one thread at a time."""
    names, lock = _names(url, run)
    with lock:
        yield names


@lru_cache(maxsize=2)
def _names(_url: str, _run: datetime) -> tuple[Names, threading.Lock]:
    return Names(), threading.Lock()
