"""One file from top to bottom: read → gates → stored → what follows from it → who is told. One transaction.

Reads like the story of a file's day. Reading is `sources`, deciding is `core`, replaying days is
`derive`; sending is another program's work (`delivery`), the outbox is where they meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Literal

from monitor import telling
from monitor.config import Watch
from monitor.core import identity, quality
from monitor.core.errors import FetchError, MonitorError, ParseError, StoreError
from monitor.core.model import Arrival, HoldingsFile, Item, Severity
from monitor.core.sessions import Sessions
from monitor.derive import Derivation, derive
from monitor.sources.fetch import Fetched, Fetcher, NotModified
from monitor.sources.read import fund_of, read_file, revision_hint
from monitor.sources.spec import FundSpec, Source
from monitor.store import archive, derived, past, save
from monitor.store.engine import Connection, Engine, transaction
from monitor.store.save import FetchRow, FundRow, Names, NewSnapshot, Refused
from monitor.store.sessions import sessions as stored_sessions

CHUNK = 250  # files stored per transaction when history is loaded
FRESH = timedelta(days=7)  # five sessions: an older file is history, stored but told to nobody
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """Who is told: the channels' names and the least severity told at once."""

    channels: tuple[str, ...] = ()
    min_severity: Severity = Severity.NORMAL

    def wants(self, item: Item) -> bool:
        """Whether an item is loud enough."""
        order = (Severity.LOW, Severity.NORMAL, Severity.HIGH)
        return order.index(item.severity) >= order.index(self.min_severity)


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file. `outcome`: new, heartbeat, refused, quarantined, discarded, superseded,
    failed or not-modified; `code` and `text` say why."""

    place: str
    outcome: str
    fund: str | None = None
    as_of: date | None = None
    code: str = ""
    text: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: every file, and how many events, items and deliveries came of it."""

    files: tuple[FileOutcome, ...]
    events: int = 0
    items: int = 0
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What was derived again."""

    issuers: int
    snapshots: int
    events: int
    items: int


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of one file and how they came to us."""

    place: str
    content: bytes
    arrival: Arrival
    fund: str | None = None  # the fund asked for, when we asked
    polled_before: datetime | None = None
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(slots=True)
class Intake:
    """One issuer's files on their way into the store, within one transaction."""

    conn: Connection
    source: Source
    now: datetime
    issuer: int = 0
    names: Names = field(init=False)
    outcomes: list[FileOutcome] = field(default_factory=list)
    fresh: set[date] = field(default_factory=set)
    funds: dict[str, int] = field(default_factory=dict)
    since: date | None = None

    def __post_init__(self) -> None:
        self.names = Names(self.conn)
        self.issuer = save.issuer_id(self.conn, self.source.id, self.source.name)


# --- the entrances --------------------------------------------------------------------------------


def ingest(
    engine: Engine,
    source: Source,
    files: Iterable[tuple[str, bytes]],
    *,
    now: datetime,
    alert: bool,
    plan: AlertPlan,
    progress: Progress,
) -> Outcome:
    """Local files as silent history, or with `alert` as if they arrived live in date order."""
    arrival = Arrival.LIVE if alert else Arrival.HISTORY
    bodies = (Body(name, content, arrival) for name, content in files)
    if alert:
        with transaction(engine) as conn:
            intake = Intake(conn, source, now)
            for body in bodies:
                take(intake, body)
                progress("reading", 1)
            return conclude(intake, plan, progress)
    outcomes: list[FileOutcome] = []
    since: date | None = None
    for chunk in _chunks(bodies):
        with transaction(engine) as conn:
            intake = Intake(conn, source, now)
            for body in chunk:
                take(intake, body)
                progress("reading", 1)
            if intake.since is not None:  # facts first; a crash from here on is made good by the next run
                save.mark_underived(conn, intake.issuer, intake.since)
                since = intake.since if since is None else min(since, intake.since)
            outcomes += intake.outcomes
    with transaction(engine) as conn:
        intake = Intake(conn, source, now, outcomes=outcomes)
        return conclude(intake, AlertPlan(), progress)


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
    total = Outcome(())
    for one in watch:
        source = sources[one.issuer]
        answers = [_fetch(engine, source, spec, fetcher, now, progress) for spec in _funds(source, one)]
        if dry_run:
            total = _plus(total, Outcome(tuple(_tried(source, a) for a in answers)))
            continue
        with transaction(engine) as conn:
            intake = Intake(conn, source, now)
            for answer in answers:
                accept(intake, answer)
            total = _plus(total, conclude(intake, plan, progress))
    return total


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
        return conclude(intake, plan, _silent)


def rebuild(engine: Engine, sources: Mapping[str, Source], *, progress: Progress) -> RebuildReport:
    """Derives standings, links, spells, events and items of every issuer again from the facts.

    Raises StoreError when the database knows an issuer no source describes.
    """
    report = RebuildReport(0, 0, 0, 0)
    with transaction(engine) as conn:
        for code in derived.issuers(conn):
            if code not in sources:
                raise StoreError(
                    f"The database holds files of {code!r}, but no source describes it. Add its TOML file."
                )
            number, _ = past.issuer(conn, code) or (0, None)
            made = derive(conn, sources[code], number, date.min, _calendars(conn), lambda day: progress("deriving", 1))
            report = RebuildReport(
                report.issuers + 1,
                report.snapshots + made.snapshots,
                report.events + made.events,
                report.items + len(made.told),
            )
    return report


# --- one file -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What asking for one fund's file gave."""

    spec: FundSpec
    url: str
    result: Fetched | NotModified | FetchError
    polled_before: datetime | None


def _funds(source: Source, one: Watch) -> list[FundSpec]:
    if one.funds:
        return [source.funds[ticker] for ticker in one.funds]
    return list(source.watched())


def _fetch(
    engine: Engine, source: Source, spec: FundSpec, fetcher: Fetcher, now: datetime, progress: Progress
) -> Answer:
    progress(f"fetching {spec.ticker}", 1)
    address = spec.url_on(now.date())
    if address is None:
        reason = "closed" if spec.closed is not None else "no address known"
        error = FetchError(f"{spec.ticker}: {reason} on {now.date()}", url="", retry=False)
        return Answer(spec, "", error, None)
    with transaction(engine) as conn:
        last = _last_fetch(conn, source, spec, address.url)
    try:
        etag, modified = (last.etag, last.last_modified) if last is not None else (None, None)
        result = fetcher.fetch(address.url, source.http, etag=etag, last_modified=modified)
    except FetchError as error:
        return Answer(spec, address.url, error, last.at if last is not None else None)
    return Answer(spec, address.url, result, last.at if last is not None else None)


def _last_fetch(conn: Connection, source: Source, spec: FundSpec, url: str) -> save.LastFetch | None:
    known = past.issuer(conn, source.id)
    if known is None:
        return None
    funds = {f.ticker: f.id for f in past.funds(conn, known[0])}
    return save.last_fetch(conn, funds[spec.ticker], url) if spec.ticker in funds else None


def accept(intake: Intake, answer: Answer) -> None:
    """Records what asking gave, and takes the body in when there is one."""
    spec, result = answer.spec, answer.result
    if isinstance(result, Fetched):
        body = Body(
            answer.url,
            result.body,
            Arrival.LIVE,
            spec.ticker,
            answer.polled_before,
            result.status,
            result.etag,
            result.last_modified,
        )
        take(intake, body)
        return
    fund = _fund(intake, spec)
    failed = isinstance(result, FetchError)
    outcome = "failed" if failed else "not-modified"
    text = str(result) if failed else "not modified since the last poll"
    status = result.status if isinstance(result, FetchError) else 304
    row = FetchRow(intake.issuer, fund, answer.url, Arrival.LIVE, intake.now, outcome, status, detail=text)
    save.add_fetch(intake.conn, row)
    intake.outcomes.append(FileOutcome(answer.url, outcome, spec.ticker, text=text))


def take(intake: Intake, body: Body) -> None:
    """One body: read it, weigh its form, keep it. Whatever is wrong with it becomes a recorded refusal."""
    try:
        file = read_file(intake.source, body.content, expected_fund=body.fund)
        ticker = body.fund if body.fund is not None and not file.fund else fund_of(intake.source, file, body.place)
        if body.fund is not None and ticker != body.fund:
            raise ParseError(f"the file is about {ticker}, but {body.fund} was asked for", code="fund")
        _keep(intake, body, file, ticker)
    except (ParseError, StoreError) as error:
        _refuse(intake, body, error)


def _keep(intake: Intake, body: Body, file: HoldingsFile, ticker: str) -> None:
    fund = _fund(intake, intake.source.funds[ticker])
    sha256 = archive.put(intake.conn, body.content, intake.now)
    known = save.revisions(intake.conn, fund, file.as_of)
    if sha256 in known:
        _note(intake, body, fund, ticker, file.as_of, "heartbeat", sha256)
        return
    live = body.arrival is Arrival.LIVE
    latest = save.latest_as_of(intake.conn, fund) if live else None
    positions = identity.positions_of(ticker, file.lines)
    if not positions:
        raise ParseError("no line has a share count", code="numbers")
    findings = quality.form(file, positions, expected_fund=ticker, known_on=intake.now.date(), latest=latest)
    new = NewSnapshot(
        fund,
        file.as_of,
        sha256,
        body.place,
        body.arrival,
        intake.now,
        body.polled_before if body.fund is not None else None,
        intake.now if body.fund is not None else None,
        revision_hint(body.place),
        intake.source.currency,
        file.dates,
        len(file.lines),
        len(file.unread),
        positions,
        tuple(findings),
    )
    save.add_snapshot(intake.conn, intake.names, new, save.next_number(file.as_of, known.values()))
    intake.since = file.as_of if intake.since is None else min(intake.since, file.as_of)
    if live and (latest is None or file.as_of >= latest - FRESH):
        intake.fresh.add(file.as_of)
    _note(intake, body, fund, ticker, file.as_of, "new", sha256)


def _note(
    intake: Intake, body: Body, fund: int | None, ticker: str | None, as_of: date | None, outcome: str, sha256: str
) -> None:
    """Records the attempt; a local file that is already known leaves no trace."""
    if outcome != "heartbeat" or body.fund is not None:
        row = FetchRow(
            intake.issuer,
            fund,
            body.place,
            body.arrival,
            intake.now,
            outcome,
            body.status,
            body.etag,
            body.last_modified,
            sha256,
        )
        save.add_fetch(intake.conn, row)
    intake.outcomes.append(FileOutcome(body.place, outcome, ticker, as_of, sha256=sha256))


def _refuse(intake: Intake, body: Body, error: MonitorError) -> None:
    code = error.code if isinstance(error, ParseError) else "store"
    sha256 = archive.put(intake.conn, body.content, intake.now)
    fund = _fund(intake, intake.source.funds[body.fund]) if body.fund is not None else None
    refused = Refused(intake.issuer, fund, sha256, body.place, code, str(error))
    asked = body.fund is not None
    new = save.add_refusal(intake.conn, refused, intake.now, again=asked)
    if new or asked:
        row = FetchRow(
            intake.issuer,
            fund,
            body.place,
            body.arrival,
            intake.now,
            "refused",
            body.status,
            sha256=sha256,
            detail=f"{code}: {error}",
        )
        save.add_fetch(intake.conn, row)
    intake.outcomes.append(FileOutcome(body.place, "refused", body.fund, None, code, str(error)))


def _fund(intake: Intake, spec: FundSpec) -> int:
    if spec.ticker not in intake.funds:
        row = FundRow(spec.ticker, spec.name, spec.kind.value, intake.source.calendar, spec.closed)
        intake.funds[spec.ticker] = save.fund_id(intake.conn, intake.issuer, row)
    return intake.funds[spec.ticker]


# --- what follows ---------------------------------------------------------------------------------


def conclude(intake: Intake, plan: AlertPlan, progress: Progress) -> Outcome:
    """Derives what follows from the files taken in, and promises messages about what is new."""
    known = past.issuer(intake.conn, intake.source.id)
    pending = known[1] if known is not None else None
    since = min((d for d in (pending, intake.since) if d is not None), default=None)
    if since is None:
        return Outcome(tuple(intake.outcomes))
    made = derive(
        intake.conn,
        intake.source,
        intake.issuer,
        since,
        _calendars(intake.conn),
        lambda day: progress("deriving", 1),
    )
    promised = tell(intake, made, plan)
    return Outcome(tuple(_with_standings(intake, since)), made.events, len(made.told), promised)


def tell(intake: Intake, made: Derivation, plan: AlertPlan) -> int:
    """Promises a message for every item that is new, live and loud enough; the number of promises."""
    promised = 0
    keys = {told.item.key for told in made.told}
    for told in made.told:
        item = told.item
        if item.arrival is not Arrival.LIVE or item.day not in intake.fresh or not plan.wants(item):
            continue
        before = made.before.get(item.key)
        if before is None or _says_more(before, told.body):
            promised += telling.promise(intake.conn, intake.source.name, told, plan.channels, intake.now)
    for key in sorted(made.before.keys() - keys):
        promised += telling.withdraw(intake.conn, key, intake.now)
    return promised


def _says_more(before: str, after: str) -> bool:
    """Whether an item told before now says something else."""
    old, new = json.loads(before), json.loads(after)
    return any(old.get(key) != new.get(key) for key in ("kind", "funds", "active_shares", "value", "headline"))


def _with_standings(intake: Intake, since: date) -> Iterator[FileOutcome]:
    """The files' outcomes, those the gates held or passed over named as such."""
    stands = past.verdicts(intake.conn, intake.issuer, since)
    for outcome in intake.outcomes:
        key = (outcome.fund or "", outcome.as_of or date.min, outcome.sha256)
        if outcome.outcome == "new" and key in stands and stands[key][0] != "accepted":
            standing, gate, text = stands[key]
            yield replace(outcome, outcome=standing, code=gate, text=text)
        else:
            yield outcome


def _calendars(conn: Connection) -> Callable[[str], Sessions]:
    known: dict[str, Sessions] = {}

    def calendar(name: str) -> Sessions:
        if name not in known:
            known[name] = Sessions(stored_sessions(conn, name))
            if not known[name].days:
                raise StoreError(f"The trading days of {name} are not stored. Run: holdings-monitor db upgrade")
        return known[name]

    return calendar


def _tried(source: Source, answer: Answer) -> FileOutcome:
    """What a dry run would have taken in."""
    if isinstance(answer.result, FetchError):
        return FileOutcome(answer.url, "failed", answer.spec.ticker, text=str(answer.result))
    if isinstance(answer.result, NotModified):
        return FileOutcome(answer.url, "not-modified", answer.spec.ticker)
    try:
        file = read_file(source, answer.result.body, expected_fund=answer.spec.ticker)
    except ParseError as error:
        return FileOutcome(answer.url, "refused", answer.spec.ticker, None, error.code, str(error))
    return FileOutcome(answer.url, "new", answer.spec.ticker, file.as_of, text=f"{len(file.lines)} lines, not stored")


def _plus(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(
        one.files + other.files,
        one.events + other.events,
        one.items + other.items,
        one.deliveries + other.deliveries,
    )


def _chunks(bodies: Iterable[Body]) -> Iterator[list[Body]]:
    source = iter(bodies)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _silent(_text: str, _count: int) -> None:
    """Progress that nobody watches."""
