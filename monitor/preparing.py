"""What of taking in a body needs no database: read it, sum its positions, weigh its form, hash it.

It may be done outside of any transaction, in another thread or process: what comes back can be pickled. `intake` stores
it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from monitor.bodies import Bodies, Body
from monitor.core import identity, quality
from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile, Position
from monitor.core.quality import Finding
from monitor.sources.read import fund_of


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a body says of one fund, ready to be stored.

    `lines` and `unread` count its rows. `printed` are the findings about the words of the file, `content` those about
    its numbers; what is wrong with its dates depends on what is stored. `whole` is the file itself, where the store may
    be asked whether an earlier page said the same. `outstanding` is the number of the fund's own shares.
    """

    ticker: str
    as_of: date
    dates: tuple[date, ...]
    dated_by: str
    announced: date | None
    outstanding: Decimal | None
    lines: int
    unread: int
    positions: tuple[Position, ...]
    printed: tuple[Finding, ...]
    content: tuple[Finding, ...]
    whole: HoldingsFile | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """A file that nobody asked for: `text` says which."""

    text: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A body and what it says of each fund that it lists, or why that cannot be used."""

    body: Body
    sha256: str
    files: tuple[ReadFile | Passed | ParseError, ...]


def prepare(bodies: Bodies, body: Body) -> Prepared:
    """Reads a body of the source of `bodies` and sums its positions. What is wrong with it is part of the answer.

    Of a file of many funds that we asked for on behalf of one, that one is read; of a local file all are.
    """
    sha256 = hashlib.sha256(body.content).hexdigest()
    try:
        files = bodies.read(body)
    except ParseError as error:
        return Prepared(body, sha256, (error.with_traceback(None),))
    return Prepared(body, sha256, tuple(_prepared(bodies, body, file) for file in files))


def _prepared(bodies: Bodies, body: Body, file: HoldingsFile) -> ReadFile | Passed | ParseError:
    try:
        ticker = _ticker(bodies, body, file)
    except ParseError as error:
        return error.with_traceback(None)
    if bodies.only and ticker not in bodies.only:
        return Passed(ticker)
    if file.as_of not in bodies.period:
        return Passed(f"{ticker} dated {file.as_of}")
    return _read(bodies, body, file if file.fund in ("", ticker) else replace(file, fund=ticker), ticker)


def _ticker(bodies: Bodies, body: Body, file: HoldingsFile) -> str:
    """Whose file it is. Raises ParseError when it is another fund's than the one asked for, or nobody's."""
    if body.fund is not None and not file.fund:
        return body.fund
    try:
        ticker = fund_of(bodies.source, file, body.name)
    except ParseError:
        if body.presumed is None or file.fund:
            raise
        return body.presumed
    if body.fund is not None and ticker != body.fund:
        raise ParseError(f"the file is about {ticker}, but {body.fund} was asked for", code="fund")
    return ticker


def _read(bodies: Bodies, body: Body, file: HoldingsFile, ticker: str) -> ReadFile:
    positions = identity.positions_of(identity.fund_name(bodies.source.id, ticker), file.lines, file.net_assets)
    return ReadFile(
        ticker,
        file.as_of,
        file.dates,
        file.dated_by,
        file.announced,
        file.outstanding,
        len(file.lines),
        len(file.unread),
        positions,
        tuple(map(quality.printed, file.warnings)),
        tuple(quality.content(file, positions, expected_fund=ticker)),
        file if bodies.source.has_pages and body.polled else None,
    )
