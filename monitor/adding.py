"""From a ticker to a watched fund: who publishes it, where, whether that is the fund meant, and its first file.

Searching asks nobody; adding asks the issuer once. What a fund is called inside its file is compared with what was
asked for, because an issuer's numbers for funds are easily mistaken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urljoin

from monitor.core.errors import FetchError, ParseError, StoreError, UsageError
from monitor.core.identity import name_similarity
from monitor.core.model import HoldingsFile, Line
from monitor.core.rules import AlertPlan
from monitor.fetching import Answer, Round
from monitor.intake import Progress
from monitor.pipeline import Outcome, keep
from monitor.sources.added import Added, spec_of
from monitor.sources.catalogues import read_catalogue
from monitor.sources.fetch import Fetched, Fetcher, NotModified
from monitor.sources.read import read_file
from monitor.sources.routes import page_profile
from monitor.sources.spec import FundKind, FundSpec, Source, addressed
from monitor.store import catalogues
from monitor.store.catalogues import Listed
from monitor.store.engine import Connection, Engine, reading, transaction

SAME_FUND = 0.85  # of names, as for securities: 0.95 × shared words of the shorter name
NPORT_SINCE = date(2019, 9, 30)
LARGEST = 10
WEB_ADDRESS = re.compile(r"https?://[^\s/]+\S*")


@dataclass(frozen=True, slots=True)
class Found:
    """A fund that can be had. `known_from`: `source` (described), `catalogue` (listed by its issuer) or `form`
    (its code and the issuer's addresses fit). `has_address` and `shape_verified` say what is known of its file."""

    issuer: str
    ticker: str
    name: str
    known_from: str
    has_address: bool
    shape_verified: bool
    history: str
    watched: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """An issuer that may publish a fund. `asked_name` is what the fund is called there, "" when that is not known."""

    source: Source
    spec: FundSpec
    asked_name: str
    known_from: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the one download of a new fund gave. `name_agrees` is None where file or list print no name."""

    candidate: Candidate
    place: str
    file: HoldingsFile
    name_agrees: bool | None
    answers: tuple[Answer, ...]

    @property
    def largest(self) -> list[Line]:
        """The largest lines by weight, or by value where no weight is printed."""
        return sorted(self.file.lines, key=lambda line: -(line.weight or line.value or Decimal(0)))[:LARGEST]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one issuer's list of funds: how many it names, or why it could not be had."""

    issuer: str
    place: str
    funds: int
    skipped: int
    fault: str = ""


# --- searching ------------------------------------------------------------------------------------


def search(
    conn: Connection | None,
    sources: Mapping[str, Source],
    text: str,
    watched: Collection[tuple[str, str]],
    limit: int,
) -> list[Found]:
    """Funds that `text` may mean, in sources and in the lists that were read (`conn`): tickers first, then names."""
    words = text.split()
    found: dict[tuple[str, str], Found] = {}
    for source in sources.values():
        for spec in source.funds.values():
            if _means(words, spec.ticker, spec.name):
                found[source.id, spec.ticker] = _found(source, spec, "source", watched)
    for one in catalogues.search(conn, words, limit * 5) if conn is not None else ():
        if one.issuer in sources and (one.issuer, one.ticker) not in found:
            source = sources[one.issuer]
            found[one.issuer, one.ticker] = _found(source, _listed(source, one), "catalogue", watched)
    return sorted(found.values(), key=lambda one: (*_rank(words, one.ticker, one.name), one.ticker, one.issuer))[:limit]


def _means(words: Sequence[str], ticker: str, name: str) -> bool:
    folded = [word.casefold() for word in words]
    if not folded:
        return False
    by_ticker = len(folded) == 1 and ticker.casefold().startswith(folded[0])
    return by_ticker or all(word in name.casefold() for word in folded)


def _rank(words: Sequence[str], ticker: str, name: str) -> tuple[int, int]:
    text = " ".join(words).casefold()
    if ticker.casefold() == text:
        return 0, 0
    if ticker.casefold().startswith(text):
        return 1, len(ticker)
    return (2 if name.casefold().startswith(text) else 3), len(name)


def _found(source: Source, spec: FundSpec, known_from: str, watched: Collection[tuple[str, str]]) -> Found:
    return Found(
        source.id,
        spec.ticker,
        spec.name,
        known_from,
        spec.url is not None,
        source.verified,
        history_of(source, spec),
        (source.id, spec.ticker) in watched,
    )


def history_of(source: Source, spec: FundSpec) -> str:
    """How far back history can be had, in words."""
    ways = []
    if source.backfill is not None and source.backfill.url_of(spec) is not None:
        first = max((d for d in (source.backfill.first, spec.inception) if d is not None), default=None)
        ways.append(f"issuer, {source.backfill.days.value} since {first}" if first else "issuer, by date")
    if source.currency == "USD" and source.calendar == "XNYS" and "crypto" not in spec.kind.value:
        since = max(NPORT_SINCE, spec.inception or NPORT_SINCE)
        ways.append(f"N-PORT quarter ends since {since}, unless it is a trust that files none")
    if spec.urls:
        ways.append("archived copies")
    return "; ".join(ways) or "from today on"


# --- choosing -------------------------------------------------------------------------------------


def candidate(engine: Engine, sources: Mapping[str, Source], text: str) -> Candidate:
    """The one issuer that publishes `text`, a ticker or issuer/ticker. Raises UsageError saying what there is."""
    issuer, _, ticker = text.strip().rpartition("/")
    ticker, issuer = ticker.upper(), issuer.lower()
    chosen = {issuer: sources[issuer]} if issuer in sources else {} if issuer else dict(sources)
    if issuer and not chosen:
        raise UsageError(f"There is no source {issuer!r}. See: holdings-monitor sources list")
    with reading(engine) as conn:
        listed = {one.issuer: one for one in catalogues.find(conn, ticker)}
    found = [one for source in chosen.values() if (one := _candidate(source, ticker, listed.get(source.id)))]
    if issuer and not found:
        found = _by_form(chosen[issuer], ticker)
    with_address = [one for one in found if one.spec.url is not None]
    if len(with_address) == 1:
        return with_address[0]
    if with_address:
        names = ", ".join(f"{one.source.id}/{ticker} ({one.asked_name})" for one in with_address)
        raise UsageError(f"Several issuers publish {ticker}: {names}. Say which: funds add ISSUER/{ticker}")
    if found:
        raise UsageError(_no_address(found[0]))
    raise UsageError(_nobody(sources, ticker, issuer))


def _candidate(source: Source, ticker: str, listed: Listed | None) -> Candidate | None:
    if ticker in source.funds:
        spec = source.funds[ticker]
        if listed is not None and not spec.urls:
            spec = addressed(replace(spec, keys={**listed.keys, **spec.keys}), source.urls, source.page)
        return Candidate(source, spec, spec.name, "source")
    if listed is not None:
        return Candidate(source, _listed(source, listed), listed.name, "catalogue")
    return None


def _by_form(source: Source, ticker: str) -> list[Candidate]:
    """A fund nobody lists, of an issuer that was named: its code and the issuer's addresses may still fit."""
    try:
        return [Candidate(source, source.fund(ticker), "", "form")]
    except KeyError:
        return []


def _listed(source: Source, one: Listed) -> FundSpec:
    kind = source.others.kind if source.others is not None else FundKind.INDEX
    page = urljoin(f"{source.homepage}/", one.page) if one.page else ""
    page = page if WEB_ADDRESS.fullmatch(page) else ""
    spec = FundSpec(one.ticker, one.name, kind, keys=one.keys, page=page, verified=False, why="not added yet")
    return addressed(spec, source.urls, source.page)


def _no_address(one: Candidate) -> str:
    why = one.spec.why or "no address is known"
    refresh = " Its issuer's list may say it: funds refresh " + one.source.id if one.source.catalogue else ""
    return f"{one.spec.ticker} is a fund of {one.source.id}, but cannot be fetched: {why}.{refresh}"


def _nobody(sources: Mapping[str, Source], ticker: str, issuer: str) -> str:
    if issuer:
        return f"{ticker!r} is no fund of {issuer}. See: holdings-monitor sources show {issuer}"
    lists = [source.id for source in sources.values() if source.catalogue is not None]
    fitting = [
        source.id
        for source in sources.values()
        if source.others is not None and source.others.pattern.fullmatch(ticker) and source.fund(ticker).url is not None
    ]
    words = [f"No source or list we have read names a fund {ticker!r}."]
    if lists:
        words.append(f"Read the issuers' lists with `funds refresh` ({', '.join(sorted(lists))}).")
    if fitting:
        words.append(f"Or name its issuer, funds add ISSUER/{ticker}: {', '.join(sorted(fitting))}.")
    return " ".join(words)


# --- adding ---------------------------------------------------------------------------------------


def fetch_once(engine: Engine, one: Candidate, fetcher: Fetcher, now: datetime, progress: Progress) -> Baseline:
    """The fund's newest file, asked for once and read; nothing is stored. Raises FetchError or ParseError."""
    progress(f"fetching {one.spec.ticker}", 1)
    answers = Round(engine, one.source, fetcher, now).ask(one.spec)
    got = next((answer for answer in reversed(answers) if isinstance(answer.result, Fetched)), None)
    if got is None:
        raise _why_none(one, answers)
    assert isinstance(got.result, Fetched)
    file = read_file(one.source, got.result.body, expected_fund=one.spec.ticker, name=got.name, fetched=now)
    codes = {code.upper() for code in (one.spec.ticker, *one.spec.codes)}
    if file.fund and file.fund.upper() not in codes:
        raise ParseError(f"the file at {got.place} is about {file.fund}, not {one.spec.ticker}", code="fund")
    agrees = name_similarity(file.title, one.asked_name) >= SAME_FUND if file.title and one.asked_name else None
    return Baseline(one, got.place, file, agrees, tuple(answers))


def _why_none(one: Candidate, answers: Sequence[Answer]) -> Exception:
    failed = [answer.result for answer in answers if isinstance(answer.result, FetchError)]
    if failed:
        return failed[-1]
    if any(isinstance(answer.result, NotModified) for answer in answers):
        return StoreError(f"The newest file of {one.spec.ticker} is stored already and has not changed.")
    return StoreError(f"{one.source.id} has no file of {one.spec.ticker} for the latest sessions.")


def added(one: Baseline, today: date) -> Added:
    """What is written down of a fund that was fetched."""
    spec = one.candidate.spec
    name = one.candidate.asked_name or one.file.title or spec.ticker
    return Added(one.candidate.source.id, spec.ticker, name, spec.kind, spec.keys, spec.page, today)


def store_baseline(engine: Engine, one: Baseline, now: datetime, progress: Progress) -> Outcome:
    """Stores the first file of the fund; nobody is told."""
    source, spec = one.candidate.source, one.candidate.spec
    known = replace(source, funds={**source.funds, spec.ticker: spec_of(source, added(one, now.date()))})
    return keep(engine, known, one.answers, now=now, plan=AlertPlan(), progress=progress)


# --- lists of funds -------------------------------------------------------------------------------


def refresh(
    engine: Engine, sources: Iterable[Source], fetcher: Fetcher, clock: Callable[[], datetime], progress: Progress
) -> list[Refreshed]:
    """Reads the issuers' own lists of their funds. One that cannot be had leaves what was known of it."""
    made = []
    for source in sources:
        if (catalogue := source.catalogue) is None:
            continue
        progress(f"reading the funds of {source.id}", 1)
        profile = replace(page_profile(source.http), max_bytes=catalogue.max_bytes)
        try:
            answer = fetcher.fetch(catalogue.url, profile)
            assert isinstance(answer, Fetched)
            found = read_catalogue(source, catalogue, answer.body)
        except (FetchError, ParseError) as error:
            made.append(Refreshed(source.id, catalogue.url, 0, 0, str(error)))
            continue
        rows = [(entry.ticker, entry.name, entry.keys, entry.page) for entry in found.entries]
        with transaction(engine) as conn:
            count = catalogues.replace(conn, source.id, rows, clock())
        made.append(Refreshed(source.id, answer.url, count, found.skipped))
    return made
