"""Questions to the database that are answered in bounded time, one at a time, however many people ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Generic, TypeVar

from monitor.core.errors import MonitorError

T = TypeVar("T")
GIVEN_UP = 60.0  # seconds after which a question that hangs is asked again beside it


class NoAnswer(MonitorError):
    """The question was not answered in time."""


class Question(Generic[T]):
    """Asks in a thread of its own; an answer serves everybody for `fresh` seconds."""

    def __init__(self, ask: Callable[[], T], fresh: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._fresh, self._clock = ask, fresh, clock
        self._lock = threading.Lock()
        self._future: Future[T] | None = None
        self._at = 0.0

    def answer(self, seconds: float) -> T:
        """The answer within so many seconds; NoAnswer when there is none, and what the question raised."""
        with self._lock:
            age = self._clock() - self._at
            future = self._future
            if future is None or age > (self._fresh if future.done() else GIVEN_UP):
                future = self._future = Future()
                self._at = self._clock()
                threading.Thread(target=self._run, args=(future,), name="web question", daemon=True).start()
        try:
            return future.result(seconds)
        except Late:
            raise NoAnswer(f"The database did not answer within {seconds:g} seconds.") from None

    def _run(self, future: Future[T]) -> None:
        try:
            future.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 – whatever it is, who asked hears it
            future.set_exception(error)
