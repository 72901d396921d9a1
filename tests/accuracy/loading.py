"""Loads files into a temporary database as the command line would: whole, in random order, or day by day as if live."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from monitor import pipeline, rebuilding
from monitor.core.model import Severity
from monitor.pipeline import AlertPlan
from monitor.sources import registry
from monitor.sources.calendars import sessions_between
from monitor.sources.spec import Source
from monitor.store.engine import Engine, open_engine, transaction
from monitor.store.migrate import upgrade
from monitor.store.sessions import ensure_sessions
from tests.accuracy.folder import Published
from tests.history import facts
from tests.postgres import database_name, running_postgres

NOW = facts.NOW
SILENT = AlertPlan((), Severity.NORMAL)
CHANNEL = "scoreboard"
Digest = dict[str, tuple[int, str]]  # by table: rows and their hash


@dataclass(frozen=True, slots=True)
class Job:
    """Files of one source and the database they go to, a copy of `template`; names are relative to `root`."""

    source: str
    root: Path
    files: tuple[Path, ...]
    place: Path
    template: Path

    def bodies(self, files: Iterable[Path]) -> Iterable[tuple[str, bytes]]:
        """Names and contents."""
        return ((str(path.relative_to(self.root)), path.read_bytes()) for path in files)

    def open(self) -> tuple[Engine, Source]:
        """The database, ready to take the files."""
        if not self.place.exists():
            shutil.copyfile(self.template, self.place)
        return open_engine(self.url), registry.get(self.source)

    @property
    def url(self) -> str:
        """The database's address."""
        return f"sqlite:///{self.place}"


def template(source: Source, folder: Path) -> Path:
    """An empty database that knows the trading days of the source's exchange; made once for each exchange."""
    place = folder / f"empty-{source.calendar}.db"
    if not place.exists():
        engine = open_engine(f"sqlite:///{place}")
        _prepare(engine, source)
        engine.dispose()
    return place


def _prepare(engine: Engine, source: Source) -> None:
    upgrade(engine)
    with transaction(engine) as conn:
        ensure_sessions(conn, source.calendar, NOW.date(), sessions_between)


def load(job: Job) -> None:
    """All files at once, as history."""
    engine, source = job.open()
    _ingest(engine, source, job, job.files)
    engine.dispose()


def rebuilt(job: Job) -> tuple[Digest, Digest]:
    """What the loaded database says before and after deriving everything again."""
    engine, source = job.open()
    before = digest(engine)
    rebuilding.rebuild(engine, {source.id: source}, progress=_quiet)
    after = digest(engine)
    engine.dispose()
    return before, after


def on_postgres(job: Job) -> Digest:
    """What a PostgreSQL database says of all files at once."""
    with running_postgres() as server:
        name = database_name("accuracy")
        engine, source = open_engine(server.create(name)), registry.get(job.source)
        try:
            _prepare(engine, source)
            _ingest(engine, source, job, job.files)
            return digest(engine)
        finally:
            engine.dispose()
            server.drop(name)


def shuffled(job: Job, seed: int, batches: int) -> Digest:
    """What the database says when the files came in random order and several runs."""
    engine, source = job.open()
    files = list(job.files)
    random.Random(seed).shuffle(files)
    size = len(files) // batches + 1
    for start in range(0, len(files), size):
        _ingest(engine, source, job, files[start : start + size])
    found = digest(engine)
    engine.dispose()
    return found


def live(job: Job, published: Sequence[Published]) -> None:
    """Day by day in the order of the names' dates, each as if it arrived the next noon, with one channel to tell."""
    engine, source = job.open()
    plan = AlertPlan((CHANNEL,), Severity.NORMAL)
    days = sorted({one.dated for one in published if one.dated is not None})
    for day in days:
        files = [one.path for one in published if one.dated == day]
        now = datetime.combine(day + timedelta(days=1), time(12), tzinfo=UTC)
        pipeline.ingest(engine, source, job.bodies(files), now=now, alert=True, plan=plan, progress=_quiet)
    engine.dispose()


def digest(engine: Engine) -> Digest:
    """Every derived table as its number of rows and a hash of them."""
    return {
        table: (len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())
        for table, rows in facts.derived(engine).items()
    }


def _ingest(engine: Engine, source: Source, job: Job, files: Sequence[Path]) -> None:
    pipeline.ingest(engine, source, job.bodies(files), now=NOW, alert=False, plan=SILENT, progress=_quiet)


def _quiet(_text: str, _count: int) -> None:
    """Progress that nobody watches."""
