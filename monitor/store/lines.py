"""Reads lines and spells back into the core's values: positions of a file, the track of a security, its spells.

Decides nothing; every list comes out in an order that depends on what the rows mean, not on when they
were written.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from monitor.core.errors import StoreError
from monitor.core.model import AssetClass, Interval, Position
from monitor.core.spells import Ending, Point, Spell, in_units_of
from monitor.core.splits import effective
from monitor.store import archived, kept_tracks
from monitor.store import schema as t
from monitor.store.codec import (
    REVISIONS,
    date_of_day,
    day_of,
    decode_shares,
    decode_value,
    decode_weight,
    maybe_date,
    maybe_decimal,
)
from monitor.store.engine import Connection
from monitor.store.facts import Facts
from monitor.store.kept_tracks import KeptLine
from monitor.store.names import Names, Words
from monitor.store.partitions import beside, dated
from monitor.store.past import SnapshotRow, splits_of
from monitor.store.statements import Among, Statement

_BY_KEY, _BY_SECURITY = attrgetter("key"), attrgetter("security")


class StoredSpell:
    """A spell and where it is stored; `stored` is False until it has been written. One that is open is made of its row
    only when it is asked for: most only go on."""

    __slots__ = ("_row", "_spell", "changed", "fund", "security", "stored")

    def __init__(self, fund: int, spell: Spell, *, stored: bool = True) -> None:
        self.fund, self.security, self.stored, self.changed = fund, spell.security, stored, False
        self._spell: Spell | None = spell
        self._row: tuple[Any, ...] = ()

    @classmethod
    def open(cls, fund: int, security: str, row: tuple[Any, ...]) -> StoredSpell:
        """An open spell by its row: opened on, between which sessions, first file, shares, censored."""
        made = cls.__new__(cls)
        made.fund, made.security, made.stored, made.changed = fund, security, True, False
        made._spell, made._row = None, row
        return made

    @property
    def spell(self) -> Spell:
        """The spell itself."""
        if self._spell is None:
            opened, first, last, file, shares, censored = self._row
            self._spell = Spell(
                self.security,
                date_of_day(opened),
                Interval(maybe_date(first), maybe_date(last)),
                date_of_day(file),
                maybe_decimal(shares),
                censored == "left",
            )
        return self._spell

    @spell.setter
    def spell(self, spell: Spell) -> None:
        self._spell = spell


_HELD = Statement(
    select(t.holding.c.listing, t.holding.c.shares, t.holding.c.value, t.holding.c.weight).where(
        t.holding.c.fund == bindparam("fund"), t.holding.c.snapshot == bindparam("snapshot")
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
        if number not in self._words.keys:
            self._load([number])
        return self._words.keys[number]

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

    def _load_listings(self, numbers: list[int]) -> None:
        stored = [n for n in numbers if n > 0]
        found = _LISTINGS.rows(self._conn, numbers=stored) if stored else []
        found += [(n, *self._new().new_listing(n)) for n in numbers if n < 0]
        self._load(row[1] for row in found)
        words = self._words
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

    def positions(self, row: SnapshotRow) -> tuple[Position, ...]:
        """The positions of a stored snapshot, by key."""
        new = self._facts.files.get((row.fund, row.id)) if self._facts is not None else None
        found = _HELD.rows(self._conn, fund=row.fund, snapshot=row.id) if new is None else new.lines
        if missing := [one[0] for one in found if one[0] not in self._words.listings]:
            self._load_listings(missing)
        known, exponent = self._words.listings, row.shares_exp
        made = []
        for listing, shares, value, weight in found:
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


_SpellRow = namedtuple("_SpellRow", [column.name for column in t.spell.columns])  # type: ignore[misc]
_spell_c = t.spell.c
_OPEN_SPELLS = Statement(
    select(
        _spell_c.security,
        _spell_c.opened_day,
        _spell_c.opened_from,
        _spell_c.opened_to,
        _spell_c.first_file,
        _spell_c.entry_shares,
        _spell_c.censored,
    ).where(
        _spell_c.fund == bindparam("fund"),
        _spell_c.opened_day < bindparam("before"),
        or_(_spell_c.closed_day.is_(None), _spell_c.closed_day >= bindparam("before")),
    )
)
_CLOSED_SPELLS = Statement(
    select(t.spell).where(
        Among(_spell_c.security, "securities"),
        _spell_c.opened_day < bindparam("before"),
        _spell_c.closed_day < bindparam("before"),
    )
)


def open_spells(conn: Connection, fund: int, names: Securities, before: date) -> list[StoredSpell]:
    """The fund's spells that were open just before the files of `before`, by key."""
    rows = _OPEN_SPELLS.rows(conn, fund=fund, before=day_of(before))
    return sorted((StoredSpell.open(fund, names.key(row[0]), row[1:]) for row in rows), key=_BY_SECURITY)


def closed_spells(
    conn: Connection, fund_ids: Sequence[int], securities: Sequence[int], names: Securities, before: date
) -> list[StoredSpell]:
    """The spells of these securities in these funds that files dated before `before` closed, oldest first."""
    day = day_of(before)
    rows = _CLOSED_SPELLS.rows(conn, securities=list(securities), before=day)
    mine = set(fund_ids)  # not asked of the database: it would read all spells of these funds
    found = (_spell(row, names, day) for row in rows if row[0] in mine)
    return sorted(found, key=lambda s: (s.spell.opened_day, s.fund, s.spell.security))


def _spell(values: tuple[Any, ...], names: Securities, before: int) -> StoredSpell:
    """A spell as it was before the files of a day."""
    row: Any = _SpellRow._make(values)
    ending = None
    if row.closed_day is not None and row.closed_day < before:
        ending = Ending(
            date_of_day(row.closed_day),
            date_of_day(row.exit_file),
            maybe_date(row.closed_to),
            _point(row.last_file, row.last_session, row.last_shares),
            _point(row.material_file, row.material_session, row.material_shares),
            _point(row.peak_file, None, row.peak_shares),
            maybe_decimal(row.exit_shares),
            row.files,
            Decimal(0),
            exit_from=maybe_date(row.closed_from),
        )
    gone = gone_day = None
    if ending is not None and row.last_line_day is not None and row.last_line_day < before:
        gone = _point(row.last_line_file, row.last_line_session, row.last_line_shares)
        gone_day = date_of_day(row.last_line_day)
    spell = Spell(
        names.key(row.security),
        date_of_day(row.opened_day),
        Interval(maybe_date(row.opened_from), maybe_date(row.opened_to)),
        date_of_day(row.first_file),
        maybe_decimal(row.entry_shares),
        row.censored == "left",
        ending,
        gone,
        gone_day,
    )
    return StoredSpell(row.fund, spell)


def _point(day: int, session: int | None, shares: str | None) -> Point:
    return Point(date_of_day(day), maybe_date(session), maybe_decimal(shares), None, None)


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


def track(conn: Connection, fund: int, securities: Sequence[int], first: date, before: date) -> list[Point]:
    """One line's share count in every accepted file of a fund in [first, before), zero where not listed.

    `securities` are all numbers the line has had; counts of one file are added.
    """
    start, end = day_of(first), day_of(before)
    values = {f"security{n}": security for n, security in enumerate(securities)}
    values |= {"first_number": start * REVISIONS, "before_number": end * REVISIONS}
    found = _tracking(len(securities)).rows(conn, fund=fund, first=start, before=end, **values)
    points: dict[date, Point] = {}
    rows = _with_kept(conn, fund, securities, found)
    for as_of, session, sha256, exponent, _, listed, shares, value, weight in rows:
        day = date_of_day(as_of)
        amount = Decimal(0) if listed is None else decode_shares(shares, exponent)
        point = Point(day, maybe_date(session), amount, decode_value(value), decode_weight(weight), sha256)
        points[day] = point if day not in points else _sum(points[day], point)
    return list(points.values())


def _with_kept(
    conn: Connection, fund: int, securities: Sequence[int], rows: Iterable[Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    """The rows of `track`; where lines are archived with what was kept of them, and without days of which nothing was:
    nobody may take those for days on which it was not held."""
    away = archived.listing(conn)
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
