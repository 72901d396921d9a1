"""Files that are here already: folders, archives, single files. Only those of the wanted funds are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from monitor.backfill.asking import ENOUGH, Budget, Piece
from monitor.backfill.filings import series_by_ticker
from monitor.backfill.planning import Offer, Wanted
from monitor.core.errors import FetchError, MonitorError, ParseError, UsageError
from monitor.core.evidence import Origin
from monitor.core.identity import name_similarity
from monitor.core.linking import ALIKE
from monitor.core.model import HoldingsFile
from monitor.core.politeness import Tally
from monitor.sources.files import LocalFile, read_paths
from monitor.sources.nport import NportReport, read_nport
from monitor.sources.read import fund_of, read_files

CHUNK = 250  # files stored per transaction
TICKERS = "company_tickers_mf.json"


@dataclass(slots=True)
class FilesWay:
    """Reads `paths`. `unread` lists what could not be opened."""

    paths: Sequence[Path]
    budget: Budget = field(default_factory=Budget)
    unread: list[str] = field(default_factory=list)
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    name: str = "files"
    chunk: int = CHUNK
    total: int = 0

    def offer(self, wanted: Wanted) -> Offer:
        """What the files could give: all of them are read for that, and nothing is stored."""
        found: dict[date, str] = {}
        for one in self._files():
            for day in days_of(wanted, one.name, one.body):
                found.setdefault(day, one.name)
        days = sorted(day for day in found if day in wanted.period and day not in wanted.have.days)
        named = tuple(found[day] for day in days)
        return local_offer(self.name, days, named, unread_note(self.unread))

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """A piece for every file that is not stored for all the funds already."""
        known = known_to_all(group)
        for one in self._files():
            if hashlib.sha256(one.body).hexdigest() in known:
                yield Piece(one.name, known=True)
            elif self.budget.take():
                yield Piece(one.name, one.body)
            else:
                self.stopped = ENOUGH
                return

    def _files(self) -> Iterator[LocalFile]:
        for one in read_paths(self.paths):
            if isinstance(one, LocalFile):
                yield one
            else:
                self.unread.append(f"{one.name}: {one.reason}")


@dataclass(slots=True)
class NportFiles:
    """N-PORT documents under `paths`, those of each fund's series: as given, as the SEC's list of tickers beside them
    says, or, where all documents are of one series, that one."""

    paths: Sequence[Path]
    series: str = ""
    budget: Budget = field(default_factory=Budget)
    unread: list[str] = field(default_factory=list)
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    name: str = "nport"
    chunk: int = CHUNK
    total: int = 0

    def offer(self, wanted: Wanted) -> Offer:
        """What the documents could give."""
        series = self._series_of([wanted])[wanted.spec.ticker]
        reports = [(one.name, report) for one, report in self._reports() if report.series_id == series]
        known = wanted.have.schedules
        days = sorted({r.as_of for _, r in reports if r.as_of in wanted.period and r.as_of not in known})
        named = tuple(name for name, _ in reports)
        return local_offer(self.name, days, named, unread_note(self.unread))

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """A piece for every document of the funds' series."""
        funds = self._series_of(group)
        wanted = {one.spec.ticker: one for one in group}
        for one, report in self._reports():
            for ticker in (ticker for ticker, series in funds.items() if series == report.series_id):
                if report.as_of not in wanted[ticker].period:
                    continue
                if hashlib.sha256(one.body).hexdigest() in wanted[ticker].have.bodies:
                    yield Piece(one.name, known=True, fund=ticker)
                    continue
                if not self.budget.take():
                    self.stopped = ENOUGH
                    return
                yield Piece(one.name, one.body, fund=ticker, origin=Origin.NPORT, series=report.series_id)

    def _reports(self) -> Iterator[tuple[LocalFile, NportReport]]:
        self.unread.clear()
        for one in read_paths(self.paths):
            if not isinstance(one, LocalFile):
                self.unread.append(f"{one.name}: {one.reason}")
            elif not one.name.endswith(TICKERS):
                try:
                    yield one, read_nport(one.body)
                except ParseError as error:
                    self.unread.append(f"{one.name}: {error}")

    def _series_of(self, group: Sequence[Wanted]) -> dict[str, str]:
        """The series of each fund. Raises UsageError where the documents are of several and none is known to be it."""
        listed: dict[str, str] = {}
        for one in read_paths(self.paths):
            if isinstance(one, LocalFile) and one.name.endswith(TICKERS):
                try:
                    listed |= series_by_ticker(one.body)
                except FetchError as error:
                    raise UsageError(f"{one.name}: {error}") from None
        found = {one.spec.ticker: self.series or one.spec.keys.get("series", "") for one in group}
        found = {ticker: series or listed.get(ticker, "") for ticker, series in found.items()}
        if all(found.values()):
            return found
        named = {report.series_id: report.series for _, report in self._reports()}
        return {one.spec.ticker: found[one.spec.ticker] or _fitting(one, named) for one in group}


def _fitting(wanted: Wanted, named: dict[str, str]) -> str:
    """The only series there is, or the only one that is called as the fund."""
    alike = [one for one, name in named.items() if name_similarity(name, wanted.spec.name) >= ALIKE]
    found = alike if len(alike) == 1 else list(named)
    if len(found) > 1:
        several = ", ".join(f"{series} ({name})" for series, name in sorted(named.items())[:8])
        raise UsageError(f"The documents are of {len(named)} series. Which is {wanted.name}? Say --series: {several}")
    return found[0] if found else ""


def known_to_all(group: Sequence[Wanted], *, timed: bool = False) -> frozenset[str]:
    """The hashes of bodies that are stored for every one of these funds; `timed`: with the time of a copy."""
    bodies = [one.have.timed if timed else one.have.bodies for one in group]
    return frozenset.intersection(*bodies) if bodies else frozenset()


def days_of(wanted: Wanted, name: str, body: bytes, *, presumed: bool = False) -> list[date]:
    """The dates of what a file says of the wanted fund; none when it is not about it or cannot be read.

    `presumed`: it is, when it does not say so.
    """
    try:
        files = read_files(wanted.source, body, name=name)
    except MonitorError:
        return []
    return [one.as_of for one in files if _is_about(wanted, one, name, presumed)]


def _is_about(wanted: Wanted, file: HoldingsFile, name: str, presumed: bool) -> bool:
    try:
        return fund_of(wanted.source, file, name) == wanted.spec.ticker
    except ParseError:
        return presumed and not file.fund


def local_offer(way: str, days: Sequence[date], named: tuple[str, ...], note: str) -> Offer:
    """What is here already: nobody need be asked for it."""
    first, last = (days[0], days[-1]) if days else (None, None)
    return Offer(way, len(days), first=first, last=last, asks=named, note=note)


def unread_note(unread: Sequence[str]) -> str:
    """How many files could not be opened, and the first of them."""
    return f"{len(unread)} not read, the first: {unread[0]}" if unread else ""
