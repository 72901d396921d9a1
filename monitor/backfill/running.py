"""Runs a back-fill: the plan from what is stored, one way asked for what is missing, all of it derived once, one note.

It alerts nobody of the past. What was told and no longer holds is corrected where it was told.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from monitor import telling
from monitor.backfill import noting
from monitor.backfill.asking import Piece
from monitor.backfill.noting import Extended
from monitor.backfill.planning import Offer, Wanted, wanted
from monitor.backfill.storing import Storing
from monitor.backfill.ways import Way
from monitor.core.errors import MonitorError
from monitor.core.filling import ANY_TIME, Period
from monitor.core.politeness import Breaker, after
from monitor.core.rules import AlertPlan
from monitor.intake import Intake
from monitor.pipeline import Outcome, conclude, plus
from monitor.sources.spec import FundSpec, Source
from monitor.store import past, watch
from monitor.store.engine import Connection, Engine, reading, transaction
from monitor.store.filled import have

Watcher = Callable[[str, int, int], None]  # a text, how far it is, and how far it will go (0: not known)


@dataclass(frozen=True, slots=True)
class Filling:
    """Whose history is extended, over which days, and who hears of it. `now` is when it begins, `clock` says how late
    it has become."""

    engine: Engine
    funds: Sequence[tuple[Source, FundSpec]]
    period: Period
    plan: AlertPlan
    operators: Sequence[str]
    now: datetime
    clock: Callable[[], datetime]
    jitter: Callable[[], float] = random.random

    def wanted(self) -> list[Wanted]:
        """What is missing of each fund, by source."""
        ordered = sorted(self.funds, key=lambda one: (one[0].id, one[1].ticker))
        with reading(self.engine) as conn:
            return [wanted(conn, source, spec, self.period, self.now) for source, spec in ordered]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is missing of a fund, and what each way could give."""

    wanted: Wanted
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: what became of everything, what became longer, and per source why it was not asked to the end."""

    outcome: Outcome = field(default_factory=lambda: Outcome(()))
    extended: tuple[Extended, ...] = ()
    stopped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def dry_run(filling: Filling, ways: Sequence[Way], progress: Watcher) -> list[Plan]:
    """What is missing, and what the ways could give. Nothing is stored."""
    made = []
    for one in filling.wanted():
        offers = []
        for way in ways:
            progress(f"asking what {way.name} has of {one.spec.ticker}", 1, 0)
            offers.append(way.offer(one))
        made.append(Plan(one, tuple(offers)))
    return made


def run(filling: Filling, way: Way, progress: Watcher) -> Report:
    """Gets what is missing, source by source, and says once what became longer."""
    groups = [list(group) for _, group in groupby(filling.wanted(), key=lambda one: one.source.id)]
    report = Report()
    for number, group in enumerate(groups, start=1):
        try:
            report = _source(filling, way, group, report, progress, is_last=number == len(groups))
        except MonitorError:
            with transaction(filling.engine) as conn:  # what was done before is told all the same
                tell(conn, filling, way, report)
            raise
    return report


def _source(
    filling: Filling, way: Way, group: Sequence[Wanted], report: Report, progress: Watcher, *, is_last: bool
) -> Report:
    """One source: fetched and stored in chunks, then derived; with the last one the note is promised."""
    source, engine = group[0].source, filling.engine
    with reading(engine) as conn:
        breaker = watch.breakers(conn).get(source.id, Breaker())
        known = past.issuer(conn, source.id)
    is_asked = way.name == "issuer" and breaker.may_ask(filling.now)
    stopped = left_alone(breaker) if way.name == "issuer" and not is_asked else ""
    storing = _storing(filling, way, group)
    if not stopped:
        storing.store(watched(way, group, progress), way.chunk)
        stopped = way.stopped
    with transaction(engine) as conn:
        if is_asked:
            remember(conn, filling, way, source)
        intake = Intake(conn, source, filling.now, outcomes=storing.outcomes)
        made = conclude(intake, filling.plan, lambda text, count: progress(text, count, 0))
        unfinished = known is not None and known[1] is not None  # an earlier run was cut off before it could say so
        report = replace(
            report,
            outcome=plus(report.outcome, made),
            extended=(*report.extended, *longer(conn, group, unfinished=unfinished)),
            stopped=(*report.stopped, *([f"{source.id}: {stopped}"] if stopped else [])),
            unread=tuple(dict.fromkeys((*report.unread, *way.unread))),
        )
        if is_last:
            tell(conn, filling, way, report)
    return report


def _storing(filling: Filling, way: Way, group: Sequence[Wanted]) -> Storing:
    one = group[0]
    funds = frozenset(wanted.spec.ticker for wanted in group)
    return Storing(filling.engine, one.source, funds, one.calendar, filling.now, bounds(filling, way))


def bounds(filling: Filling, way: Way) -> Period:
    """The dates of files that are kept: an address of a day may hold the file of the next."""
    return ANY_TIME if way.name == "issuer" else filling.period


def remember(conn: Connection, filling: Filling, way: Way, source: Source) -> None:
    """How the issuer's server did, for the daemon too; what that found meanwhile counts."""
    before = watch.breakers(conn).get(source.id, Breaker())
    found = after(before, way.tally, filling.clock(), filling.jitter())
    if found != before:
        watch.set_breaker(conn, source.id, found)


def longer(conn: Connection, group: Sequence[Wanted], *, unfinished: bool) -> list[Extended]:
    """Whose history is longer than it was, or what an `unfinished` run before this one added."""
    found = [noting.extended(one.name, one.have, have(conn, one.source.id, one.spec.ticker)) for one in group]
    return [one for one in found if one is not None] or (_resumed(group) if unfinished else [])


def tell(conn: Connection, filling: Filling, way: Way, report: Report) -> None:
    """Promises the note when there is something to say."""
    if report.extended:
        message = noting.note(report.extended, report.outcome.revised, way.name, filling.now)
        telling.tell_operator(conn, message, filling.operators, filling.now)


def left_alone(breaker: Breaker) -> str:
    """Why the issuer is not asked now."""
    until = f" until {breaker.not_before:%Y-%m-%d %H:%M} UTC" if breaker.not_before is not None else ""
    return f"its server failed lately and is left alone{until} ({breaker.detail})"


def _resumed(group: Sequence[Wanted]) -> list[Extended]:
    """What an earlier run stored without saying so: all there is of the funds."""
    return [
        Extended(one.name, tuple(sorted(one.have.days)), tuple(sorted(one.have.schedules)), min(one.have.days), True)
        for one in group
        if one.have.days
    ]


def watched(way: Way, group: Sequence[Wanted], progress: Watcher) -> Iterator[Piece]:
    """The pieces, each shown as it comes."""
    name = group[0].spec.ticker if len(group) == 1 else f"{len(group)} funds of {group[0].source.id}"
    for done, piece in enumerate(way.pieces(group), start=1):
        yield piece
        progress(f"filling {name}", done if way.total else 1, way.total)
