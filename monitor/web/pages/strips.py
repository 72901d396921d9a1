"""Pictures of when funds held a security, as numbers for SVG: spells with soft ends, files with their gaps, sizes.

Places are percent of the width, so that a browser draws them at any size. Nothing is asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from monitor.store.queries import FundRef, PositionRow, SpellRow

HOLE = 4  # days between two files from which a gap is drawn: more than a long weekend
POINTS = 400  # of a line of sizes
TALL = 100


@dataclass(frozen=True, slots=True)
class Axis:
    """The days from the first to the last file, and their places."""

    first: date
    last: date

    def at(self, day: date) -> float:
        """The place of a day."""
        span = max(1, (self.last - self.first).days)
        return round(100 * min(1.0, max(0.0, (day - self.first).days / span)), 3)

    def ticks(self) -> list[tuple[float, str]]:
        """The beginnings of years, or of months where the days are few."""
        months = (1,) if (self.last - self.first).days > 500 else (1, 4, 7, 10)
        days = [date(year, month, 1) for year in range(self.first.year, self.last.year + 1) for month in months]
        inside = [one for one in days if self.first < one <= self.last]
        return [(self.at(one), str(one.year) if one.month == 1 else f"{one:%Y-%m}") for one in inside]


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time: from `x`, `width` wide."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Span:
    """One spell: surely held in `held`, its beginning and end somewhere in the soft bars; `open` at the last file."""

    held: Bar
    before: Bar | None
    after: Bar | None
    open: bool
    censored: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """One fund through time: stretches with files, spells, sizes as an SVG path (100 high, 1000 wide), its last row."""

    fund: FundRef
    files: tuple[Bar, ...]
    holes: tuple[Bar, ...]
    spans: tuple[Span, ...]
    sizes: str
    spells: tuple[SpellRow, ...]
    last: PositionRow | None
    peak: Decimal | None


def axis(series: Iterable[Sequence[PositionRow]]) -> Axis | None:
    """The axis on which all of them fit; None when there is no file."""
    ends = [(rows[0].as_of, rows[-1].as_of) for rows in series if rows]
    return Axis(min(one for one, _ in ends), max(one for _, one in ends)) if ends else None


def strip(on: Axis, fund: FundRef, rows: Sequence[PositionRow], spells: Sequence[SpellRow]) -> Strip:
    """The picture of one fund: `rows` of one position or more, oldest first."""
    sizes = summed(rows)
    runs = _runs([day for day, _ in sizes])
    bars = tuple(_bar(on, one[0], one[-1]) for one in runs)
    held = [one for one in rows if one.listed and one.shares]
    holds = bool(held) and fund.closed is None and held[-1].as_of == rows[-1].as_of
    last = rows[-1] if holds else None
    peak = max((size for _, size in sizes if size is not None), default=None)
    spans = tuple(_span(on, one, rows[-1].as_of if rows else on.last) for one in spells)
    holes = tuple(_bar(on, before[-1], after[0]) for before, after in pairwise(runs))
    return Strip(fund, bars, holes, spans, _path(on, sizes, peak), tuple(spells), last, peak)


def summed(rows: Sequence[PositionRow]) -> list[tuple[date, Decimal | None]]:
    """The adjusted shares by file: share lines of one company that are not joined add up."""
    found: dict[date, Decimal | None] = {}
    for row in rows:
        before = found.get(row.as_of, Decimal(0))
        unknown = before is None or row.adjusted_shares is None
        found[row.as_of] = None if unknown else (before or Decimal(0)) + (row.adjusted_shares or Decimal(0))
    return list(found.items())


def _runs(days: Sequence[date]) -> list[list[date]]:
    """The days in runs without a gap."""
    runs: list[list[date]] = []
    for at, day in enumerate(days):
        if at and (day - days[at - 1]).days <= HOLE:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _bar(on: Axis, first: date, last: date) -> Bar:
    x = on.at(first)
    return Bar(x, round(max(0.15, on.at(last) - x), 3))


def _span(on: Axis, spell: SpellRow, last_file: date) -> Span:
    """Sessions and file dates differ by a day at most; on this scale both are days."""
    begin = spell.opened.last or spell.first_file
    end = last_file if spell.closed is None else spell.closed.first or spell.exit_file or last_file
    held = _bar(on, begin, max(begin, end))
    before = after = None
    if spell.opened.first is not None and spell.opened.first < begin:
        before = _bar(on, spell.opened.first, begin)
    if spell.closed is not None and spell.closed.last is not None and spell.closed.last > end:
        after = _bar(on, end, spell.closed.last)
    return Span(held, before, after, spell.closed is None, spell.censored != "none")


def _path(on: Axis, sizes: Sequence[tuple[date, Decimal | None]], peak: Decimal | None) -> str:
    """An area per run of files, the largest of each bucket; a gap in the files is a gap in the picture."""
    if not peak or peak <= 0:
        return ""
    known = {day: float(size / peak) for day, size in sizes if size is not None and size >= 0}
    parts = []
    for run in _runs(list(known)):
        points = _thinned([(on.at(day) * 10, known[day]) for day in run])
        if not any(height for _, height in points):
            continue
        line = "L".join(f"{x:.1f} {TALL - TALL * height:.1f}" for x, height in points)
        parts.append(f"M{points[0][0]:.1f} {TALL}L{line}L{points[-1][0]:.1f} {TALL}Z")
    return "".join(parts)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) <= POINTS:
        return points
    edges = [len(points) * at // POINTS for at in range(POINTS + 1)]
    return [max(points[a:b], key=lambda point: point[1]) for a, b in pairwise(edges)]
