"""The daemon: a few ticks, each one call. What is due is a question to the database, so nothing missed is lost.

It fetches at the times of the configuration (every day, Monday mornings included), once at the start, and
looks into the outbox every few seconds. SIGTERM and SIGINT let the tick that runs finish.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections import Counter
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from monitor import logs
from monitor.app import App, quiet
from monitor.core.errors import MonitorError

if TYPE_CHECKING:
    from monitor.notify.channels import Channel
    from monitor.pipeline import Outcome
    from monitor.store.engine import Engine

GRACE = 6 * 3600  # seconds a late tick is still worth running; the default of one would drop it
log = logging.getLogger(__name__)


class Daemon:
    """Watches until it is told to stop. One thread fetches, another delivers; the database orders them."""

    def __init__(self, app: App, out: TextIO) -> None:
        self.app = app
        self.out = out
        self.stopping = threading.Event()
        defaults = {"misfire_grace_time": GRACE, "coalesce": True, "max_instances": 1}
        self.scheduler = BlockingScheduler(timezone=app.config.daemon.time_zone, job_defaults=defaults)

    def run(self) -> int:
        """The exit code, once stopped. Faults of the configuration are raised before anything starts."""
        logs.setup(self.app.config, sys.stderr)
        channels = self.app.channels(self.out)
        self.app.watch()
        engine = self.app.open()
        try:
            self.schedule(engine, channels)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
            log.info("watching; times are %s", self.app.config.daemon.time_zone)
            with self.app.converse(engine, channels):
                self.scheduler.start()
            log.info("stopped")
            return 0
        finally:
            engine.dispose()

    def schedule(self, engine: Engine, channels: dict[str, Channel]) -> None:
        """The ticks: fetch now, at the times of day, and by the interval; deliver every few seconds."""
        settings = self.app.config.daemon
        zone = settings.time_zone
        self.scheduler.add_job(self.check, args=[engine], id="check at start")
        for at in settings.poll:
            hour, minute = at.split(":")
            trigger = CronTrigger(hour=int(hour), minute=int(minute), timezone=zone)  # no weekday: every day
            self.scheduler.add_job(self.check, trigger, args=[engine], id=f"check at {at}")
        if settings.interval_minutes is not None:
            trigger = IntervalTrigger(minutes=settings.interval_minutes, timezone=zone)
            self.scheduler.add_job(self.check, trigger, args=[engine], id="check by interval")
        trigger = IntervalTrigger(seconds=settings.deliver_seconds, timezone=zone)
        self.scheduler.add_job(self.deliver, trigger, args=[engine, channels], id="deliver")

    def check(self, engine: Engine) -> None:
        """One pass over the watched funds; what goes wrong is said and left to the next tick."""
        if self.stopping.is_set():
            return
        try:
            log.info("checked: %s", _worded(self.app.check(engine, (), dry_run=False, progress=quiet)))
            for fund, look in self.app.recheck(engine):
                log.info("dates of %s: %s (%s)", fund.ticker, look.found, look.outcome)
        except MonitorError as error:
            log.error("check failed, the next one tries again: %s", error)

    def deliver(self, engine: Engine, channels: dict[str, Channel]) -> None:
        """One pass over the outbox."""
        if self.stopping.is_set():
            return
        try:
            self.app.deliver(engine, channels, pause=self.stopping.wait)
        except MonitorError as error:
            log.error("delivery failed, the next tick tries again: %s", error)

    def stop(self) -> None:
        """Lets the running ticks finish and ends `run`."""
        self.stopping.set()
        threading.Thread(target=self.scheduler.shutdown, kwargs={"wait": True}, daemon=True).start()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if not self.stopping.is_set():
            log.info("%s: finishing what has begun", signal.Signals(number).name)
            self.stop()


def _worded(outcome: Outcome) -> str:
    counted = Counter(file.outcome for file in outcome.files)
    files = ", ".join(f"{count} {name}" for name, count in sorted(counted.items())) or "nothing due"
    return f"{files}; {outcome.events} events, {outcome.items} items"
