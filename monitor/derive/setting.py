"""What every step of telling a day needs: the book, the source, the calendars, and what was read today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from monitor.core import flows
from monitor.core.flows import Count, Flow, Label
from monitor.core.model import AssetClass, Convention, Position, Snapshot
from monitor.core.sessions import Sessions, pos_session
from monitor.sources.spec import Source
from monitor.store.book import Book, rooted, snapshot_of
from monitor.store.past import SnapshotRow


@dataclass(frozen=True, slots=True)
class Measured:
    """Two files of a fund side by side, positions by root key, with the flow between them."""

    before: Mapping[str, Position]
    after: Mapping[str, Position]
    counts: tuple[Count, ...]
    flow: Flow
    labels: Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class StoredPair:
    """Two stored files of a fund that were compared on an earlier day."""

    before: Snapshot
    after: Snapshot
    seen: Measured


class Setting:
    """One issuer's days. Remembers what was read and measured for the day being told."""

    def __init__(self, book: Book, source: Source, calendars: Callable[[str], Sessions]) -> None:
        self.book, self.source, self._calendars = book, source, calendars
        self._read: dict[tuple[int, int], Snapshot] = {}
        self._measured: dict[tuple[str, int, int, int], Measured] = {}

    def start_day(self) -> None:
        """Forgets what was read for the day before."""
        self._read, self._measured = {}, {}

    def sessions(self, ticker: str) -> Sessions:
        """The trading days of the fund's exchange."""
        return self._calendars(self.book.fund(ticker).fund.calendar)

    def gap(self, ticker: str, before: date | None, after: date | None) -> int:
        """Sessions from one position to the next: 1 for consecutive ones, and when unknown."""
        if before is None or after is None:
            return 1
        return max(1, self.sessions(ticker).distance(before, after))

    def snapshot(self, ticker: str, row: SnapshotRow) -> Snapshot:
        """A stored snapshot with its session; read once a day however often it is looked at."""
        key = (row.fund, row.id)
        if key not in self._read:
            self._read[key] = self._load(ticker, row)
        return self._read[key]

    def convention(self, ticker: str, row: SnapshotRow) -> Convention:
        """What the date of a file means; of one that prints none, and was dated by its fetch, nobody knows."""
        return self.source.convention_of(ticker, row.as_of, row.dated_by)

    def _load(self, ticker: str, row: SnapshotRow) -> Snapshot:
        convention = self.convention(ticker, row)
        session = pos_session(self.sessions(ticker), convention, row.as_of)
        found = snapshot_of(row, ticker, session, self.book.names.positions(row))
        return replace(found, resolution=self.source.resolution_on(row.as_of))

    def measured(self, ticker: str, before: Snapshot, after: Snapshot) -> Measured:
        """Two snapshots of a fund side by side, under the links known now."""
        key = (ticker, before.id, after.id, len(self.book.new.links))
        if key not in self._measured:
            roots = self.book.fund(ticker).roots
            old, new = rooted(before.positions, roots), rooted(after.positions, roots)
            counts = counts_of(old, new, {})
            self._measured[key] = Measured(old, new, tuple(counts), *flows.measure(counts))
        return self._measured[key]

    def stored_pair(self, ticker: str, before: int, after: int) -> StoredPair:
        """Two stored files by their numbers, side by side again."""
        rows = [self.book.row(ticker, number) for number in (before, after)]
        one, other = (self.snapshot(ticker, row) for row in rows)
        return StoredPair(one, other, self.measured(ticker, one, other))

    def inception(self, ticker: str) -> date | None:
        """The fund's first day, when the source knows it."""
        spec = self.source.funds.get(ticker)
        return spec.inception if spec is not None else None

    def closed(self, ticker: str) -> date | None:
        """The date of a closed fund's last file."""
        spec = self.source.funds.get(ticker)
        return spec.closed if spec is not None else None

    def is_open(self, ticker: str, as_of: date) -> bool:
        """Whether the fund has files and had not been closed by then."""
        closed = self.closed(ticker)
        return self.book.fund(ticker).previous is not None and (closed is None or as_of <= closed)


def counts_of(
    before: Mapping[str, Position], after: Mapping[str, Position], factors: Mapping[str, Fraction]
) -> list[Count]:
    """The equity lines in both files, the older counts times the day's split factors."""
    found = []
    for root, new in after.items():
        old = before.get(root)
        if old is None or new.asset_class is not AssetClass.EQUITY:
            continue
        if old.shares is None or new.shares is None or old.shares <= 0 or new.shares <= 0:
            continue
        factor = factors.get(root)
        held = float(old.shares) if factor is None else float(old.shares * factor.numerator / factor.denominator)
        found.append(Count(root, held, float(new.shares), is_foreign(new)))
    return found


def is_foreign(position: Position) -> bool:
    """Whether the line trades outside the US, where baskets are rounded to lots: its key is a SEDOL or ISIN."""
    return position.key.startswith(("sedol:", "isin:"))
