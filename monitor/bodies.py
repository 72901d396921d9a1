"""The bytes of a file, how they came to us, and what they say: of the fund asked for, or of all they list.

Nothing is believed or stored here.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from monitor.core.errors import ParseError
from monitor.core.filling import ANY_TIME, Period
from monitor.core.model import Arrival, HoldingsFile
from monitor.sources.read import fund_of, read_files
from monitor.sources.sniff import refuse_detour
from monitor.sources.spec import Source

if TYPE_CHECKING:  # who reads local files loads nothing of the web
    from monitor.fetching import Answer
    from monitor.sources.fetch import Fetched


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
    named: str = ""  # what the file is called, where it is another than `place`
    fetched: datetime | None = None  # when the issuer answered, where we know
    captured: datetime | None = None  # when somebody else had this copy already: it was published before
    presumed: str | None = None  # whose it is when neither the file nor its name says so
    dated: date | None = None  # its as-of date when the file prints none

    @property
    def name(self) -> str:
        """What the file is called, with where it was: its name may say its date and its fund."""
        return self.named or self.place

    @property
    def polled(self) -> bool:
        """Whether we asked for the newest file and this is it."""
        return self.fund is not None and self.arrival is Arrival.LIVE


def body_of(answer: Answer, fetched: Fetched, now: datetime) -> Body:
    """What asking for a fund's file brought, at the instant `now`."""
    return Body(
        answer.place,
        fetched.body,
        Arrival.LIVE,
        answer.spec.ticker,
        answer.last.at if answer.last is not None else None,
        fetched.status,
        fetched.etag,
        fetched.last_modified,
        fetched.url if fetched.url != answer.place.partition("#")[0] else "",
        answer.name,
        now,
    )


class Bodies:
    """Reads the bodies of one source; one that several funds share is read once. Wanted are files of the funds `only`
    (tickers; none: of all), dated in `period`."""

    def __init__(self, source: Source, only: frozenset[str] = frozenset(), period: Period = ANY_TIME) -> None:
        self.source, self.only, self.period = source, only, period
        self._shared: dict[bytes, _Many] = {}

    def read(self, body: Body) -> tuple[HoldingsFile, ...]:
        """What a body says: of every fund it lists, or of the one asked for. Raises ParseError."""
        refuse_detour(self.source, body.redirected)
        if body.fund is None or not self.source.many_funds:
            return read_files(
                self.source,
                body.content,
                expected_fund=body.fund,
                name=body.name,
                fetched=body.fetched,
                dated=body.dated,
            )
        if body.content not in self._shared:
            self._shared[body.content] = _Many(self.source, body)
        return self._shared[body.content].of(body.fund)


def repeats(source: Source, body: Body, file: HoldingsFile, earlier: bytes) -> bool:
    """Whether `earlier`, a page of the same fund, said the same as `file`, which `body` says: pages differ with
    every request in what is no holding."""
    try:
        found = read_files(
            source,
            earlier,
            expected_fund=body.fund,
            name=body.name,
            fetched=body.fetched,
            dated=body.dated,
        )
    except ParseError:
        return False
    return [_holdings(one) for one in found] == [_holdings(file)]


def _holdings(file: HoldingsFile) -> HoldingsFile:
    return replace(file, footer=(), warnings=())


class _Many:
    """What one body says of many funds: a hundred may share it."""

    def __init__(self, source: Source, body: Body) -> None:
        self.found: dict[str, HoldingsFile] = {}
        self.error: ParseError | None = None
        try:
            files = read_files(source, body.content, name=body.name, fetched=body.fetched, dated=body.dated)
        except ParseError as error:
            self.error = error
            return
        for file in files:
            with suppress(ParseError):  # a fund nobody asks for
                self.found[fund_of(source, file, body.name)] = file

    def of(self, fund: str) -> tuple[HoldingsFile, ...]:
        """What it says of one. Raises ParseError."""
        if self.error is not None:
            raise self.error
        if fund not in self.found:
            listed = ", ".join(sorted(self.found)[:10]) + (" …" if len(self.found) > 10 else "")
            raise ParseError(f"the file lists {len(self.found)} of our funds, but not {fund}: {listed}", code="fund")
        return (self.found[fund],)
