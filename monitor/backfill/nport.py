"""N-PORT schedules: the whole portfolio at the end of each quarter of a US fund's year, as evidence beside its files.

From the SEC the steps are: ticker → series → filings → documents; from local files only the documents of the series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from monitor.backfill.asking import JOB, Ask, Asker, Budget, Elsewhere, Job, Piece, jobs
from monitor.backfill.filings import SERIES, Filing, filings, series_by_ticker
from monitor.backfill.planning import Offer, Wanted
from monitor.core.errors import FetchError, UsageError
from monitor.core.evidence import Origin
from monitor.core.filling import quarter_ends
from monitor.core.politeness import Tally
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.profile import HttpProfile

BEGIN = date(2019, 3, 31)  # of the first quarters that were filed in public
DELAY = timedelta(days=70)  # a filing is due sixty days after the quarter
PAGE = 100  # filings the SEC lists at once
PAGES = 10
TICKERS = "/files/company_tickers_mf.json"
NO_CONTACT = (
    "The SEC asks who is asking: put a name and an e-mail address into the configuration before --via nport,"
    ' [sec] contact = "Your Name you@example.org"'
)


@dataclass(slots=True)
class NportWay:
    """Asks the SEC at `base`. With `looks` an offer asks for the lists of filings, two requests for a fund."""

    fetcher: Fetcher
    profile: HttpProfile
    base: str
    contact: str
    series: str = ""
    budget: Budget = field(default_factory=Budget)
    looks: bool = False
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    name: str = "nport"
    chunk: int = JOB
    total: int = 0
    unread: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)  # series by ticker, once asked for
    elsewhere: Elsewhere | None = None

    def offer(self, wanted: Wanted) -> Offer:
        """What the SEC could give."""
        if not self.contact:
            return Offer(self.name, why=NO_CONTACT)
        if wanted.source.currency != "USD" and not self._given(wanted):
            return Offer(self.name, why="only funds registered in the United States file N-PORT")
        pace = self.profile.min_interval
        if not self.looks:
            ends = quarter_ends(max(wanted.period.first or BEGIN, BEGIN), wanted.period.last or wanted.now.date())
            note = "at most so many quarter ends; the list of filings says which there are: add --via nport"
            asks = (self.base + TICKERS, self._feed("SERIES", 0))
            return Offer(self.name, ends, ends + 2, (ends + 2) * pace, asks=asks, note=note)
        asker = Asker(self.fetcher, self.profile)
        try:
            found = self._asks(wanted, asker)
        except FetchError as error:
            return Offer(self.name, why=str(error))
        note = "the end of a fund's quarter is some two months before the filing"
        return Offer(
            self.name,
            len(found),
            len(found),
            len(found) * pace,
            asks=tuple(ask.place for ask in found),
            note=asker.stopped or note,
        )

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """A piece for every filing of the funds that is not here yet, oldest first."""
        if not self.contact:
            raise UsageError(NO_CONTACT)
        asker = Asker(self.fetcher, self.profile, self.budget, elsewhere=self.elsewhere)
        for wanted in group:
            ticker = wanted.spec.ticker
            try:
                asks = self._asks(wanted, asker)
            except FetchError as error:
                yield Piece(self.base, None, detail=f"{ticker}: {error}", status=error.status, fund=ticker)
                continue
            self.total += len(asks)
            series = self._series(wanted, asker) if asks else ""
            for job in jobs(Job(wanted.source.id, ticker, tuple(asks), ticker, Origin.NPORT, series)):
                yield from asker.bodies(job, _made)
        self.stopped, self.tally = asker.stopped, asker.tally

    def _asks(self, wanted: Wanted, asker: Asker) -> list[Ask]:
        """The documents of the fund's filings that are not here yet. Raises FetchError."""
        found = self._filings(self._series(wanted, asker), asker)
        first, last = wanted.period.first, wanted.period.last
        kept = [
            one
            for one in sorted(found, key=lambda one: (one.filed, one.accession))
            if (first is None or one.filed > first)
            and (last is None or one.filed <= last + DELAY or one.form.endswith("/A"))
        ]
        asks = [Ask(f"{self.base}{one.path}/primary_doc.xml") for one in kept]
        return [ask for ask in asks if wanted.have.answer(ask.place) is None]

    def _given(self, wanted: Wanted) -> str:
        return self.series or wanted.spec.keys.get("series", "")

    def _series(self, wanted: Wanted, asker: Asker) -> str:
        """The SEC's name of the fund. Raises FetchError when it does not list the ticker."""
        given, ticker = self._given(wanted), wanted.spec.ticker
        if given:
            return given
        if not self.known:
            self.known = series_by_ticker(self._body(self.base + TICKERS, asker))
        found = self.known.get(ticker, "")
        if not SERIES.fullmatch(found):
            raise FetchError(
                f"the SEC's list of fund tickers has no series for {ticker} (closed funds, unit trusts and commodity"
                " trusts are not on it); if you know it, give --series S000012345",
                url="",
                retry=False,
            )
        return found

    def _filings(self, series: str, asker: Asker) -> list[Filing]:
        found: dict[str, Filing] = {}
        for page in range(PAGES):
            listed = filings(self._body(self._feed(series, page * PAGE), asker))
            before = len(found)
            found.update((one.accession, one) for one in listed)
            if len(listed) < PAGE or len(found) == before:
                break
        return list(found.values())

    def _feed(self, series: str, start: int) -> str:
        asked = {"action": "getcompany", "CIK": series, "type": "NPORT-P", "owner": "include", "count": str(PAGE)}
        if start:
            asked["start"] = str(start)
        return f"{self.base}/cgi-bin/browse-edgar?{urlencode({**asked, 'output': 'atom'})}"

    def _body(self, url: str, asker: Asker) -> bytes:
        found = asker.get(url)
        if isinstance(found, Fetched):
            return found.body
        raise found if found is not None else FetchError(asker.stopped, url=url)


def _made(ask: Ask, found: Fetched) -> Piece:
    return Piece(ask.place, found.body, status=found.status)
