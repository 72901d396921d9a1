"""One pass over what is due: ask the database, take each issuer's lease, fetch, store under the fence, give it back.

It decides neither when a fund is due (`core.watching`) nor what to believe (`pipeline`). Issuers are fetched side by
side and know nothing of each other's trouble; one thread writes at a time. A lease is a write: a database that is
locked, full or away is noticed before anything is downloaded, and no issuer is asked in vain.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.config import Daemon, Watch
from monitor.core.errors import FetchError, MonitorError, StoreError
from monitor.core.politeness import Breaker, Tally, after, is_server_failure
from monitor.core.sessions import Sessions
from monitor.core.watching import Rhythm, next_poll, stagger
from monitor.expecting import calendars_of, expectation
from monitor.fetching import Answer, Round
from monitor.pipeline import AlertPlan, Outcome, chosen, keep, plus
from monitor.sources.fetch import Fetcher
from monitor.sources.spec import FundSpec, Source
from monitor.store import leases, watch, workers
from monitor.store.engine import Connection, Engine, StoreUnavailable, reading
from monitor.store.leases import Lease, LeaseLost
from monitor.store.names import Names
from monitor.store.watch import FundState

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Watching:
    """What is watched, and how. `prepare` makes the trading days of a source known; `plan` says who is told; times of
    day are asked up to `spread` later, each installation and issuer at a moment of its own."""

    sources: Mapping[str, Source]
    watch: Sequence[Watch]
    fetcher: Fetcher
    rhythm: Rhythm
    spread: timedelta
    late_factor: float
    lease_seconds: float
    fetchers: int
    plan: Callable[[], AlertPlan]
    prepare: Callable[[Source], None]
    jitter: Callable[[], float] = random.random

    def funds(self, issuer: str) -> list[FundSpec]:
        """The watched funds of an issuer, each once."""
        found = {spec.ticker: spec for one in self.watch if one.issuer == issuer for spec in self._chosen(one)}
        return list(found.values())

    def _chosen(self, one: Watch) -> list[FundSpec]:
        return chosen(self.sources[one.issuer], one)

    @property
    def issuers(self) -> list[str]:
        """The watched issuers, each once, in the order of the configuration."""
        return list(dict.fromkeys(one.issuer for one in self.watch))


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass did, and a sentence for each issuer where something went wrong beside the looks for files."""

    outcome: Outcome
    problems: tuple[str, ...] = ()


def rhythm(settings: Daemon) -> Rhythm:
    """When funds are asked, as the configuration says."""
    interval = settings.interval_minutes
    return Rhythm(
        tuple(time.fromisoformat(one) for one in settings.poll),
        ZoneInfo(settings.time_zone),
        None if interval is None else timedelta(minutes=interval),
        timedelta(minutes=settings.tight_minutes),
    )


def check_due(
    engine: Engine,
    watching: Watching,
    *,
    holder: str,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> Report:
    """Fetches and stores what is due now and nobody else works on.

    Raises StoreUnavailable when the database was locked, full or away, and whatever is a bug, after all other issuers
    were looked after.
    """
    with reading(engine) as conn:
        due = due_funds(conn, watching, watching.issuers, holder, clock())
    if not due:
        return Report(Outcome(()))
    run = _Run(engine, watching, holder, clock, stopping)
    with ThreadPoolExecutor(min(watching.fetchers, len(due)), thread_name_prefix="fetch") as pool:
        futures = {issuer: pool.submit(run.issuer, issuer) for issuer in due}
    return _gathered(futures)


def _gathered(futures: Mapping[str, Future[Outcome]]) -> Report:
    """All that came of it. A bug is raised before a database in trouble, both after everything else is counted."""
    report, worst = Report(Outcome(())), None
    for issuer, future in futures.items():
        error = future.exception()
        if error is None:
            report = replace(report, outcome=plus(report.outcome, future.result()))
        elif not isinstance(error, MonitorError) or (worst is None and isinstance(error, StoreUnavailable)):
            worst = error
        else:
            report = replace(report, problems=(*report.problems, f"{issuer}: {error}"))
    if worst is not None:
        raise worst
    return report


# --- what is due ----------------------------------------------------------------------------------


def due_funds(
    conn: Connection, watching: Watching, issuers: Iterable[str], holder: str, now: datetime
) -> dict[str, list[FundSpec]]:
    """The funds to be asked now, by issuer, those not asked for longest first. Issuers without any are left out."""
    breakers = watch.breakers(conn)
    open_to_us = [one for one in issuers if breakers.get(one, Breaker()).may_ask(now)]
    states = watch.funds(conn, open_to_us, now)
    calendars = calendars_of(conn, [watching.sources[one] for one in open_to_us], now, states.values())
    begun, installation = workers.started_at(conn, holder), watch.installation(conn)
    found: dict[str, list[FundSpec]] = {}
    for issuer in open_to_us:
        source = watching.sources[issuer]
        rhythm = replace(watching.rhythm, offset=stagger(installation, issuer, watching.spread))
        ours = replace(watching, rhythm=rhythm)
        due: list[tuple[datetime, FundSpec]] = []
        for spec in watching.funds(issuer):
            state = states.get((issuer, spec.ticker))
            if _is_due(ours, source, spec, state, calendars[source.calendar], begun, now):
                due.append((state.asked.at if state is not None and state.asked is not None else LONG_AGO, spec))
        if due:
            found[issuer] = [spec for _, spec in sorted(due, key=lambda one: one[0])]
    return found


def _is_due(
    watching: Watching,
    source: Source,
    spec: FundSpec,
    state: FundState | None,
    calendar: Sessions,
    begun: datetime | None,
    now: datetime,
) -> bool:
    """Whether the fund is to be asked; once in any case after the daemon began (by a clock that was right)."""
    if state is None or state.asked is None:
        return True
    if begun is not None and state.asked.at < begun <= now:
        return True
    expected = expectation(source, spec, state, calendar, now, watching.late_factor)
    return next_poll(now, state.asked, expected, watching.rhythm) <= now


# --- one issuer -----------------------------------------------------------------------------------


class _Run:
    """One pass; its methods run in several threads, one for each issuer."""

    def __init__(
        self,
        engine: Engine,
        watching: Watching,
        holder: str,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
    ) -> None:
        self.engine, self.watching, self.holder, self.clock, self.stopping = engine, watching, holder, clock, stopping
        self.writing, self.names = threading.Lock(), Names()

    def issuer(self, issuer: str) -> Outcome:
        """Everything due of one issuer; nothing while another daemon works on it."""
        seconds = self.watching.lease_seconds
        if self.stopping():
            return Outcome(())
        name = f"issuer:{issuer}"
        lease = leases.acquire(self.engine, name, self.holder, self.clock(), seconds, workers.is_gone)
        if lease is None:
            return Outcome(())
        try:
            with leases.kept(self.engine, lease, self.clock, seconds) as lost:
                return self._work(self.watching.sources[issuer], lease, lost)
        except LeaseLost:
            return Outcome(())  # whoever has it now does the work
        finally:
            with suppress(StoreError):  # it ends by itself
                leases.release(self.engine, lease)

    def _work(self, source: Source, lease: Lease, lost: threading.Event) -> Outcome:
        self.watching.prepare(source)
        now = self.clock()
        with reading(self.engine) as conn:  # again: another daemon may just have done it
            funds = due_funds(conn, self.watching, [source.id], self.holder, now).get(source.id, [])
            breaker = watch.breakers(conn).get(source.id, Breaker())
        answers, tally = self._ask(source, funds, breaker, now, lost)
        if not answers:
            return Outcome(())
        found = after(breaker, tally, self.clock(), self.watching.jitter())
        try:
            return self._keep(source, answers, found, lease, now)
        except (LeaseLost, StoreUnavailable):
            raise  # nothing is wrong with what was fetched
        except Exception as error:
            self._hold_off(source, breaker, error, lease)
            raise

    def _ask(
        self, source: Source, funds: Sequence[FundSpec], breaker: Breaker, now: datetime, lost: threading.Event
    ) -> tuple[list[Answer], Tally]:
        """The answers until all are asked, the server has failed too often in a row, or we are to stop."""
        answers: list[Answer] = []
        tally, streak = Tally(), 0
        asked = Round(self.engine, source, self.watching.fetcher, now)
        for spec in funds:
            if self.stopping() or lost.is_set():
                break
            for answer in asked.ask(spec):
                answers.append(answer)
                if answer.shared:
                    continue  # the server was asked once
                tally, failed = _counted(tally, answer)
                streak = streak + 1 if failed else 0
            if streak >= breaker.patience or tally.retry_after is not None:
                break
        return answers, tally

    def _keep(
        self, source: Source, answers: Sequence[Answer], breaker: Breaker, lease: Lease, now: datetime
    ) -> Outcome:
        def within(conn: Connection) -> None:
            leases.fence(conn, lease)
            watch.set_breaker(conn, source.id, breaker)

        with self.writing:
            return keep(
                self.engine,
                source,
                answers,
                now=now,
                plan=self.watching.plan(),
                progress=_quiet,
                within=within,
                names=self.names,
            )

    def _hold_off(self, source: Source, breaker: Breaker, error: Exception, lease: Lease) -> None:
        """What cannot be stored is not downloaded again with every tick."""
        detail = f"what was fetched could not be stored: {str(error) or type(error).__name__}"
        waiting = after(breaker, Tally(failures=1, detail=detail), self.clock(), self.watching.jitter())
        with suppress(StoreError), leases.writing(self.engine, lease) as conn:
            watch.set_breaker(conn, source.id, waiting)


def _counted(tally: Tally, answer: Answer) -> tuple[Tally, bool]:
    """The tally with one more answer, and whether that was a failure of the server."""
    error = answer.result
    if not isinstance(error, FetchError):
        return replace(tally, answers=tally.answers + 1), False
    if not answer.place:  # nobody was asked
        return tally, False
    asked = max((one for one in (tally.retry_after, error.retry_after) if one is not None), default=None)
    if answer.missing or not is_server_failure(error.status):
        return replace(tally, answers=tally.answers + 1, retry_after=asked), False
    return replace(tally, failures=tally.failures + 1, retry_after=asked, detail=str(error)), True


def _quiet(_text: str, _count: int) -> None:
    """Progress that nobody watches."""
