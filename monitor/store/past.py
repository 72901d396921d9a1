"""Reads what was stored about an issuer back into the core's values. One function per question, no state.

Decides nothing; every list comes out in an order that depends on what the rows mean, not on when they
were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, and_, func, select

from monitor.core.linking import Link
from monitor.core.model import Arrival, AssetClass, Interval, Kind, Position
from monitor.core.spells import Ending, Point, Spell
from monitor.core.splits import Split
from monitor.store import schema as t
from monitor.store.codec import (
    date_of_day,
    day_of,
    decode_shares,
    decode_value,
    decode_weight,
    parse_instant,
)
from monitor.store.engine import Connection


@dataclass(frozen=True, slots=True)
class StoredFund:
    """A fund of the issuer: its number, ticker, kind and calendar."""

    id: int
    ticker: str
    kind: str
    calendar: str


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A stored snapshot without its positions."""

    fund: int
    id: int
    as_of: date
    sha256: str
    arrival: Arrival
    known_at: datetime
    rank: str
    shares_exp: int
    currency: str
    lines: int
    warnings: str
    operator: str | None
    published_from: datetime | None
    published_to: datetime | None


@dataclass(frozen=True, slots=True)
class StandingRow:
    """What became of a snapshot: `stale` when it repeated the file before it."""

    snapshot: int
    as_of: date
    day: date
    standing: str
    pos_session: date | None
    stale: bool


@dataclass(slots=True)
class StoredSpell:
    """A spell and where it is stored; `stored` is False until it has been written."""

    fund: int
    spell: Spell
    stored: bool = True
    changed: bool = False


def _day(value: int | None) -> date | None:
    return None if value is None else date_of_day(value)


def issuer(conn: Connection, code: str) -> tuple[int, date | None] | None:
    """The issuer's number and the first day that still has to be derived (None: nothing to do)."""
    row = conn.execute(select(t.issuer.c.id, t.issuer.c.derive_from).where(t.issuer.c.code == code)).first()
    return None if row is None else (row.id, _day(row.derive_from))


def funds(conn: Connection, issuer_id: int) -> list[StoredFund]:
    """The issuer's stored funds by ticker."""
    table = t.fund.c
    query = select(table.id, table.ticker, table.kind, table.calendar).where(table.issuer == issuer_id)
    return [StoredFund(*row) for row in conn.execute(query.order_by(table.ticker))]


def _snapshot(row: Row[Any]) -> SnapshotRow:
    return SnapshotRow(
        row.fund,
        row.id,
        date_of_day(row.as_of),
        row.sha256,
        Arrival(row.arrival),
        parse_instant(row.known_at),
        row.rank,
        row.shares_exp,
        row.currency,
        row.lines,
        row.warnings,
        row.operator,
        None if row.published_from is None else parse_instant(row.published_from),
        None if row.published_to is None else parse_instant(row.published_to),
    )


def snapshots_since(conn: Connection, issuer_id: int, since: date) -> list[SnapshotRow]:
    """All snapshots of the issuer's funds dated `since` or later, by date, fund and rank."""
    table = t.snapshot.c
    query = select(t.snapshot).join(t.fund, t.fund.c.id == table.fund)
    query = query.where(t.fund.c.issuer == issuer_id, table.as_of >= day_of(since))
    return [_snapshot(row) for row in conn.execute(query.order_by(table.as_of, t.fund.c.ticker, table.rank))]


def snapshot(conn: Connection, fund: int, number: int) -> SnapshotRow:
    """One snapshot by its number."""
    table = t.snapshot.c
    return _snapshot(conn.execute(select(t.snapshot).where(table.fund == fund, table.id == number)).one())


def standings_before(conn: Connection, fund: int, before: date, limit: int) -> list[StandingRow]:
    """The newest accepted or quarantined snapshots of a fund dated before `before`, newest first."""
    table = t.standing.c
    query = select(table.snapshot, table.as_of, table.day, table.standing, table.pos_session, table.warnings).where(
        table.fund == fund, table.as_of < day_of(before), table.standing.in_(("accepted", "quarantined"))
    )
    rows = conn.execute(query.order_by(table.as_of.desc(), table.snapshot.desc()).limit(limit))
    return [
        StandingRow(
            r.snapshot,
            date_of_day(r.as_of),
            date_of_day(r.day),
            r.standing,
            _day(r.pos_session),
            '"stale"' in r.warnings,
        )
        for r in rows
    ]


def settled_together(conn: Connection, fund_ids: Sequence[int], since: date) -> date:
    """The first day from which a derivation reaching back to `since` must start: a file settled only by a
    later one (quarantined, then redeemed or discarded) belongs to the day that settled it."""
    table = t.standing.c
    for fund in fund_ids:
        late = select(func.min(table.as_of)).where(
            table.fund == fund, table.as_of < day_of(since), table.day >= day_of(since)
        )
        found = conn.execute(late).scalar()
        if found is not None:
            since = min(since, date_of_day(found))
    return since


def verdicts(conn: Connection, issuer_id: int, since: date) -> dict[tuple[str, date, str], tuple[str, str, str]]:
    """What became of every snapshot dated `since` or later: (fund, as_of, sha256) to (standing, gate, words)."""
    table, snap = t.standing.c, t.snapshot.c
    query = (
        select(t.fund.c.ticker, table.as_of, snap.sha256, table.standing, table.reasons)
        .join(t.snapshot, and_(snap.fund == table.fund, snap.id == table.snapshot))
        .join(t.fund, t.fund.c.id == table.fund)
        .where(t.fund.c.issuer == issuer_id, table.as_of >= day_of(since))
    )
    found = {}
    for ticker, as_of, sha256, standing, reasons in conn.execute(query):
        why = json.loads(reasons)
        words = "; ".join(reason["text"] for reason in why)
        found[ticker, date_of_day(as_of), sha256] = (standing, why[0]["gate"] if why else "", words)
    return found


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
            held.security.in_(securities),
        )
    )
    return conn.execute(query.limit(1)).scalar()


def accepted_sessions(conn: Connection, fund: int, before: date) -> list[date]:
    """The sessions covered by accepted files dated before `before`, ascending."""
    table = t.standing.c
    query = select(table.pos_session).where(
        table.fund == fund,
        table.as_of < day_of(before),
        table.standing == "accepted",
        table.pos_session.is_not(None),
    )
    return sorted(date_of_day(day) for (day,) in conn.execute(query))


class Securities:
    """Keys and listings by number, remembered: positions are read as numbers and turned into words here."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._by_id: dict[int, tuple[str, AssetClass]] = {}
        self._ids: dict[str, int] = {}
        self._verified: dict[int, tuple[str, ...]] = {}
        self._listings: dict[int, tuple[str, str, str]] = {}

    def number(self, key: str) -> int:
        """The number of a key that is stored."""
        if key not in self._ids:
            found = self._conn.execute(select(t.security.c.id).where(t.security.c.key == key)).scalar_one()
            self._ids[key] = int(found)
        return self._ids[key]

    def key(self, number: int) -> str:
        """The key of a security's number."""
        self._load([number])
        return self._by_id[number][0]

    def _load(self, numbers: Iterable[int]) -> None:
        missing = [n for n in dict.fromkeys(numbers) if n not in self._by_id]
        for chunk in _chunks(missing):
            table = t.security.c
            for row in self._conn.execute(select(table.id, table.key, table.asset_class).where(table.id.in_(chunk))):
                self._by_id[row.id] = (row.key, AssetClass(row.asset_class))
                self._ids[row.key] = row.id
            ids: dict[int, list[str]] = {}
            known = t.identifier.c
            for row in self._conn.execute(select(t.identifier).where(known.security.in_(chunk))):
                ids.setdefault(row.security, []).append(f"{row.scheme}:{row.value}")
            self._verified.update({number: tuple(sorted(ids.get(number, []))) for number in chunk})

    def _load_listings(self, numbers: Iterable[int]) -> None:
        missing = [n for n in dict.fromkeys(numbers) if n not in self._listings]
        for chunk in _chunks(missing):
            table = t.listing.c
            query = select(table.id, table.name, table.ticker, table.identifier).where(table.id.in_(chunk))
            self._listings.update({r.id: (r.name, r.ticker, r.identifier) for r in self._conn.execute(query)})

    def positions(self, row: SnapshotRow) -> tuple[Position, ...]:
        """The positions of a stored snapshot, by key; missing weights from the share of the value."""
        table = t.holding.c
        columns = (table.security, table.listing, table.shares, table.value, table.weight)
        found = self._conn.execute(select(*columns).where(table.fund == row.fund, table.snapshot == row.id)).all()
        self._load(r[0] for r in found)
        self._load_listings(r[1] for r in found)
        return tuple(sorted((self._position(*r, row.shares_exp) for r in found), key=lambda p: p.key))

    def _position(
        self, security: int, listing: int, shares: int, value: int | None, weight: int | None, exponent: int
    ) -> Position:
        key, kind = self._by_id[security]
        name, ticker, identifier = self._listings[listing]
        return Position(
            key,
            name,
            ticker,
            identifier,
            kind,
            decode_shares(shares, exponent),
            decode_value(value),
            decode_weight(weight),
            self._verified[security],
        )


def _chunks(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[i : i + 500] for i in range(0, len(numbers), 500))


def links(conn: Connection, issuer_id: int) -> list[tuple[date, Link]]:
    """All links of the issuer's funds, in the order they were decided."""
    earlier, later = t.security.alias("e"), t.security.alias("l")
    table = t.link.c
    query = (
        select(t.link, t.fund.c.ticker, earlier.c.key.label("earlier_key"), later.c.key.label("later_key"))
        .join(t.fund, t.fund.c.id == table.fund)
        .join(earlier, earlier.c.id == table.earlier)
        .join(later, later.c.id == table.later)
        .where(t.fund.c.issuer == issuer_id)
        .order_by(table.day, t.fund.c.ticker, earlier.c.key, later.c.key)
    )
    return [
        (
            date_of_day(r.day),
            Link(r.ticker, r.earlier_key, r.later_key, Kind(r.kind), r.rule, r.confidence, r.evidence),
        )
        for r in conn.execute(query)
    ]


def splits(conn: Connection, issuer_id: int) -> list[Split]:
    """All splits seen in the issuer's funds, by day and key."""
    table = t.split.c
    query = select(t.split, t.security.c.key).join(t.security, t.security.c.id == table.security)
    query = query.where(table.issuer == issuer_id).order_by(table.day, t.security.c.key)
    return [Split(r.key, date_of_day(r.day), Fraction(r.factor), r.rule, r.evidence) for r in conn.execute(query)]


def open_spells(conn: Connection, fund: int, names: Securities) -> list[StoredSpell]:
    """The fund's open spells by key."""
    table = t.spell.c
    rows = conn.execute(select(t.spell).where(table.fund == fund, table.closed_day.is_(None))).all()
    return sorted((_spell(row, names) for row in rows), key=lambda s: s.spell.security)


def closed_spells(
    conn: Connection, fund_ids: Sequence[int], securities: Sequence[int], names: Securities
) -> list[StoredSpell]:
    """All closed spells of these securities in these funds, oldest first."""
    table = t.spell.c
    rows: list[Row[Any]] = []
    for chunk in _chunks(securities):
        query = select(t.spell).where(table.security.in_(chunk), table.closed_day.is_not(None))
        rows += [r for r in conn.execute(query) if r.fund in set(fund_ids)]
    found = (_spell(row, names) for row in rows)
    return sorted(found, key=lambda s: (s.spell.opened_day, s.fund, s.spell.security))


def _spell(row: Row[Any], names: Securities) -> StoredSpell:
    ending = None
    if row.closed_day is not None:
        ending = Ending(
            date_of_day(row.closed_day),
            date_of_day(row.exit_file),
            _day(row.closed_to),
            _point(row.last_file, row.last_session, row.last_shares),
            _point(row.material_file, row.material_session, row.material_shares),
            _point(row.peak_file, None, row.peak_shares),
            Decimal(row.exit_shares),
            row.files,
            Decimal(0),
            _day(row.closed_from),
        )
    gone = None
    if row.last_line_day is not None:
        gone = _point(row.last_line_file, row.last_line_session, row.last_line_shares)
    spell = Spell(
        names.key(row.security),
        date_of_day(row.opened_day),
        Interval(_day(row.opened_from), _day(row.opened_to)),
        date_of_day(row.first_file),
        Decimal(row.entry_shares),
        row.censored == "left",
        ending,
        gone,
        _day(row.last_line_day),
    )
    return StoredSpell(row.fund, spell)


def _point(day: int, session: int | None, shares: str) -> Point:
    return Point(date_of_day(day), _day(session), Decimal(shares), None, None)


def track(conn: Connection, fund: int, securities: Sequence[int], first: date, before: date) -> list[Point]:
    """One line's share count in every accepted file of a fund in [first, before), zero where not listed.

    `securities` are all numbers the line has had; counts of one file are added.
    """
    standing, snap, held = t.standing.c, t.snapshot.c, t.holding.c
    join = and_(held.fund == standing.fund, held.snapshot == standing.snapshot, held.security.in_(securities))
    query = (
        select(standing.as_of, standing.pos_session, snap.shares_exp, held.shares, held.value, held.weight)
        .select_from(t.standing)
        .join(t.snapshot, and_(snap.fund == standing.fund, snap.id == standing.snapshot))
        .outerjoin(t.holding, join)
        .where(
            standing.fund == fund,
            standing.standing == "accepted",
            standing.as_of >= day_of(first),
            standing.as_of < day_of(before),
        )
        .order_by(standing.as_of)
    )
    points: dict[date, Point] = {}
    for as_of, session, exponent, shares, value, weight in conn.execute(query):
        day = date_of_day(as_of)
        amount = Decimal(0) if shares is None else decode_shares(shares, exponent)
        point = Point(day, _day(session), amount, decode_value(value), decode_weight(weight))
        points[day] = point if day not in points else _sum(points[day], point)
    return list(points.values())


def _sum(one: Point, other: Point) -> Point:
    value = None if one.value is None or other.value is None else one.value + other.value
    weight = None if one.weight is None or other.weight is None else one.weight + other.weight
    return Point(one.as_of, one.session, one.shares + other.shares, value, weight)


def first_sighting(conn: Connection, fund: int, securities: Sequence[int]) -> date | None:
    """The first accepted file of the fund that listed any of these securities."""
    table = t.sighting.c
    query = select(func.min(table.as_of)).where(table.fund == fund, table.security.in_(securities))
    return _day(conn.execute(query).scalar())


def item_bodies(conn: Connection, issuer_id: int, since: date) -> Mapping[str, str]:
    """The stored items settled on `since` or later: id to JSON."""
    table = t.item.c
    query = select(table.id, table.body).where(table.issuer == issuer_id, table.day >= day_of(since))
    return {row.id: row.body for row in conn.execute(query)}


def issuer_tracks(conn: Connection, code: str, keys: Sequence[str], until: date) -> list[list[Point]]:
    """The lines of a security in every accepted file up to `until`, for each fund of the issuer that ever held it.

    Share counts are as printed; splits since are applied by `adjusted` where the caller needs them.
    """
    names = Securities(conn)
    numbers = [names.number(key) for key in keys]
    spell = t.spell.c
    holders = (
        select(t.fund.c.id, func.min(spell.first_file))
        .join(t.spell, spell.fund == t.fund.c.id)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .where(t.issuer.c.code == code, spell.security.in_(numbers))
        .group_by(t.fund.c.id)
        .order_by(t.fund.c.id)
    )
    after = until + timedelta(days=1)
    return [track(conn, fund, numbers, date_of_day(first), after) for fund, first in conn.execute(holders).all()]


def file_of(conn: Connection, code: str, fund: str, as_of: date, sha256: str) -> tuple[date | None, str, str]:
    """Where a file came from: the session of its positions, its hash, its place."""
    snap, standing = t.snapshot.c, t.standing.c
    query = (
        select(standing.pos_session, snap.place)
        .join(t.fund, t.fund.c.id == snap.fund)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .outerjoin(t.standing, and_(standing.fund == snap.fund, standing.snapshot == snap.id))
        .where(
            t.issuer.c.code == code,
            t.fund.c.ticker == fund,
            snap.as_of == day_of(as_of),
            snap.sha256 == sha256,
        )
    )
    row = conn.execute(query).one()
    return _day(row.pos_session), sha256, row.place
