"""The interned names of a database: a key, a listing and an identifier are stored once and referred to by number.

Numbers are looked up without writing anything: what is new gets a negative number until `write` makes it. Decides
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select

from monitor.core.identity import public_id
from monitor.core.model import AssetClass, Position
from monitor.store import schema as t
from monitor.store.engine import Connection, insert_new
from monitor.store.statements import Among, Statement

MOST = 300_000  # listings remembered from one transaction to the next: some 150 MB
AT_ONCE = 5_000  # names asked for in one question

_Listing = tuple[int, str, str, str, str]  # security, name, ticker, identifier, class
_Line = tuple[str, str, str, str, AssetClass]  # key, name, ticker, identifier, class

_BY_KEY = Statement(select(t.security.c.key, t.security.c.id).where(Among(t.security.c.key, "keys")))
_LISTINGS = Statement(select(t.listing).where(Among(t.listing.c.security, "securities")))


@dataclass(slots=True)
class Words:
    """What is behind numbers, remembered likewise: keys and verified identifiers of securities; of listings key, name,
    ticker, identifier, class and the security's identifiers."""

    keys: dict[int, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)  # by key; stored ones only
    verified: dict[int, tuple[str, ...]] = field(default_factory=dict)
    listings: dict[int, tuple[str, str, str, str, AssetClass, tuple[str, ...]]] = field(default_factory=dict)

    def forget_new(self, securities: int, listings: int) -> None:
        """Forgets what had a negative number: those of so many securities and listings."""
        for number in range(-securities, 0):
            self.keys.pop(number, None)
            self.verified.pop(number, None)
        for number in range(-listings, 0):
            self.listings.pop(number, None)


class Names:
    """Numbers by value, remembered so that a known name costs no query. Where a transaction was undone, make a new one:
    its numbers are gone."""

    def __init__(self) -> None:
        self.words = Words()
        self._is_certain = True  # that what is remembered is stored
        self._lines: dict[_Line, tuple[int, int]] = {}
        self._securities: dict[str, int] = {}
        self._listings: dict[_Listing, int] = {}
        self._new: list[Position] = []  # one for each new key, in the order of their numbers -1, -2, …
        self._new_listings: list[_Listing] = []  # likewise
        self._new_lines: list[_Line] = []  # that lead to such a number

    def number(self, key: str) -> int | None:
        """The number of a key, where one is known; a negative one is not stored yet."""
        return self._securities.get(key)

    def new_security(self, number: int) -> tuple[str, tuple[str, ...]]:
        """The key of a security that is not stored yet, and its verified identifiers."""
        position = self._new[-1 - number]
        return position.key, tuple(sorted(position.ids))

    def new_listing(self, number: int) -> tuple[int, str, str, str, str]:
        """Security, name, ticker, identifier and class of a listing that is not stored yet."""
        return self._new_listings[-1 - number]

    def find(self, conn: Connection, positions: Iterable[Position]) -> None:
        """Looks up all names of the positions, so that `intern` need not ask."""
        keys = [key for key in dict.fromkeys(p.key for p in positions) if key not in self._securities]
        for some in _chunks(keys):
            found: dict[str, int] = dict(_BY_KEY.rows(conn, keys=some))
            self._securities.update(found)
            if found:
                rows = _LISTINGS.rows(conn, securities=list(found.values()))
                self._listings.update((row[1:], row[0]) for row in rows)

    def intern(self, positions: Sequence[Position]) -> list[tuple[int, int]]:
        """The (security, listing) numbers of the positions, in order, all of which `find` has been asked about."""
        lines, found = self._lines, []
        for p in positions:
            line = (p.key, p.name, p.ticker, p.identifier, p.asset_class)
            numbers = lines.get(line)
            if numbers is None:
                numbers = lines[line] = self._number(p)
                if numbers[1] < 0:
                    self._new_lines.append(line)
            found.append(numbers)
        return found

    def _number(self, position: Position) -> tuple[int, int]:
        security = self._securities.get(position.key)
        if security is None:
            self._new.append(position)
            security = self._securities[position.key] = -len(self._new)
        listing = (security, position.name, position.ticker, position.identifier, position.asset_class.value)
        number = self._listings.get(listing)
        if number is None:
            self._new_listings.append(listing)
            number = self._listings[listing] = -len(self._new_listings)
        return security, number

    def write(self, conn: Connection) -> dict[int, tuple[int, int]]:
        """Makes what is new: the (security, listing) numbers of the new listings, by their negative ones."""
        if not self._new_listings:
            return {}
        new, listings = self._new, self._new_listings
        self._is_certain = False
        self._forget_new()
        self._write_securities(conn, new)
        wanted = [(self._securities[new[-1 - one[0]].key] if one[0] < 0 else one[0], *one[1:]) for one in listings]
        columns = ("security", "name", "ticker", "identifier", "asset_class")
        rows = sorted(set(wanted))  # in one order: else two programs may wait for each other
        insert_new(conn, t.listing, [dict(zip(columns, one, strict=True)) for one in rows])
        for some in _chunks(sorted({one[0] for one in wanted})):
            self._listings.update((row[1:], row[0]) for row in _LISTINGS.rows(conn, securities=some))
        return {-1 - n: (one[0], self._listings[one]) for n, one in enumerate(wanted)}

    def _write_securities(self, conn: Connection, new: Sequence[Position]) -> None:
        keys = sorted(one.key for one in new)
        insert_new(conn, t.security, [{"key": key, "public": public_id(key)} for key in keys])
        for some in _chunks(keys):
            self._securities.update(dict(_BY_KEY.rows(conn, keys=some)))
        ids = sorted(
            (scheme, value, self._securities[one.key])
            for one in new
            for scheme, _, value in (text.partition(":") for text in one.ids)
        )
        insert_new(conn, t.identifier, [{"scheme": s, "value": v, "security": n} for s, v, n in ids])

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Surrounds transactions that write: what the last one stored may be remembered after it."""
        yield
        self._is_certain = True

    def begin(self) -> None:
        """Another transaction, or another try, begins: forgets what was not stored, or may have been undone, and
        everything where that has become too much."""
        if not self._is_certain or max(len(self._listings), len(self.words.listings)) > MOST:
            self._forget()
        else:
            self._forget_new()

    def _forget_new(self) -> None:
        if self._new_listings:
            for listing in self._new_listings:
                del self._listings[listing]
            for line in self._new_lines:
                del self._lines[line]
            for one in self._new:
                del self._securities[one.key]
            self.words.forget_new(len(self._new), len(self._new_listings))
            self._new, self._new_listings, self._new_lines = [], [], []

    def _forget(self) -> None:
        self.__init__()  # type: ignore[misc]


def _chunks(some: Sequence[object]) -> Iterable[list[object]]:
    return (list(some[i : i + AT_ONCE]) for i in range(0, len(some), AT_ONCE))
