"""Takes local files in on workers: read and sent from here, since workers elsewhere see no disk of ours.

The same facts as `pipeline.ingest` makes, in whatever order the chunks are done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.bodies import Body
from monitor.core.rules import AlertPlan
from monitor.intake import FileOutcome, Progress
from monitor.pipeline import Outcome, derive_issuer, store_chunk, with_standings
from monitor.scale.crew import Crew, Lost
from monitor.scale.hidden import Hidden
from monitor.scale.work import engine_at, names_at
from monitor.sources.spec import Source
from monitor.store.engine import Engine

FILES = 60  # of one job: what is done again when a worker ends (20 took a quarter more CPU)
BYTES = 4 << 20  # of the files of one job, about


@dataclass(frozen=True, slots=True)
class Kit:
    """What the jobs of an issuer have in common: the source as configured here, so that workers need no files of
    ours, and the database's address, which may hold a password."""

    database: str
    source: Source
    now: datetime
    plan: AlertPlan = field(default_factory=AlertPlan)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Files of one job; shown by their number alone."""

    bodies: tuple[Body, ...] = field(repr=False)

    def __repr__(self) -> str:
        return f"<{len(self.bodies)} files>"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of files: as from one process, and which of them nobody could read."""

    outcome: Outcome
    unread: tuple[str, ...] = ()


def ingest(crew: Crew, engine: Engine, kit: Kit, bodies: Iterable[Body], progress: Progress) -> Taken:
    """Local files as silent history. What cannot be read without ending a process is told by its name."""
    hidden, name = Hidden(kit), kit.source.id
    outcomes: list[FileOutcome] = []
    unread: list[str] = []
    for chunk, found in crew.each(f"store-{name}", store, hidden, chunks(bodies), one_by_one):
        progress("reading", len(chunk.bodies))
        if isinstance(found, Lost):
            unread += [f"{body.place}: {found.text}" for body in chunk.bodies]
        else:
            outcomes += found
    progress(f"deriving {name}", 1)
    made = crew.call(f"derive-{name}", derive, hidden, name)
    files = with_standings(engine, kit.source, sorted(outcomes, key=lambda one: one.place))
    return Taken(Outcome(files, made.events, made.items, made.deliveries, made.revised), tuple(unread))


def chunks(bodies: Iterable[Body]) -> Iterator[Chunk]:
    """Some files together, fewer where they are large."""
    some: list[Body] = []
    size = 0
    for body in bodies:
        some.append(body)
        size += len(body.content)
        if len(some) >= FILES or size >= BYTES:
            yield Chunk(tuple(some))
            some, size = [], 0
    if some:
        yield Chunk(tuple(some))


def one_by_one(chunk: Chunk) -> Sequence[Chunk]:
    """Each file by itself."""
    return [Chunk((body,)) for body in chunk.bodies]


# --- on a worker ----------------------------------------------------------------------------------


def store(hidden: Hidden[Kit], chunk: Chunk) -> tuple[FileOutcome, ...]:
    """Reads the files, then stores them in one short transaction."""
    kit = hidden.value
    engine = engine_at(kit.database)
    with names_at(kit.database, kit.now) as names:
        return store_chunk(engine, kit.source, chunk.bodies, now=kit.now, progress=quiet, names=names).files


def derive(hidden: Hidden[Kit], _issuer: str) -> Outcome:
    """Derives what is stored and not yet derived of the issuer, as one."""
    kit = hidden.value
    engine = engine_at(kit.database)
    with names_at(kit.database, kit.now) as names:
        return derive_issuer(engine, kit.source, now=kit.now, plan=kit.plan, progress=quiet, names=names)


def quiet(_text: str, _count: int) -> None:
    """Progress that nobody watches: a worker tells nothing but its result."""
