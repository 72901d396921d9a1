"""The spells of an issuer's funds in a run of days: read when asked for, and as the run has changed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain

from monitor.core.spells import Spell
from monitor.store.engine import Connection
from monitor.store.fund_book import FundBook
from monitor.store.lines import Securities
from monitor.store.spells import StoredSpell, spells_of


class SpellBook:
    """Spells by security. Every one that is handed out is the same object wherever it is asked for."""

    def __init__(self, conn: Connection, names: Securities, funds: Sequence[int], since: date) -> None:
        """Of the issuer's `funds`, as they were just before the files of `since`."""
        self._conn, self._names, self._funds, self._since = conn, names, funds, since
        self._spells: dict[str, list[StoredSpell]] = {}  # by key: those that were read or begun
        self._loaded: set[str] = set()  # keys of which all are

    def opened(self, book: FundBook, roots: Iterable[str]) -> dict[str, StoredSpell]:
        """The fund's open spells of these positions: those of which only the key is known are read at once."""
        wanted = list(roots)
        missing = {key: root for root in wanted if isinstance(key := book.open[root], str)}
        if missing:
            numbers = [self._names.number(key) for key in missing]
            for stored in spells_of(self._conn, [book.fund.id], numbers, self._names, self._since):
                if stored.spell.ending is None:
                    book.open[missing[stored.spell.security]] = self._known(stored)
        return {root: spell for root in wanted if isinstance(spell := book.open[root], StoredSpell)}

    def load(self, keys: Iterable[str]) -> None:
        """Reads all spells of these keys, in whichever fund."""
        missing = [key for key in keys if key not in self._loaded]
        if missing:
            self._loaded.update(missing)
            numbers = [self._names.number(key) for key in missing]
            for stored in spells_of(self._conn, self._funds, numbers, self._names, self._since):
                self._known(stored)

    def _known(self, stored: StoredSpell) -> StoredSpell:
        known = self._spells.setdefault(stored.spell.security, [])
        for one in known:
            if one.fund == stored.fund and one.spell.opened_day == stored.spell.opened_day:
                return one
        known.append(stored)
        return stored

    def of(self, keys: Iterable[str]) -> list[StoredSpell]:
        """The spells of these keys, as far as they have been read or begun."""
        return [stored for key in keys for stored in self._spells.get(key, ())]

    def begin(self, fund: int, spell: Spell) -> StoredSpell:
        """A new spell in a fund."""
        stored = StoredSpell(fund, spell, stored=False)
        self._spells.setdefault(spell.security, []).append(stored)
        return stored

    def __iter__(self) -> Iterator[StoredSpell]:
        return chain.from_iterable(self._spells.values())
