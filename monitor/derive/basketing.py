"""Which lines the fund's creation baskets have left out so far, and what the day's flow adds to that."""

from __future__ import annotations

from monitor.core import baskets
from monitor.derive.pair import Pair
from monitor.store.book import Book


def remember(book: Book, pair: Pair) -> None:
    """Gives the pair the lines known to be left out, then learns from its own flow; a line that went is forgotten."""
    fund = book.fund(pair.ticker)
    pair.outside = frozenset(fund.outside)
    day = pair.judged.snapshot.as_of
    for root in sorted(fund.outside.keys() - pair.positions_after.keys()):
        book.join_basket(pair.ticker, root, day)
    if pair.gap != 1 or pair.judged.stale:
        return
    for root, inside in sorted(baskets.judged(pair.counts, pair.flow, pair.labels).items()):
        if inside and root in fund.outside:
            book.join_basket(pair.ticker, root, day)
        elif not inside and root not in fund.outside:
            book.leave_basket(pair.ticker, root, day)
