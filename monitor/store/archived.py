"""Lines that have left the database for a file: which they are, how they leave and how they come back.

What was derived from them stays as it is. Questions that need the lines themselves say so instead of answering less
(`require`), and nothing is derived from days before their end (`require_since`). The files are written elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, func, insert, select

from monitor.core.errors import StoreError, UsageError
from monitor.store import kept_tracks, partitions
from monitor.store import schema as t
from monitor.store.codec import REVISIONS, date_of_day, day_of
from monitor.store.engine import Connection, Engine, bulk_insert, is_postgres, transaction
from monitor.store.kept_tracks import KeptLine
from monitor.store.partitions import Span
from monitor.store.statements import Statement

BATCH = 10_000
LINE = ("fund", "snapshot", "security", "listing", "shares", "value", "weight")  # a line as it is stored
READABLE = ("issuer", "ticker", "as_of", "shares_exp", "currency", "public", "name", "printed", "identifier", "kind")
ENDED = 366  # days without a file after which a fund is taken to have ended, while its issuer goes on
BACK = "bring them back with: holdings-monitor db restore-archive"


@dataclass(frozen=True, slots=True)
class Archived:
    """Months whose lines are in `file`, and that file's SHA-256."""

    span: Span
    rows: int
    sha256: str
    file: str
    at: str


_ALL = Statement(select(t.archived).order_by(t.archived.c.first))


def listing(conn: Connection) -> list[Archived]:
    """All that are away, oldest first."""
    return [Archived(Span(row[0], row[1]), *row[2:]) for row in _ALL.rows(conn)]


def until(conn: Connection) -> date | None:
    """The first day after all archived months; None when every line is here."""
    away = listing(conn)
    return date_of_day(max(one.span.until for one in away)) if away else None


def require(conn: Connection, days: Collection[date]) -> None:
    """Raises UsageError when the lines of one of these days are away."""
    for one in listing(conn):
        if any(one.span.first <= day_of(day) < one.span.until for day in days):
            raise UsageError(
                f"The lines of files dated {one.span} are archived in {one.file}. Ask about later days, or "
                f"{BACK} {one.file}"
            )


def require_since(conn: Connection, since: date) -> None:
    """Raises StoreError when lines dated `since` or later are away: what follows from them cannot be derived again."""
    away = [one for one in listing(conn) if one.span.until > day_of(since)]
    if away:
        raise StoreError(
            f"Nothing can be derived from {since if since > date.min else 'the first file'} on: the lines of "
            f"{', '.join(str(one.span) for one in away)} are archived. First {BACK} {away[-1].file}"
        )


def require_previous(conn: Connection, days: Iterable[tuple[str, date]]) -> None:
    """Raises StoreError when the lines of one of these files, by fund, are away: nothing can be compared with it."""
    away = listing(conn)
    for fund, day in days:
        for one in away:
            if one.span.first <= day_of(day) < one.span.until:
                raise StoreError(
                    f"The next file of {fund} is compared with that of {day}, whose lines are archived. First {BACK} "
                    f"{one.file}"
                )


# --- leaving --------------------------------------------------------------------------------------


def whole_before(conn: Connection, before: date) -> list[Span]:
    """The months and years that have lines and are over by that day, oldest first; without those that hold a file
    the next one will be compared with."""
    if is_postgres(conn):
        spans = [one for one in partitions.spans(conn) if one.until <= day_of(before)]
    else:
        spans = _spans_of_files(conn, before)
    newest = _compared_next(conn)
    free = [one for one in spans if not any(one.first <= day < one.until for day in newest)]
    return [one for one in free if count(conn, one)]


def _compared_next(conn: Connection) -> set[int]:
    """The days of the newest accepted file of every fund; of funds that ended a year before their issuer's others
    they may leave (`require_previous`), or nothing of that year ever could."""
    placed, fund = t.standing.c, t.fund.c
    query = (
        select(fund.issuer, func.max(placed.as_of))
        .join(t.standing, placed.fund == fund.id)
        .where(placed.standing == "accepted")
        .group_by(fund.id, fund.issuer)
    )
    found = [(row[0], row[1]) for row in conn.execute(query)]
    latest: dict[int, int] = {}
    for issuer, day in found:
        latest[issuer] = max(day, latest.get(issuer, day))
    return {day for issuer, day in found if day > latest[issuer] - ENDED}


def _spans_of_files(conn: Connection, before: date) -> list[Span]:
    found: set[Span] = set()
    taken = [one.span for one in listing(conn)]  # a year of which a month is away leaves by months
    for day in conn.scalars(select(t.snapshot.c.as_of).distinct()):
        found.add(partitions.span_for(date_of_day(day), before, taken))
    return sorted(one for one in found if one.until <= day_of(before))


def count(conn: Connection, span: Span) -> int:
    """How many lines the months have."""
    return sum(_count_of(conn, fund, span) for fund in _funds(conn))


def _count_of(conn: Connection, fund: int, span: Span) -> int:
    held = t.holding.c
    query = select(func.count()).where(held.fund == fund, _within(span))
    return int(conn.execute(query).scalar_one())


def _funds(conn: Connection) -> list[int]:
    return list(conn.scalars(select(t.fund.c.id).order_by(t.fund.c.id)))


def _within(span: Span) -> Any:
    held = t.holding.c
    return and_(held.snapshot >= span.first * REVISIONS, held.snapshot < span.until * REVISIONS)


def lines(conn: Connection, span: Span) -> Iterator[Sequence[Sequence[Any]]]:
    """All lines of the months in batches, in the order of their key: as stored (LINE), then as people read them."""
    held, snap, listed = t.holding.c, t.snapshot.c, t.listing.c
    query = (
        select(*(held[name] for name in LINE))
        .add_columns(t.issuer.c.code, t.fund.c.ticker, snap.as_of, snap.shares_exp, snap.currency)
        .add_columns(t.security.c.public, listed.name, listed.ticker, listed.identifier, listed.asset_class)
        .join(t.fund, t.fund.c.id == held.fund)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .join(t.snapshot, and_(snap.fund == held.fund, snap.id == held.snapshot))
        .join(t.security, t.security.c.id == held.security)
        .join(t.listing, listed.id == held.listing)
    )
    for fund in _funds(conn):
        mine = query.where(held.fund == fund, _within(span)).order_by(held.snapshot, held.security)
        yield from conn.execute(mine, execution_options={"yield_per": BATCH}).partitions()


def remove(engine: Engine, away: Archived) -> None:
    """The lines leave and are recorded as away, as one. Raises StoreError when they are not those that were written."""
    with transaction(engine) as conn:
        name = partitions.name_of(conn, away.span)
        if name is not None:  # nobody adds a line from here on; whoever reads goes on reading
            conn.exec_driver_sql(f'LOCK TABLE "{name}" IN SHARE ROW EXCLUSIVE MODE')
        if count(conn, away.span) != away.rows:
            raise StoreError(
                f"Lines of {away.span} came in while they were archived. Nothing was removed; do it again."
            )
        due = select(t.issuer.c.code).where(t.issuer.c.derive_from < away.span.until)
        if (code := conn.execute(due.limit(1)).scalar()) is not None:
            raise StoreError(f"What follows from the files of {code!r} is not derived to the end. First: db rebuild")
        for fund, securities in kept_tracks.still_needed(conn, away.span).items():
            kept_tracks.keep(conn, away.span, fund, _kept_lines(conn, fund, securities, away.span))
        note(conn, away)
        if name is not None:
            conn.exec_driver_sql(f'DROP TABLE "{name}"')
        else:
            for fund in _funds(conn):
                conn.execute(delete(t.holding).where(t.holding.c.fund == fund, _within(away.span)))


def note(conn: Connection, away: Archived) -> None:
    """Records that the lines of these months are in that file."""
    row = {"first": away.span.first, "until": away.span.until, "rows": away.rows, "sha256": away.sha256}
    conn.execute(insert(t.archived).values(**row, file=away.file, at=away.at))


def _kept_lines(conn: Connection, fund: int, securities: Collection[int], span: Span) -> Iterator[KeptLine]:
    held = t.holding.c
    columns = (held.snapshot, held.security, held.shares, held.value, held.weight)
    for row in conn.execute(select(*columns).where(held.fund == fund, _within(span))):
        if row.security in securities:
            yield KeptLine(*row)


# --- coming back ----------------------------------------------------------------------------------


def bring_back(engine: Engine, away: Archived, rows: Iterable[Sequence[object]]) -> None:
    """Stores the lines again, and nothing is away any more; all or nothing."""
    with transaction(engine) as conn:
        partitions.make_span(conn, away.span)
    with transaction(engine) as conn:
        added = bulk_insert(conn, t.holding, LINE, rows)
        if added != away.rows:
            raise StoreError(f"{away.file} should have {away.rows} lines and has {added}.")
        kept_tracks.forget(conn, away.span)
        conn.execute(delete(t.archived).where(t.archived.c.first == away.span.first))
