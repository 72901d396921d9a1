"""What deriving a day needs to know of the past: loaded when asked, carried forward from day to day.

A `Book` belongs to one issuer and one run of days. It is the only mutable state of a derivation: the
pipeline asks it, the core decides, the pipeline tells it. On a daily run it reads the last file of each
fund and what concerns the lines that changed, never the whole history.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import chain, islice

from monitor.core.errors import StoreError
from monitor.core.evidence import Schedule
from monitor.core.linking import Link, Roots
from monitor.core.model import Position, Snapshot
from monitor.core.quality import IDLE_FILES
from monitor.core.spells import RECENT, Point, Spell
from monitor.core.splits import Pending, Split, effective
from monitor.store import archived, lines, opening, past, presence
from monitor.store.archived import Archived
from monitor.store.derived import Derived, Sighting, rewind, write, write_spells
from monitor.store.engine import Connection
from monitor.store.facts import Facts
from monitor.store.fund_book import FundBook, point_of, points_of, rooted
from monitor.store.lines import Securities
from monitor.store.operators import operator_words
from monitor.store.outside import Outside
from monitor.store.past import SnapshotRow
from monitor.store.pending import Decided
from monitor.store.spell_book import SpellBook
from monitor.store.spells import StoredSpell
from monitor.store.trades import PairLine


class Book:
    """The past of one issuer, from the day before `since` on."""

    def __init__(self, conn: Connection, issuer: int, since: date, facts: Facts | None = None) -> None:
        """`facts` are files that count as if they were stored. Nothing is written before `write`."""
        self._funds = {f.ticker: f for f in past.funds(conn, issuer)}
        self._tickers = {f.id: f.ticker for f in self._funds.values()}
        earlier = past.settled_together(conn, issuer, since)
        while earlier < since:
            since, earlier = earlier, past.settled_together(conn, issuer, earlier)
        self._conn, self.issuer, self.since, self._facts = conn, issuer, since, facts
        self.names = Securities(conn, facts)
        self.new = Derived()
        self.old_items = past.item_bodies(conn, issuer, since)
        self.roots = Roots()
        self._fund_roots = {ticker: Roots() for ticker in self._funds}
        self.known_links: set[tuple[str, str]] = set()
        self.words = operator_words(conn, issuer)
        for _, link in past.links(conn, issuer, since):
            self._join(link)
        self._splits: list[Split] = past.splits(conn, issuer, since)
        self._split_keys = {split.key for split in self._splits}
        self._books: dict[str, FundBook] = {}
        self._to_tell: dict[str, None] = {}  # tickers of funds with files to be told, in their order
        self._scheduled: set[int] | None = None  # funds with schedules
        self._away: list[Archived] | None = None
        self._spells = SpellBook(conn, self.names, list(self._tickers), since)
        self._sighted: dict[tuple[int, str], date] = {}  # what no file before listed: when, by fund and key

    # --- funds ---------------------------------------------------------------------------------

    @property
    def tickers(self) -> list[str]:
        """The issuer's funds, by ticker."""
        return sorted(self._funds)

    def ticker(self, fund: int) -> str:
        """The ticker of a fund's number."""
        return self._tickers[fund]

    def fund(self, ticker: str) -> FundBook:
        """The fund as of its last accepted file."""
        if ticker not in self._books:
            self._open(ticker)
        return self._books[ticker]

    def _open(self, ticker: str) -> None:
        """Opens a fund, and with it others that will be asked for: of those with files to be told, or of all."""
        wanted = self._to_tell if ticker in self._to_tell else self._funds
        others = (other for other in wanted if other not in self._books and other != ticker)
        funds = [self._funds[one] for one in (ticker, *islice(others, opening.TOGETHER - 1))]
        for book in opening.opened(self._conn, funds, self.since, self.names, self._fund_roots):
            self._books[book.fund.ticker] = book

    def before(self, funds: Iterable[int]) -> list[tuple[str, date]]:
        """The files that the next ones of these funds are compared with: ticker and date."""
        books = [self.fund(self.ticker(number)) for number in dict.fromkeys(funds)]
        return [
            (book.fund.ticker, file.as_of)
            for book in books
            for file in (book.previous, book.waiting)
            if file is not None
        ]

    def covered(self, ticker: str, since: date = date.min) -> list[date]:
        """The sessions the fund's accepted files cover, up to now, ascending: all from `since` on at least."""
        book = self.fund(ticker)
        if since < book.covered_since:
            self._cover([book], since)
        return book.covered

    def covered_by_all(self) -> dict[str, list[date]]:
        """The sessions each fund's accepted files cover."""
        books = [self.fund(ticker) for ticker in self.tickers]
        missing = [book for book in books if book.covered_since > date.min]
        for at in range(0, len(missing), opening.TOGETHER):
            self._cover(missing[at : at + opening.TOGETHER], date.min)
        return {book.fund.ticker: book.covered for book in books}

    def _cover(self, books: Sequence[FundBook], since: date) -> None:
        stored = past.accepted_sessions(self._conn, [book.fund.id for book in books], since, self.since)
        mine: dict[int, list[date]] = {book.fund.id: stored.get(book.fund.id, []) for book in books}
        for line in self.new.standings.values():
            if line.fund in mine and line.standing == "accepted" and line.pos_session is not None:
                mine[line.fund].append(line.pos_session)
        for book in books:
            book.covered, book.covered_since = mine[book.fund.id], since

    def schedules(self, ticker: str) -> list[Schedule]:
        """What else than daily files says what the fund held, oldest first."""
        book = self.fund(ticker)
        if self._scheduled is None:
            self._scheduled = presence.scheduled(self._conn, list(self._tickers))
        if book.schedules is None:
            known = book.fund.id in self._scheduled
            book.schedules = presence.schedules(self._conn, book.fund.id) if known else []
        return book.schedules

    # --- identity ------------------------------------------------------------------------------

    def _join(self, link: Link) -> None:
        self._fund_roots[link.fund].join(link.earlier, link.later)
        self.roots.join(link.earlier, link.later)
        self.known_links.add((link.earlier, link.later))

    def add_link(self, day: date, link: Link) -> None:
        """Lets a link count from now on."""
        self._join(link)
        self.new.links.append((self._funds[link.fund].id, day, link))

    def add_split(self, split: Split) -> None:
        """Lets a split count from its day on."""
        self._splits.append(split)
        self._split_keys.add(split.key)
        self.new.splits.append(split)

    def splits(self, ticker: str, root: str) -> list[Split]:
        """The splits of a security as the fund's files show them, whatever it was called then, oldest first."""
        members = self.roots.members(self.roots.of(root))
        if self._split_keys.isdisjoint(members):
            return []
        keys = set(members)
        return effective((s for s in self._splits if s.key in keys), ticker)

    def add_pending(self, ticker: str, pending: Pending) -> None:
        """A line waits for the fund's next file."""
        self.new.pending.append((self._funds[ticker].id, pending))

    def add_pair(self, ticker: str, pair: PairLine) -> None:
        """Two files have been compared."""
        self.new.pairs.append(pair)
        known = self.fund(ticker).idle
        if known is not None:
            known.append(pair.is_idle)

    def idle(self, ticker: str) -> deque[bool]:
        """Of the fund's last 250 pairs of files, oldest first: whether no share count changed."""
        book = self.fund(ticker)
        if book.idle is None:
            stored = past.idle_pairs(self._conn, book.fund.id, self.since, IDLE_FILES)
            mine = (pair.is_idle for pair in self.new.pairs if pair.fund == book.fund.id)
            book.idle = deque([*stored, *mine], IDLE_FILES)
        return book.idle

    def decide_pending(self, ticker: str, decided: Decided) -> None:
        """The fund's newer file has said what a waiting line was."""
        self.new.decided.append((self._funds[ticker].id, decided))

    def leave_basket(self, ticker: str, root: str, day: date) -> None:
        """From the file of `day` on the fund's baskets leave the line out."""
        book = self.fund(ticker)
        book.outside[root] = Outside(book.fund.id, root, day)
        self.new.outside.append(book.outside[root])

    def join_basket(self, ticker: str, root: str, day: date) -> None:
        """The line takes part in the flow again, or is gone."""
        span = self.fund(ticker).outside.pop(root)
        span.until = day
        if span.stored:
            self.new.outside.append(span)

    def row(self, ticker: str, number: int) -> SnapshotRow:
        """A stored snapshot by its number."""
        fund = self._funds[ticker].id
        new = self._facts.row(fund, number) if self._facts is not None else None
        return new if new is not None else past.snapshot(self._conn, fund, number)

    def rows(self) -> list[SnapshotRow]:
        """All files to be told, by date, fund and rank."""
        rows = past.snapshots_since(self._conn, self.issuer, self.since)
        if self._facts is not None:
            found = self._facts.rows(rows, self.since)
            rows = sorted(found, key=lambda row: (row.as_of, self.ticker(row.fund), row.rank))
        self._to_tell = dict.fromkeys(self.ticker(row.fund) for row in rows)
        return rows

    def split_factors(self, ticker: str, after: date, until: date) -> dict[str, Fraction]:
        """New shares per old one by issuer-wide root, for the splits in the fund's files dated (after, until]."""
        found: dict[str, Fraction] = {}
        for root in {self.roots.of(split.key) for split in self._splits if after < split.day <= until}:
            for split in self.splits(ticker, root):
                if not after < split.day <= until:
                    continue
                found[root] = found.get(root, Fraction(1)) * split.factor
        return found

    # --- spells --------------------------------------------------------------------------------

    def track(self, ticker: str, root: str) -> list[Point]:
        """The lines of an open spell in every accepted file from its first to the last one turned to."""
        book = self.fund(ticker)
        if root not in book.tracks:
            stored = [] if root in book.begun else self._stored_track(book, root)
            book.tracks[root] = stored + points_of(book.run, root, book.begun.get(root, 0))
        return book.tracks[root]

    def recent(self, ticker: str, root: str) -> list[Point]:
        """The end of that track, of RECENT files at least where it has so many."""
        book = self.fund(ticker)
        if root in book.tracks:
            return book.tracks[root]
        if root not in book.recent:
            points = points_of(book.run, root, max(book.begun.get(root, 0), len(book.run) - RECENT))
            if root not in book.begun and len(points) < RECENT:
                if book.recent_from is None:
                    book.recent_from = past.accepted_from(self._conn, book.fund.id, self.since, RECENT)
                points = self._stored_track(book, root, book.recent_from) + points
            book.recent[root] = points
        return book.recent[root]

    def _stored_track(self, book: FundBook, root: str, since: date = date.min) -> list[Point]:
        securities = [self.names.number(k) for k in book.roots.members(root)]
        first = max(self._spells.opened(book, [root])[root].spell.first_file, since)
        if self._away is None:
            self._away = archived.listing(self._conn)
        return lines.track(self._conn, book.fund.id, securities, first, self.since, self._away)

    def still_open(self, ticker: str, roots: Iterable[str]) -> dict[str, Spell]:
        """The fund's open spells of these positions."""
        found = self._spells.opened(self.fund(ticker), roots)
        return {root: stored.spell for root, stored in found.items()}

    def closed(self, ticker: str, root: str) -> list[Spell]:
        """The fund's closed spells of a position, oldest first."""
        return sorted((stored.spell for stored in self._closed(ticker, root)), key=lambda s: s.first_file)

    def _closed(self, ticker: str, root: str) -> list[StoredSpell]:
        book = self.fund(ticker)
        found = self._all_spells(book.roots.members(root))
        return [stored for stored in found if stored.fund == book.fund.id and stored.spell.ending is not None]

    def spells_anywhere(self, root: str) -> list[tuple[str, Spell]]:
        """All spells of a security in the issuer's funds, open ones included, by fund and date."""
        found = self._all_spells(self.roots.members(self.roots.of(root)))
        named = [(self._tickers[stored.fund], stored.spell) for stored in found]
        return sorted(named, key=lambda pair: (pair[1].first_file, pair[0]))

    def _all_spells(self, keys: Sequence[str]) -> list[StoredSpell]:
        if not all(self.fund(ticker).begins_here for ticker in self._funds):
            self._spells.load(keys)
        return self._spells.of(keys)

    def open_spell(self, ticker: str, root: str, spell: Spell) -> None:
        """A spell begins."""
        book = self.fund(ticker)
        book.open[root] = self._spells.begin(book.fund.id, spell)
        book.begun[root] = len(book.run)

    def close_spell(self, ticker: str, root: str, spell: Spell) -> None:
        """A spell ends; `spell` has its ending."""
        book = self.fund(ticker)
        stored = self._spells.opened(book, [root])[root]
        stored.spell, stored.changed = spell, True
        del book.open[root]
        book.tracks.pop(root, None)
        book.recent.pop(root, None)
        book.begun.pop(root, None)

    def crumb_gone(self, ticker: str, root: str, last_line: Point, day: date) -> Spell | None:
        """The crumb of the latest closed spell of `root` is no longer listed; that spell, if it had one."""
        latest = max(self._closed(ticker, root), key=lambda stored: stored.spell.first_file, default=None)
        if latest is None or latest.spell.gone_day is not None:
            return None
        latest.spell = replace(latest.spell, last_line=last_line, gone_day=day)
        latest.changed = True
        return latest.spell

    def last_position(self, ticker: str, root: str, as_of: date) -> Position:
        """How the fund's file dated `as_of` printed a position that is no longer listed."""
        book = self.fund(ticker)
        if root in book.missing:
            return book.missing[root]
        numbers = [self.names.number(k) for k in book.roots.members(root)]
        number = lines.last_listing(self._conn, book.fund.id, numbers, as_of)
        if number is None:
            raise StoreError(
                f"{ticker} has no accepted file dated {as_of} with {root}: run holdings-monitor db rebuild"
            )
        row = past.snapshot(self._conn, book.fund.id, number)
        return rooted(self.names.positions(row), book.roots)[root]

    def first_sighting(self, ticker: str, root: str) -> date | None:
        """The first file of the fund that listed the position, however small."""
        book = self.fund(ticker)
        keys = book.roots.members(root)
        new = [self._sighted[book.fund.id, key] for key in keys if (book.fund.id, key) in self._sighted]
        older = [key for key in keys if (book.fund.id, key) not in self._sighted]
        stored = None
        if older and not book.begins_here:
            numbers = [self.names.number(key) for key in older]
            stored = past.first_sighting(self._conn, book.fund.id, numbers, self.since)
        return min([*new, *([stored] if stored else [])], default=None)

    def note_sightings(self, ticker: str, snapshot: Snapshot) -> None:
        """Remembers the keys that no file of the fund listed before."""
        book = self.fund(ticker)
        fresh = [p.key for p in snapshot.positions if p.key not in book.seen]
        if not fresh:
            return
        book.seen.update(fresh)
        numbers = {} if book.begins_here else {key: self.names.number(key) for key in fresh}
        stored = past.sighted(self._conn, book.fund.id, list(numbers.values()), self.since) if numbers else set()
        for key in fresh:
            if numbers.get(key) not in stored:
                sighting = Sighting(book.fund.id, key, snapshot.as_of, snapshot.pos_session, snapshot.as_of)
                self.new.sightings.append(sighting)
                self._sighted[book.fund.id, key] = snapshot.as_of

    # --- going on ------------------------------------------------------------------------------

    def cover(self, ticker: str, session: date | None) -> None:
        """The accepted file being compared covers `session`: what it shows may already be told with it."""
        book = self.fund(ticker)
        if session is not None and book.covered_since < date.max:
            book.covered.append(session)

    def turn(self, ticker: str, snapshot: Snapshot, positions: Mapping[str, Position], *, stale: bool) -> None:
        """`snapshot` is now the fund's last accepted file."""
        book = self.fund(ticker)
        listed = book.positions
        book.missing = {
            r: listed.get(r) or book.missing[r]
            for r in book.open.keys() - positions.keys()
            if r in listed or r in book.missing
        }
        book.previous, book.positions = snapshot, dict(positions)
        if not stale or book.basis is None:
            book.basis = snapshot.pos_session
        book.run.append((replace(snapshot, positions=()), book.positions))
        for root, track in chain(book.tracks.items(), book.recent.items()):
            track.append(point_of(snapshot, positions.get(root)))

    def rekey(self, ticker: str, earlier: str, later: str) -> None:
        """After a link, what was kept under the later key is kept under the root."""
        book = self.fund(ticker)
        root = book.roots.of(earlier)
        if later != root and later in book.positions and root not in book.positions:
            book.positions = {**book.positions, root: book.positions[later]}  # `run` keeps how it was
            del book.positions[later]

    def write(self, conn: Connection) -> None:
        """Stores everything derived since the book was opened, in place of what was derived before. The files that
        counted as stored are stored by now."""
        self._conn, self._facts = conn, None
        self.names.settle(conn)
        fund_ids = {f.ticker: f.id for f in self._funds.values()}
        rewind(conn, self.issuer, list(fund_ids.values()), self.since)
        write(conn, self.issuer, self.names, fund_ids, self.new)
        write_spells(conn, self.names, self._spells)
