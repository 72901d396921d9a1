"""Asks for single addresses of the past: in jobs of a few, at the server's pace, until it has failed too often.

It stores nothing. A piece is what one ask gave: a body, the certainty that there is none, or a failure.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Protocol

from monitor.core.errors import FetchError
from monitor.core.evidence import Origin
from monitor.core.politeness import GIVE_UP, Tally, is_server_failure
from monitor.intake import FileOutcome
from monitor.sources.addresses import safe_url
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.profile import HttpProfile
from monitor.sources.routes import Request

JOB = 20  # asks of one job: what is lost when a run is killed, and what one worker takes
PATIENCE = 120.0  # seconds a server may ask us to wait before we rather stop
ENOUGH = "as many were asked for as --limit allows"
TRIES = 4  # of one address that asks us to wait


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask for: its address, and what is known of it before – the date it should bear (`day`), when
    somebody else had this copy (`captured`). `request` holds manners of its own, and how it is shown."""

    url: str
    day: date | None = None
    captured: datetime | None = None
    request: Request | None = None

    @property
    def place(self) -> str:
        """The address as it may be shown and stored."""
        return safe_url(self.url) if self.request is None else self.request.place


@dataclass(frozen=True, slots=True)
class Job:
    """Asks of one fund that are done together, wherever that is.

    `whose`, `origin` and `series` are what every piece of it says (see `Piece`). So many bodies in a row that are the
    `same` mean that the address does not look at the date; 0: nobody looks.
    """

    source: str
    fund: str
    asks: tuple[Ask, ...]
    whose: str | None = None
    origin: Origin | None = None
    series: str = ""
    same: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of one ask. `content` None: there is nothing (`absent`), it is stored (`known`), or we could not get
    it; `detail` says why. `kept`: it is stored already, by who asked, and this became of it.

    `fund` is whose it is for certain, `presumed` whose it is if it does not say so, `day` the date asked for. `origin`
    makes it evidence beside the daily files instead of one of them; `series` is the SEC's name of the fund it must be
    about.
    """

    place: str
    content: bytes | None = None
    absent: bool = False
    known: bool = False
    detail: str = ""
    status: int | None = None
    fund: str | None = None
    presumed: str | None = None
    name: str = ""
    redirected: str = ""
    captured: datetime | None = None
    day: date | None = None
    origin: Origin | None = None
    series: str = ""
    kept: tuple[FileOutcome, ...] | None = None


def jobs(like: Job) -> Iterator[Job]:
    """The asks of a large job in the order given, some twenty at a time."""
    rest = iter(like.asks)
    while some := tuple(islice(rest, JOB)):
        yield replace(like, asks=some)


Made = Callable[[Ask, Fetched], Piece]


@dataclass(slots=True)
class Budget:
    """How many more things a run may ask for; None: as many as there are. Threads may share it."""

    left: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def take(self, wanted: int = 1) -> int:
        """Uses up so many; how many of them there were."""
        if self.left is None:
            return wanted
        with self._lock:
            taken = min(wanted, self.left)
            self.left -= taken
            return taken

    def give_back(self, unused: int) -> None:
        """Were taken and not used."""
        if self.left is not None:
            with self._lock:
                self.left += unused


class Elsewhere(Protocol):
    """Where jobs are done when not here."""

    def bodies(self, asker: Asker, job: Job, made: Made) -> Iterator[Piece]:
        """As `Asker.bodies`, the pieces stored already; how the server did is written into `asker`."""

    def turn(self, asker: Asker) -> AbstractContextManager[None]:
        """While it is open nobody else of the run asks the server."""


@dataclass(slots=True)
class Asker:
    """Asks one server. `stopped` says why it must not be asked any more."""

    fetcher: Fetcher
    profile: HttpProfile
    budget: Budget = field(default_factory=Budget)
    absent_status: frozenset[int] = frozenset()
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    streak: int = 0
    seen: tuple[str, ...] = ()  # hashes of the last files, of addresses that may not look at the date
    elsewhere: Elsewhere | None = None

    def bodies(self, job: Job, made: Made) -> Iterator[Piece]:
        """What the asks of a job give, until there is a reason to stop; `made` makes a piece of a body."""
        if self.elsewhere is not None:
            yield from self.elsewhere.bodies(self, job, made)
            return
        for ask in job.asks:
            if self.stopped:
                return
            found = self.get(ask.url, ask.request)
            if found is None:
                return
            piece = made(ask, found) if isinstance(found, Fetched) else self._failed(ask, found)
            if isinstance(found, Fetched) and not piece.absent:
                self._see(found.sha256, job.same)
            yield replace(piece, fund=job.whose, origin=job.origin, series=job.series)

    def _see(self, sha256: str, same: int) -> None:
        self.seen = (*self.seen, sha256)[-same:] if same else ()
        if same and len(self.seen) == same and len(set(self.seen)) == 1:
            self.stopped = f"{same} days in a row have the same bytes: the address does not look at the date"

    def get(self, url: str, request: Request | None = None) -> Fetched | FetchError | None:
        """The body or why there is none; None when no more may be asked."""
        with nullcontext() if self.elsewhere is None else self.elsewhere.turn(self):
            return self._get(url, request)

    def _get(self, url: str, request: Request | None) -> Fetched | FetchError | None:
        if not self.stopped and not self.budget.take():
            self.stopped = ENOUGH
        if self.stopped:
            return None
        found = self._patiently(url, self.profile if request is None else request.profile)
        self._count(found)
        return found

    def _patiently(self, url: str, profile: HttpProfile) -> Fetched | FetchError:
        """Waits as long as the server asks for, within reason, and tries again."""
        for attempt in range(1, TRIES + 1):
            try:
                found = self.fetcher.fetch(url, profile)
            except FetchError as error:
                if error.retry_after is None or error.retry_after > PATIENCE or attempt == TRIES:
                    return error
                self.fetcher.sleep(error.retry_after)
            else:
                if isinstance(found, Fetched):
                    return found
                return FetchError("answered 304 although nothing was known", url=safe_url(url), status=304)
        raise AssertionError("unreachable")

    def _count(self, found: Fetched | FetchError) -> None:
        failed = isinstance(found, FetchError) and is_server_failure(found.status)
        failed = failed and found.status not in self.absent_status
        self.streak = self.streak + 1 if failed else 0
        before = self.tally
        if not isinstance(found, FetchError):
            self.tally = Tally(before.answers + 1, before.failures, before.retry_after, before.detail)
            return
        asked = max((one for one in (before.retry_after, found.retry_after) if one is not None), default=None)
        detail = str(found) if failed else before.detail
        self.tally = Tally(before.answers + (not failed), before.failures + failed, asked, detail)
        if found.retry_after is not None and found.retry_after > PATIENCE:
            self.stopped = f"the server asks us to wait {found.retry_after:.0f} seconds"
        elif failed and (self.streak >= GIVE_UP or found.retry_after is not None):
            self.stopped = f"the server failed {self.streak} times in a row: {found}"

    def _failed(self, ask: Ask, error: FetchError) -> Piece:
        absent = error.status in (404, 410) or error.status in self.absent_status
        return Piece(
            ask.place, absent=absent, detail=str(error), status=error.status, captured=ask.captured, day=ask.day
        )
