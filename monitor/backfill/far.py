"""The jobs of a back-fill as workers do them: asking and storing, storing what was found here, deriving.

A worker knows nothing but its job and the database. A job is one transaction; one that is done again finds that its
asks were asked in this run, or its files known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from monitor.backfill.asking import Ask, Asker, Job, Made, Piece
from monitor.backfill.storing import Storing
from monitor.core.filling import Period
from monitor.core.politeness import Tally
from monitor.core.rules import AlertPlan
from monitor.core.sessions import Sessions
from monitor.intake import FileOutcome
from monitor.pipeline import Outcome, derive_issuer
from monitor.scale.files import quiet
from monitor.scale.hidden import Hidden
from monitor.scale.turns import turn
from monitor.scale.work import engine_at, names_at
from monitor.sources.fetch import Fetcher
from monitor.sources.profile import HttpProfile
from monitor.sources.spec import Source
from monitor.store.engine import reading
from monitor.store.filled import asked
from monitor.store.sessions import sessions


@dataclass(frozen=True, slots=True)
class Kit:
    """What the jobs of an issuer have in common; `turn` names the server that is asked."""

    database: str
    source: Source
    funds: frozenset[str]
    now: datetime
    period: Period
    plan: AlertPlan
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks, how to make pieces of the answers, and how the server did before."""

    job: Job
    made: Made
    profile: HttpProfile
    absent_status: frozenset[int]
    streak: int
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of asks, without the bodies, which are stored; and how the server did."""

    pieces: tuple[Piece, ...]
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    streak: int = 0
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of one job; shown by their number alone."""

    pieces: tuple[Piece, ...] = field(repr=False)

    def __repr__(self) -> str:
        return f"<{len(self.pieces)} pieces>"


def ask(hidden: Hidden[Kit], asking: Hidden[Asking]) -> Answered:
    """Asks when it is our turn, then stores what was answered."""
    kit, what = hidden.value, asking.value
    done = _done(kit, what.job)
    if done:  # the job was done once, and its result lost with the worker
        return Answered(tuple(_again(one, done) for one in what.job.asks), streak=what.streak, seen=what.seen)
    asker = Asker(_fetcher(), what.profile, absent_status=what.absent_status, streak=what.streak, seen=what.seen)
    with turn(kit.turn, what.profile.min_interval):
        pieces = list(asker.bodies(what.job, what.made))
    outcomes = _kept(kit, pieces)
    light = [replace(piece, content=None, kept=()) for piece in pieces]
    light[:1] = [replace(piece, kept=outcomes) for piece in light[:1]]
    return Answered(tuple(light), asker.stopped, asker.tally, asker.streak, asker.seen)


def store(hidden: Hidden[Kit], some: Pieces) -> tuple[FileOutcome, ...]:
    """Stores what was found where the back-fill was planned."""
    return _kept(hidden.value, some.pieces)


def derive(hidden: Hidden[Kit], _issuer: str) -> Outcome:
    """Derives what is stored and not yet derived; that it was is remembered until somebody has said what for."""
    kit = hidden.value
    engine = engine_at(kit.database)
    with names_at(kit.database, kit.now) as names:
        return derive_issuer(engine, kit.source, now=kit.now, plan=kit.plan, progress=quiet, names=names, is_told=False)


def _kept(kit: Kit, pieces: Sequence[Piece]) -> tuple[FileOutcome, ...]:
    calendar = _calendar(kit.database, kit.source.calendar, kit.now)
    engine = engine_at(kit.database)
    with names_at(kit.database, kit.now) as names:
        storing = Storing(engine, kit.source, kit.funds, calendar, kit.now, kit.period, names)
        if pieces:
            storing.keep(pieces)
    return tuple(storing.outcomes)


def _done(kit: Kit, job: Job) -> dict[str, str]:
    with reading(engine_at(kit.database)) as conn:
        return asked(conn, job.source, job.fund, kit.now, [one.place for one in job.asks])


def _again(one: Ask, done: dict[str, str]) -> Piece:
    outcome = done.get(one.place, "failed")
    return Piece(one.place, absent=outcome == "absent", day=one.day, kept=(FileOutcome(one.place, outcome),))


@lru_cache(maxsize=16)
def _calendar(database: str, name: str, _run: datetime) -> Sessions:
    """Its sessions; asked again in each run, because a worker may live for years and they are added to."""
    with reading(engine_at(database)) as conn:
        return Sessions(sessions(conn, name))


@lru_cache(maxsize=1)
def _fetcher() -> Fetcher:
    """The one fetcher of a worker process."""
    return Fetcher()
