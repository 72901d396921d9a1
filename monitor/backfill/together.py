"""Runs a back-fill by workers: planned here from what is stored, asked, read, stored and derived there, told here.

Issuers are filled side by side, each at the pace of its own server. What a killed run left undone the next one finds:
days that are missing, facts that are not derived, histories that became longer and nobody has said so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import groupby

from monitor.backfill import far
from monitor.backfill.asking import ENOUGH, Asker, Job, Made, Piece
from monitor.backfill.issuer import IssuerWay
from monitor.backfill.noting import Extended
from monitor.backfill.nport import NportWay
from monitor.backfill.planning import Wanted
from monitor.backfill.running import Filling, Report, Watcher, bounds, left_alone, longer, remember, tell, watched
from monitor.backfill.storing import chunks
from monitor.backfill.wayback import WaybackWay
from monitor.backfill.ways import Way
from monitor.core.errors import MonitorError
from monitor.core.politeness import Breaker, Tally
from monitor.intake import FileOutcome
from monitor.pipeline import Outcome, plus, with_standings
from monitor.scale.crew import Crew, CrewLost, Lost
from monitor.scale.files import BYTES, FILES
from monitor.scale.hidden import Hidden
from monitor.store import past, save, watch
from monitor.store.engine import reading, transaction

SIDE_BY_SIDE = 32  # issuers at most: each is a thread here that mostly waits


def run_on(crew: Crew, database: str, filling: Filling, way: Way, progress: Watcher) -> Report:
    """Gets what is missing of all issuers, and says once what became longer.

    Raises CrewLost when the workers are gone; what is wrong with one issuer is told in the report.
    """
    groups = [list(group) for _, group in groupby(filling.wanted(), key=lambda one: one.source.id)]
    shown = _Shown(progress)
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, max(len(groups), 1)), thread_name_prefix="fill") as pool:
        futures = [pool.submit(_Issuer(crew, database, filling, _own(way), group, shown).fill) for group in groups]
    report, lost = Report(), list[BaseException]()
    done: list[str] = []
    for group, future in zip(groups, futures, strict=True):
        if (error := future.exception()) is not None:
            lost.append(error)
        else:
            report = _both(report, future.result())
            done.append(group[0].source.id)
    with transaction(filling.engine) as conn:
        tell(conn, filling, way, report)
        for known in (past.issuer(conn, code) for code in done):
            if known is not None:
                save.settle_told(conn, known[0])
    if lost:
        raise min(lost, key=lambda error: isinstance(error, CrewLost))  # a bug before what it may have caused
    return report


def _own(way: Way) -> Way:
    """The way for one issuer: what it counts and meets is its own, what it may ask for is everybody's."""
    return replace(way, unread=[], stopped="", tally=Tally(), total=0)  # type: ignore[type-var]


def _both(one: Report, other: Report) -> Report:
    return Report(
        plus(one.outcome, other.outcome),
        (*one.extended, *other.extended),
        (*one.stopped, *other.stopped),
        tuple(dict.fromkeys((*one.unread, *other.unread))),
    )


class _Shown:
    """Progress that several threads make."""

    def __init__(self, progress: Watcher) -> None:
        self._progress, self._lock = progress, threading.Lock()

    def __call__(self, text: str, done: int, total: int) -> None:
        with self._lock:
            self._progress(text, done, total)


@dataclass(slots=True)
class _Issuer:
    """The back-fill of one issuer."""

    crew: Crew
    database: str
    filling: Filling
    way: Way
    group: Sequence[Wanted]
    progress: Watcher
    outcomes: list[FileOutcome] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    kit: Hidden[far.Kit] = field(init=False)

    def __post_init__(self) -> None:
        source, filling = self.group[0].source, self.filling
        funds = frozenset(wanted.spec.ticker for wanted in self.group)
        server = f"issuer:{source.id}" if self.way.name == "issuer" else f"way:{self.way.name}"
        self.kit = Hidden(
            far.Kit(self.database, source, funds, filling.now, bounds(filling, self.way), filling.plan, server)
        )

    def fill(self) -> Report:
        """Everything of the issuer; of trouble that is its own alone only the words."""
        source, engine = self.group[0].source, self.filling.engine
        with reading(engine) as conn:
            breaker = watch.breakers(conn).get(source.id, Breaker())
            known = past.issuer(conn, source.id)
        is_asked = self.way.name == "issuer" and breaker.may_ask(self.filling.now)
        stopped = left_alone(breaker) if self.way.name == "issuer" and not is_asked else ""
        if not stopped:
            stopped = self._get()
        if is_asked:
            with transaction(engine) as conn:
                remember(conn, self.filling, self.way, source)
        self.progress(f"deriving {source.id}", 1, 0)
        made = self.crew.call(f"derive-{source.id}", far.derive, self.kit, source.id)
        files = with_standings(engine, source, sorted(self.outcomes, key=lambda one: one.place))
        with reading(engine) as conn:
            unfinished = known is not None and known[1] is not None
            found: list[Extended] = longer(conn, self.group, unfinished=unfinished)
        return Report(
            Outcome(files, made.events, made.items, made.deliveries, made.revised),
            tuple(found),
            (f"{source.id}: {stopped}",) if stopped else (),
            (*self.way.unread, *self.unread),
        )

    def _get(self) -> str:
        """Asks, or reads, and has it stored; why that ended early."""
        if isinstance(self.way, IssuerWay | NportWay | WaybackWay):
            self.way.elsewhere = _Far(self.crew, self.kit, self.way.name)
        try:
            self._store(watched(self.way, self.group, self.progress))
        except CrewLost:
            raise
        except MonitorError as error:
            return str(error)
        return self.way.stopped

    def _store(self, pieces: Iterable[Piece]) -> None:
        name = f"store-{self.group[0].source.id}"
        jobs = (far.Pieces(tuple(some)) for some in chunks(self._new(pieces), FILES, BYTES))
        for some, found in self.crew.each(name, far.store, self.kit, jobs, _one_by_one):
            if isinstance(found, Lost):
                self.unread += [f"{piece.place}: {found.text}" for piece in some.pieces]
            else:
                self.outcomes += found

    def _new(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """What is still to be stored."""
        for piece in pieces:
            if piece.kept is not None:
                self.outcomes += piece.kept
            elif piece.known:
                self.outcomes.append(FileOutcome(piece.place, "heartbeat", piece.fund))
            else:
                yield piece


def _one_by_one(some: far.Pieces) -> Sequence[far.Pieces]:
    return [far.Pieces((piece,)) for piece in some.pieces]


@dataclass(frozen=True, slots=True)
class _Far:
    """Has asks done by workers, one job of a server at a time."""

    crew: Crew
    kit: Hidden[far.Kit]
    way: str

    def turn(self, asker: Asker) -> AbstractContextManager[None]:
        """Our own turn: for the lists that tell what there is to be asked for."""
        return self.crew.turn(self.kit.value.turn, asker.profile.min_interval)

    def bodies(self, asker: Asker, job: Job, made: Made) -> Iterator[Piece]:
        """As `Asker.bodies`. A body that nobody can read is a failure with words, the other asks are done alone."""
        if asker.stopped:
            return
        allowed = asker.budget.take(len(job.asks))
        pieces = self._asked(asker, replace(job, asks=job.asks[:allowed]), made) if allowed else []
        asker.budget.give_back(allowed - len(pieces))
        if allowed < len(job.asks) and not asker.stopped:
            asker.stopped = ENOUGH
        yield from pieces

    def _asked(self, asker: Asker, job: Job, made: Made) -> list[Piece]:
        what = far.Asking(job, made, asker.profile, asker.absent_status, asker.streak, asker.seen)
        pieces: list[Piece] = []
        for part, found in self.crew.each(f"ask-{job.source}", far.ask, self.kit, [Hidden(what)], _ask_by_ask):
            if isinstance(found, Lost):
                pieces += [_lost(job, one.place, found.text) for one in part.value.job.asks]
                continue
            pieces += found.pieces
            asker.stopped = asker.stopped or found.stopped
            asker.tally, asker.streak, asker.seen = _sum(asker.tally, found.tally), found.streak, found.seen
        return pieces


def _ask_by_ask(hidden: Hidden[far.Asking]) -> Sequence[Hidden[far.Asking]]:
    what = hidden.value
    return [Hidden(replace(what, job=replace(what.job, asks=(one,)))) for one in what.job.asks]


def _lost(job: Job, place: str, text: str) -> Piece:
    return Piece(place, detail=text, fund=job.whose, kept=(FileOutcome(place, "failed", job.whose, text=text),))


def _sum(one: Tally, other: Tally) -> Tally:
    asked = max((wait for wait in (one.retry_after, other.retry_after) if wait is not None), default=None)
    return Tally(one.answers + other.answers, one.failures + other.failures, asked, other.detail or one.detail)
