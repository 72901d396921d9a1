"""Copies the Wayback Machine kept: its index (CDX) is asked once for each address a fund ever had, then every copy
with other bytes is fetched as it was (`id_`). The time of a copy is an upper bound of its publication."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from monitor.backfill.asking import JOB, Ask, Asker, Budget, Elsewhere, Job, Piece, jobs
from monitor.backfill.planning import Offer, Wanted
from monitor.core.errors import FetchError
from monitor.core.politeness import Tally
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.profile import HttpProfile
from monitor.sources.spec import DATED, Url

INDEX = "/cdx/search/cdx"
MOST = 20_000  # copies of one address
STAMP = re.compile(r"/web/(\d{14})id_/")


@dataclass(slots=True)
class WaybackWay:
    """Asks the archive at `base`. With `looks` an offer asks its index, which is a request for each address."""

    fetcher: Fetcher
    profile: HttpProfile
    base: str
    budget: Budget = field(default_factory=Budget)
    looks: bool = False
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    name: str = "wayback"
    chunk: int = JOB
    total: int = 0
    unread: list[str] = field(default_factory=list)
    elsewhere: Elsewhere | None = None

    def offer(self, wanted: Wanted) -> Offer:
        """What the archive could give."""
        addresses = _addresses(wanted)
        if not addresses:
            return Offer(self.name, why="no address of the fund is known")
        index, pace = len(addresses), self.profile.min_interval
        if not self.looks:
            asks = tuple(self._index(wanted, url) for url in addresses)
            note = "how many copies there are its index says: add --via wayback"
            return Offer(self.name, None, index, index * pace, asks=asks, note=note)
        asker = Asker(self.fetcher, self.profile)
        found = [ask for url in addresses for ask in self._copies(wanted, url, asker)]
        days = sorted(ask.captured.date() for ask in found if ask.captured is not None)
        return Offer(
            self.name,
            None,
            len(found),
            len(found) * pace,
            days[0] if days else None,
            days[-1] if days else None,
            tuple(ask.place for ask in found),
            asker.stopped or f"{index} requests of the index told this; several copies may be of one day",
        )

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """A piece for every copy of the funds' addresses that is not here yet, oldest first."""
        asker = Asker(self.fetcher, self.profile, self.budget, elsewhere=self.elsewhere)
        for wanted in group:
            for url in _addresses(wanted):
                asks = self._copies(wanted, url, asker)
                self.total += len(asks)
                ticker = wanted.spec.ticker
                for job in jobs(Job(wanted.source.id, ticker, tuple(asks), ticker)):
                    yield from asker.bodies(job, _made)
        self.stopped, self.tally = asker.stopped, asker.tally

    def _copies(self, wanted: Wanted, url: Url, asker: Asker) -> list[Ask]:
        """The copies of an address that were not fetched before."""
        found = asker.get(self._index(wanted, url))
        if not isinstance(found, Fetched):
            if found is not None:
                asker.stopped = asker.stopped or f"the index of the archive: {found}"
            return []
        try:
            rows = _rows(found.body)
        except FetchError as error:
            asker.stopped = str(error)
            return []
        asks = [Ask(f"{self.base}/web/{at:%Y%m%d%H%M%S}id_/{original}", captured=at) for at, original in rows]
        return [ask for ask in asks if wanted.have.answer(ask.place) is None]

    def _index(self, wanted: Wanted, url: Url) -> str:
        """The address of the index for one address; where that is dated, for all that begin as it does."""
        begins = DATED.search(url.url)
        asked = {"url": url.url[: begins.start()] if begins else url.url, "output": "json"}
        if begins:
            asked["matchType"] = "prefix"
        first = max((day for day in (wanted.period.first, url.valid_from) if day is not None), default=None)
        if first is not None:
            asked["from"] = f"{first:%Y%m%d}"
        if wanted.period.last is not None and wanted.period.last < wanted.now.date():
            asked["to"] = f"{wanted.period.last:%Y%m%d}"
        fixed = [("filter", "statuscode:200"), ("collapse", "digest"), ("limit", str(MOST))]
        return f"{self.base}{INDEX}?{urlencode([*asked.items(), *fixed])}"


def _made(ask: Ask, found: Fetched) -> Piece:
    stamp = STAMP.search(found.url)  # it leads to the nearest copy where the one asked for is gone
    captured = _moment(stamp[1]) if stamp else ask.captured
    return Piece(ask.place, found.body, status=found.status, captured=captured)


def _addresses(wanted: Wanted) -> list[Url]:
    """Every address the fund ever had, the oldest first."""
    return list({url.url: url for url in wanted.spec.urls}.values())


def _rows(body: bytes) -> list[tuple[datetime, str]]:
    """When each copy was made and its address, oldest first. Raises FetchError when it is no answer of the index."""
    try:
        rows = json.loads(body) if body.strip() else []
        if not rows:
            return []
        at, original = rows[0].index("timestamp"), rows[0].index("original")
        found = {(str(row[at]), str(row[original])) for row in rows[1:]}
        return sorted((_moment(stamp), url) for stamp, url in found if re.fullmatch(r"\d{14}", stamp))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise FetchError(f"the index of the archive answered something else ({type(error).__name__})", url="") from None


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
