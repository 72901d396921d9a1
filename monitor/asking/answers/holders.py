"""Who holds a security beside others: alone, or how much of all its shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from monitor.asking.arguments import Asked
from monitor.core.errors import UsageError
from monitor.core.floats import Above, Size, above, one_a_session, together
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import Filed, FundRef, Holding
from monitor.store.queries.portfolios import Split

INSIDE_ONE_FUND = ("local:", "name:", "ticker:")  # identities that say nothing beyond their fund


@dataclass(frozen=True, slots=True)
class FloatRow:
    """When a position was above the threshold; without a fund the sum over an issuer's funds."""

    issuer: str
    fund: str | None
    funds: tuple[str, ...]
    above_from: date
    above_to: date
    above_sessions: int
    peak_session: date
    peak_shares: Decimal
    percent: Decimal
    first_file: date
    peak_file: date
    last_file: date


def exclusive(conn: Connection, asked: Asked) -> Sequence[Holding]:
    """The lines of positions one fund alone has, the largest weight first."""
    on = asked.day("on")
    funds = [one for one in queries.funds_known(conn, asked.text("issuer")) if not one.has_closed(on)]
    owners = {one.id: one for one in funds}
    files = queries.latest_files(conn, funds, on)
    joined = queries.groups(conn)
    lines = queries.lines_on(conn, funds, on)
    holders = Counter(root for root, _ in {(joined.root_of(line.security), line.fund) for line in lines})
    alone = [line for line in lines if holders[joined.root_of(line.security)] == 1]
    keys = queries.keys_by_id(conn, {line.security for line in alone})
    alone = [line for line in alone if not keys[line.security].startswith(INSIDE_ONE_FUND)]
    named = queries.refs(conn, {(line.security, line.listing) for line in alone}, joined)
    rows = [
        Holding(
            owners[line.fund].ticker,
            owners[line.fund].issuer,
            files[line.fund].as_of,
            files[line.fund].pos_session,
            named[line.security, line.listing],
            line.shares,
            line.value,
            files[line.fund].currency,
            line.weight,
        )
        for line in alone
    ]
    return sorted(rows, key=lambda row: (-(row.weight or Decimal(0)), row.issuer, row.fund, row.security.name))


def float_shares(conn: Connection, asked: Asked) -> Sequence[FloatRow]:
    """The funds, and the issuers as a whole, that were above, the largest part first."""
    outstanding, percent = asked.number("outstanding"), asked.number("above")
    assert outstanding is not None
    assert percent is not None
    if outstanding <= 0:
        raise UsageError(f"outstanding is {outstanding}: the number of a company's shares is more than 0.")
    funds = _asked_funds(conn, asked)
    sizes = _sizes(conn, funds, asked.the_security().ids)
    rows = []
    for issuer, some in groupby(funds, key=lambda one: one.issuer):
        mine = [one for one in some if sizes.get(one.id)]
        found: list[tuple[tuple[str, ...], str | None, Above | None]] = [
            ((one.ticker,), one.ticker, above(sizes[one.id], outstanding, percent)) for one in mine
        ]
        if asked.fund() is None and len(mine) > 1:
            total = together(sizes[one.id] for one in mine)
            found.append((tuple(one.ticker for one in mine), None, above(total, outstanding, percent)))
        rows += [_float_row(issuer, fund, who, one) for who, fund, one in found if one is not None]
    return sorted(rows, key=lambda row: (-row.percent, row.issuer, row.fund or ""))


def _asked_funds(conn: Connection, asked: Asked) -> list[FundRef]:
    """The funds that have ever listed the security, by issuer and ticker."""
    fund = asked.fund()
    if fund is not None:
        return [fund]
    listing = queries.funds_listing(conn, asked.the_security().ids)
    issuer = asked.text("issuer")
    return [one for one in queries.funds_by_id(conn, listing).values() if issuer is None or one.issuer == issuer]


def _sizes(conn: Connection, funds: Sequence[FundRef], securities: frozenset[int]) -> dict[int, list[Size]]:
    """The size of the position after every session with a file that lists it, in shares of today, by fund."""
    splits = queries.splits_by_fund(conn, list(funds), securities)
    found: dict[int, list[Size]] = {}
    for file in queries.tracks(conn, [one.id for one in funds], securities) if funds else ():
        if (shares := _shares(file, splits[file.fund])) is not None:
            found.setdefault(file.fund, []).append(Size(file.key, file.as_of, shares, 1))
    return {fund: one_a_session(sizes) for fund, sizes in found.items()}


def _shares(file: Filed, splits: Callable[[int], Sequence[Split]]) -> Decimal | None:
    """The shares of all its lines of the security together; None where none is listed, or in a file of weights."""
    counted = [queries.adjusted(line.shares, splits(line.security), file.as_of, date.max) for line in file.lines]
    known = [one for one in counted if one is not None]
    return sum(known, Decimal(0)) if known else None


def _float_row(issuer: str, fund: str | None, funds: tuple[str, ...], found: Above) -> FloatRow:
    return FloatRow(
        issuer,
        fund,
        funds,
        found.first.session,
        found.last.session,
        found.sessions,
        found.peak.session,
        found.peak.shares,
        found.percent,
        found.first.as_of,
        found.peak.as_of,
        found.last.as_of,
    )
