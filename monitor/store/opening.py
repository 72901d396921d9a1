"""Opens the books of many funds at once, as of their last accepted files, with a handful of questions.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from monitor.core.linking import Roots
from monitor.store import past
from monitor.store.engine import Connection
from monitor.store.fund_book import FundBook, rooted, snapshot_of
from monitor.store.lines import Securities
from monitor.store.outside import open_outside
from monitor.store.past import SnapshotRow, StandingRow, StoredFund
from monitor.store.spells import open_keys

TOGETHER = 50  # funds that are opened at once: their last files are in memory afterwards
FAR = 40  # files looked through for a fresh one where the newest two are none


def opened(
    conn: Connection, funds: Sequence[StoredFund], before: date, names: Securities, roots: Mapping[str, Roots]
) -> list[FundBook]:
    """The books of these funds just before the files of `before`; `roots` are those of each fund, by ticker."""
    numbers = [fund.id for fund in funds]
    books = {fund.id: FundBook(fund, roots[fund.ticker]) for fund in funds}
    newest = past.last_two(conn, numbers, before)
    files: list[tuple[StandingRow, SnapshotRow]] = []
    for book in books.values():
        last = _stand(conn, book, newest.get(book.fund.id, []), before)
        files += [last] if last is not None else []
    positions = names.positions_of(file for _, file in files)
    for standing, file in files:
        book = books[file.fund]
        book.previous = snapshot_of(file, book.fund.ticker, standing.pos_session, positions[file.fund, file.id])
        book.positions = rooted(book.previous.positions, book.roots)
        book.seen = {p.key for p in book.previous.positions}
    _fill(conn, books, before, names)
    return list(books.values())


def _stand(
    conn: Connection, book: FundBook, newest: Sequence[tuple[StandingRow, SnapshotRow]], before: date
) -> tuple[StandingRow, SnapshotRow] | None:
    """Puts down how the fund's newest files stand; its last accepted file."""
    rows, files = [standing for standing, _ in newest], {file.id: file for _, file in newest}
    if rows and not any(r.standing == "accepted" and not r.stale for r in rows):
        rows = past.standings_before(conn, book.fund.id, before, FAR)
    book.begins_here = not rows
    if rows and rows[0].standing == "quarantined":
        book.waiting = files[rows[0].snapshot]
    accepted = [r for r in rows if r.standing == "accepted"]
    if not accepted:
        return None
    last = accepted[0]
    book.basis = next((r.pos_session for r in accepted if not r.stale), last.pos_session)
    file = files.get(last.snapshot)
    return last, file if file is not None else past.snapshot(conn, book.fund.id, last.snapshot)


def _fill(conn: Connection, books: Mapping[int, FundBook], before: date, names: Securities) -> None:
    """What waits, is left out and is held, of the funds that have files."""
    known = [number for number, book in books.items() if not book.begins_here]
    if not known:
        return
    waiting = past.pending(conn, {n: file.as_of for n in known if (file := books[n].previous) is not None})
    outside = open_outside(conn, known, names, before)
    held = open_keys(conn, known, names, before)
    for number in known:
        book = books[number]
        of = book.roots.of
        book.pending = {of(p.root): replace(p, root=of(p.root)) for p in waiting.get(number, ())}
        book.outside = {of(one.key): one for one in outside.get(number, ())}
        book.open = {of(key): key for key in held.get(number, ())}
