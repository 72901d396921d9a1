"""What every step of telling a day needs: the book, the source, the calendars, and what was read today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.core import flows, sides
from monitor.core.flows import Count, Flow, Label
from monitor.core.model import Convention, Position, Snapshot
from monitor.core.sessions import Sessions, pos_session
from monitor.core.sides import Side, Sides
from monitor.sources.spec import Source
from monitor.store.book import Book
from monitor.store.fund_book import rooted, snapshot_of
from monitor.store.past import SnapshotRow


@dataclass(frozen=True, slots=True)
class Measured:
    """Two files of a fund side by side, positions by root key, with the flow between them."""

    sides: Sides
    flow: Flow
    labels: Mapping[str, Label]

    @property
    def before(self) -> Mapping[str, Position]:
        """The older file's positions."""
        return self.sides.before.positions

    @property
    def after(self) -> Mapping[str, Position]:
        """The newer file's."""
        return self.sides.after.positions

    @property
    def counts(self) -> Sequence[Count]:
        """What the flow was measured by."""
        return self.sides.counts


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
        self._sides: dict[tuple[str, int, int], Side] = {}
        self._older: dict[tuple[str, int, int], Side] = {}  # the sides of the day before

    def start_day(self, rows: Sequence[SnapshotRow]) -> None:
        """Forgets what was read for the day before; how its files look is asked again today, beside the day's own."""
        self.book.names.expect(rows)
        self._read, self._measured = {}, {}
        self._older, self._sides = self._sides, {}

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
        below = self.source.resolution_on(row.as_of)
        return snapshot_of(row, ticker, session, self.book.names.positions(row), below)

    def measured(self, ticker: str, before: Snapshot, after: Snapshot) -> Measured:
        """Two snapshots of a fund side by side, under the links known now."""
        key = (ticker, before.id, after.id, len(self.book.new.links))
        if key not in self._measured:
            seen = sides.beside(self._side(ticker, before), self._side(ticker, after))
            self._measured[key] = Measured(seen, *flows.measure(seen.counts))
        return self._measured[key]

    def _side(self, ticker: str, snapshot: Snapshot) -> Side:
        key = (ticker, snapshot.id, len(self.book.new.links))
        found = self._sides.get(key) or self._older.get(key)
        if found is None:
            found = sides.side(rooted(snapshot.positions, self.book.fund(ticker).roots))
        self._sides[key] = found
        return found

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
