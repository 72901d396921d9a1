"""The issuer's own answers for past dates: one address for each day that is missing, the newest first.

Funds that share an address (one file of many funds) are asked for together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from monitor.backfill.asking import JOB, Ask, Asker, Budget, Elsewhere, Job, Piece
from monitor.backfill.planning import Offer, Wanted
from monitor.core.errors import FetchError
from monitor.core.filling import Expected, expected, is_final, silent_since
from monitor.core.politeness import Tally
from monitor.sources.absence import absence
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.naming import name_of
from monitor.sources.profile import HttpProfile, Method
from monitor.sources.routes import Request, is_dated, request_of
from monitor.sources.spec import Backfill, PastDays, Source

SAME = 3  # days in a row with the same bytes: then the address does not look at the date


@dataclass(slots=True)
class IssuerWay:
    """Asks the issuers. `stopped` says why the last one was not asked to the end, `tally` how it did."""

    fetcher: Fetcher
    budget: Budget = field(default_factory=Budget)
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    name: str = "issuer"
    chunk: int = JOB
    total: int = 0
    unread: list[str] = field(default_factory=list)
    elsewhere: Elsewhere | None = None

    def offer(self, wanted: Wanted) -> Offer:
        """What the issuer could give."""
        why = _why_not(wanted)
        if why:
            return Offer(self.name, why=why)
        asks = planned(wanted)
        days = [ask.day for ask in asks if ask.day is not None]
        return Offer(
            self.name,
            len(asks),
            len(asks),
            len(asks) * wanted.source.http.min_interval,
            min(days, default=None),
            max(days, default=None),
            tuple(ask.place for ask in asks),
            _note(wanted),
        )

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """A piece for each missing day of the funds of one source."""
        source = group[0].source
        absent = source.sniff.absent_status
        asker = Asker(self.fetcher, source.http, self.budget, absent, elsewhere=self.elsewhere)
        shared: dict[Request | str, list[Wanted]] = {}
        for wanted in group:
            if not _why_not(wanted):
                ask = _ask(wanted, wanted.now.date())  # equal for funds of one file
                shared.setdefault((ask.request if ask is not None else None) or wanted.name, []).append(wanted)
        series = [_Series(together, asker) for together in shared.values()]
        self.total = sum(len(one.asks) for one in series)
        for one in series:
            yield from one.pieces()
        self.stopped, self.tally = asker.stopped, asker.tally


@dataclass(slots=True)
class _Series:
    """The days of the funds behind one address."""

    group: Sequence[Wanted]
    asker: Asker
    asks: list[Ask] = field(init=False)

    def __post_init__(self) -> None:
        asks = {ask.request: ask for wanted in self.group for ask in planned(wanted)}
        self.asks = sorted(asks.values(), key=lambda ask: ask.day or date.min, reverse=True)

    def pieces(self) -> Iterator[Piece]:
        first, rest = self.group[0], self.asks
        days, absent, self.asker.seen = _days(first).days, _absent(first), ()
        whose = first.spec.ticker if len(self.group) == 1 else None
        made = partial(_made, _strict(first.source), first.spec.ticker)
        ended = False
        while rest and not self.asker.stopped and not ended:
            some = _until_silence(rest[:JOB], days, absent)
            rest = rest[len(some) :]
            job = Job(first.source.id, first.spec.ticker, tuple(some), whose, same=SAME)
            for ask, piece in zip(job.asks, self.asker.bodies(job, made), strict=False):
                yield piece
                if piece.absent and ask.day is not None:
                    absent.add(ask.day)
                    ended = silent_since(days, absent) is not None


def _until_silence(asks: Sequence[Ask], days: Sequence[date], absent: set[date]) -> Sequence[Ask]:
    """The asks up to the one after which, were there no file for any of them, nothing more is to be asked."""
    missing = set(absent)
    for number, ask in enumerate(asks, start=1):
        if ask.day is not None:
            missing.add(ask.day)
        if silent_since(days, missing) is not None:
            return asks[:number]
    return asks


def _made(source: Source, ticker: str, ask: Ask, found: Fetched) -> Piece:
    """What an answer is: the file of the day asked for, or that there is none."""
    name = name_of(ask.place, found.name)
    why = absence(source, found, name, ticker)
    if why:
        return Piece(ask.place, absent=True, detail=why, status=found.status, day=ask.day)
    led = found.url if found.url != ask.place.partition("#")[0] else ""
    return Piece(ask.place, found.body, status=found.status, day=ask.day, redirected=led, name=name)


def planned(wanted: Wanted) -> list[Ask]:
    """The addresses to ask, newest day first: days that are missing and were not found absent for good, and none
    before a long silence."""
    found, absent = _days(wanted), _absent(wanted)
    silence = silent_since(found.days, absent)
    asks = []
    for day in reversed(found.missing):
        ask = _ask(wanted, day)
        if ask is None or day in absent or (silence is not None and day <= silence):
            continue
        answer = wanted.have.answer(ask.place)
        if answer is None or not answer[0]:  # else it gave a file of another day than it says
            asks.append(ask)
    return asks


def _absent(wanted: Wanted) -> set[date]:
    """The days for which there was no file when we asked, long enough after them."""
    found = set()
    for day in _days(wanted).missing:
        ask = _ask(wanted, day)
        answer = wanted.have.answer(ask.place) if ask is not None else None
        if answer is not None and not answer[0] and is_final(day, answer[1]):
            found.add(day)
    return found


def _ask(wanted: Wanted, day: date) -> Ask | None:
    rule = wanted.source.backfill
    url = rule.url if rule is not None else wanted.spec.url_on(day)
    if url is None or not is_dated(wanted.source, url):
        return None
    source = wanted.source if rule is None or not url.dated else replace(wanted.source, http=_plain(wanted.source.http))
    request = request_of(source, wanted.spec, url, day)
    return Ask(request.url, day, request=request)


def _days(wanted: Wanted) -> Expected:
    """The days the issuer answers for, and those of them we have."""
    rule = _rule(wanted)
    if rule is None:
        return wanted.expected
    monthly = rule.days is PastDays.MONTH_ENDS or wanted.expected.monthly
    period = wanted.past.within(rule.first, None)
    return expected(wanted.calendar, period, wanted.have.days, monthly=monthly)


def _rule(wanted: Wanted) -> Backfill | None:
    """How the source answers for the past: as it says, or by the dated addresses of the fund."""
    if wanted.source.backfill is not None:
        return wanted.source.backfill
    own = [url for url in wanted.spec.urls if is_dated(wanted.source, url)]
    return Backfill(own[0], own[0].valid_from) if own else None


def _plain(http: HttpProfile) -> HttpProfile:
    """The manners of a source for an address that says all by itself: what leads to the newest file is left out."""
    return replace(http, query=(), method=Method.GET, form=(), json="", links=())


def _strict(source: Source) -> Source:
    """The source with all that means "no file of that day"."""
    rule = source.backfill
    if rule is None:
        return source
    texts, codes = (*source.sniff.absent, *rule.absent), (*source.sniff.absent_codes, *rule.absent_codes)
    return replace(source, sniff=replace(source.sniff, absent=texts, absent_codes=codes))


def _why_not(wanted: Wanted) -> str:
    rule = _rule(wanted)
    if rule is None:
        return "the issuer does not answer for past dates, as far as we know"
    if wanted.period.first is None and rule.first is None:
        return "how far back is not known: say --from"
    try:
        _ask(wanted, wanted.now.date())
    except FetchError as error:
        return str(error)
    return ""


def _note(wanted: Wanted) -> str:
    rule = _rule(wanted)
    if rule is None:
        return ""
    early = wanted.period.first is not None and rule.first is not None and wanted.period.first < rule.first
    begin = f"nothing before {rule.first} is said to be there" if early else ""
    return "; ".join(one for one in (begin, rule.url.note) if one)
