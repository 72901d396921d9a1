"""A security through a fund's files: what each of them lists of it, in shares that can be compared. It reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, select

from monitor.core.model import SecurityRef, Standing
from monitor.store import archived
from monitor.store.codec import date_of_day, day_of, decode_shares, decode_value, maybe_date
from monitor.store.engine import Connection
from monitor.store.partitions import dated
from monitor.store.queries.names import FundRef, Groups, groups, refs
from monitor.store.queries.portfolios import Split, ratio_between, split_factors, weight_of
from monitor.store.queries.search import FoundSecurity
from monitor.store.schema import holding, snapshot, standing

PRICE_PLACES = Decimal("0.000001")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class PositionRow:
    """What one accepted file says of a security. A file that does not list it has 0 shares and `listed` false.
    `adjusted_shares` are in units of the last of the files; `price` is what value and shares imply."""

    issuer: str
    fund: str
    as_of: date
    pos_session: date | None
    security: SecurityRef
    listed: bool
    shares: Decimal | None
    adjusted_shares: Decimal | None
    value: Decimal | None
    currency: str | None
    weight: Decimal | None
    price: Decimal | None


class Listed(NamedTuple):
    """One line of a file, shares as published."""

    security: int
    listing: int
    shares: Decimal | None
    value: Decimal | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Filed:
    """One accepted file of a fund and what it lists of the securities asked for."""

    fund: int
    as_of: date
    pos_session: date | None
    currency: str | None
    lines: tuple[Listed, ...]

    @property
    def key(self) -> date:
        """The session its positions belong to, or its date while that is unknown."""
        return self.pos_session or self.as_of


def tracks(
    conn: Connection,
    funds: Collection[int],
    securities: Collection[int],
    since: date | None = None,
    until: date | None = None,
) -> list[Filed]:
    """The accepted files of these funds dated in the range, by fund and date, each with its lines of the securities."""
    mine = and_(
        holding.c.fund == standing.c.fund,
        holding.c.snapshot == standing.c.snapshot,
        holding.c.security.in_(sorted(securities)),
        dated(holding.c.snapshot, since, until),
    )
    query = (
        select(
            standing.c.fund,
            standing.c.as_of,
            standing.c.pos_session,
            snapshot.c.shares_exp,
            snapshot.c.value.label("total"),
            snapshot.c.currency,
            holding.c.security,
            holding.c.listing,
            holding.c.shares,
            holding.c.value,
            holding.c.weight,
        )
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .outerjoin(holding, mine)
        .where(standing.c.fund.in_(sorted(funds)), standing.c.standing == str(Standing.ACCEPTED))
        .order_by(standing.c.fund, standing.c.as_of, holding.c.security)
    )
    if since is not None:
        query = query.where(standing.c.as_of >= day_of(since))
    if until is not None:
        query = query.where(standing.c.as_of <= day_of(until))
    files = _files(conn.execute(query))
    archived.require(conn, {one.as_of for one in files})
    return files


def _files(rows: Iterable[Sequence[Any]]) -> list[Filed]:
    found: list[Filed] = []
    last: tuple[int, int] | None = None
    for fund, as_of, session, exponent, total, currency, security, listing, shares, value, weight in rows:
        lines: tuple[Listed, ...] = ()
        if security is not None:
            size = decode_shares(shares, exponent)
            lines = (Listed(security, listing, size, decode_value(value), weight_of(weight, value, total)),)
        if last == (fund, as_of):
            before = found.pop()
            found.append(Filed(fund, before.as_of, before.pos_session, before.currency, before.lines + lines))
            continue
        last = (fund, as_of)
        day = maybe_date(session)
        found.append(Filed(fund, date_of_day(as_of), day, currency or None, lines))
    return found


def position(
    conn: Connection, fund: FundRef, what: FoundSecurity, since: date | None = None, until: date | None = None
) -> list[PositionRow]:
    """The security in every accepted file of the fund dated in the range, oldest first; nothing when none lists it.
    Positions that are not joined (two share lines of one company) have rows of their own."""
    files = tracks(conn, [fund.id], what.ids, since, until)
    joined = groups(conn, fund_id=fund.id)
    roots = sorted({joined.root_of(line.security) for file in files for line in file.lines})
    named = refs(conn, {(line.security, line.listing) for file in files for line in file.lines}, joined)
    splits = split_factors(conn, fund)
    found: list[PositionRow] = []
    for root in roots:
        found += _series(fund, files, _Position(root, joined, named, splits(root)))
    return sorted(found, key=lambda row: (row.as_of, row.security.id))


class _Position(NamedTuple):
    root: int
    joined: Groups
    named: Mapping[tuple[int, int], SecurityRef]
    splits: Sequence[Split]

    def lines(self, file: Filed) -> list[Listed]:
        return [line for line in file.lines if self.joined.root_of(line.security) == self.root]


def _series(fund: FundRef, files: Sequence[Filed], what: _Position) -> list[PositionRow]:
    first = next(lines[0] for file in files if (lines := what.lines(file)))
    called = what.named[first.security, first.listing]
    rows = []
    for file in files:
        lines = what.lines(file)
        if lines:
            called = what.named[lines[-1].security, lines[-1].listing]
        shares, value, weight = (added(part) for part in (_of(lines, at) for at in ("shares", "value", "weight")))
        rows.append(
            PositionRow(
                fund.issuer,
                fund.ticker,
                file.as_of,
                file.pos_session,
                called,
                bool(lines),
                shares,
                adjusted(shares, what.splits, file.as_of, files[-1].as_of),
                value,
                file.currency,
                weight,
                None if not shares or value is None else (value / shares).quantize(PRICE_PLACES),
            )
        )
    return rows


def _of(lines: Sequence[Listed], name: str) -> list[Decimal | None]:
    return [getattr(line, name) for line in lines]


def added(parts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; 0 of nothing, unknown when a part is."""
    total = NOTHING
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def adjusted(shares: Decimal | None, splits: Sequence[Split], as_of: date, until: date) -> Decimal | None:
    """Shares of a file dated `as_of` in units of one dated `until`."""
    factor = ratio_between(splits, as_of, until)
    if shares is None or factor == 1:
        return shares
    return shares * factor.numerator / factor.denominator
