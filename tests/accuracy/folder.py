"""What a folder of real files holds: the files, and what is known to be true about them.

The layout: `ark/raw/FUND/DATE[.vN].csv`, `ark/bad/DATE_FUND_….*`, `ark/trades.csv`, `ark/labels.csv`,
`cases.csv`, `issuers/series/ISSUER/FUND/DATE.*`. Every part may be missing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from monitor.core.errors import MonitorError
from monitor.sources.read import fund_of, read_file
from monitor.sources.spec import Source

TRIED = 5  # files of a folder a source is tried on
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Span:
    """The file dates to look at, both ends included; None is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Whether `day` lies inside."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Published:
    """One published file: where it is, and the date its name says (None: none)."""

    path: Path
    dated: date | None


@dataclass(frozen=True, slots=True)
class Notified:
    """One trade the issuer notified: `shares` without sign, `direction` Buy or Sell, on trade session `session`."""

    session: date
    fund: str
    direction: str
    ticker: str
    cusip: str
    shares: float


@dataclass(frozen=True, slots=True)
class Series:
    """The daily files of one fund in `issuers/series`: `name` is ISSUER/FUND."""

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of real files, looked at between the dates of `span`."""

    root: Path
    span: Span = Span()

    def raw(self) -> list[Published]:
        """The ARK files in order of name."""
        return self._published("ark/raw/*/*.csv")

    def beginning(self, count: int) -> Folder:
        """The same folder up to the first `count` dates of ARK files."""
        days = sorted({one.dated for one in self.raw() if one.dated is not None})
        return replace(self, span=Span(self.span.first, days[count - 1])) if len(days) > count else self

    def bad(self) -> list[Published]:
        """Bodies that are no holdings files."""
        return [one for one in self._published("ark/bad/*") if one.path.name[:1].isdigit()]

    def _published(self, pattern: str) -> list[Published]:
        found = [Published(path, _dated(path)) for path in sorted(self.root.glob(pattern))]
        return [one for one in found if one.dated is None or self.span.holds(one.dated)]

    def series(self) -> list[Series]:
        """The other issuers' daily files."""
        folders = sorted(path for path in (self.root / "issuers" / "series").glob("*/*") if path.is_dir())
        found = [Series(f"{path.parent.name}/{path.name}", tuple(sorted(_files(path)))) for path in folders]
        return [one for one in found if one.files]

    def rows(self, name: str) -> list[dict[str, str]] | None:
        """The rows of a CSV file; None when it is not here."""
        path = self.root / name
        if not path.is_file():
            return None
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]

    def notified(self) -> list[Notified] | None:
        """The notified trades that name a fund and a size; None when there are none here."""
        rows = self.rows("ark/trades.csv")
        if rows is None:
            return None
        return [
            Notified(
                day, row["fund"], row["direction"], row["ticker"], row["cusip"], float(row["shares"].replace(",", ""))
            )
            for row in rows
            if row.get("fund") and _is_number(row.get("shares", ""))
            if self.span.holds(day := date.fromisoformat(row["date"]))
        ]


def source_for(sources: Mapping[str, Source], paths: tuple[Path, ...], folder: str) -> Source | None:
    """The source that reads most of some of the files; the one named like the folder when several do."""
    step = max(1, len(paths) // TRIED)
    bodies = [(path, path.read_bytes()) for path in paths[::step][:TRIED]]
    score = {one: sum(_reads(sources[one], path, body) for path, body in bodies) for one in sorted(sources)}
    best = max(score.values(), default=0)
    if not best:
        return None
    name = folder.lower()
    alike = sorted(score, key=lambda one: (-score[one], not name.startswith(one), one))
    return sources[alike[0]]


def _reads(source: Source, path: Path, body: bytes) -> bool:
    try:
        file = read_file(source, body, name=str(path))
        fund_of(source, file, str(path))
    except MonitorError:
        return False
    return True


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]


def _dated(path: Path) -> date | None:
    found = _DATE.search(path.name)
    return date.fromisoformat(found.group()) if found else None


def _is_number(text: str) -> bool:
    try:
        return float(text.replace(",", "")) > 0
    except ValueError:
        return False
