"""What a portfolio is made of, alone and beside another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.asking.arguments import Asked
from monitor.core import composition as core
from monitor.core.model import SecurityRef
from monitor.core.periods import Every, last_of_each
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import FileLine, FundRef, Groups, HeldLine

Weights = dict[int, Decimal | None]


@dataclass(frozen=True, slots=True)
class ConcentrationRow:
    """How concentrated a fund was in one file."""

    issuer: str
    fund: str
    as_of: date
    pos_session: date | None
    positions: int
    largest: Decimal | None
    top10: Decimal | None
    hhi: Decimal | None
    effective: Decimal | None


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """One name two funds share."""

    issuer: str
    fund: str
    as_of: date
    other_issuer: str
    other: str
    other_as_of: date
    security: SecurityRef
    weight: Decimal | None
    other_weight: Decimal | None
    overlap: Decimal | None


@dataclass(frozen=True, slots=True)
class OverlapHistoryRow:
    """What two funds had in common after one session."""

    issuer: str
    fund: str
    as_of: date
    pos_session: date | None
    other_issuer: str
    other: str
    other_as_of: date
    overlap: Decimal | None
    shared: int
    only_in_fund: int
    only_in_other: int


def concentration(conn: Connection, asked: Asked) -> Sequence[ConcentrationRow]:
    """The concentration in the last file of each period, oldest first."""
    fund = asked.the_fund()
    files = queries.accepted_files(conn, fund, asked.day("since"), asked.day("until"))
    files = last_of_each(files, lambda one: one.as_of, _every(asked))
    weights = _weights(queries.lines_of(conn, fund, files), queries.groups(conn, fund_id=fund.id))
    rows = []
    for file in files:
        found = core.concentration(weights.get(file.id, {}).values())
        rows.append(
            ConcentrationRow(
                fund.issuer,
                fund.ticker,
                file.as_of,
                file.pos_session,
                found.positions,
                found.largest,
                found.top10,
                found.hhi,
                found.effective,
            )
        )
    return rows


def overlap(conn: Connection, asked: Asked) -> Sequence[OverlapRow]:
    """The shared names, the largest part in common first."""
    fund, other = asked.the_fund(), asked.the_fund("other")
    pair = _latest_pair(conn, fund, other, asked.day("on"))
    if pair is None:
        return []
    one, two = pair
    joined = queries.joined_for(conn, fund, other)
    lines, theirs = queries.lines_of(conn, fund, [one]), queries.lines_of(conn, other, [two])
    mine, them = (_weights(some, joined).get(file.id, {}) for some, file in ((lines, one), (theirs, two)))
    named = queries.refs(conn, {(line.security, line.listing) for line in lines}, joined)
    called = {joined.root_of(line.security): named[line.security, line.listing] for line in lines}
    rows = [
        OverlapRow(
            fund.issuer,
            fund.ticker,
            one.as_of,
            other.issuer,
            other.ticker,
            two.as_of,
            called[root],
            mine[root],
            them[root],
            core.common(mine[root], them[root]),
        )
        for root in mine.keys() & them.keys()
    ]
    return sorted(rows, key=lambda row: (-(row.overlap or Decimal(0)), row.security.name, row.security.id))


def overlap_history(conn: Connection, asked: Asked) -> Sequence[OverlapHistoryRow]:
    """The overlap after the last common session of each period, oldest first."""
    fund, other = asked.the_fund(), asked.the_fund("other")
    pairs = _pairs(
        *(queries.accepted_files(conn, one, asked.day("since"), asked.day("until")) for one in (fund, other))
    )
    pairs = last_of_each(pairs, lambda pair: pair[0].key, _every(asked))
    joined = queries.joined_for(conn, fund, other)
    mine = _weights(queries.lines_of(conn, fund, [one for one, _ in pairs]), joined)
    theirs = _weights(queries.lines_of(conn, other, [two for _, two in pairs]), joined)
    rows = []
    for one, two in pairs:
        found = core.overlap(mine.get(one.id, {}), theirs.get(two.id, {}))
        rows.append(
            OverlapHistoryRow(
                fund.issuer,
                fund.ticker,
                one.as_of,
                one.pos_session,
                other.issuer,
                other.ticker,
                two.as_of,
                found.weight,
                found.shared,
                found.only_one,
                found.only_other,
            )
        )
    return rows


def _every(asked: Asked) -> Every:
    return Every(asked.text("every") or Every.MONTH)


def _weights(lines: Iterable[HeldLine], joined: Groups) -> dict[int, Weights]:
    """The weight of each position by file; identities that are joined count as one."""
    found: dict[int, Weights] = {}
    for line in lines:
        file, root = found.setdefault(line.snapshot, {}), joined.root_of(line.security)
        if root not in file:
            file[root] = line.weight
        else:
            before = file[root]
            file[root] = None if before is None or line.weight is None else before + line.weight
    return found


def _pairs(mine: Sequence[FileLine], theirs: Sequence[FileLine]) -> list[tuple[FileLine, FileLine]]:
    """The files of both funds that speak of the same session, oldest first; the later one where a fund has two."""
    one, other = _by_session(mine), _by_session(theirs)
    return [(one[key], other[key]) for key in sorted(one.keys() & other.keys())]


def _by_session(files: Iterable[FileLine]) -> Mapping[date, FileLine]:
    return {file.key: file for file in files}


def _latest_pair(conn: Connection, fund: FundRef, other: FundRef, on: date | None) -> tuple[FileLine, FileLine] | None:
    pairs = _pairs(*(queries.accepted_files(conn, one, None, on) for one in (fund, other)))
    if pairs:
        return pairs[-1]
    latest = queries.latest_files(conn, [fund, other], on)
    return (latest[fund.id], latest[other.id]) if fund.id in latest and other.id in latest else None
