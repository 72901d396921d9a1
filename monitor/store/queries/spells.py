"""When funds held a security: entry, peak and exit of every spell. What only the end tells is computed while open."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, select

from monitor.core.model import Interval, SecurityRef, Standing
from monitor.store import archived, kept_tracks
from monitor.store.chunks import chunks
from monitor.store.codec import REVISIONS, date_of_day, day_of, decode_shares, maybe_date, maybe_decimal
from monitor.store.engine import Connection
from monitor.store.kept_tracks import KeptFile
from monitor.store.partitions import dated
from monitor.store.queries.evidence import PresenceRow
from monitor.store.queries.names import (
    NOTHING_JOINED,
    FundRef,
    Groups,
    funds_by_id,
    groups_by_fund,
    issuer_number,
    public_of,
    refs_by_fund,
)
from monitor.store.queries.portfolios import Split, factor_between, latest_files, splits_by_fund
from monitor.store.queries.search import FoundSecurity
from monitor.store.schema import fund as fund_table
from monitor.store.schema import holding, snapshot, spell, standing
from monitor.store.sessions import days_of


@dataclass(frozen=True, slots=True)
class SpellRow:
    """One unbroken run of a material position. Share counts are in units of the exit file (of the latest file
    while open). `closed` is the sessions of the effective exit; `exit_file` the first file that shows a crumb or
    nothing; `last_file` the last that lists the security at all, small remains included; `sessions` counts from the
    entry to the last session before the exit."""

    issuer: str
    fund: str
    security: SecurityRef
    opened: Interval
    closed: Interval | None
    entry_shares: Decimal | None
    peak_shares: Decimal | None
    exit_shares: Decimal | None
    sessions: int | None
    first_file: date
    last_file: date | None
    censored: str
    exit_file: date | None

    def holds(self, fact: PresenceRow) -> bool:
        """Whether a list beside the files speaks of a session between the possible beginning and end of the spell."""
        first, last = self.opened.first or self.opened.last, self.closed.last if self.closed is not None else None
        within = (first is None or first <= fact.pos_session) and (last is None or fact.pos_session <= last)
        return (fact.issuer, fact.fund) == (self.issuer, self.fund) and within


class _Line(NamedTuple):
    """What one accepted file lists of the security, as the store counts: days since 1970, shares * 10**exponent."""

    as_of: int
    session: int | None
    shares: int | None
    exponent: int
    security: int
    listing: int


class _Stored(NamedTuple):
    """A row of `spell`, dates decoded."""

    security: int
    opened: Interval
    first_file: date
    entry_shares: Decimal | None
    censored: str
    closed: Interval | None
    exit_file: date | None
    last_session: date | None
    exit_shares: Decimal | None
    peak_shares: Decimal | None
    last_file: date | None  # null while open


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every spell of one fund is read against; `calendar` are the days of its sessions, as the store counts."""

    fund: FundRef
    calendar: Sequence[int]
    joined: Groups
    splits: Callable[[int], Sequence[Split]]
    names: Mapping[tuple[int, int, int], SecurityRef]
    public: Mapping[int, str]
    newest: Mapping[int, int]  # how an identity was printed last, where lines are archived


def history(
    conn: Connection, what: FoundSecurity, fund: FundRef | None = None, issuer: str | None = None
) -> list[SpellRow]:
    """All spells of the security, the oldest first."""
    stored = _stored(conn, what, fund, None if issuer is None else issuer_number(conn, issuer))
    owners = funds_by_id(conn, stored)
    joined = groups_by_fund(conn, what.ids)
    lines = _lines(conn, stored, joined)
    splits = splits_by_fund(conn, list(owners.values()), what.ids)
    calendars = {code: days_of(conn, code) for code in {one.calendar for one in owners.values()}}
    newest = kept_tracks.newest_listings(conn, what.ids) if archived.listing(conn) else {}
    printed = {(of, x.security, x.listing) for (of, _), some in lines.items() for x in some}
    printed |= {
        (of, x.security, newest[x.security]) for of, some in stored.items() for x in some if x.security in newest
    }
    names = refs_by_fund(conn, printed, joined)
    public = public_of(conn, what.ids)
    by_fund: dict[int, dict[int, list[_Line]]] = {}
    for (of, root), some in lines.items():
        by_fund.setdefault(of, {})[root] = some
    found = []
    for number, mine in stored.items():
        one = owners[number]
        own = joined.get(number, NOTHING_JOINED)
        ground = _Ground(one, calendars[one.calendar], own, splits[number], names, public, newest)
        found += _of_fund(ground, mine, by_fund.get(number, {}))
    return sorted(found, key=lambda row: (row.first_file, row.fund, row.security.id))


def _of_fund(ground: _Ground, stored: Sequence[_Stored], lines: Mapping[int, Sequence[_Line]]) -> list[SpellRow]:
    rows = []
    for root in {ground.joined.root_of(one.security) for one in stored}:
        mine = [one for one in stored if ground.joined.root_of(one.security) == root]
        until: int | None = None  # where the next spell begins
        for one in sorted(mine, key=lambda one: one.first_file, reverse=True):
            first = day_of(one.first_file)
            rows.append(_row(ground, one, [line for line in lines.get(root, ()) if _within(line, first, until)]))
            until = first
    return rows


def _within(line: _Line, first: int, until: int | None) -> bool:
    return first <= line.as_of and (until is None or line.as_of < until)


def _row(ground: _Ground, one: _Stored, lines: Sequence[_Line]) -> SpellRow:
    """`lines` are those of the spell and of what remained after it."""
    last = lines[-1] if lines else None
    splits = ground.splits(one.security)
    end = one.exit_file or (date_of_day(last.as_of) if last else one.first_file)
    held_last = one.last_session if one.closed else (maybe_date(last.session) if last else None)
    return SpellRow(
        ground.fund.issuer,
        ground.fund.ticker,
        _called(ground, last, one),
        one.opened,
        one.closed,
        None if one.entry_shares is None else one.entry_shares * factor_between(splits, one.first_file, end),
        one.peak_shares if one.closed else _peak(lines, splits, end),
        one.exit_shares if one.closed else None,
        count_sessions(ground.calendar, one.opened.last, held_last),
        one.first_file,
        _last_file(one, last),
        one.censored,
        one.exit_file,
    )


def _last_file(one: _Stored, last: _Line | None) -> date | None:
    """The last file that lists it; where that is archived, the last one in which the spell still stood."""
    known = [day for day in (one.last_file, maybe_date(last.as_of if last else None)) if day is not None]
    return max(known, default=None)


def _called(ground: _Ground, last: _Line | None, one: _Stored) -> SecurityRef:
    if last is None:  # its lines are archived, or it was left behind: no spell is derived without lines
        if (named := ground.names.get((ground.fund.id, one.security, ground.newest.get(one.security, 0)))) is not None:
            return named
        key = ground.public[ground.joined.root_of(one.security)]
        return SecurityRef(key, key)
    return ground.names[ground.fund.id, last.security, last.listing]


def _peak(lines: Sequence[_Line], splits: Sequence[Split], end: date) -> Decimal | None:
    """The largest count in shares of `end`: between two splits the largest is the largest as published."""
    days = [day_of(day) for day, _ in splits]
    largest: dict[tuple[int, int], tuple[int, int]] = {}
    for line in lines:
        if line.shares is None:
            continue
        span = (bisect_right(days, line.as_of), line.exponent)
        if span not in largest or line.shares > largest[span][0]:
            largest[span] = (line.shares, line.as_of)
    return max(
        (
            _shares(count, exponent) * factor_between(splits, date_of_day(day), end)
            for (_, exponent), (count, day) in largest.items()
        ),
        default=None,
    )


def _shares(count: int, exponent: int) -> Decimal:
    found = decode_shares(count, exponent)
    assert found is not None
    return found


def count_sessions(calendar: Sequence[int], first: date | None, last: date | None) -> int | None:
    """The sessions in [first, last]; None where an end is not known."""
    if first is None or last is None:
        return None
    return max(0, bisect_right(calendar, day_of(last)) - bisect_left(calendar, day_of(first)))


def _stored(
    conn: Connection, what: FoundSecurity, fund: FundRef | None, issuer_id: int | None
) -> dict[int, list[_Stored]]:
    """The spells by the number of their fund."""
    query = select(spell)
    if fund is not None:
        query = query.where(spell.c.fund == fund.id)
    elif issuer_id is not None:
        query = query.join(fund_table, fund_table.c.id == spell.c.fund).where(fund_table.c.issuer == issuer_id)
    found: dict[int, list[_Stored]] = {}
    for some in chunks(what.ids):
        for row in conn.execute(query.where(spell.c.security.in_(some))):
            found.setdefault(int(row.fund), []).append(_spell(row))
    return found


def _spell(row: Row[Any]) -> _Stored:
    closed = row.closed_day is not None
    return _Stored(
        row.security,
        Interval(maybe_date(row.opened_from), maybe_date(row.opened_to)),
        date_of_day(row.first_file),
        maybe_decimal(row.entry_shares),
        row.censored,
        Interval(maybe_date(row.closed_from), maybe_date(row.closed_to)) if closed else None,
        maybe_date(row.exit_file) if closed else None,
        maybe_date(row.last_session),
        maybe_decimal(row.exit_shares),
        maybe_decimal(row.peak_shares),
        maybe_date(row.last_file),
    )


def _lines(
    conn: Connection, stored: Mapping[int, Sequence[_Stored]], joined: Mapping[int, Groups]
) -> dict[tuple[int, int], list[_Line]]:
    """What the accepted files list of the positions, by fund and root, oldest first, shares as published."""
    wanted: dict[tuple[int, int], int] = {}  # identity of a fund → its root
    for owner, mine in stored.items():
        own = joined.get(owner, NOTHING_JOINED)
        for root in {own.root_of(one.security) for one in mine}:
            wanted |= {(owner, one): root for one in own.members([root])}
    found: dict[tuple[int, int], list[_Line]] = {}
    for some in chunks(stored):
        ids = sorted({one for owner, one in wanted})
        since = min(spell.first_file for owner in some for spell in stored[owner])
        for row in _all_listed(conn, some, ids, since):
            of = wanted.get((row.fund, row.security))
            if of is not None:
                line = _Line(row.as_of, row.pos_session, row.shares, row.shares_exp, row.security, row.listing)
                _add(found.setdefault((row.fund, of), []), line)
    return found


def _all_listed(
    conn: Connection, funds: Collection[int], ids: Collection[int], since: date
) -> Iterable[Row[Any] | KeptFile]:
    """As `_listed`, with what was kept of archived lines. Of two lines of one file the smaller comes first and names
    the position."""
    listed = _listed(conn, funds, ids, since)
    kept = kept_tracks.filed(conn, funds, ids) if archived.listing(conn) else []
    if not kept and len(ids) == 1:
        return listed
    return sorted((*kept, *listed), key=lambda row: (row.fund, row.as_of, row.shares or 0, row.security))


def _listed(conn: Connection, funds: Collection[int], ids: Collection[int], since: date) -> Iterable[Row[Any]]:
    """By fund and date. Narrowed and ordered by the numbers of snapshots, in whose order rows are stored: by dates, an
    index would be read beside them and its rows sorted again, which takes as long as reading them."""
    return conn.execute(
        select(
            standing.c.fund,
            standing.c.as_of,
            standing.c.pos_session,
            holding.c.shares,
            snapshot.c.shares_exp,
            holding.c.security,
            holding.c.listing,
        )
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .join(holding, and_(holding.c.fund == standing.c.fund, holding.c.snapshot == standing.c.snapshot))
        .where(standing.c.fund.in_(funds), standing.c.standing == str(Standing.ACCEPTED))
        .where(standing.c.snapshot >= day_of(since) * REVISIONS, dated(holding.c.snapshot, since, None))
        .where(holding.c.security.in_(ids))
        .order_by(standing.c.fund, standing.c.snapshot, holding.c.security)
    )


def _add(lines: list[_Line], line: _Line) -> None:
    """Lines of one file are one position: their counts are added up."""
    if not lines or lines[-1].as_of != line.as_of:
        lines.append(line)
    else:
        seen = lines[-1].shares
        both = None if seen is None or line.shares is None else seen + line.shares
        lines[-1] = lines[-1]._replace(shares=both)


@dataclass(frozen=True, slots=True)
class Material:
    """The last file of a spell in which the position was material, and its session; the latest file while open."""

    file: date
    session: date | None


def last_material(conn: Connection, what: FoundSecurity) -> dict[tuple[str, str, date], Material]:
    """The last material holding of every spell of the security, by issuer, fund and first file of the spell."""
    stored = _ends(conn, what)
    owners = funds_by_id(conn, {owner for owner, *_ in stored})
    latest = {one.fund.id: one for one in latest_files(conn, owners)}
    found: dict[tuple[str, str, date], Material] = {}
    for owner, first, file, session in stored:
        if file is not None:
            end = Material(date_of_day(file), maybe_date(session))
        else:
            end = Material(latest[owner].as_of, latest[owner].pos_session)
        found[owners[owner].issuer, owners[owner].ticker, date_of_day(first)] = end
    return found


def _ends(conn: Connection, what: FoundSecurity) -> list[tuple[int, int, int | None, int | None]]:
    query = select(spell.c.fund, spell.c.first_file, spell.c.material_file, spell.c.material_session)
    rows = (row for some in chunks(what.ids) for row in conn.execute(query.where(spell.c.security.in_(some))))
    return [(owner, first, file, session) for owner, first, file, session in rows]
