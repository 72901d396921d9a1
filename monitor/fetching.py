"""Asks an issuer for the files of its funds: where each is on a day, and unless it has not changed.

It stores nothing and takes nothing in; what was fetched once serves every fund that shares the address.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import TypeAlias
from zoneinfo import ZoneInfo

from monitor.core.errors import FetchError
from monitor.core.sessions import Sessions
from monitor.sources.absence import absence
from monitor.sources.fetch import Fetched, Fetcher, NotModified
from monitor.sources.naming import name_of
from monitor.sources.routes import Request, has_dated_links, is_dated, request_of
from monitor.sources.spec import FundSpec, Source, Url
from monitor.store import past, save
from monitor.store.engine import Connection, Engine, reading
from monitor.store.save import LastFetch
from monitor.store.sessions import sessions

FIRST_LOOK = 7  # calendar days back to look for the first file of a fund whose sessions have addresses of their own
MOST_DAYS = 40  # sessions asked for at once; a longer absence is caught up in several passes
Result: TypeAlias = Fetched | NotModified | FetchError
Validators = tuple[str | None, str | None]  # ETag and Last-Modified


@dataclass(frozen=True, slots=True)
class Answer:
    """What asking for one fund's file gave; `place` is the address as it may be shown, `last` the poll before.

    `day` is the as_of asked for, where each has its own address; `absent` says that the answer is no file of that
    day, although it came; `shared` that another fund of this pass had asked already, `unasked` that nobody was,
    because the server wants us to wait.
    """

    spec: FundSpec
    place: str
    result: Result
    last: LastFetch | None
    day: date | None = None
    absent: bool = False
    shared: bool = False
    unasked: bool = False

    @property
    def missing(self) -> bool:
        """Whether there is no file of that day: not yet, or never. Of an address that serves all days it is a fault."""
        gone = isinstance(self.result, FetchError) and (self.absent or self.result.status in (404, 410))
        return self.day is not None and gone

    @property
    def name(self) -> str:
        """The place, with the name the server gives the file where the place does not say a date."""
        given = self.result.name if isinstance(self.result, Fetched) else ""
        return name_of(self.place, given)


class Round:
    """One pass over the funds of an issuer as of `now`: what several of them share is asked for once.

    A server that wants us to wait is asked once more after up to `patience` seconds, and not again in this pass.
    """

    def __init__(
        self, engine: Engine, source: Source, fetcher: Fetcher, now: datetime, *, patience: float = 0.0
    ) -> None:
        self.engine, self.source, self.fetcher, self.now, self.patience = engine, source, fetcher, now, patience
        self._known: dict[Request, list[tuple[Validators, Result]]] = {}
        self._told_to_wait: FetchError | None = None

    def ask(self, spec: FundSpec) -> list[Answer]:
        """Asks for the fund's file where it is published on the day of `now`, unless it has not changed.

        Where every session has an address of its own, those we lack are asked for in the order of their dates, so
        that a monitor that was down catches up; one answer each.
        """
        address = spec.url_on(self.now.date())
        if address is None:
            reason = "closed" if spec.closed is not None else "no address known"
            error = FetchError(f"{spec.ticker}: {reason} on {self.now.date()}", url="", retry=False)
            return [Answer(spec, "", error, None)]
        if not is_dated(self.source, address):
            return [self._answer(spec, address, None)]
        with reading(self.engine) as conn:
            newest, days = days_wanted(conn, self.source, spec, self.now)
        answers: list[Answer] = []
        for day in days:
            answers.append(self._answer(spec, address, day))
            found, missing = isinstance(answers[-1].result, Fetched), answers[-1].missing
            if (newest is None and found) or not (found or missing or isinstance(answers[-1].result, NotModified)):
                break  # the first file of a fund is enough; after a fault the later days wait for their turn
        return answers

    def _answer(self, spec: FundSpec, address: Url, day: date | None) -> Answer:
        try:
            request = request_of(self.source, spec, address, day or self.now.date())
        except FetchError as error:
            return Answer(spec, "", error, None, day)
        with reading(self.engine) as conn:
            last = _last_fetch(conn, self.source, spec, request.place)
        result, shared = self._result(request, (last.etag, last.last_modified) if last is not None else (None, None))
        unasked = self._told_to_wait is not None and result is self._told_to_wait
        answer = Answer(spec, request.place, result, last, day, shared=shared, unasked=unasked)
        if day is not None:
            return _judged(self.source, answer)
        if shared and last is not None and isinstance(result, Fetched) and result.sha256 == last.sha256:
            return replace(answer, result=NotModified(result.url, result.headers, result.elapsed))
        return answer

    def _result(self, request: Request, validators: Validators) -> tuple[Result, bool]:
        """What the server says, and whether it was asked before: 304 only tells those who hold the same copy."""
        known = self._known.setdefault(request, [])
        for sent, result in known:
            if sent == validators or not isinstance(result, NotModified):
                return result, True
        if self._told_to_wait is not None:
            return self._told_to_wait, True
        result = self._fetched(request, validators)
        wait = result.retry_after if isinstance(result, FetchError) else None
        if wait is not None and wait <= self.patience:
            self.fetcher.sleep(wait)
            result = self._fetched(request, validators)
        if isinstance(result, FetchError) and result.retry_after is not None:
            words = f"not asked: another file was {result}"
            self._told_to_wait = FetchError(words, url=result.url, retry_after=result.retry_after)
        known.append((validators, result))
        return result, False

    def _fetched(self, request: Request, validators: Validators) -> Result:
        etag, modified = validators
        try:
            return self.fetcher.fetch(request.url, request.profile, etag=etag, last_modified=modified)
        except FetchError as error:
            return error


def _judged(source: Source, answer: Answer) -> Answer:
    """The answer; where it only looks like one, the words for why there is no file of the day."""
    result = answer.result
    if isinstance(result, FetchError):
        unlinked = result.status == HTTPStatus.OK and has_dated_links(source)
        return replace(answer, absent=unlinked or result.status in source.sniff.absent_status)
    if isinstance(result, NotModified):
        return answer
    words = absence(source, result, answer.name, answer.spec.ticker)
    if not words:
        return answer
    error = FetchError(f"no file of {answer.day}: {words}", url=result.url, status=result.status)
    return replace(answer, result=error, absent=True)


def days_wanted(conn: Connection, source: Source, spec: FundSpec, now: datetime) -> tuple[date | None, list[date]]:
    """The newest as_of we have, and which days to ask for: that one again and all sessions since, oldest first.

    Of a fund we have nothing of, the latest sessions, newest first.
    """
    calendar, last = Sessions(sessions(conn, source.calendar)), latest_day(conn, source, now)
    known = past.issuer(conn, source.id)
    numbers = {f.ticker: f.id for f in past.funds(conn, known[0])} if known is not None else {}
    newest = save.latest_as_of(conn, numbers[spec.ticker], last) if spec.ticker in numbers else None
    if newest is None:
        return None, list(calendar.between(last - timedelta(days=FIRST_LOOK), last))[::-1]
    return newest, list(calendar.between(newest, last))[:MOST_DAYS]


def latest_day(conn: Connection, source: Source, now: datetime) -> date:
    """The latest as_of whose file may be there: some appear the evening before their date."""
    window = source.window_on(now.date())
    today = now.astimezone(ZoneInfo(window.timezone)).date() if window is not None else now.date()
    early = window is not None and window.first_day < 0
    return (Sessions(sessions(conn, source.calendar)).after(today) if early else None) or today


def _last_fetch(conn: Connection, source: Source, spec: FundSpec, place: str) -> LastFetch | None:
    known = past.issuer(conn, source.id)
    if known is None:
        return None
    funds = {f.ticker: f.id for f in past.funds(conn, known[0])}
    return save.last_fetch(conn, funds[spec.ticker], place) if spec.ticker in funds else None
