"""When funds held a security: entry, peak and exit of every spell. What only the end tells is computed while open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import and_, select

from monitor.core.model import Interval, SecurityRef, Standing
from monitor.core.sessions import Sessions
from monitor.store.codec import date_of_day, decode_shares
from monitor.store.engine import Connection
from monitor.store.queries.evidence import PresenceRow
from monitor.store.queries.names import FundRef, Groups, chunks, funds_known, groups, public_roots, refs
from monitor.store.queries.portfolios import Split, factor_between, split_factors
from monitor.store.queries.search import FoundSecurity
from monitor.store.schema import holding, snapshot, spell, standing
from monitor.store.sessions import sessions


@dataclass(frozen=True, slots=True)
class SpellRow:
    """One unbroken run of a material position. Share counts are in units of the exit file (of the latest file
    while open). `closed` is the sessions of the effective exit; `exit_file` the first file that shows a crumb or
    nothing; `last_file` the last that lists the security at all, small remains included; `sessions` counts from the
    entry to the last session before the exit."""

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
        return fact.fund == self.fund and within


class _Line(NamedTuple):
    """What one accepted file lists of the security."""

    as_of: date
    session: date | None
    shares: Decimal | None
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


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every spell of one fund is read against."""

    fund: FundRef
    calendar: Sessions
    joined: Groups
    splits: Callable[[int], Sequence[Split]]


def history(
    conn: Connection, what: FoundSecurity, fund: FundRef | None = None, issuer: str | None = None
) -> list[SpellRow]:
    """All spells of the security, the oldest first."""
    wanted = [fund] if fund is not None else funds_known(conn, issuer)
    found = [row for one in wanted for row in _of_fund(conn, one, what)]
    return sorted(found, key=lambda row: (row.first_file, row.fund, row.security.id))


def _of_fund(conn: Connection, fund: FundRef, what: FoundSecurity) -> list[SpellRow]:
    stored = _stored(conn, fund, what)
    if not stored:
        return []
    joined = groups(conn, fund_id=fund.id)
    ground = _Ground(fund, Sessions(sessions(conn, fund.calendar)), joined, split_factors(conn, fund))
    rows = []
    for root in {joined.root_of(one.security) for one in stored}:
        lines = _lines(conn, fund, joined.members([root]))
        mine = [one for one in stored if joined.root_of(one.security) == root]
        until: date | None = None  # where the next spell begins
        for one in sorted(mine, key=lambda one: one.first_file, reverse=True):
            rows.append(_row(conn, ground, one, [line for line in lines if _within(line, one.first_file, until)]))
            until = one.first_file
    return rows


def _within(line: _Line, first: date, until: date | None) -> bool:
    return first <= line.as_of and (until is None or line.as_of < until)


def _row(conn: Connection, ground: _Ground, one: _Stored, lines: Sequence[_Line]) -> SpellRow:
    """`lines` are those of the spell and of what remained after it."""
    last = lines[-1] if lines else None
    key = public_roots(conn, [one.security], ground.joined)[one.security]
    splits = ground.splits(one.security)
    end = one.exit_file or (last.as_of if last else one.first_file)
    held_last = one.last_session if one.closed else (last.session if last else None)
    return SpellRow(
        ground.fund.ticker,
        _called(conn, ground, last, one, key),
        one.opened,
        one.closed,
        None if one.entry_shares is None else one.entry_shares * factor_between(splits, one.first_file, end),
        one.peak_shares if one.closed else _peak(lines, splits, end),
        one.exit_shares if one.closed else None,
        _count(ground.calendar, one.opened.last, held_last),
        one.first_file,
        last.as_of if last else None,
        one.censored,
        one.exit_file,
    )


def _called(conn: Connection, ground: _Ground, last: _Line | None, one: _Stored, key: str) -> SecurityRef:
    if last is None:  # nothing to name it after: a spell without lines cannot be derived, only left behind
        return SecurityRef(key, key)
    return refs(conn, [(last.security, last.listing)], ground.joined)[last.security, last.listing]


def _peak(lines: Sequence[_Line], splits: Sequence[Split], end: date) -> Decimal | None:
    counted = ((line.as_of, line.shares) for line in lines if line.shares is not None)
    return max((shares * factor_between(splits, day, end) for day, shares in counted), default=None)


def _count(calendar: Sessions, first: date | None, last: date | None) -> int | None:
    return None if first is None or last is None else len(calendar.between(first, last))


def _stored(conn: Connection, fund: FundRef, what: FoundSecurity) -> list[_Stored]:
    found = []
    for some in chunks(what.ids):
        for row in conn.execute(select(spell).where(spell.c.fund == fund.id, spell.c.security.in_(some))):
            closed = row.closed_day is not None
            found.append(
                _Stored(
                    row.security,
                    Interval(_day(row.opened_from), _day(row.opened_to)),
                    date_of_day(row.first_file),
                    _decimal(row.entry_shares),
                    row.censored,
                    Interval(_day(row.closed_from), _day(row.closed_to)) if closed else None,
                    _day(row.exit_file) if closed else None,
                    _day(row.last_session),
                    _decimal(row.exit_shares),
                    _decimal(row.peak_shares),
                )
            )
    return found


def _lines(conn: Connection, fund: FundRef, ids: frozenset[int]) -> list[_Line]:
    """What the fund's accepted files list of the security, oldest first, shares as published."""
    query = (
        select(standing.c.as_of, standing.c.pos_session, snapshot.c.shares_exp, holding)
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .join(holding, and_(holding.c.fund == standing.c.fund, holding.c.snapshot == standing.c.snapshot))
        .where(standing.c.fund == fund.id, standing.c.standing == str(Standing.ACCEPTED))
        .where(holding.c.security.in_(sorted(ids)))
    )
    by_file: dict[int, _Line] = {}
    for row in sorted(conn.execute(query), key=lambda row: (row.as_of, row.shares or 0)):
        shares = decode_shares(row.shares, row.shares_exp)
        seen = by_file.get(row.as_of)
        line = _Line(date_of_day(row.as_of), _day(row.pos_session), shares, row.security, row.listing)
        by_file[row.as_of] = line if seen is None else line._replace(shares=_plus(seen.shares, shares))
    return list(by_file.values())


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _day(value: int | None) -> date | None:
    return None if value is None else date_of_day(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
