"""How one body comes in: asked for or found, `prepared`, and kept – or refused with words.

Everything here happens within the caller's transaction; what follows from the files is the pipeline's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.bodies import Bodies, Body, body_of, repeats
from monitor.core import quality
from monitor.core.errors import FetchError, MonitorError, ParseError, StoreError
from monitor.core.model import Arrival
from monitor.core.sessions import Sessions
from monitor.preparing import Passed, Prepared, ReadFile, prepare
from monitor.sources.read import funds_named, revision_hint
from monitor.sources.spec import FundSpec, Source
from monitor.store import past, save
from monitor.store.archived import BACK, until
from monitor.store.engine import Connection
from monitor.store.facts import Facts
from monitor.store.names import Names
from monitor.store.save import FetchRow, FundRow, NewSnapshot, Refused
from monitor.store.sessions import sessions

if TYPE_CHECKING:
    from monitor.fetching import Answer

FRESH = timedelta(days=7)  # five sessions: an older file is history, stored but told to nobody
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file. `outcome`: new, heartbeat, refused, quarantined, discarded, superseded,
    failed, absent (no file of that day), not-modified, skipped (of a fund nobody asked for) or unreadable (as
    skipped: nothing says that it is a file of the fund); `code` and `text` say why."""

    place: str
    outcome: str
    fund: str | None = None
    as_of: date | None = None
    code: str = ""
    text: str = ""
    sha256: str = ""


@dataclass(slots=True)
class Intake:
    """One issuer's files on their way into the store, within one transaction; with `only` those of these funds."""

    conn: Connection
    source: Source
    now: datetime
    issuer: int = 0  # its number; 0: to be looked up, or made
    names: Names = field(default_factory=Names)
    facts: Facts = field(init=False)
    outcomes: list[FileOutcome] = field(default_factory=list)
    fresh: set[date] = field(default_factory=set)
    funds: dict[str, int] = field(default_factory=dict)
    latest: dict[int, date | None] = field(default_factory=dict)
    since: date | None = None
    because: str = ""  # what an operator said, when that is why days are told again
    restated: set[tuple[str, date]] = field(default_factory=set)  # fund and as_of the issuer published once more
    only: frozenset[str] = frozenset()
    archived: date | None = field(init=False)  # no file older than this is taken in: nothing could follow from it

    def __post_init__(self) -> None:
        self.archived = until(self.conn)
        if not self.issuer:
            self.issuer = save.issuer_id(self.conn, self.source.id, self.source.name)
        self.names.begin()
        self.facts = Facts(self.conn, self.names)
        self.funds.update((fund.ticker, fund.id) for fund in past.funds(self.conn, self.issuer))

    def write(self, conn: Connection) -> None:
        """Stores what was taken in, and that it has to be derived."""
        if self.since is not None:
            self.facts.mark(self.issuer, self.since)
        self.facts.write(conn)
        self.conn, self.facts = conn, Facts(conn, self.names)


def fund_rows(source: Source, prepared: Iterable[Prepared]) -> list[FundRow]:
    """The funds that these bodies are about."""
    tickers: dict[str, None] = {}
    for one in prepared:
        for file in one.files:
            ticker = file.ticker if isinstance(file, ReadFile) else one.body.fund
            if ticker is not None and not isinstance(file, Passed):
                tickers[ticker] = None
    found = []
    for ticker in tickers:
        with suppress(ParseError):  # a fund that is not the source's: the body will be refused
            found.append(fund_row(source, source.fund(ticker)))
    return found


def expect(intake: Intake, prepared: Iterable[Prepared]) -> None:
    """Looks up at once what is stored of these files."""
    known = list(prepared)
    intake.facts.bodies.expect(one.sha256 for one in known)
    read = (file for one in known for file in one.files if isinstance(file, ReadFile))
    intake.facts.expect((intake.funds[file.ticker], file.as_of) for file in read if file.ticker in intake.funds)


def arrived(bodies: Bodies, answer: Answer, now: datetime) -> Prepared | None:
    """The body that asking brought, prepared; None when it brought none."""
    from monitor.sources.fetch import Fetched  # here: who reads local files loads nothing of the web

    result = answer.result
    return prepare(bodies, body_of(answer, result, now)) if isinstance(result, Fetched) else None


def accept(intake: Intake, answer: Answer) -> None:
    """Records what asking gave, where it brought no body."""
    spec, result = answer.spec, answer.result
    if answer.unasked:
        intake.outcomes.append(FileOutcome(answer.place, "failed", spec.ticker, text=str(result)))
        return  # who was not asked has not failed
    fund = fund_number(intake, spec)
    failed = isinstance(result, FetchError)
    outcome = "absent" if answer.missing else "failed" if failed else "not-modified"
    text = str(result) if failed else "not modified since the last poll"
    status = result.status if isinstance(result, FetchError) else 304
    row = FetchRow(intake.issuer, fund, answer.place, Arrival.LIVE, intake.now, outcome, status, detail=text)
    if answer.last is not None and not failed:  # the validators still hold: the next request needs them
        row = replace(row, etag=answer.last.etag, last_modified=answer.last.last_modified, sha256=answer.last.sha256)
    intake.facts.add_fetch(row)
    intake.outcomes.append(FileOutcome(answer.place, outcome, spec.ticker, text=text))


def take(intake: Intake, prepared: Prepared) -> None:
    """Keeps what one body says of each fund, as `prepare` found it. Whatever is wrong becomes a recorded refusal."""
    others: list[str] = []
    for file in prepared.files:
        if isinstance(file, Passed):
            others.append(file.text)
        elif isinstance(file, ParseError):
            _unread(intake, prepared.body, file)
        else:
            try:
                _keep(intake, prepared, file)
            except (ParseError, StoreError) as error:
                _unread(intake, prepared.body, error)
    if others and len(others) == len(prepared.files):
        intake.outcomes.append(FileOutcome(prepared.body.place, "skipped", text=f"of {', '.join(others[:5])}"))


def _unread(intake: Intake, body: Body, error: MonitorError) -> None:
    """Where only some funds are wanted, what is not known to be theirs is no refusal of theirs."""
    if intake.only and body.fund is None and not intake.only & funds_named(intake.source, body.name):
        code = error.code if isinstance(error, ParseError) else "store"
        outcome = "skipped" if code == "fund" else "unreadable"
        intake.outcomes.append(FileOutcome(body.place, outcome, code=code, text=str(error)))
    else:
        refuse(intake, body, error)


def _keep(intake: Intake, prepared: Prepared, file: ReadFile) -> None:
    """A readable file: a known one leaves no trace, a new one is weighed by its dates and stored."""
    body, ticker, as_of = prepared.body, file.ticker, file.as_of
    fund = fund_number(intake, intake.source.fund(ticker))
    known = intake.facts.versions(fund, as_of)
    if (same := _same_page(intake, body, file, fund)) is not None:
        _note(intake, body, fund, ticker, as_of, "heartbeat", same)
        return
    sha256 = prepared.sha256
    if sha256 in known:
        _see_copy(intake, body, fund, as_of, sha256)
        _see_again(intake, body, fund, ticker, as_of, sha256)
        _note(intake, body, fund, ticker, as_of, "heartbeat", sha256)
        return
    if intake.archived is not None and as_of < intake.archived:
        raise StoreError(f"dated {as_of}, before the end of what is archived ({intake.archived}): {BACK} FILE")
    latest = _latest(intake, fund) if body.arrival is Arrival.LIVE else None
    new, is_first = _snapshot(intake, prepared, file, fund, latest), not known
    intake.facts.bodies.put(body.content, intake.now, sha256, fund=fund)
    intake.facts.add_file(new)
    intake.since = as_of if intake.since is None else min(intake.since, as_of)
    if not is_first:
        intake.restated.add((ticker, as_of))
    if body.arrival is Arrival.LIVE and (latest is None or as_of >= latest - FRESH):
        intake.fresh.add(as_of)
    _note(intake, body, fund, ticker, as_of, "new", sha256)


def _same_page(intake: Intake, body: Body, file: ReadFile, fund: int) -> str | None:
    """The hash of the newest version where a page says the same once more: it is no correction, and not kept."""
    if file.whole is None or not intake.facts.versions(fund, file.as_of):
        return None
    sha256 = intake.facts.newest(fund, file.as_of)
    return sha256 if repeats(intake.source, body, file.whole, intake.facts.bodies.get(sha256)) else None


def _see_again(intake: Intake, body: Body, fund: int, ticker: str, as_of: date, sha256: str) -> None:
    """A known version polled once more is news when another one was published in between."""
    if not body.polled or intake.facts.newest(fund, as_of) == sha256:
        return
    intake.facts.published_again(fund, as_of, sha256, revision_hint(body.name), intake.now)
    intake.since = as_of if intake.since is None else min(intake.since, as_of)
    intake.fresh.add(as_of)
    intake.restated.add((ticker, as_of))


def _see_copy(intake: Intake, body: Body, fund: int, as_of: date, sha256: str) -> None:
    """A known version somebody else had at some time may rank otherwise now."""
    hint = revision_hint(body.name)
    if body.captured is not None and intake.facts.captured(fund, as_of, sha256, hint, body.captured):
        intake.since = as_of if intake.since is None else min(intake.since, as_of)


def _snapshot(intake: Intake, prepared: Prepared, file: ReadFile, fund: int, latest: date | None) -> NewSnapshot:
    """What is stored of a file. Raises ParseError when no line has a share count."""
    if file.lines and not file.positions:
        raise ParseError("no line has a share count", code="numbers")
    body, polled = prepared.body, prepared.body.polled
    dates = quality.dates(
        file.as_of,
        file.dates,
        known_on=intake.now.date(),
        latest=latest if polled else None,
        following=_following(intake, file.as_of),
    )
    return NewSnapshot(
        fund,
        file.as_of,
        prepared.sha256,
        body.name,
        body.arrival,
        intake.now,
        body.polled_before if polled else None,
        intake.now if polled else None,
        revision_hint(body.name),
        intake.source.currency,
        file.dates,
        file.lines,
        file.unread,
        file.positions,
        (*file.printed, *dates, *file.content),
        file.outstanding,
        file.dated_by,
        body.captured,
        file.announced,
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
        intake.facts.add_fetch(row)
    intake.outcomes.append(FileOutcome(body.place, outcome, ticker, as_of, sha256=sha256))


def refuse(intake: Intake, body: Body, error: MonitorError) -> None:
    """Keeps a body that cannot be used, and the words for why."""
    code = error.code if isinstance(error, ParseError) else "store"
    sha256 = intake.facts.bodies.put(body.content, intake.now)
    fund = fund_number(intake, intake.source.fund(body.fund)) if body.fund is not None else None
    refused = Refused(intake.issuer, fund, sha256, body.name, code, str(error))
    asked = body.fund is not None
    new = intake.facts.add_refusal(refused, intake.now, again=asked)
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
        intake.facts.add_fetch(row)
    intake.outcomes.append(FileOutcome(body.place, "refused", body.fund, None, code, str(error)))


def fund_number(intake: Intake, spec: FundSpec) -> int:
    """The fund's number, made when new."""
    if spec.ticker not in intake.funds:
        intake.funds[spec.ticker] = save.fund_id(intake.conn, intake.issuer, fund_row(intake.source, spec))
    return intake.funds[spec.ticker]


def fund_row(source: Source, spec: FundSpec) -> FundRow:
    """The fund as it is stored."""
    return FundRow(spec.ticker, spec.name, spec.kind.value, source.calendar, spec.closed)


def tried(bodies: Bodies, answer: Answer, now: datetime) -> FileOutcome:
    """What a dry run would have taken in."""
    from monitor.sources.fetch import NotModified

    if isinstance(answer.result, FetchError):
        outcome = "absent" if answer.missing else "failed"
        return FileOutcome(answer.place, outcome, answer.spec.ticker, text=str(answer.result))
    if isinstance(answer.result, NotModified):
        return FileOutcome(answer.place, "not-modified", answer.spec.ticker)
    try:
        (file,) = bodies.read(body_of(answer, answer.result, now))
    except ParseError as error:
        return FileOutcome(answer.place, "refused", answer.spec.ticker, None, error.code, str(error))
    return FileOutcome(answer.place, "new", answer.spec.ticker, file.as_of, text=f"{len(file.lines)} lines, not stored")
