"""Reads one file for somebody who wants to see what is understood of it. Nothing is stored and nothing is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from monitor.core import identity
from monitor.core.errors import ParseError
from monitor.core.model import AssetClass, HoldingsFile, Line, Position
from monitor.sources.forms import Format
from monitor.sources.layout import laid_out
from monitor.sources.naming import fund_of
from monitor.sources.read import read_files
from monitor.sources.spec import Source
from monitor.sources.tables import Header, tables_of

NOBODY = "nobody"  # says what day the file is of
NOT_UNDERSTOOD = "is not a number"  # how the warning about a cell ends that should have been one


@dataclass(frozen=True, slots=True)
class Understood:
    """What is understood of one fund in a file. `trouble` says why the file would not be taken in. `classes` says what
    each line is, `positions` what the lines come to: with weights also where none is printed. A line that prints no
    quantity beside others that do is no position: these are `left_out`."""

    fund: str  # "" where nobody says whose file it is
    trouble: str
    file: HoldingsFile
    classes: tuple[AssetClass, ...]
    positions: tuple[Position, ...]
    left_out: tuple[Line, ...] = ()

    @property
    def undated(self) -> bool:
        """Whether nobody says what day the file is of."""
        return self.file.dated_by == NOBODY

    @property
    def complete(self) -> bool:
        """Whether nothing was left that is not understood."""
        return not (self.trouble or self.file.unread or any(NOT_UNDERSTOOD in text for text in self.file.warnings))


@dataclass(frozen=True, slots=True)
class Tried:
    """A file that was read: its shape and encoding, the header that was found, and each fund it lists."""

    shape: str
    encoding: str
    header: Header
    funds: tuple[Understood, ...]

    @property
    def format(self) -> Format | None:
        """The format the file has, or the one it is like."""
        return self.header.like

    @property
    def complete(self) -> bool:
        """Whether nothing was left that is not understood."""
        return all(fund.complete for fund in self.funds)


def understand(
    source: Source, body: bytes, *, name: str = "", fund: str | None = None, dated: date | None = None
) -> Tried:
    """What is understood of the file `body` of `source`, of all its funds or of one; where nothing says its day, of a
    file of the latest day, dated by NOBODY. Raises ParseError."""
    undated = ""
    try:
        files = read_files(source, body, expected_fund=fund, name=name, dated=dated)
    except ParseError as error:
        if error.code != "as_of" or dated is not None:
            raise
        undated = str(error)
        read = read_files(source, body, expected_fund=fund, name=name, dated=date.max)  # as new as can be
        files = tuple(replace(file, dated_by=NOBODY) for file in read)
    tables = tables_of(body, source)
    header = laid_out(tables, source).header
    funds = tuple(_understood(source, file, name, fund, undated) for file in files)
    return Tried(tables.shape.value, tables.encoding, header, funds)


def _understood(source: Source, file: HoldingsFile, name: str, asked: str | None, undated: str) -> Understood:
    fund, trouble = "", ""
    try:
        fund = asked.upper() if asked is not None and not file.fund else fund_of(source, file, name)
    except ParseError as error:
        fund, trouble = file.fund, str(error)
    if asked is not None and not trouble and fund != asked.upper():
        trouble = f"the file is about {fund}, not {asked.upper()}"
    trouble = "; ".join(filter(None, (trouble, undated)))
    classes = tuple(identity.positions_of(fund, (line,))[0].asset_class for line in file.lines)
    bare = tuple(line for line in file.lines if line.shares is None)
    left_out = bare if len(bare) < len(file.lines) else ()  # a form without any quantity is followed by weight
    positions = identity.positions_of(fund, file.lines, file.net_assets)
    return Understood(fund, trouble, file, classes, positions, left_out)


def guess(sources: Iterable[Source], body: bytes, *, name: str = "", fund: str | None = None) -> list[Source]:
    """The sources whose file this is most likely, none when every one refuses it: first by a form that is known
    exactly, then by whether all is understood, then by whether the fund is one that the source lists. The first of
    which all that is true is the one: a workbook is not opened a hundred times."""
    ranked: list[tuple[tuple[bool, bool, bool], Source]] = []
    for source in sources:
        try:
            tried = understand(source, body, name=name, fund=fund)
        except ParseError:
            continue
        listed = any(one.fund in source.funds for one in tried.funds)
        if tried.header.known is not None and tried.complete and listed:
            return [source]
        ranked.append(((tried.header.known is not None, tried.complete, listed), source))
    best = max((rank for rank, _ in ranked), default=None)
    return [source for rank, source in ranked if rank == best]
