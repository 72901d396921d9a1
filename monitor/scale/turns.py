"""Whose turn it is to ask a server: one process of the whole cluster at a time, whoever's client it works for.

A semaphore of the scheduler and no lease of the database: those who wait are called and need not ask again and again,
one whose process ended loses its turn by itself (after Dask's `locks.lease-timeout`), and SQLite is not written for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from importlib import import_module
from typing import Any


@contextmanager
def turn(name: str, pause: float, client: Any = None) -> Iterator[None]:
    """Our turn with the server `name`, on a worker or with a client; it ends `pause` seconds after the last request,
    so that the next process, which does not know when that was, keeps the pace. A worker does other jobs meanwhile."""
    with nullcontext() if client is not None else _aside(), _semaphore(name, client):
        try:
            yield
        finally:
            time.sleep(pause)


@contextmanager
def _aside() -> Iterator[None]:
    """A job that waits for others leaves its place on the worker to the next one, and waits for a place afterwards."""
    distributed: Any = import_module("distributed")
    distributed.secede()
    try:
        yield
    finally:
        distributed.rejoin()


@lru_cache(maxsize=256)
def _semaphore(name: str, client: Any) -> Any:
    """One for each name, because it keeps telling the scheduler that it lives."""
    distributed: Any = import_module("distributed")
    if client is None:
        return distributed.Semaphore(max_leases=1, name=name)
    return distributed.Semaphore(max_leases=1, name=name, scheduler_rpc=client.scheduler, loop=client.loop)
