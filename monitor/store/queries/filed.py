"""The accepted files of funds and whole portfolios of several of them, for figures over time. It reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, ScalarSelect, and_, select

from monitor.core.model import AssetClass, Standing
from monitor.store import archived
from monitor.store.chunks import chunks
from monitor.store.codec import REVISIONS, date_of_day, day_of, decode_shares, decode_value, maybe_date, maybe_decimal
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef, Groups, groups
from monitor.store.queries.portfolios import weight_of
from monitor.store.schema import fund as fund_table
from monitor.store.schema import holding, listing, snapshot, standing


@dataclass(frozen=True, slots=True)
class FileLine:
    """One accepted file; `id` is the store's own number, `value` all its lines together."""

    fund: int
    id: int
    as_of: date
    pos_session: date | None
    value: Decimal | None
    currency: str | None
    outstanding: Decimal | None

    @property
    def key(self) -> date:
        """The session its positions belong to, or its date while that is unknown."""
        return self.pos_session or self.as_of


class HeldLine(NamedTuple):
    """One line of one file that stands for something; shares as published, weight in percent points. What few look at
    is kept as it is stored: a fund's history has many lines."""

    fund: int
    snapshot: int
    security: int
    listing: int
    stored_class: str
    stored_shares: int | None
    exponent: int
    stored_value: int | None
    weight: Decimal | None

    @property
    def asset_class(self) -> AssetClass:
        """What kind of thing it is."""
        return AssetClass(self.stored_class)

    @property
    def shares(self) -> Decimal | None:
        """The number of shares or units."""
        return decode_shares(self.stored_shares, self.exponent)

    @property
    def value(self) -> Decimal | None:
        """Its value in the currency of the file."""
        return decode_value(self.stored_value)


def accepted_files(
    conn: Connection, fund: FundRef, since: date | None = None, until: date | None = None
) -> list[FileLine]:
    """The accepted files of the fund dated in the range, oldest first."""
    query = _files().where(standing.c.fund == fund.id, standing.c.standing == str(Standing.ACCEPTED))
    if since is not None:
        query = query.where(standing.c.as_of >= day_of(since))
    if until is not None:
        query = query.where(standing.c.as_of <= day_of(until))
    return [_file(row) for row in conn.execute(query.order_by(standing.c.as_of))]


def latest_files(conn: Connection, funds: Collection[FundRef], on: date | None = None) -> dict[int, FileLine]:
    """The latest accepted file of each fund dated `on` or before, by the fund's number; those without one are left
    out."""
    mine = fund_table.c.id.in_(sorted(one.id for one in funds))
    query = _files().join(fund_table, fund_table.c.id == standing.c.fund)
    query = query.where(mine, standing.c.snapshot == _latest(on))
    return {row.fund: _file(row) for row in conn.execute(query)}


def _files() -> Any:
    same = and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot)
    return select(
        standing.c.fund,
        standing.c.snapshot,
        standing.c.as_of,
        standing.c.pos_session,
        snapshot.c.value,
        snapshot.c.currency,
        snapshot.c.outstanding,
    ).join(snapshot, same)


def _latest(on: date | None) -> ScalarSelect[int]:
    """The snapshot that speaks for a fund of the surrounding query."""
    query = select(standing.c.snapshot).where(
        standing.c.fund == fund_table.c.id, standing.c.standing == str(Standing.ACCEPTED)
    )
    if on is not None:
        query = query.where(standing.c.as_of <= day_of(on))
    inner = query.order_by(standing.c.as_of.desc()).limit(1)
    return inner.correlate(fund_table).scalar_subquery()


def _file(row: Row[Any]) -> FileLine:
    return FileLine(
        row.fund,
        row.snapshot,
        date_of_day(row.as_of),
        maybe_date(row.pos_session),
        decode_value(row.value),
        row.currency or None,
        maybe_decimal(row.outstanding),
    )


def lines_of(conn: Connection, fund: FundRef, files: Collection[FileLine]) -> list[HeldLine]:
    """The lines of these files of one fund that are held, cash left out, by file and security."""
    archived.require(conn, {one.as_of for one in files})
    found: list[HeldLine] = []
    for some in chunks([one.id for one in files]):
        found += _held(conn, holding.c.fund == fund.id, holding.c.snapshot.in_(some))
    return found


def lines_on(conn: Connection, funds: Collection[FundRef], on: date | None = None) -> list[HeldLine]:
    """The lines of the latest file of each fund that are held, cash left out, by fund and security."""
    owners: dict[int, list[int]] = {}  # by number of the file, which files of one date share
    for owner, file in latest_files(conn, funds, on).items():
        owners.setdefault(file.id, []).append(owner)
    archived.require(conn, {date_of_day(number // REVISIONS) for number in owners})
    found: list[HeldLine] = []
    for number, all_of_it in owners.items():
        for some in chunks(all_of_it):
            found += _held(conn, holding.c.fund.in_(some), holding.c.snapshot == number)
    return sorted(found, key=lambda one: (one.fund, one.security))


def _held(conn: Connection, *where: ColumnElement[bool]) -> list[HeldLine]:
    query = (
        select(
            holding.c.fund,
            holding.c.snapshot,
            holding.c.security,
            holding.c.listing,
            listing.c.asset_class,
            holding.c.shares,
            snapshot.c.shares_exp,
            holding.c.value,
            holding.c.weight,
            snapshot.c.value.label("total"),
        )
        .join(snapshot, and_(snapshot.c.fund == holding.c.fund, snapshot.c.id == holding.c.snapshot))
        .join(listing, listing.c.id == holding.c.listing)
        .where(*where, listing.c.asset_class != str(AssetClass.CASH))
        .order_by(holding.c.fund, holding.c.snapshot, holding.c.security)
    )
    return list(_lines(conn.execute(query).all()))


def _lines(rows: Iterable[Sequence[Any]]) -> Iterable[HeldLine]:
    for fund, file, security, line, sort, shares, exponent, value, weight, total in rows:
        if shares if shares is not None else weight:
            part = weight_of(weight, value, total)
            yield HeldLine(fund, file, security, line, sort, shares, exponent, value, part)


def joined_for(conn: Connection, one: FundRef, other: FundRef) -> Groups:
    """How identities are joined by the links of the issuers of both funds."""
    mine = groups(conn, issuer_id=one.issuer_id)
    if one.issuer_id == other.issuer_id:
        return mine
    theirs = groups(conn, issuer_id=other.issuer_id)
    return Groups({**theirs.root, **{later: theirs.root_of(root) for later, root in mine.root.items()}})
