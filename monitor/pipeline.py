"""The story of a file's day: fetch → read → gates → stored → what follows from it → who is told. All of it is prepared
by reading, then written in one transaction (`store.turns`).

One body coming in is `intake`, replaying days is `derive`, what is told of it `retelling`, to whom `announcing`, in
which words `telling`; sending is another program's work (`delivery`), the outbox is where they meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Literal

from monitor.bodies import Bodies, Body
from monitor.config import Watch
from monitor.core.evidence import Origin
from monitor.core.model import Arrival
from monitor.core.rules import AlertPlan
from monitor.derive import Derivation, replay
from monitor.intake import (
    FileOutcome,
    Intake,
    Progress,
    accept,
    arrived,
    expect,
    fund_row,
    fund_rows,
    take,
    tried,
)
from monitor.preparing import Prepared, prepare
from monitor.sources.spec import FundSpec, Source
from monitor.store import past, save
from monitor.store.engine import Connection, Engine, reading, transaction
from monitor.store.names import Names
from monitor.store.save import FundRow
from monitor.store.sessions import calendars
from monitor.store.turns import in_turn

if TYPE_CHECKING:  # loaded by those who ask, learn or tell: who reads local files starts 0.2 s sooner
    from monitor.fetching import Answer
    from monitor.sources.fetch import Fetcher

__all__ = [
    "AlertPlan",
    "FileOutcome",
    "Outcome",
    "SnapshotRef",
    "Stored",
    "check",
    "chosen",
    "decide",
    "derive_issuer",
    "ingest",
    "keep",
    "learn",
    "local",
    "plus",
    "store_chunk",
    "with_standings",
]

PATIENCE = 60.0  # seconds that a person waits for a server that has been asked too often
CHUNK = 250  # files stored per transaction when history is loaded


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: every file, how many events, items and deliveries came of it, and how many items that were
    there before say something else now or are gone (`revised`)."""

    files: tuple[FileOutcome, ...]
    events: int = 0
    items: int = 0
    deliveries: int = 0
    revised: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the files of a chunk, and the first day that what is new in them is dated."""

    files: tuple[FileOutcome, ...]
    since: date | None = None


def ingest(
    engine: Engine,
    source: Source,
    files: Iterable[tuple[str, bytes]],
    *,
    now: datetime,
    alert: bool,
    plan: AlertPlan,
    progress: Progress,
    fetched: datetime | None = None,
    dated: date | None = None,
    fund: str | None = None,
    names: Names | None = None,
) -> Outcome:
    """Local files as silent history, or with `alert` as if they arrived live in date order. `fetched`: when the issuer
    answered with them, where that is known; `dated` and `fund` hold for files that do not say these themselves;
    `names` are remembered from one call to the next."""
    arrival = Arrival.LIVE if alert else Arrival.HISTORY
    names = names if names is not None else Names()
    bodies = local(files, arrival, fetched=fetched, dated=dated, fund=fund)
    if alert:
        prepared = list(_prepared(source, bodies, progress))
        return _keep(engine, source, [(None, one) for one in prepared], now, plan, progress, lambda conn: None, names)
    outcomes: list[FileOutcome] = []
    for chunk in _chunks(bodies):
        outcomes += store_chunk(engine, source, chunk, now=now, progress=progress, names=names).files
    return derive_issuer(engine, source, outcomes, now=now, progress=progress, names=names)


def local(
    files: Iterable[tuple[str, bytes]],
    arrival: Arrival = Arrival.HISTORY,
    *,
    fetched: datetime | None = None,
    dated: date | None = None,
    fund: str | None = None,
) -> Iterator[Body]:
    """Local files as bodies."""
    return (Body(name, content, arrival, fetched=fetched, dated=dated, presumed=fund) for name, content in files)


def store_chunk(
    engine: Engine,
    source: Source,
    bodies: Iterable[Body],
    *,
    now: datetime,
    progress: Progress,
    names: Names | None = None,
) -> Stored:
    """Takes bodies in as facts, all of them or none: one transaction that also marks the days to be derived. `names`
    are remembered from one chunk to the next.

    A crash from here on is made good by the next `derive_issuer`, in whatever process.
    """
    prepared = list(_prepared(source, bodies, progress))
    known = names if names is not None else Names()

    def gather(conn: Connection, issuer: int) -> Intake:
        intake = Intake(conn, source, now, issuer, known)
        expect(intake, prepared)
        for one in prepared:
            take(intake, one)
        intake.facts.name()
        return intake

    def store(conn: Connection, intake: Intake) -> Stored:
        intake.write(conn)
        return Stored(tuple(intake.outcomes), intake.since)

    with known.kept():
        return in_turn(engine, source.id, source.name, fund_rows(source, prepared), gather, store)


def derive_issuer(
    engine: Engine,
    source: Source,
    files: Sequence[FileOutcome] = (),
    *,
    now: datetime,
    progress: Progress,
    plan: AlertPlan = AlertPlan(),  # noqa: B008 – a frozen value: nobody is told
    names: Names | None = None,
    is_told: bool = True,
) -> Outcome:
    """Derives what is marked as not yet derived of an issuer; `files` are those that were stored, for the account.

    Where somebody else says what came of it, that it was derived is remembered until then: `is_told` false.
    """

    def gather(conn: Connection, issuer: int) -> _Concluding:
        return _concluding(Intake(conn, source, now, issuer, known, outcomes=list(files)), progress)

    def store(conn: Connection, found: _Concluding) -> Outcome:
        outcome = _concluded(conn, found, plan)
        if found.made is not None and not is_told:
            save.mark_untold(conn, found.intake.issuer)
        return outcome

    known = names if names is not None else Names()
    with known.kept():
        return in_turn(engine, source.id, source.name, (), gather, store)


def _prepared(source: Source, some: Iterable[Body], progress: Progress) -> Iterator[Prepared]:
    bodies = Bodies(source)
    for body in some:
        yield prepare(bodies, body)
        progress("reading", 1)


def learn(
    engine: Engine,
    source: Source,
    fund: str,
    files: Iterable[tuple[str, bytes]],
    origin: Origin,
    *,
    now: datetime,
    plan: AlertPlan,
    progress: Progress,
) -> Outcome:
    """Lists of what a fund held in the past, as evidence: nobody is alerted, what they refute is taken back."""
    from monitor import schedules

    with transaction(engine) as conn:
        intake = Intake(conn, source, now)
        calendar = calendars(conn)(source.calendar)
        for place, content in files:
            schedules.take(intake, source.funds[fund], place, content, origin, calendar)
            progress("reading", 1)
        return conclude(intake, plan, progress)


def check(
    engine: Engine,
    sources: Mapping[str, Source],
    watch: Sequence[Watch],
    fetcher: Fetcher,
    *,
    now: datetime,
    dry_run: bool,
    plan: AlertPlan,
    progress: Progress,
) -> Outcome:
    """One pass over the watched funds: fetch each, then store and derive an issuer's files as one."""
    from monitor.fetching import Round

    total = Outcome(())
    for one in watch:
        source = sources[one.issuer]
        asked = Round(engine, source, fetcher, now, patience=PATIENCE)
        answers: list[Answer] = []
        for spec in chosen(source, one):
            progress(f"fetching {spec.ticker}", 1)
            answers += asked.ask(spec)
        if dry_run:
            bodies = Bodies(source)
            total = plus(total, Outcome(tuple(tried(bodies, a, now) for a in answers)))
            continue
        total = plus(total, keep(engine, source, answers, now=now, plan=plan, progress=progress))
    return total


def keep(
    engine: Engine,
    source: Source,
    answers: Sequence[Answer],
    *,
    now: datetime,
    plan: AlertPlan,
    progress: Progress,
    within: Callable[[Connection], None] = lambda conn: None,
    names: Names | None = None,
) -> Outcome:
    """Stores what asking an issuer gave and derives what follows, as one. `within` joins the transaction, first;
    `names` are remembered from one issuer to the next."""
    bodies = Bodies(source)
    some = [(answer, arrived(bodies, answer, now)) for answer in answers]
    return _keep(engine, source, some, now, plan, progress, within, names if names is not None else Names())


def _keep(
    engine: Engine,
    source: Source,
    some: Sequence[tuple[Answer | None, Prepared | None]],
    now: datetime,
    plan: AlertPlan,
    progress: Progress,
    within: Callable[[Connection], None],
    names: Names,
) -> Outcome:
    """Bodies, and answers without one, with all that follows from them."""
    prepared = [body for _, body in some if body is not None]
    funds: list[FundRow] = []
    for answer, body in some:
        if body is not None:
            funds += fund_rows(source, [body])
        elif answer is not None and not answer.unasked:
            funds.append(fund_row(source, answer.spec))

    def gather(conn: Connection, issuer: int) -> _Concluding:
        intake = Intake(conn, source, now, issuer, names)
        expect(intake, prepared)
        for answer, body in some:
            if body is not None:
                take(intake, body)
            elif answer is not None:
                accept(intake, answer)
        return _concluding(intake, progress)

    def store(conn: Connection, found: _Concluding) -> Outcome:
        within(conn)
        return _concluded(conn, found, plan)

    with names.kept():
        return in_turn(engine, source.id, source.name, funds, gather, store)


@dataclass(frozen=True, slots=True)
class SnapshotRef:
    """Names a stored snapshot by its database numbers."""

    fund: int
    snapshot: int


def decide(
    engine: Engine,
    source: Source,
    ref: SnapshotRef,
    verdict: Literal["accept", "reject"],
    *,
    now: datetime,
    plan: AlertPlan,
) -> Outcome:
    """An operator's word on a snapshot: recorded as a fact, and everything after it derived again."""
    with transaction(engine) as conn:
        intake = Intake(conn, source, now)
        row = past.snapshot(conn, ref.fund, ref.snapshot)
        save.set_operator_word(conn, ref.fund, ref.snapshot, verdict, now)
        intake.since = row.as_of
        if row.arrival is Arrival.LIVE:
            intake.fresh.add(row.as_of)
        return conclude(intake, plan, _silent)


def chosen(source: Source, one: Watch) -> list[FundSpec]:
    """The funds of one issuer that are to be watched."""
    if one.funds:
        return [source.funds[ticker] for ticker in one.funds]
    return list(source.watched())


def conclude(intake: Intake, plan: AlertPlan, progress: Progress) -> Outcome:
    """Stores what was taken in, derives what follows from it, and promises messages about what is new, all within the
    transaction of the intake."""
    return _concluded(intake.conn, _concluding(intake, progress), plan)


@dataclass(frozen=True, slots=True)
class _Concluding:
    """What was taken in and what follows from it, not stored yet; `since` is the first day that was derived."""

    intake: Intake
    made: Derivation | None = None
    since: date = date.max


def _concluding(intake: Intake, progress: Progress) -> _Concluding:
    known = past.issuer(intake.conn, intake.source.id)
    pending = known[1] if known is not None else None
    since = min((d for d in (pending, intake.since) if d is not None), default=None)
    if since is None:
        return _Concluding(intake)
    intake.facts.name()
    made = replay(
        intake.conn,
        intake.source,
        intake.issuer,
        since,
        calendars(intake.conn),
        lambda day: progress("deriving", 1),
        intake.facts,
    )
    return _Concluding(intake, made, since)


def _concluded(conn: Connection, found: _Concluding, plan: AlertPlan) -> Outcome:
    intake, made = found.intake, found.made
    intake.write(conn)
    if made is None:
        return Outcome(tuple(intake.outcomes))
    from monitor.retelling import revised, tell

    made.write(conn)
    promised = tell(intake, made, plan)
    files = tuple(_with_standings(conn, intake.issuer, found.since, intake.outcomes))
    return Outcome(files, made.events, len(made.told), promised, revised(made))


def with_standings(engine: Engine, source: Source, files: Sequence[FileOutcome]) -> tuple[FileOutcome, ...]:
    """The files' outcomes once their issuer is derived, those the gates held or passed over named as such."""
    since = min((one.as_of for one in files if one.outcome == "new" and one.as_of is not None), default=None)
    with reading(engine) as conn:
        known = past.issuer(conn, source.id)
        if since is None or known is None:
            return tuple(files)
        return tuple(_with_standings(conn, known[0], since, files))


def _with_standings(conn: Connection, issuer: int, since: date, files: Iterable[FileOutcome]) -> Iterator[FileOutcome]:
    stands = past.verdicts(conn, issuer, since)
    for outcome in files:
        key = (outcome.fund or "", outcome.as_of or date.min, outcome.sha256)
        if outcome.outcome == "new" and key in stands and stands[key][0] != "accepted":
            standing, gate, text = stands[key]
            yield replace(outcome, outcome=standing, code=gate, text=text)
        else:
            yield outcome


def plus(one: Outcome, other: Outcome) -> Outcome:
    """Both together."""
    return Outcome(
        one.files + other.files,
        one.events + other.events,
        one.items + other.items,
        one.deliveries + other.deliveries,
        one.revised + other.revised,
    )


def _chunks(bodies: Iterable[Body]) -> Iterator[list[Body]]:
    source = iter(bodies)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _silent(_text: str, _count: int) -> None:
    """Progress that nobody watches."""
