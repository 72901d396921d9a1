"""What operators said of identities, as it bears on one day: pairs they confirmed, pairs no rule may link."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from monitor.core.identity import name_similarity
from monitor.core.linking import ALIKE, Link, Verb, in_force
from monitor.core.model import Kind
from monitor.derive.pair import Pair
from monitor.store.book import Book

OPERATOR = "operator"


def confirmed(book: Book, pair: Pair, as_of: date) -> Iterator[Link]:
    """The links an operator wants that can count from this file on: the later identity is listed, no spell of its own
    is open, and the fund has listed the earlier one before."""
    fund = book.fund(pair.judged.ticker)
    for word in in_force(book.words, pair.judged.ticker):
        earlier, later = fund.roots.of(word.earlier), fund.roots.of(word.later)
        if word.verb is not Verb.LINK or word.day > as_of or earlier == later:
            continue
        old, new = pair.positions_before.get(earlier), pair.positions_after.get(later)
        if new is None or later in fund.open or book.first_sighting(pair.judged.ticker, earlier) is None:
            continue
        alike = old is None or name_similarity(old.name, new.name) >= ALIKE
        kind = Kind.IDENTIFIER_CHANGE if alike else Kind.SUCCESSOR
        yield Link(pair.judged.ticker, earlier, later, kind, OPERATOR, OPERATOR, word.note or "an operator said so")


def cut(book: Book, ticker: str) -> Iterator[tuple[str, str, str]]:
    """The pairs of the fund that no rule may link, by the roots of this day."""
    roots = book.fund(ticker).roots
    for word in in_force(book.words, ticker):
        if word.verb is Verb.CUT:
            yield ticker, roots.of(word.earlier), roots.of(word.later)
