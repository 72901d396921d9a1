"""The story of one day: what the files of one issuer, taken together, say has changed.

`derive` replays the stored files of an issuer from a day on, oldest first, and writes what follows from
them. It asks the `Book` for the past and the core for every decision; it opens no connection, sends
nothing and reads no clock. The same files give the same rows, in whatever order they arrived.

`judging` asks whether a file may be believed, `comparing` what changed, `summing` what people are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

from monitor.core import identity
from monitor.core.documents import item_document
from monitor.core.model import Event, Item, Position, SecurityRef
from monitor.core.sessions import Sessions
from monitor.derive.comparing import Comparing
from monitor.derive.judging import Judge
from monitor.derive.setting import Setting
from monitor.derive.summing import Summing
from monitor.sources.spec import Source
from monitor.store import archived, derived
from monitor.store.book import Book
from monitor.store.brief import of_event, of_item
from monitor.store.codec import day_of
from monitor.store.engine import Connection
from monitor.store.facts import Facts
from monitor.store.past import SnapshotRow
from monitor.store.versions import Versions


@dataclass(frozen=True, slots=True)
class Told:
    """An item with its security as people know it and the keys that security has had."""

    item: Item
    security: SecurityRef
    keys: tuple[str, ...]

    @property
    def body(self) -> str:
        """Its JSON: most items are stored and told to nobody, so that it is put together when it is asked for."""
        return item_document(self.item, self.security)


@dataclass(frozen=True, slots=True)
class Derivation:
    """What deriving gave: the items, and the JSON of those that stood there before, by key. It is not stored before
    `write`."""

    snapshots: int
    events: int
    told: tuple[Told, ...]
    before: Mapping[str, str]
    book: Book

    def write(self, conn: Connection) -> None:
        """Stores it in place of what was derived before, and says that every stored fact has been derived."""
        self.book.write(conn)
        derived.settle(conn, self.book.issuer)


def replay(
    conn: Connection,
    source: Source,
    issuer: int,
    since: date,
    calendars: Callable[[str], Sessions],
    progress: Callable[[date], None] = lambda day: None,
    facts: Facts | None = None,
) -> Derivation:
    """Replays the issuer's files dated `since` or later, with those about to be stored; `calendars` gives the sessions
    of an exchange. It only reads."""
    archived.require_since(conn, since)
    book = Book(conn, issuer, since, facts)
    day = Day(book, source, calendars, Versions(conn, issuer))
    rows = book.rows()
    day.versions.give(day_of(book.since), ((row.fund, row.id, row.sha256) for row in rows))
    if archived.listing(conn):
        archived.require_previous(conn, book.before(row.fund for row in rows))
    for as_of, of_day in groupby(rows, key=lambda row: row.as_of):
        day.tell(as_of, list(of_day))
        progress(as_of)
    return Derivation(len(rows), len(book.new.events), tuple(day.told), book.old_items, book)


def derive(
    conn: Connection,
    source: Source,
    issuer: int,
    since: date,
    calendars: Callable[[str], Sessions],
    progress: Callable[[date], None] = lambda day: None,
) -> Derivation:
    """As `replay`, and stored at once."""
    made = replay(conn, source, issuer, since, calendars, progress)
    made.write(conn)
    return made


class Day:
    """Tells one day after the other."""

    def __init__(self, book: Book, source: Source, calendars: Callable[[str], Sessions], versions: Versions) -> None:
        self.book, self.source, self.versions = book, source, versions
        self.told: list[Told] = []
        self._at = Setting(book, source, calendars)
        self._judge = Judge(self._at)
        self._comparing = Comparing(self._at)
        self._summary = Summing(self._at, self._comparing)

    def tell(self, as_of: date, rows: Sequence[SnapshotRow]) -> None:
        """All files of the issuer dated `as_of`: believed or not, compared, summed up, written down."""
        self._at.start_day(rows)
        self._comparing.changes.start_day()
        by_fund = groupby(rows, key=lambda row: row.fund)
        judged = [j for fund, its in by_fund for j in self._judge.judge(self.book.ticker(fund), list(its), as_of)]
        for dated in sorted({j.snapshot.as_of for j in judged}):  # redeemed files first, on their own day
            self._comparing.compare([j for j in judged if j.snapshot.as_of == dated], dated)
        items = self._summary.of_day(as_of)
        events = {event.key: event for event in self._comparing.changes.events}
        for item in items:
            self._write(item, events)

    def _write(self, item: Item, events: Mapping[str, Event]) -> None:
        """An item and its events, ready to be stored. `events` are those of the day."""
        ref, version_of = self._reference(item.security), self.versions.version
        self.book.new.items.append((item, of_item(item, ref, version_of)))
        self.told.append(Told(item, ref, tuple(self.book.roots.members(item.security))))
        for key in item.events:
            event = events[key]
            own = ref if event.security == item.security else self._reference(event.security)
            brief = of_event(event, own, self.source.id, item.score, item.severity, version_of)
            self.book.new.events.append((event, brief))

    def _reference(self, security: str) -> SecurityRef:
        return reference(security, self._comparing.changes.named[security])


def reference(root: str, position: Position) -> SecurityRef:
    """A security as people know it, from how a file prints it."""
    return _reference(root, position.key, position.name, position.ticker, position.ids)


@lru_cache(4096)
def _reference(root: str, key: str, name: str, ticker: str, others: tuple[str, ...]) -> SecurityRef:
    ids = dict(text.partition(":")[::2] for text in (key, *others) if identity.is_verified(text))
    found = (ids.get(scheme) for scheme in ("cusip", "isin", "sedol", "figi"))
    return SecurityRef(identity.public_id(root), name, ticker or None, *found)
