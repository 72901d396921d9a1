"""Reads lines back into the core's values: positions of a file, the track of a security.

Decides nothing; every list comes out in an order that depends on what the rows mean, not on when they
were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from monitor.core.errors import StoreError
from monitor.core.model import AssetClass, Position
from monitor.core.spells import Point, in_units_of
from monitor.core.splits import effective
from monitor.store import archived, kept_tracks
from monitor.store import schema as t
from monitor.store.archived import Archived
from monitor.store.codec import (
    REVISIONS,
    date_of_day,
    day_of,
    decode_shares,
    decode_value,
    decode_weight,
    maybe_date,
)
from monitor.store.engine import Connection
from monitor.store.facts import Facts
from monitor.store.kept_tracks import KeptLine
from monitor.store.names import Names, Words
from monitor.store.partitions import beside, dated
from monitor.store.past import SnapshotRow, splits_of
from monitor.store.statements import Among, Statement

_BY_KEY = attrgetter("key")
AHEAD = 20_000  # lines read together: of files that will be asked for next

_File = tuple[int, int]  # fund and number of a snapshot

_HELD = Statement(  # of one number at a time, which says in what partition they are
    select(t.holding.c.fund, t.holding.c.listing, t.holding.c.shares, t.holding.c.value, t.holding.c.weight).where(
        Among(t.holding.c.fund, "funds"), t.holding.c.snapshot == bindparam("snapshot")
    )
)
_SECURITY_OF = Statement(select(t.security.c.id).where(t.security.c.key == bindparam("key")))
_SECURITIES = Statement(select(t.security.c.id, t.security.c.key).where(Among(t.security.c.id, "numbers")))
_IDENTIFIERS = Statement(
    select(t.identifier.c.security, t.identifier.c.scheme, t.identifier.c.value).where(
        Among(t.identifier.c.security, "numbers")
    )
)
_LISTINGS = Statement(select(t.listing).where(Among(t.listing.c.id, "numbers")))
_LISTINGS_OF = Statement(select(t.listing).where(t.listing.c.security == bindparam("security")))


class Securities:
    """Keys and listings by number, remembered: positions are read as numbers and turned into words here."""

    def __init__(self, conn: Connection, facts: Facts | None = None) -> None:
        """`facts` are files that are read as if they were stored; what is remembered with their names is used."""
        self._conn, self._facts = conn, facts
        self._words = Words() if facts is None else facts.names.words
        self._listing_ids: dict[tuple[object, ...], int] = {}
        self._expected: dict[_File, SnapshotRow] = {}
        self._ahead: dict[_File, tuple[Position, ...]] = {}  # of expected files that have been read

    def settle(self, conn: Connection) -> None:
        """From now on asks in this transaction, in which the facts have been stored."""
        self._conn, self._facts = conn, None

    def number(self, key: str) -> int:
        """The number of a key that is stored, or about to be."""
        number = self._words.numbers.get(key)
        if number is None and self._facts is not None:
            number = self._facts.names.number(key)
        if number is None:
            found = _SECURITY_OF.rows(self._conn, key=key)
            if not found:
                raise StoreError(f"No security {key!r} is stored: run holdings-monitor db rebuild")
            number = self._words.numbers[key] = found[0][0]
        return number

    def key(self, number: int) -> str:
        """The key of a security's number."""
        return self.keys([number])[number]

    def keys(self, numbers: Iterable[int]) -> Mapping[int, str]:
        """The keys of these numbers, and others."""
        known = self._words.keys
        if missing := [number for number in numbers if number not in known]:
            self._load(missing)
        return known

    def _load(self, numbers: Iterable[int]) -> None:
        words = self._words
        missing = [n for n in dict.fromkeys(numbers) if n not in words.keys]
        for number in [n for n in missing if n < 0]:
            words.keys[number], words.verified[number] = self._new().new_security(number)
            missing.remove(number)
        if not missing:
            return
        for number, key in _SECURITIES.rows(self._conn, numbers=missing):
            words.keys[number] = key
            words.numbers[key] = number
        ids: dict[int, list[str]] = {}
        for number, scheme, value in _IDENTIFIERS.rows(self._conn, numbers=missing):
            ids.setdefault(number, []).append(f"{scheme}:{value}")
        words.verified.update((number, tuple(sorted(ids.get(number, ())))) for number in missing)

    def _know(self, lines: Iterable[tuple[Any, ...]]) -> None:
        """Looks up the listings of these lines."""
        words = self._words
        missing = {line[1] for line in lines if line[1] not in words.listings}
        if not missing:
            return
        stored = [number for number in missing if number > 0]
        found = _LISTINGS.rows(self._conn, numbers=stored) if stored else []
        found += [(number, *self._new().new_listing(number)) for number in missing if number < 0]
        self._load(row[1] for row in found)
        for number, security, name, ticker, identifier, kind in found:
            key, verified = words.keys[security], words.verified[security]
            words.listings[number] = (key, name, ticker, identifier, AssetClass(kind), verified)

    def _new(self) -> Names:
        if self._facts is None:
            raise StoreError("A name that is not stored was asked for.")
        return self._facts.names

    def listing(self, position: Position) -> int:
        """The number of the listing a stored position was read with."""
        security = self.number(position.key)
        wanted = (security, position.name, position.ticker, position.identifier, position.asset_class.value)
        if wanted not in self._listing_ids:
            found = _LISTINGS_OF.rows(self._conn, security=security)
            self._listing_ids.update((row[1:], row[0]) for row in found)
        return self._listing_ids[wanted]

    def expect(self, rows: Iterable[SnapshotRow]) -> None:
        """These files will be asked for next, in this order and once each: they are read some at a time."""
        new = self._facts.files if self._facts is not None else {}
        self._expected = {(row.fund, row.id): row for row in rows if (row.fund, row.id) not in new}
        self._ahead = {}

    def positions(self, row: SnapshotRow) -> tuple[Position, ...]:
        """The positions of a stored snapshot, by key."""
        file = (row.fund, row.id)
        if file not in self._ahead:
            new = self._facts.files.get(file) if self._facts is not None else None
            if new is not None:
                self._know(new.lines)
                return self._made(row, new.lines)
            self._ahead |= self.positions_of(self._next(row))
        return self._ahead.pop(file)

    def _next(self, row: SnapshotRow) -> list[SnapshotRow]:
        """The file, and with an expected one those after it that can be read at once."""
        some, lines = [row], row.lines
        if self._expected.pop((row.fund, row.id), None) is not None:
            for other in self._expected.values():
                lines += other.lines
                if other.id != row.id or lines > AHEAD:
                    break
                some.append(other)
            for other in some[1:]:
                del self._expected[other.fund, other.id]
        return some

    def positions_of(self, rows: Iterable[SnapshotRow]) -> dict[_File, tuple[Position, ...]]:
        """The positions of stored snapshots, those of each by key; read together where they bear the same number."""
        made = {}
        for some in _together(rows):
            lines: dict[int, list[tuple[Any, ...]]] = {row.fund: [] for row in some}
            found = _HELD.rows(self._conn, funds=list(lines), snapshot=some[0].id)
            self._know(found)
            for line in found:
                lines[line[0]].append(line)
            made.update({(row.fund, row.id): self._made(row, lines[row.fund]) for row in some})
        return made

    def _made(self, row: SnapshotRow, lines: Sequence[tuple[Any, ...]]) -> tuple[Position, ...]:
        known, exponent = self._words.listings, row.shares_exp
        made = []
        for _, listing, shares, value, weight in lines:
            key, name, ticker, identifier, kind, verified = known[listing]
            made.append(
                Position(
                    key,
                    name,
                    ticker,
                    identifier,
                    kind,
                    decode_shares(shares, exponent),
                    decode_value(value),
                    decode_weight(weight),
                    verified,
                )
            )
        made.sort(key=_BY_KEY)
        return tuple(made)


def _together(rows: Iterable[SnapshotRow]) -> Iterator[list[SnapshotRow]]:
    """Snapshots of one number, as many as have AHEAD lines."""
    by_number: dict[int, list[SnapshotRow]] = {}
    for row in rows:
        by_number.setdefault(row.id, []).append(row)
    for same in by_number.values():
        some, lines = [same[0]], same[0].lines
        for row in same[1:]:
            if lines + row.lines > AHEAD:
                yield some
                some, lines = [], 0
            some.append(row)
            lines += row.lines
        yield some


@cache
def _tracking(count: int) -> Statement:
    """The question of `track` about so many securities: named one by one, SQLite looks their lines up by its key."""
    standing, snap, held = t.standing.c, t.snapshot.c, t.holding.c
    return Statement(
        select(standing.as_of, standing.pos_session, snap.sha256, snap.shares_exp, snap.id)
        .add_columns(held.security, held.shares, held.value, held.weight)
        .select_from(t.standing)
        .join(t.snapshot, and_(snap.fund == standing.fund, snap.id == standing.snapshot))
        .outerjoin(
            t.holding,
            and_(
                held.fund == standing.fund,
                held.snapshot == standing.snapshot,
                or_(*(held.security == bindparam(f"security{n}") for n in range(count))),
                beside(held.snapshot) >= bindparam("first_number"),
                beside(held.snapshot) < bindparam("before_number"),
            ),
        )
        .where(
            standing.fund == bindparam("fund"),
            standing.standing == "accepted",
            standing.as_of >= bindparam("first"),
            standing.as_of < bindparam("before"),
        )
        .order_by(standing.as_of)
    )


def track(
    conn: Connection,
    fund: int,
    securities: Sequence[int],
    first: date,
    before: date,
    away: Sequence[Archived] | None = None,
) -> list[Point]:
    """One line's share count in every accepted file of a fund in [first, before), zero where not listed.

    `securities` are all numbers the line has had; counts of one file are added. `away` are the archived months, where
    they are known.
    """
    start, end = day_of(first), day_of(before)
    values = {f"security{n}": security for n, security in enumerate(securities)}
    values |= {"first_number": start * REVISIONS, "before_number": end * REVISIONS}
    found = _tracking(len(securities)).rows(conn, fund=fund, first=start, before=end, **values)
    points: dict[date, Point] = {}
    rows = _with_kept(conn, fund, securities, found, archived.listing(conn) if away is None else away)
    for as_of, session, sha256, exponent, _, listed, shares, value, weight in rows:
        day = date_of_day(as_of)
        amount = Decimal(0) if listed is None else decode_shares(shares, exponent)
        point = Point(day, maybe_date(session), amount, decode_value(value), decode_weight(weight), sha256)
        points[day] = point if day not in points else _sum(points[day], point)
    return list(points.values())


def _with_kept(
    conn: Connection,
    fund: int,
    securities: Sequence[int],
    rows: Iterable[Sequence[Any]],
    away: Sequence[Archived],
) -> Iterator[Sequence[Any]]:
    """The rows of `track`; where lines are archived with what was kept of them, and without days of which nothing was:
    nobody may take those for days on which it was not held."""
    kept = kept_tracks.lines(conn, fund, securities) if away else {}
    of_file: dict[int, list[KeptLine]] = {}
    for line in (line for some in kept.values() for line in some):
        of_file.setdefault(line.snapshot, []).append(line)
    for row in rows:
        span = next((one.span for one in away if one.span.first <= row[0] < one.span.until), None)
        if span is None:
            yield row
        elif span.first in kept:
            lines = of_file.get(row[4], [])
            yield from ((*row[:5], *line[1:]) for line in lines)
            if not lines:
                yield row


def _sum(one: Point, other: Point) -> Point:
    value = None if one.value is None or other.value is None else one.value + other.value
    weight = None if one.weight is None or other.weight is None else one.weight + other.weight
    shares = None if one.shares is None or other.shares is None else one.shares + other.shares
    return Point(one.as_of, one.session, shares, value, weight, one.sha256)


def issuer_tracks(
    conn: Connection, code: str, keys: Sequence[str], until: date, fund: str | None = None
) -> list[list[Point]]:
    """The lines of a security in every accepted file up to `until`, for each fund of the issuer that ever held it
    (or only for the one with this ticker).

    Share counts are in units of `until`: splits since a file are applied as the fund's own files show them.
    """
    names = Securities(conn)
    numbers = [names.number(key) for key in keys]
    spell = t.spell.c
    holders = (
        select(t.fund.c.id, t.fund.c.ticker, func.min(spell.first_file))
        .join(t.spell, spell.fund == t.fund.c.id)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .where(t.issuer.c.code == code, spell.security.in_(numbers), *([t.fund.c.ticker == fund] if fund else []))
        .group_by(t.fund.c.id, t.fund.c.ticker)
        .order_by(t.fund.c.id)
    )
    known, after = splits_of(conn, code, numbers), until + timedelta(days=1)
    tracks = []
    for number, ticker, first in conn.execute(holders).all():
        seen = effective(known, ticker)
        track_of = track(conn, number, numbers, date_of_day(first), after)
        tracks.append([in_units_of(point, seen, until) for point in track_of] if seen else track_of)
    return tracks


def last_listing(conn: Connection, fund: int, securities: Sequence[int], as_of: date) -> int | None:
    """The number of the fund's accepted snapshot dated `as_of`, when it lists one of the securities."""
    table, held = t.standing.c, t.holding.c
    query = (
        select(table.snapshot)
        .join(t.holding, and_(held.fund == table.fund, held.snapshot == table.snapshot))
        .where(
            table.fund == fund,
            table.standing == "accepted",
            table.as_of == day_of(as_of),
            dated(held.snapshot, as_of, as_of),
            held.security.in_(securities),
        )
    )
    return conn.execute(query.limit(1)).scalar()
