"""The metrics, as Prometheus reads them: what the database says at the moment of the scrape.

The names are promised: dashboards and alert rules in `deploy/` rest on them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor import __version__
from monitor.core.errors import StoreError
from monitor.store import vitals, watch, workers
from monitor.store.migrate import head

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.store.engine import Connection, Engine

Labels = TypeVar("Labels", bound=tuple[str, ...])
PREFIX = "holdings_monitor_"
OUTCOMES = ("new", "heartbeat", "not-modified", "absent", "refused", "failed")


class Metrics(Collector):
    """Reads the database when asked. Fetches are counted from its making on, as counters of processes are."""

    def __init__(self, app: App, engine: Engine, seconds: float) -> None:
        self.app, self.engine, self.seconds = app, engine, seconds
        self.seen: int | None = None  # the newest fetch that has been counted
        self.fetches: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        with suppress(StoreError), vitals.reading_within(engine, seconds) as conn:  # else from the first scrape on
            self.seen = vitals.last_fetch_id(conn)
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def text(self) -> bytes:
        """What a scrape gets. Raises StoreError when the database does not answer in time."""
        return generate_latest(self.registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing is collected at registration."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Every family of metrics."""
        started, now = time.monotonic(), self.app.clock()
        with vitals.reading_within(self.engine, self.seconds) as conn:
            found = [*self._database(conn, now), *self._running(conn, now), *self._funds(conn, now)]
        yield _table("build_info", "The program, always 1.", ("version", "schema"), {(__version__, head()): 1})
        yield from found
        yield _gauge("scrape_seconds", "How long reading these values took.", time.monotonic() - started)

    def _database(self, conn: Connection, now: datetime) -> Iterator[Metric]:
        counts = vitals.vitals(conn, now)
        yield self._fetched(conn)
        yield _by("files", "Stored files by what became of them.", "standing", counts.files)
        yield _by("events", "Changes of positions in funds, by kind.", "kind", counts.events)
        yield _by("items", "Changes over all funds of an issuer, by severity.", "severity", counts.items)
        yield _table("deliveries", "Messages by channel and state.", ("channel", "state"), counts.deliveries)
        yield _gauge("undelivered", "Messages that are due and not sent.", counts.backlog.waiting)
        age = _seconds(now, counts.backlog.oldest)
        yield _gauge("oldest_undelivered_seconds", "How long the oldest of them has been due.", age)
        yield _by("incidents_open", "Where we are blind, by kind.", "kind", counts.incidents)

    def _fetched(self, conn: Connection) -> Metric:
        if self.seen is None:
            self.seen = vitals.last_fetch_id(conn)
        self.fetches.update(vitals.fetches_since(conn, self.seen))
        self.seen = vitals.last_fetch_id(conn)
        family = CounterMetricFamily(
            PREFIX + "fetches", "Looks for files since the start, by outcome.", labels=["outcome"]
        )
        for outcome, count in sorted(self.fetches.items()):
            family.add_metric([outcome], count)
        return family

    def _running(self, conn: Connection, now: datetime) -> Iterator[Metric]:
        alive = timedelta(seconds=self.app.config.daemon.lease_seconds)
        holders = {one.holder for one in workers.workers(conn) if one.stopped_at is None and now - one.seen_at <= alive}
        yield _gauge("workers", "Daemons that reported lately.", len(holders))
        ticks = [one for one in workers.ticks(conn) if one.holder in holders]
        labels = ("tick", "worker")
        ages = {(one.name, one.holder): (now - one.started_at).total_seconds() for one in ticks}
        yield _table("tick_age_seconds", "Since a tick last began.", labels, ages)
        failures = {(one.name, one.holder): one.failures for one in ticks}
        yield _table("tick_failures", "Runs of a tick that failed, in a row.", labels, failures)
        waits = {
            issuer: int(one.not_before is not None and one.not_before > now)
            for issuer, one in watch.breakers(conn).items()
        }
        yield _by("breaker_open", "Whether an issuer's server is left alone for a while.", "issuer", waits)

    def _funds(self, conn: Connection, now: datetime) -> Iterator[Metric]:
        states: Counter[tuple[str, str]] = Counter()
        newest: dict[tuple[str, str], float] = {}
        for one in self.app.sights(conn, now):
            states[one.issuer, one.state(now)] += 1
            if one.last is not None:
                newest[one.issuer, one.ticker] = one.last.known_at.timestamp()
        yield _table("funds", "Watched funds by issuer and state.", ("issuer", "state"), states)
        says = "When the newest accepted file of a fund became known."
        yield _table("fund_newest_file_timestamp_seconds", says, ("issuer", "fund"), newest)


def _seconds(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, says, value=value)


def _by(name: str, says: str, label: str, counts: Mapping[str, float]) -> Metric:
    return _table(name, says, (label,), {(value,): count for value, count in counts.items()})


def _table(name: str, says: str, labels: Sequence[str], rows: Mapping[Labels, float]) -> Metric:
    """A gauge with labels: one number per combination of their values."""
    family = GaugeMetricFamily(PREFIX + name, says, labels=labels)
    for values in sorted(rows):
        family.add_metric(values, rows[values])
    return family
