"""How one body comes in: asked for or found, read, weighed by its form, and kept – or refused with words.

Everything happens within the caller's transaction; what follows from the files is the pipeline's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.core import identity, quality
from monitor.core.errors import FetchError, MonitorError, ParseError, StoreError
from monitor.core.model import Arrival, HoldingsFile
from monitor.core.sessions import Sessions
from monitor.sources.addresses import safe_url
from monitor.sources.fetch import Fetched, Fetcher, NotModified
from monitor.sources.read import fund_of, read_file, read_files, revision_hint
from monitor.sources.spec import FundSpec, Source
from monitor.store import archive, past, save
from monitor.store.engine import Connection, Engine, reading
from monitor.store.save import FetchRow, FundRow, Names, NewSnapshot, Refused
from monitor.store.sessions import sessions

FIRST_LOOK = 7  # calendar days back to look for the first file of a fund whose sessions have addresses of their own
MOST_DAYS = 40  # sessions asked for at once; a longer absence is caught up in several passes
FRESH = timedelta(days=7)  # five sessions: an older file is history, stored but told to nobody
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file. `outcome`: new, heartbeat, refused, quarantined, discarded, superseded,
    failed, absent (no file of that day) or not-modified; `code` and `text` say why."""

    place: str
    outcome: str
    fund: str | None = None
    as_of: date | None = None
    code: str = ""
    text: str = ""
    sha256: str = ""


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
    redirected: str = ""  # the address that answered, where it is another than `place`


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
    latest: dict[int, date | None] = field(default_factory=dict)
    since: date | None = None
    because: str = ""  # what an operator said, when that is why days are told again
    restated: set[tuple[str, date]] = field(default_factory=set)  # fund and as_of the issuer published once more

    def __post_init__(self) -> None:
        self.names = Names(self.conn)
        self.issuer = save.issuer_id(self.conn, self.source.id, self.source.name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What asking for one fund's file gave; `place` is the address as it may be shown, `last` the poll before."""

    spec: FundSpec
    place: str
    result: Fetched | NotModified | FetchError
    last: save.LastFetch | None
    day: date | None = None  # the as_of asked for, where each has its own address

    @property
    def missing(self) -> bool:
        """Whether there is no file of that day: not yet, or never. Of an address that serves all days it is a fault."""
        return self.day is not None and isinstance(self.result, FetchError) and self.result.status in (404, 410)


def ask(
    engine: Engine, source: Source, spec: FundSpec, fetcher: Fetcher, now: datetime, progress: Progress
) -> list[Answer]:
    """Asks for the fund's file where it is published on the day of `now`, unless it has not changed.

    Where every session has an address of its own, those we lack are asked for in the order of their dates, so that a
    monitor that was down catches up; one answer each.
    """
    progress(f"fetching {spec.ticker}", 1)
    address = spec.url_on(now.date())
    if address is None:
        reason = "closed" if spec.closed is not None else "no address known"
        error = FetchError(f"{spec.ticker}: {reason} on {now.date()}", url="", retry=False)
        return [Answer(spec, "", error, None)]
    if not address.dated:
        return [_ask_at(engine, source, spec, address.url, fetcher)]
    with reading(engine) as conn:
        newest, days = _days_wanted(conn, source, spec, now)
    answers: list[Answer] = []
    for day in days:
        answers.append(replace(_ask_at(engine, source, spec, address.on(day), fetcher), day=day))
        found, missing = isinstance(answers[-1].result, Fetched), answers[-1].missing
        if (newest is None and found) or not (found or missing or isinstance(answers[-1].result, NotModified)):
            break  # the first file of a fund is enough; after a fault the later days wait for their turn
    return answers


def _ask_at(engine: Engine, source: Source, spec: FundSpec, url: str, fetcher: Fetcher) -> Answer:
    place = safe_url(url)
    with reading(engine) as conn:
        last = _last_fetch(conn, source, spec, place)
    try:
        etag, modified = (last.etag, last.last_modified) if last is not None else (None, None)
        return Answer(spec, place, fetcher.fetch(url, source.http, etag=etag, last_modified=modified), last)
    except FetchError as error:
        return Answer(spec, place, error, last)


def _days_wanted(conn: Connection, source: Source, spec: FundSpec, now: datetime) -> tuple[date | None, list[date]]:
    """The newest as_of we have, and which days to ask for: that one again and all sessions since, oldest first.

    Of a fund we have nothing of, the latest sessions, newest first.
    """
    calendar = Sessions(sessions(conn, source.calendar))
    window = source.window_on(now.date())
    today = now.astimezone(ZoneInfo(window.timezone)).date() if window is not None else now.date()
    early = window is not None and window.first_day < 0  # some files appear the evening before their date
    last = (calendar.after(today) if early else None) or today
    known = past.issuer(conn, source.id)
    numbers = {f.ticker: f.id for f in past.funds(conn, known[0])} if known is not None else {}
    newest = save.latest_as_of(conn, numbers[spec.ticker], last) if spec.ticker in numbers else None
    if newest is None:
        return None, list(calendar.between(last - timedelta(days=FIRST_LOOK), last))[::-1]
    return newest, list(calendar.between(newest, last))[:MOST_DAYS]


def _last_fetch(conn: Connection, source: Source, spec: FundSpec, place: str) -> save.LastFetch | None:
    known = past.issuer(conn, source.id)
    if known is None:
        return None
    funds = {f.ticker: f.id for f in past.funds(conn, known[0])}
    return save.last_fetch(conn, funds[spec.ticker], place) if spec.ticker in funds else None


def accept(intake: Intake, answer: Answer) -> None:
    """Records what asking gave, and takes the body in when there is one."""
    spec, result = answer.spec, answer.result
    if isinstance(result, Fetched):
        body = Body(
            answer.place,
            result.body,
            Arrival.LIVE,
            spec.ticker,
            answer.last.at if answer.last is not None else None,
            result.status,
            result.etag,
            result.last_modified,
            result.url if result.url != answer.place else "",
        )
        take(intake, body)
        return
    fund = fund_number(intake, spec)
    failed = isinstance(result, FetchError)
    outcome = "absent" if answer.missing else "failed" if failed else "not-modified"
    text = str(result) if failed else "not modified since the last poll"
    status = result.status if isinstance(result, FetchError) else 304
    row = FetchRow(intake.issuer, fund, answer.place, Arrival.LIVE, intake.now, outcome, status, detail=text)
    if answer.last is not None and not failed:  # the validators still hold: the next request needs them
        row = replace(row, etag=answer.last.etag, last_modified=answer.last.last_modified, sha256=answer.last.sha256)
    save.add_fetch(intake.conn, row)
    intake.outcomes.append(FileOutcome(answer.place, outcome, spec.ticker, text=text))


def take(intake: Intake, body: Body) -> None:
    """One body: read it, weigh its form, keep what it says of each fund. Whatever is wrong becomes a recorded refusal.

    Of a file of many funds that we asked for on behalf of one, that one is kept; of a local file all are.
    """
    try:
        files = read_files(intake.source, body.content, expected_fund=body.fund, name=body.place)
    except ParseError as error:
        refuse(intake, body, error)
        return
    for file in files:
        try:
            _keep(intake, body, file, _ticker(intake, body, file))
        except (ParseError, StoreError) as error:
            refuse(intake, body, error)


def _ticker(intake: Intake, body: Body, file: HoldingsFile) -> str:
    """Whose file it is. Raises ParseError when it is another fund's than the one asked for, or nobody's."""
    ticker = body.fund if body.fund is not None and not file.fund else fund_of(intake.source, file, body.place)
    if body.fund is not None and ticker != body.fund:
        raise ParseError(f"the file is about {ticker}, but {body.fund} was asked for", code="fund")
    return ticker


def _keep(intake: Intake, body: Body, file: HoldingsFile, ticker: str) -> None:
    """A readable file: a known one leaves no trace, a new one is weighed by its form and stored."""
    fund = fund_number(intake, intake.source.fund(ticker))
    sha256 = archive.put(intake.conn, body.content, intake.now)
    known = save.revisions(intake.conn, fund, file.as_of)
    if sha256 in known:
        _see_again(intake, body, fund, ticker, file.as_of, sha256, known[sha256])
        _note(intake, body, fund, ticker, file.as_of, "heartbeat", sha256)
        return
    latest = _latest(intake, fund) if body.arrival is Arrival.LIVE else None
    new = _snapshot(intake, body, file, ticker, sha256, latest)
    save.add_snapshot(intake.conn, intake.names, new, save.next_number(file.as_of, known.values()))
    intake.since = file.as_of if intake.since is None else min(intake.since, file.as_of)
    if known:
        intake.restated.add((ticker, file.as_of))
    if body.arrival is Arrival.LIVE and (latest is None or file.as_of >= latest - FRESH):
        intake.fresh.add(file.as_of)
    _note(intake, body, fund, ticker, file.as_of, "new", sha256)


def _see_again(intake: Intake, body: Body, fund: int, ticker: str, as_of: date, sha256: str, number: int) -> None:
    """A known version polled once more is news when another one was published in between."""
    if body.fund is None or save.newest(intake.conn, fund, as_of) == number:
        return
    save.published_again(intake.conn, fund, number, revision_hint(body.place), sha256, intake.now)
    intake.since = as_of if intake.since is None else min(intake.since, as_of)
    intake.fresh.add(as_of)
    intake.restated.add((ticker, as_of))


def _snapshot(
    intake: Intake, body: Body, file: HoldingsFile, ticker: str, sha256: str, latest: date | None
) -> NewSnapshot:
    """What is stored of a file. Raises ParseError when no line has a share count."""
    positions = identity.positions_of(ticker, file.lines, file.net_assets)
    if not positions:
        raise ParseError("no line has a share count", code="numbers")
    polled = body.fund is not None
    findings = quality.form(
        file,
        positions,
        expected_fund=ticker,
        known_on=intake.now.date(),
        following=_following(intake, file.as_of),
        latest=latest if polled else None,
    )
    return NewSnapshot(
        fund_number(intake, intake.source.fund(ticker)),
        file.as_of,
        sha256,
        body.place,
        body.arrival,
        intake.now,
        body.polled_before if polled else None,
        intake.now if polled else None,
        revision_hint(body.place),
        intake.source.currency,
        file.dates,
        len(file.lines),
        len(file.unread),
        positions,
        tuple(findings),
        file.outstanding,
        file.dated_by,
    )


def _following(intake: Intake, as_of: date) -> date | None:
    """The session after today, where a date is so far ahead that it matters: before a long weekend, say."""
    today = intake.now.date()
    if as_of <= today + quality.AHEAD:
        return None
    return Sessions(sessions(intake.conn, intake.source.calendar)).after(today)


def _latest(intake: Intake, fund: int) -> date | None:
    """The newest believable as_of of the fund when this run began: files of one run may come in any order."""
    if fund not in intake.latest:
        intake.latest[fund] = save.latest_as_of(intake.conn, fund, intake.now.date() + quality.AHEAD)
    return intake.latest[fund]


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


def refuse(intake: Intake, body: Body, error: MonitorError) -> None:
    """Keeps a body that cannot be used, and the words for why."""
    code = error.code if isinstance(error, ParseError) else "store"
    sha256 = archive.put(intake.conn, body.content, intake.now)
    fund = fund_number(intake, intake.source.fund(body.fund)) if body.fund is not None else None
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
            detail=f"{code}: {error}" + (f" (redirected to {body.redirected})" if body.redirected else ""),
        )
        save.add_fetch(intake.conn, row)
    intake.outcomes.append(FileOutcome(body.place, "refused", body.fund, None, code, str(error)))


def fund_number(intake: Intake, spec: FundSpec) -> int:
    """The fund's number, made when new."""
    if spec.ticker not in intake.funds:
        row = FundRow(spec.ticker, spec.name, spec.kind.value, intake.source.calendar, spec.closed)
        intake.funds[spec.ticker] = save.fund_id(intake.conn, intake.issuer, row)
    return intake.funds[spec.ticker]


def tried(source: Source, answer: Answer) -> FileOutcome:
    """What a dry run would have taken in."""
    if isinstance(answer.result, FetchError):
        outcome = "absent" if answer.missing else "failed"
        return FileOutcome(answer.place, outcome, answer.spec.ticker, text=str(answer.result))
    if isinstance(answer.result, NotModified):
        return FileOutcome(answer.place, "not-modified", answer.spec.ticker)
    try:
        file = read_file(source, answer.result.body, expected_fund=answer.spec.ticker, name=answer.place)
    except ParseError as error:
        return FileOutcome(answer.place, "refused", answer.spec.ticker, None, error.code, str(error))
    return FileOutcome(answer.place, "new", answer.spec.ticker, file.as_of, text=f"{len(file.lines)} lines, not stored")
