"""Wires configuration, database, sources, channels and pipeline together: the only place that knows all of them.

It decides nothing: which file to believe is the pipeline's, what to print the command line's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from monitor import config as configuration
from monitor.choosing import adjusted, find_fund, plus_added, watched, with_watched
from monitor.config import Config, Watch
from monitor.core.errors import UsageError
from monitor.kept import Kept
from monitor.sources import added, registry
from monitor.sources.spec import Source

if TYPE_CHECKING:
    from monitor.backfill import Filling
    from monitor.backfill import Report as FillReport
    from monitor.backfill.running import Watcher
    from monitor.backfill.ways import Options, Way
    from monitor.blindness import LookReport
    from monitor.conversing.listening import Listening
    from monitor.core.evidence import Origin
    from monitor.core.filling import Period
    from monitor.core.rules import AlertPlan
    from monitor.core.sight import FundSight
    from monitor.core.watching import Expectation
    from monitor.delivery import DeliveryReport
    from monitor.identities import Speaking
    from monitor.notify.channels import Channel, Receipt
    from monitor.notify.message import Message
    from monitor.pipeline import Outcome
    from monitor.rebuilding import RebuildReport
    from monitor.scale.crew import Crew
    from monitor.scale.files import Taken
    from monitor.scale.rebuilding import Rebuilt
    from monitor.scale.where import Where
    from monitor.sources.fetch import Fetcher
    from monitor.store.calibrations import Check
    from monitor.store.engine import Connection, Engine
    from monitor.store.queries import FundRef, HeldFile, RefusedFile
    from monitor.store.workers import Tick
    from monitor.watching import Report

Clock = Callable[[], datetime]
Say = Callable[[str], None]
Progress = Callable[[str, int], None]


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def quiet(_text: str, _count: int = 0) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class App:
    """One run of the program: its configuration, its clock, and where it says what goes on beside the answer."""

    config: Config
    clock: Clock
    say: Say
    kept: Kept = field(default_factory=Kept, compare=False, repr=False, kw_only=True)

    # --- database ---------------------------------------------------------------------------------

    def open(self) -> Engine:
        """The database, made when missing and brought up to date when older."""
        from monitor.store import migrate
        from monitor.store.engine import open_engine

        engine = open_engine(self.config.database, most=self.config.database_connections)
        try:
            found = migrate.current(engine)
            before, after = migrate.upgrade(engine) if found != migrate.head() else (found, found)
        except BaseException:
            engine.dispose()
            raise
        if before is not None and before != after:
            self.say(f"The database was brought from schema {before} to {after}.")
        return engine

    @contextmanager
    def opened(self) -> Iterator[Engine]:
        """As `open`, closed at the end."""
        engine = self.open()
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def existing(self) -> Iterator[Engine]:
        """As `opened`, for commands that make no sense without a database: a missing one is not made."""
        from monitor.store.engine import open_engine

        open_engine(self.config.database, read_only=True).dispose()
        with self.opened() as engine:
            yield engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent state of a database that exists and is up to date; nothing can be changed."""
        from monitor.store import migrate
        from monitor.store.engine import reading

        engine = migrate.open_current(self.config.database, read_only=True)
        try:
            with reading(engine) as conn:
                yield conn
        finally:
            engine.dispose()

    # --- sources ----------------------------------------------------------------------------------

    def sources(self) -> Mapping[str, Source]:
        """The sources we ship and the user's own, with the addresses and paces the configuration sets."""
        folder = self.config.sources_dir
        found = self.kept.sources(folder if folder.is_dir() else None)
        found = added.with_added(found, added.read(self.config.funds_file), self.config.funds_file)
        found = with_watched(found, self.config.watch)
        reached = self.config.issuers.items()
        return registry.over(found, {name: adjusted(registry.choose(found, name), one) for name, one in reached})

    def source(self, source_id: str) -> Source:
        """One source by its id."""
        return registry.choose(self.sources(), source_id)

    def hides(self, issuer: str, as_of: date) -> bool:
        """Whether the issuer's files of this date leave small lines out."""
        found = self.sources().get(issuer)
        return found is not None and found.resolution_on(as_of) > 0

    def prepare_calendars(self, engine: Engine, sources: Iterable[Source]) -> None:
        """Makes the trading days of these sources' calendars known to the database."""
        from monitor.sources.calendars import provider
        from monitor.store.engine import reading, transaction
        from monitor.store.sessions import ensure_sessions, reach_beyond

        today, wanted = self.clock().date(), sorted({source.calendar for source in sources})
        with reading(engine) as conn:  # with every tick: who only asks makes nobody wait
            unknown = [one for one in wanted if not reach_beyond(conn, one, today)]
        sessions = provider(unknown)
        for calendar in unknown:
            with transaction(engine) as conn:
                ensure_sessions(conn, calendar, today, sessions)

    # --- alerts -----------------------------------------------------------------------------------

    def plan(self, silent: bool = False) -> AlertPlan:
        """Who is told what and when. Raises ConfigError where a rule names what no source has."""
        from monitor.core.rules import AlertPlan

        if silent:
            return AlertPlan()
        from monitor import routing

        return routing.plan_of(self.config, self.sources())

    def channels(self, out: TextIO, only: str | None = None) -> dict[str, Channel]:
        """The configured channels; `out` is where the console channel writes."""
        from monitor.notify.channels import build

        return build(self.config, out=out, only=only)

    def deliver(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        pause: Callable[[float], object] = time.sleep,
        holder: str = "",
    ) -> DeliveryReport:
        """One pass over the outbox; `holder` names this process (default: a new name)."""
        from monitor.delivery import deliver_due
        from monitor.store.workers import new_holder

        return deliver_due(
            engine,
            channels,
            now=self.clock,
            report=self.say,
            operators=self.config.operator_channels,
            pause=pause,
            holder=holder or new_holder(),
            lease_seconds=self.config.daemon.lease_seconds,
        )

    def converse(self, engine: Engine, channels: Mapping[str, Channel]) -> Listening:
        """While this is open, buttons and commands in Slack are answered."""
        from monitor.conversing.listening import listening

        return listening(self.config, engine, channels, self.clock)

    def digest(self, engine: Engine) -> int:
        """Makes the digests whose time has come; the number of messages promised."""
        from monitor import digesting

        return digesting.gather(engine, self.plan, self.clock())

    def test_alert(self, channel: str, out: TextIO) -> Receipt:
        """Sends a sample alert through one channel, marked as a test, and nothing else."""
        from monitor.delivery.attempt import patience, within
        from monitor.notify.sample import sample

        message: Message = sample(self.clock())
        key = f"{message.item}:{message.revision}:{channel}"
        through = self.channels(out, channel)[channel]
        return within(patience(through), lambda: through.send(message, key=key, thread=None))

    # --- work -------------------------------------------------------------------------------------

    def ingest(
        self,
        engine: Engine,
        source: Source,
        files: Iterable[tuple[str, bytes]],
        *,
        alert: bool,
        progress: Progress,
        fetched: datetime | None = None,
        dated: date | None = None,
        fund: str | None = None,
    ) -> Outcome:
        """Local files through the pipeline; `fetched` when we had them from the issuer then, `dated` and `fund` for
        files that do not say these themselves."""
        from monitor import pipeline

        self.prepare_calendars(engine, [source])
        plan = self.plan(silent=not alert)
        return pipeline.ingest(
            engine,
            source,
            files,
            now=self.clock(),
            alert=alert,
            plan=plan,
            progress=progress,
            fetched=fetched,
            dated=dated,
            fund=fund,
            names=self.kept.names(engine),
        )

    @contextmanager
    def crew(self, where: Where) -> Iterator[Crew]:
        """The workers asked for. Raises UsageError where they could not do our work, CrewLost where they are not."""
        from monitor.scale import refuse_elsewhere
        from monitor.scale.opening import crew

        refuse_elsewhere(where, self.config.database)
        with crew(where) as found:
            yield found

    def ingest_on(
        self,
        crew: Crew,
        engine: Engine,
        source: Source,
        files: Iterable[tuple[str, bytes]],
        *,
        progress: Progress,
        dated: date | None = None,
        fund: str | None = None,
    ) -> Taken:
        """Local files as history, as `ingest` takes them in, by workers."""
        from monitor.pipeline import local
        from monitor.scale.files import Kit, ingest

        self.prepare_calendars(engine, [source])
        kit = Kit(self.config.database, source, self.clock())
        return ingest(crew, engine, kit, local(files, dated=dated, fund=fund), progress)

    def rebuild_on(self, crew: Crew, engine: Engine, progress: Progress) -> Rebuilt:
        """Everything derived, made again from the facts by workers."""
        from monitor.rebuilding import rebuilt
        from monitor.scale.rebuilding import rebuild
        from monitor.store.engine import reading

        sources = self.sources()
        with reading(engine) as conn:
            stored = rebuilt(conn, sources)
        self.prepare_calendars(engine, [sources[code] for code in stored])
        return rebuild(crew, engine, self.config.database, sources, progress)

    def learn(
        self, engine: Engine, fund: str, files: Iterable[tuple[str, bytes]], origin: Origin, *, progress: Progress
    ) -> Outcome:
        """Lists of what `fund` (ticker, or issuer/ticker) held in the past, as evidence."""
        from monitor import pipeline

        sources = self.sources()
        issuer, ticker = find_fund(sources, fund)
        self.prepare_calendars(engine, [sources[issuer]])
        now, plan = self.clock(), self.plan()
        return pipeline.learn(engine, sources[issuer], ticker, files, origin, now=now, plan=plan, progress=progress)

    def filling(self, engine: Engine, funds: Sequence[str], source: str | None, period: Period) -> Filling:
        """A back-fill of `funds` (ticker, or issuer/ticker), or of all funds of a source."""
        from monitor.backfill import Filling
        from monitor.choosing import filled

        chosen = filled(self.sources(), funds, source)
        self.prepare_calendars(engine, {one.id: one for one, _ in chosen}.values())
        plan, operators = self.plan(), self.config.operator_channels
        return Filling(engine, chosen, period, plan, operators, self.clock(), self.clock)

    def fill_on(self, crew: Crew, filling: Filling, way: Way, progress: Watcher) -> FillReport:
        """A back-fill by workers."""
        from monitor.backfill.together import run_on

        return run_on(crew, self.config.database, filling, way, progress)

    def way(self, name: str, options: Options, *, looks: bool) -> Way:
        """One way of getting history; with `looks` its offers may ask an index."""
        from monitor.backfill.ways import make

        return make(name, options, self.config, self.fetcher(), looks=looks)

    def watch_list(self) -> tuple[Watch, ...]:
        """What the configuration and the user's added funds say is watched; empty when that is nothing."""
        return plus_added(self.config.watch, added.read(self.config.funds_file))

    def watch(self, funds: Sequence[str] = ()) -> tuple[Watch, ...]:
        """What is watched, or `funds`. Raises ConfigError when that is nothing, or something no source has."""
        return watched(self.watch_list(), self.sources(), funds)

    def watched_funds(self) -> frozenset[tuple[str, str]]:
        """Issuer and ticker of every watched fund; none when nothing is watched."""
        if not self.watch_list():
            return frozenset()
        sources = self.sources()
        return frozenset(
            (one.issuer, ticker)
            for one in self.watch()
            for ticker in one.funds or [fund.ticker for fund in sources[one.issuer].watched()]
        )

    def check(self, engine: Engine, funds: Sequence[str], *, dry_run: bool, progress: Progress) -> Outcome:
        """One pass over the watched funds, or over `funds`."""
        from monitor import pipeline

        sources = self.sources()
        watch = watched(self.watch_list(), sources, funds)
        self.prepare_calendars(engine, [sources[one.issuer] for one in watch])
        return pipeline.check(
            engine,
            sources,
            watch,
            self.fetcher(),
            now=self.clock(),
            dry_run=dry_run,
            plan=self.plan(),
            progress=progress,
        )

    def look(self, engine: Engine) -> LookReport:
        """Where we are blind: opens and ends incidents and promises their notices, once whoever looks."""
        from monitor import blindness
        from monitor.store.workers import new_holder

        now, watched = self.clock(), sorted(self.watched_funds())
        sources = self.sources()
        if not watched or not (self.config.blindness.enabled or self.config.alerts.all_clear):
            return blindness.LookReport(looked=False)
        self.prepare_calendars(engine, [sources[one] for one in {issuer for issuer, _ in watched}])
        looking = blindness.Looking(
            sources,
            watched,
            self.config.blindness,
            self.config.operator_channels,
            self.fetcher(),
            holder=new_holder(),
            lease_seconds=self.config.daemon.lease_seconds,
            all_clear=self.config.alerts.all_clear,
            zone=self.config.daemon.time_zone,
        )
        return blindness.look(engine, looking, now)

    def sights(self, conn: Connection, now: datetime) -> list[FundSight]:
        """What is seen of every watched fund."""
        from monitor import blindness

        return blindness.see(conn, self.sources(), sorted(self.watched_funds()), now, self.config.blindness)

    def check_due(self, engine: Engine, holder: str, stopping: Callable[[], bool] = lambda: False) -> Report:
        """One pass over what is due by now, as the daemon `holder`; `stopping` says that no more is to be begun."""
        from monitor import watching

        sources, settings = self.sources(), self.config.daemon
        asked = watching.Watching(
            sources=sources,
            watch=watched(self.watch_list(), sources, ()),
            fetcher=self.fetcher(),
            rhythm=watching.rhythm(settings),
            spread=timedelta(seconds=settings.spread_seconds),
            late_factor=self.config.blindness.late_factor,
            lease_seconds=settings.lease_seconds,
            fetchers=settings.fetchers,
            plan=self.plan,
            prepare=lambda source: self.prepare_calendars(engine, [source]),
        )
        return watching.check_due(engine, asked, holder=holder, clock=self.clock, stopping=stopping)

    def expectations(self, conn: Connection, now: datetime) -> dict[tuple[str, str], Expectation]:
        """Which file of every watched fund (issuer, ticker) is expected when, where anything is."""
        from monitor import expecting

        return expecting.expectations(
            conn, self.sources(), self.watched_funds(), now, self.config.blindness.late_factor
        )

    def join(self, engine: Engine, holder: str, begun: datetime) -> None:
        """Says in the database when the daemon `holder` began: every watched fund is asked once since."""
        from monitor import __version__
        from monitor.store import workers

        workers.register(engine, holder, __version__, begun)

    def beat(self, engine: Engine, holder: str, ticks: Iterable[Tick] = (), stopped: bool = False) -> None:
        """Says in the database that the daemon `holder` is alive or has `stopped`, and how its ticks have done."""
        from monitor.store import workers

        workers.report(engine, holder, self.clock(), ticks, stopped)

    def pulse(self) -> None:
        """Lets the dead-man's switch know that all is well. Raises PulseError, which does not hold the address."""
        from monitor.sources.fetch import Fetcher
        from monitor.sources.pulse import ping

        if (url := self.config.heartbeat.url) is not None:
            ping(Fetcher(allow_private=True), url.get_secret_value())

    def recheck(self, engine: Engine, funds: Sequence[FundRef] | None = None) -> list[tuple[FundRef, Check]]:
        """Looks again at what the dates of `funds` mean, or at that of every fund where a month has passed."""
        from monitor import calibrating
        from monitor.store.engine import reading
        from monitor.store.queries import funds_known

        sources, operators = self.sources(), self.config.operator_channels
        with reading(engine) as conn:
            known = funds_known(conn)
        asked = known if funds is None else funds
        self.prepare_calendars(engine, [sources[one] for one in {fund.issuer for fund in asked} if one in sources])
        return calibrating.recheck(
            engine, sources, asked, now=self.clock(), operators=operators, anyway=funds is not None
        )

    def rebuild(self, engine: Engine, progress: Progress) -> RebuildReport:
        """Everything derived, made again from the facts."""
        from monitor import rebuilding

        sources = self.sources()
        self.prepare_calendars(engine, sources.values())
        return rebuilding.rebuild(engine, sources, progress=progress)

    def tend(self, engine: Engine) -> list[str]:
        """The daily care of partitions; the names of those that were made or vacuumed."""
        from monitor.store import partitions

        return partitions.tend(engine, self.clock().date())

    def decide(self, engine: Engine, held: HeldFile, verdict: Literal["accept", "reject"]) -> Outcome:
        """A person's word on a held file, and what follows from it."""
        from monitor import pipeline

        source = self.source(held.issuer)
        self.prepare_calendars(engine, [source])
        now, plan = self.clock(), self.plan()
        ref = pipeline.SnapshotRef(held.fund_id, held.snapshot)
        return pipeline.decide(engine, source, ref, verdict, now=now, plan=plan)

    def speaking(self, engine: Engine) -> Speaking:
        """What an operator's word on identities needs."""
        from monitor.identities import Speaking

        sources = self.sources()
        self.prepare_calendars(engine, sources.values())
        return Speaking(engine, sources, self.plan(), self.clock())

    def replay(self, engine: Engine, held: HeldFile | RefusedFile) -> Outcome:
        """The stored bytes of a held or refused file through the pipeline again."""
        from monitor.store import archive
        from monitor.store.engine import reading

        with reading(engine) as conn:
            body = archive.get(conn, held.sha256)
        polled = held.place.startswith("http")  # of a local file its name alone counts
        at = datetime.fromisoformat(held.known_at) if polled else None
        files = [(held.place, body)]
        return self.ingest(engine, self.source(held.issuer), files, alert=False, progress=quiet, fetched=at)

    def fetcher(self) -> Fetcher:
        """The one fetcher of this run: the pace towards a server holds from pass to pass."""
        return self.kept.fetcher(self._fetcher)

    def _fetcher(self) -> Fetcher:
        from monitor.sources.fetch import Fetcher

        return Fetcher()  # whose issuer may be on a private network is part of its source


def configured(file: Path | None, database: str | None, environ: Mapping[str, str], clock: Clock, say: Say) -> App:
    """The program as the configuration, the environment and the command line's `--db` want it."""
    found = configuration.load(file, environ)
    if database is not None:
        found = replace(found, database=database_url(database))
    return App(found, clock, say)


def database_url(text: str) -> str:
    """An address as given, or that of the SQLite file with this name."""
    if "://" in text:
        return text
    if not text.strip():
        raise UsageError("The database has no name. Use sqlite:///file.db, postgresql://user@host/name or a file.")
    return f"sqlite:///{Path(text).expanduser().absolute()}"
