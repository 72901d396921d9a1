"""The other lines of the companies that were bought: an ADR's home share, another share class. Found by name."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.core import events, identity, spells
from monitor.core.model import Position
from monitor.store.book import Book


class Kin:
    """What an issuer's funds hold of some companies, as its files print it. An issuer's funds have tens of thousands of
    lines, a day a few entries: only names that begin as one that `entered` are looked at, and each of them once."""

    def __init__(self, book: Book, entered: Iterable[Position]) -> None:
        self._roots = book.roots
        self._held: dict[str, dict[str, list[tuple[str, Position]]]] = {
            word: {} for word in {identity.first_word(position.name) for position in entered}
        }
        for ticker in book.tickers if self._held else ():
            for position in book.fund(ticker).positions.values():
                named = self._held.get(identity.first_word(position.name))
                if named is not None and spells.is_held(position):
                    named.setdefault(position.name, []).append((ticker, position))

    def of(self, entered: Position, root: str) -> tuple[str, ...]:
        """The lines of the same company that are another position than `root`: fund and name, sorted."""
        named = self._held.get(identity.first_word(entered.name), {})
        alike = [lines for name, lines in named.items() if identity.are_of_one_company(entered.name, name)]
        return tuple(
            sorted(
                {
                    f"{ticker} {events.label(position)}"
                    for lines in alike
                    for ticker, position in lines
                    if identity.is_one_company(entered, position) and self._roots.of(position.key) != root
                }
            )
        )
