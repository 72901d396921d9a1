"""The daemon: a few ticks, each one call. What is due is a question to the database, so nothing missed is lost.

It knows no times of day and no calendar; it only looks often enough. Several daemons may work on one database.
SIGTERM and SIGINT let the ticks that run finish; a second signal ends at once.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from monitor import logs
from monitor.app import App
from monitor.config.hidden import hidden
from monitor.core.errors import ConfigError, MonitorError, StoreError
from monitor.daemon.opening import opened
from monitor.daemon.ticks import Board, Task
from monitor.notify.words import plural
from monitor.store import leases
from monitor.store.engine import StoreUnavailable, is_postgres
from monitor.store.workers import Tick, is_gone, new_holder
from monitor.web.server import serving

if TYPE_CHECKING:
    from monitor.notify.channels import Channel
    from monitor.pipeline import Outcome
    from monitor.store.engine import Engine

GRACE = 6 * 3600  # seconds a late tick is still worth running; the default of one would drop it
JUMP = 5.0  # seconds between the clock and time as it passes, from which on the clock was set
GOODBYE, AGAIN = 5.0, 0.2  # seconds for which the end is tried to be recorded, and between two tries
RECHECK = 3600.0  # seconds; each fund's dates are looked at monthly
TEND = 6 * 3600.0  # seconds; a missed turn is made up for the same day
STILL = frozenset({"heartbeat", "not-modified", "absent"})  # outcomes of files that bring nothing new
DELIVERY = re.compile(r"(\w+:\d+:([\w-]+)): ")  # how a sentence about a delivery begins: with its key
log = logging.getLogger("monitor.daemon")


class Daemon:
    """Watches until it is told to stop. Each tick has a thread of its own; the database orders them."""

    def __init__(self, app: App, out: TextIO) -> None:
        self.app = replace(app, say=_say)
        self.out = out
        self.holder = new_holder()
        self.stopping = threading.Event()
        self.board = Board(self.holder, app.clock)
        self.begun = app.clock()
        self.redact = logs.Redactor(hidden(app.config))
        self.registered = False
        self.written = 0.0  # when the database was last written to, as time passes
        defaults = {"misfire_grace_time": GRACE, "coalesce": True, "max_instances": 1}
        self.scheduler = BackgroundScheduler(timezone=UTC, job_defaults=defaults)

    def run(self) -> int:
        """The exit code, once stopped. Faults of the configuration are raised before anything starts."""
        logs.setup(self.app.config, sys.stderr)
        if self.app.config.heartbeat_fault:
            raise ConfigError(f"heartbeat: {self.app.config.heartbeat_fault}")
        channels = self.app.channels(self.out)
        self.app.watch()
        self.app.plan()
        self._listen(self._stop_waiting)
        engine = opened(self.app.open, self.stopping.wait)
        if engine is None:
            return 0
        try:
            self._listen(self._stop)
            log.info("watching as %s; times are %s", self.holder, self.app.config.daemon.time_zone)
            with ExitStack() as services:
                services.enter_context(self.app.converse(engine, channels))
                services.enter_context(serving(self.app, engine, self.ticks))
                self.watch(engine, channels)
            log.info("stopped")
            return 0
        finally:
            engine.dispose()

    def watch(self, engine: Engine, channels: dict[str, Channel]) -> None:
        """Runs the ticks until `stop`; then those that run finish and the daemon says goodbye."""
        self.schedule(engine, channels)
        self.scheduler.start()
        offset = _offset()
        while not self.stopping.wait(1.0):
            if abs(_offset() - offset) > JUMP:
                offset = _offset()
                self.retime()
            self.resume()
        self.scheduler.shutdown(wait=True)
        self._leave(engine)

    def schedule(self, engine: Engine, channels: dict[str, Channel]) -> None:
        """All ticks, each at once and then by its interval."""
        tasks = self.tasks(engine, channels)
        self._tick(tasks[0])  # the others ask the database when this daemon began
        for task in tasks:
            trigger = IntervalTrigger(seconds=task.seconds, timezone=UTC)
            self.scheduler.add_job(self._tick, trigger, args=[task], id=task.name, next_run_time=datetime.now(UTC))

    def tasks(self, engine: Engine, channels: dict[str, Channel]) -> list[Task]:
        """What there is to do again and again, `beat` first; looking for what is due as often as it can become so."""
        settings, heart = self.app.config.daemon, self.app.config.heartbeat
        often = min(settings.tick_seconds, 60 * settings.tight_minutes, 60 * (settings.interval_minutes or 1440))
        seldom = min(60.0, 6 * often)
        tasks = [
            Task("beat", settings.tick_seconds, lambda: self.beat(engine)),
            Task("watch", often, lambda: self.check(engine)),
            Task("deliver", settings.deliver_seconds, lambda: self.deliver(engine, channels)),
            Task("digest", seldom, lambda: _number(self.app.digest(engine), "digest")),
            Task("look", seldom, lambda: self.look(engine)),
            Task("recheck", RECHECK, lambda: self.recheck(engine)),
        ]
        if is_postgres(engine):
            tasks.append(Task("tend", TEND, lambda: _number(len(self.app.tend(engine)), "partition")))
        if heart.url is not None:
            tasks.append(Task("heartbeat", 60 * heart.every_minutes, self.pulse))
        return tasks

    # --- ticks ------------------------------------------------------------------------------------

    def beat(self, engine: Engine) -> str:
        """This daemon is alive, and its ticks have been doing as they have."""
        if not self.registered:
            self.app.join(engine, self.holder, self.begun)
            self.registered = True
        self.app.beat(engine, self.holder, self.ticks())
        self.written = time.monotonic()
        return ""

    def check(self, engine: Engine) -> str:
        """One pass over what is due; one issuer's trouble is said once and stops no other's."""
        report = self.app.check_due(engine, self.holder, self.stopping.is_set)
        self._tell_files(report.outcome)
        if report.problems:
            raise StoreError("; ".join(report.problems))
        return _worded(report.outcome)

    def _tell_files(self, outcome: Outcome) -> None:
        """A record per file, bound to its fund; what is as it was is a detail."""
        issuers = {ticker: issuer for issuer, ticker in sorted(self.app.watched_funds())}
        for file in outcome.files:
            level = logging.DEBUG if file.outcome in STILL else logging.INFO
            bound = {"issuer": issuers.get(file.fund or ""), "fund": file.fund, "as_of": file.as_of}
            known = {name: value for name, value in bound.items() if value is not None}
            log.log(level, "%s: %s", file.outcome, file.text or file.place, extra=known)
        if outcome.files:
            log.info("checked: %s", _worded(outcome))

    def deliver(self, engine: Engine, channels: dict[str, Channel]) -> str:
        """One pass over the outbox."""
        report = self.app.deliver(engine, channels, pause=self.stopping.wait, holder=self.holder)
        return f"{report.sent} sent, {report.failed} refused for now, {report.dead} given up"

    def look(self, engine: Engine) -> str:
        """Where we are blind, said once."""
        report = self.app.look(engine)
        for headline in (*report.opened, *report.closed):
            log.warning("%s", headline)
        return f"{len(report.opened)} begun, {len(report.closed)} ended" if report.looked else ""

    def recheck(self, engine: Engine) -> str:
        """What the dates of funds mean, once a month, by one daemon."""
        now, seconds = self.app.clock(), self.app.config.daemon.lease_seconds
        lease = leases.acquire(engine, "recheck", self.holder, now, seconds, is_gone)
        if lease is None:
            return ""
        try:
            with leases.kept(engine, lease, self.app.clock, seconds):
                looks = self.app.recheck(engine)
        finally:
            with suppress(StoreError):  # it ends by itself
                leases.release(engine, lease)
        for fund, look in looks:
            if look.outcome != "unknown":  # too few recent files are no news
                log.info("dates of %s: %s (%s)", fund.ticker, look.found, look.outcome)
        return _number(len(looks), "fund")

    def pulse(self) -> str:
        """The dead-man's switch hears from us only while every tick works and the database can be written to."""
        faults = self.board.faults()
        silent = time.monotonic() - self.written > max(60.0, 6 * self.app.config.daemon.tick_seconds)
        if faults or silent:
            return f"kept silent: {', '.join(faults) or 'the database was not written to'}"
        self.app.pulse()
        return "heard"

    def ticks(self) -> list[Tick]:
        """The last run of each, as it may be shown: what a fault of the program says might hold anything."""
        return [replace(one, detail=self.redact(one.detail)) for one in self.board.ticks()]

    def _tick(self, task: Task) -> None:
        if not self.stopping.is_set():
            self.board.run(task)

    # --- the end ----------------------------------------------------------------------------------

    def retime(self) -> None:
        """After the clock was set: all ticks now, and from there by their intervals. Twice asked is not twice done."""
        log.warning("the clock was set; all ticks run now")
        for job in self.scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def resume(self) -> None:
        """Ticks that met a database in trouble and waited run again: one that is seldom fails until its next turn.

        Not done by the tick itself: while the scheduler ends it holds the lock that this needs, and waits for ticks.
        """
        now = datetime.now(UTC)
        for job in [self.scheduler.get_job(name) for name in self.board.rested()]:
            if job is not None and job.next_run_time > now:
                job.modify(next_run_time=now)

    def stop(self) -> None:
        """Lets the running ticks finish and ends `run`."""
        self.stopping.set()

    def _leave(self, engine: Engine) -> None:
        """Says goodbye in the database, unless that is in trouble for longer than the end of a daemon may take."""
        until = time.monotonic() + GOODBYE
        while True:
            try:
                return self.app.beat(engine, self.holder, self.ticks(), stopped=True)
            except MonitorError as error:
                if not isinstance(error, StoreUnavailable) or time.monotonic() > until:
                    return log.warning("the end of this daemon could not be recorded: %s", error)
            time.sleep(AGAIN)

    def _listen(self, heard: Callable[[int, FrameType | None], object]) -> None:
        """From now on a signal to end calls `heard`."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, heard)

    def _stop_waiting(self, number: int, _frame: FrameType | None) -> None:
        """Nothing has begun, so there is nothing to finish: whatever the start waits for, it ends here."""
        self.stop()  # as well: what is raised in a handler may be lost, in a finalizer for one
        log.info("%s: stopped before the watch began", signal.Signals(number).name)
        sys.exit(0)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self.stopping.is_set():
            log.warning("%s again: ending at once", name)
            os._exit(128 + number)
        self.stop()  # before it is said: the second signal may come while it is written
        log.info("%s: finishing what has begun", name)


def _offset() -> float:
    """The clock against time as it passes: the same, until somebody sets the clock."""
    return time.time() - time.monotonic()


def _say(sentence: str) -> None:
    """What the program tells beside its answers, as a record; a sentence about a delivery is bound to it."""
    found = DELIVERY.match(sentence)
    extra = {"delivery": found[1], "channel": found[2]} if found is not None else {}
    log.info("%s", sentence, extra=extra)


def _number(count: int, what: str) -> str:
    return plural(count, what) if count else ""


def _worded(outcome: Outcome) -> str:
    counted = Counter(file.outcome for file in outcome.files)
    files = ", ".join(f"{count} {name}" for name, count in sorted(counted.items())) or "nothing due"
    return f"{files}; {outcome.events} events, {outcome.items} items"
