"""The daemon's ticks: each one call, timed and remembered. What goes wrong is said, and the daemon lives on.

Times of day play no part here, and intervals are counted on a clock that never jumps.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from monitor import logs
from monitor.core.errors import MonitorError
from monitor.store.engine import StoreUnavailable
from monitor.store.workers import Tick

FIRST_WAIT, LONGEST_WAIT = 10.0, 60.0  # seconds until a database that was away is tried again, at most
LONGEST_RUN = 2 * 3600.0  # seconds after which a tick is taken to hang
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """A tick: its name, how often it runs in seconds, and what it does; the answer is a few words for `status`."""

    name: str
    seconds: float
    call: Callable[[], str]


class Board:
    """How the ticks have been doing. Safe between threads; written to the database by the tick `beat`."""

    def __init__(self, holder: str, clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic):
        self.holder, self.clock, self.monotonic = holder, clock, monotonic
        self._lock = threading.Lock()
        self._ticks: dict[str, Tick] = {}
        self._begun: dict[str, float] = {}
        self._resume: dict[str, float] = {}
        self._starved: set[str] = set()  # ticks that last found the database locked, full or away

    def ticks(self) -> list[Tick]:
        """The last run of every tick that ran."""
        with self._lock:
            return list(self._ticks.values())

    def faults(self) -> list[str]:
        """The names of ticks that failed last, or hang."""
        now = self.monotonic()
        with self._lock:
            return [
                one.name
                for one in self._ticks.values()
                if one.failures or (one.outcome == "running" and now - self._begun[one.name] > LONGEST_RUN)
            ]

    def rested(self) -> list[str]:
        """The names of ticks that have waited long enough for a database that was away: their turn may be far off."""
        now = self.monotonic()
        with self._lock:
            ended = [name for name in self._starved if self._ticks[name].outcome != "running"]
            return [name for name in ended if self._resume[name] <= now]

    def run(self, task: Task) -> None:
        """Runs the tick, unless it is to wait for a database that was away; whatever it raises is said and recorded."""
        if self.monotonic() < self._resume.get(task.name, 0.0):
            return
        with logs.within(tick=task.name):
            self._run(task)

    def _run(self, task: Task) -> None:
        self._start(task.name)
        try:
            detail = task.call()
        except StoreUnavailable as error:
            self._starve(task, error)
        except MonitorError as error:
            if self._fail(task.name, str(error)):
                log.error("%s failed, the next tick tries again: %s", task.name, error)
        except Exception as error:  # a bug must not end the watch: it is in the log and in `status`
            if self._fail(task.name, f"{type(error).__name__}: {error}"):
                log.exception("%s failed because of a fault in this program", task.name)
        else:
            self._succeed(task.name, detail)

    def _start(self, name: str) -> None:
        with self._lock:
            old = self._ticks.get(name)
            now = self.clock()
            self._begun[name] = self.monotonic()
            fresh = Tick(name, self.holder, now, None, "running", "", 1, 0)
            self._ticks[name] = (
                fresh if old is None else replace(fresh, runs=old.runs + 1, failures=old.failures, detail=old.detail)
            )

    def _end(self, name: str, outcome: str, detail: str) -> Tick:
        """The record of the run before; the new one is written down."""
        with self._lock:
            old = self._ticks[name]
            failures = old.failures + 1 if outcome == "failed" else 0
            self._ticks[name] = replace(old, ended_at=self.clock(), outcome=outcome, detail=detail, failures=failures)
            return old

    def _succeed(self, name: str, detail: str) -> None:
        old = self._end(name, "ok", detail)
        self._resume.pop(name, None)
        if name in self._starved:
            with self._lock:
                self._starved.discard(name)
                recovered = not self._starved
            if recovered:
                log.info("the database can be used again")
        elif old.failures:
            log.info("%s works again, after %d in vain", name, old.failures)

    def _fail(self, name: str, words: str) -> bool:
        """Whether this is to be said: the same words are not, with every tick."""
        old = self._end(name, "failed", words)
        return not old.failures or old.detail != words

    def _starve(self, task: Task, error: StoreUnavailable) -> None:
        """A database in trouble is said once, whichever tick meets it, and tried again after growing waits."""
        old = self._end(task.name, "failed", str(error))
        wait = min(min(task.seconds, FIRST_WAIT) * 2 ** min(old.failures, 10), LONGEST_WAIT)
        with self._lock:
            self._resume[task.name] = self.monotonic() + wait
            first = not self._starved
            self._starved.add(task.name)
        if first:
            log.error("%s Nothing is lost; work goes on when it can be used again.", error)
