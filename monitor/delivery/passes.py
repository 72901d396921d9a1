"""One pass over the outbox: every channel on its own thread, so that a slow destination delays nobody else."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from monitor.delivery.attempt import Desk, Reporter, lease_for
from monitor.notify.channels import Channel
from monitor.store import claims, outbox, workers
from monitor.store.engine import Engine, reading

LEASE_SECONDS = 90.0
THREADS = 16
LOOK_SECONDS = 1.0  # how often channels without work are looked at again while others are still busy


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one pass did: messages sent, refused for now, given up, and still open afterwards."""

    sent: int
    failed: int
    dead: int
    waiting: int


def deliver_due(
    engine: Engine,
    channels: Mapping[str, Channel],
    *,
    now: Callable[[], datetime],
    report: Reporter,
    operators: Sequence[str] = (),
    pause: Callable[[float], object] | None = None,
    limit: int = 1000,
    holder: str = "",
    lease_seconds: float = LEASE_SECONDS,
) -> DeliveryReport:
    """Send what is due on `channels` (at most `limit` attempts) and record every outcome.

    `operators` are the channels that may carry notices, best first (default all). `pause` waits so many seconds
    between two messages of a paced channel; a true answer means to stop. Without it, what must wait is left for the
    next pass. `holder` names this process in its claims.
    """
    work = _Pass(
        engine, channels, now, report, tuple(operators) or tuple(channels), pause, limit, holder, lease_seconds
    )
    work.run()
    with reading(engine) as conn:
        waiting = outbox.pending_count(conn)
    return DeliveryReport(work.counts["sent"], work.counts["failed"], work.counts["dead"], waiting)


class _Time:
    """The clock as one channel's thread sees it: never earlier than what was waited for.

    A clock that stands still – a replay, a test – would otherwise let no paced channel go on.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._waited_until: datetime | None = None

    def __call__(self) -> datetime:
        at = self._now()
        return at if self._waited_until is None else max(at, self._waited_until)

    def waited(self, until: datetime) -> None:
        """So much time has passed, whatever the clock says."""
        self._waited_until = until


@dataclass(slots=True)
class _Pass:
    """The work of one pass."""

    engine: Engine
    channels: Mapping[str, Channel]
    now: Callable[[], datetime]
    report: Reporter
    operators: tuple[str, ...]
    pause: Callable[[float], object] | None
    limit: int
    holder: str
    lease_seconds: float
    counts: Counter[str] = field(default_factory=Counter)
    turn: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)
    attempts: int = 0

    def run(self) -> None:
        """Rounds over all channels, until one has nothing left to do: a dead letter may bring another channel work."""
        before = -1
        while before != self.counts.total() and not self.stopping.is_set():
            before = self.counts.total()
            self._round()

    def _round(self) -> None:
        """Serve every channel; while one is busy the others are looked at again. A fault is raised at the end."""
        ended: queue.SimpleQueue[tuple[str, BaseException | None]] = queue.SimpleQueue()
        waiting, busy = deque(self.channels), set[str]()
        faults: dict[str, BaseException] = {}
        look = time.monotonic() + LOOK_SECONDS
        while waiting or busy:
            while waiting and len(busy) < THREADS:
                name = waiting.popleft()
                busy.add(name)
                threading.Thread(target=self._work, args=(name, ended), daemon=True).start()
            with suppress(queue.Empty):
                name, fault = ended.get(timeout=max(0.0, look - time.monotonic()))
                busy.discard(name)
                if fault is not None:
                    faults[name] = fault
            if time.monotonic() >= look:
                look = time.monotonic() + LOOK_SECONDS
                waiting.extend(one for one in self.channels if one not in {*busy, *waiting, *faults} and busy)
        for fault in faults.values():
            raise fault

    def _work(self, name: str, ended: queue.SimpleQueue[tuple[str, BaseException | None]]) -> None:
        try:
            self._serve(name)
        except BaseException as fault:  # noqa: BLE001 - handed over and raised by the pass
            ended.put((name, fault))
        else:
            ended.put((name, None))

    def _serve(self, name: str) -> None:
        """One channel's messages, oldest first, until nothing is due, or not for longer than its pace."""
        channel, now = self.channels[name], _Time(self.now)
        desk = Desk(self.engine, self.channels, self.report, self.operators, self.rest, self.turn)
        lease, first = lease_for(channel, self.lease_seconds), True
        while self._may_go_on():
            with self.turn, reading(self.engine) as conn:
                at = claims.next_try(conn, name, now(), lease_seconds=lease, gone=workers.is_gone)
            if at is None:
                return
            wait = (at - now()).total_seconds()
            if wait > channel.pace or (wait > 0 and self.pause is None):
                return
            if wait > 0 or not first:
                if self.rest(max(wait, 0.0)):
                    return
                now.waited(at)
            first = False
            for claimed in self._claim(name, now()):
                outcome = desk.handle(claimed, now)
                with self.turn:
                    self.counts[outcome] += 1

    def _may_go_on(self) -> bool:
        return self.attempts < self.limit and not self.stopping.is_set()

    def _claim(self, name: str, now: datetime) -> list[claims.Claimed]:
        lease = lease_for(self.channels[name], self.lease_seconds)
        with self.turn:
            self.attempts += 1
            return claims.claim(
                self.engine,
                now=now,
                lease_seconds=lease,
                limit=1,
                channels=[name],
                holder=self.holder,
                gone=workers.is_gone,
            )

    def rest(self, seconds: float) -> bool:
        """Wait; whether to stop."""
        if self.pause is not None and self.pause(seconds):
            self.stopping.set()
        return self.stopping.is_set()
