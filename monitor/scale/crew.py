"""Hands jobs to workers, never many more than they can do at once, and says what came of each.

A job is done at least once: one whose worker ends is done by another, and one that was done is done again when its
result is lost with the worker. Jobs are made for that; nothing here knows what they do.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from monitor.core.errors import StoreError
from monitor.scale.hidden import Hidden
from monitor.scale.turns import turn
from monitor.scale.work import Trouble, perform, stamp

A = TypeVar("A")
K = TypeVar("K")
R = TypeVar("R")
AHEAD = 4  # jobs given out for each thread of a worker: one is done, one is there when it is, two ask slow servers
LOOK = 5.0  # seconds between two looks whether anybody is still there
REPLACED = 45.0  # seconds in which a worker of ours that ended is back, or another is started
LONELY = 180.0  # seconds without any worker after which we stop waiting


class CrewLost(StoreError):
    """The scheduler or all workers are gone. What was stored is kept."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A job that nobody could do, and why."""

    text: str


@dataclass(slots=True)
class _Turn(Generic[A]):
    """One call of `each`: what it has given out and what came back."""

    done: SimpleQueue[tuple[A, Any]] = field(default_factory=SimpleQueue)
    out: set[Any] = field(default_factory=set)
    suspects: list[A] = field(default_factory=list)
    bug: BaseException | None = None


class Crew:
    """The workers of a scheduler, for one run; may be used from several threads, whose jobs share the room there is."""

    def __init__(self, client: Any, shown: str, more: Callable[[int], object] | None = None, coming: int = 0) -> None:
        """`shown` names the place; `more` starts so many workers in the place of lost ones, where they are ours and
        `coming`."""
        self._client, self.shown, self._more = client, shown, more
        self._room = threading.Condition()
        self._out = 0
        self.largest = 0  # jobs that were out at once
        self._lonely_since: float | None = None
        self._fewer_since: float | None = None
        self.size = self.full = coming or self._threads()
        self._there, self._looked = 0, time.monotonic()  # threads at the last look, and when that was

    def call(self, name: str, function: Callable[[Hidden[K], A], R], kit: Hidden[K], job: A) -> R:
        """The result of one job. Raises MonitorError when it cannot be done."""
        for _, result in self.each(name, function, kit, [job]):
            if isinstance(result, Lost):
                raise StoreError(f"{name}: {result.text}")
            return result
        raise AssertionError("unreachable")

    def each(
        self,
        name: str,
        function: Callable[[Hidden[K], A], R],
        kit: Hidden[K],
        jobs: Iterable[A],
        parts: Callable[[A], Sequence[A]] = lambda job: [job],
    ) -> Iterator[tuple[A, R | Lost]]:
        """Each job with its result, in the order in which they are done; `name` is what a dashboard shows.

        Jobs are made when there is room for them. One that ends the processes of its workers is tried once more when
        all others are done, in its `parts`, each alone, so that the fault is named and takes nothing with it.
        Raises MonitorError as the job did, CrewLost, and what is a bug after everything else is done.
        """
        turn: _Turn[A] = _Turn()
        try:
            for job in jobs:
                self._give(turn, name, function, kit, job)
                while not turn.done.empty():
                    yield from self._taken(turn, turn.suspects)
            while turn.out:
                yield from self._taken(turn, turn.suspects)
            for part in [part for job in turn.suspects for part in parts(job)]:
                yield from self._alone(turn, name, function, kit, part)
        finally:
            if turn.out:
                self._client.cancel(list(turn.out), force=True)
        if turn.bug is not None:
            raise turn.bug

    def _alone(
        self, turn: _Turn[A], name: str, function: Callable[[Hidden[K], A], R], kit: Hidden[K], part: A
    ) -> Iterator[tuple[A, R | Lost]]:
        """What becomes of a part of a job that ended a process; twice, because another one may have done that."""
        for _ in range(2):
            again: list[A] = []
            self._give(turn, name, function, kit, part)
            yield from self._taken(turn, again)
            if not again:
                return
        yield part, Lost("it ended every process that worked on it (too large for the memory there, or a bug)")

    def turn(self, name: str, pause: float) -> AbstractContextManager[None]:
        """This process's own turn with the server `name`, beside the workers'."""
        return turn(name, pause, self._client)

    # --- giving out -----------------------------------------------------------------------------------

    def _give(self, turn: _Turn[A], name: str, function: Callable[[Hidden[K], A], R], kit: Hidden[K], job: A) -> None:
        self._wait_for_room()
        key = f"{name}-{uuid.uuid4().hex}"
        try:
            future = self._client.submit(perform, stamp(), function, kit, job, key=key, pure=False)
        except BaseException:
            self._leave()
            raise
        turn.out.add(future)

        def done(one: Any) -> None:
            self._leave()
            turn.done.put((job, one))

        future.add_done_callback(done)

    def _wait_for_room(self) -> None:
        if time.monotonic() - self._looked > LOOK:  # who waits for nothing looks, too: there may be more by now
            self._look()
        with self._room:
            while self._out >= AHEAD * max(self.size, 1):
                if not self._room.wait(LOOK):
                    self._look()
            self._out += 1
            self.largest = max(self.largest, self._out)

    def _leave(self) -> None:
        with self._room:
            self._out -= 1
            self._room.notify()

    # --- taking back ----------------------------------------------------------------------------------

    def _taken(self, turn: _Turn[A], suspects: list[A]) -> Iterator[tuple[A, Any]]:
        """The next job that was done, if something came of it."""
        while True:
            try:
                job, future = turn.done.get(timeout=LOOK)
                break
            except Empty:
                self._look()
        turn.out.discard(future)
        result, error = self._outcome(future)
        if error is None:
            if isinstance(result, Trouble):
                raise result.error()
            yield job, result
        elif isinstance(error, CancelledError):
            raise self._gone()
        elif type(error).__name__ == "KilledWorker":
            suspects.append(job)
        else:
            turn.bug = turn.bug or error

    def _outcome(self, future: Any) -> tuple[Any, BaseException | None]:
        """What a job gave, or what it raised. Where its worker ended before we had it, somebody does it once more."""
        while True:
            try:
                return future.result(timeout=LOOK), None
            except CancelledError as gone:
                return None, gone
            except Exception as error:  # noqa: BLE001 – whatever the job raised is handed on
                if future.status == "error" or not isinstance(error, TimeoutError):
                    return None, error
                self._look()

    # --- who is there ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """Raises CrewLost when the scheduler is gone, or no worker has been there for long."""
        there, self.size = self._there, self._threads()
        self._looked = now = time.monotonic()
        self._there = self.size
        self._replace(now, are_coming=self.size > there)
        if self.size:
            self._lonely_since = None
        elif self._lonely_since is None:
            self._lonely_since = now
        elif now - self._lonely_since > LONELY:
            raise CrewLost(f"No worker has been at {self.shown} for {LONELY:.0f} seconds. {AGAIN}")

    def _replace(self, now: float, *, are_coming: bool) -> None:
        """Starts workers in the place of some that were not brought back. While some come, so may the others: many take
        long to start, and would take longer beside as many again."""
        if self._more is None or self.size >= self.full:
            self._fewer_since = None
        elif self._fewer_since is None or are_coming:
            self._fewer_since = now
        elif now - self._fewer_since > REPLACED:
            self._more(self.full - self.size)
            self._fewer_since = None

    def _threads(self) -> int:
        try:
            return sum(self._client.nthreads().values())
        except (
            OSError,
            TimeoutError,
            CancelledError,
            RuntimeError,
            AttributeError,
        ):  # what a client that is closed says
            raise self._gone() from None

    def _gone(self) -> CrewLost:
        return CrewLost(f"The scheduler at {self.shown} is gone. {AGAIN}")


AGAIN = "What was stored is kept; run the same command again to go on."
