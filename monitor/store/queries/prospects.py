"""What believing a held file would mean: its lines beside those of the file before. It reads and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from monitor.core.model import SecurityRef
from monitor.store.engine import Connection
from monitor.store.queries.filed import FileLine, HeldLine, lines_of
from monitor.store.queries.held import HeldFile
from monitor.store.queries.names import Groups, find_fund, groups, refs
from monitor.store.queries.portfolios import file_on

SHOWN = 12  # lines named of each sort


@dataclass(frozen=True, slots=True)
class ProspectLine:
    """A line that only one of the two files has; shares as published, weight in percent points."""

    security: SecurityRef
    shares: Decimal | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """The held file beside the accepted one before it (`previous` is None when there is none): how many lines both
    have, and the largest that only one of them has."""

    previous: date | None
    lines: int
    lines_before: int
    common: int
    new: int
    gone: int
    largest_new: tuple[ProspectLine, ...]
    largest_gone: tuple[ProspectLine, ...]
    later: bool  # an accepted file is dated later: what followed is derived again


def prospect(conn: Connection, held: HeldFile) -> Prospect:
    """What accepting `held` would compare."""
    fund = find_fund(conn, f"{held.issuer}/{held.fund}")
    joined = groups(conn, fund_id=fund.id)
    before = file_on(conn, fund, held.as_of - timedelta(days=1))
    last = file_on(conn, fund)
    mine = _by_root(lines_of(conn, fund, [_line(held.snapshot, held.as_of, fund.id)]), joined)
    older = _by_root(lines_of(conn, fund, [_line(before.id, before.as_of, fund.id)]) if before else [], joined)
    new = [line for root, line in mine.items() if root not in older]
    gone = [line for root, line in older.items() if root not in mine]
    return Prospect(
        None if before is None else before.as_of,
        len(mine),
        len(older),
        len(mine) - len(new),
        len(new),
        len(gone),
        _largest(conn, new, joined),
        _largest(conn, gone, joined),
        last is not None and last.as_of > held.as_of,
    )


def _line(number: int, as_of: date, fund: int) -> FileLine:
    return FileLine(fund, number, as_of, None, None, None, None)


def _by_root(lines: Sequence[HeldLine], joined: Groups) -> dict[int, HeldLine]:
    return {joined.root_of(one.security): one for one in lines}


def _largest(conn: Connection, lines: Sequence[HeldLine], joined: Groups) -> tuple[ProspectLine, ...]:
    shown = sorted(lines, key=lambda one: (-(one.weight or Decimal(0)), one.security))[:SHOWN]
    named = refs(conn, [(one.security, one.listing) for one in shown], joined)
    return tuple(ProspectLine(named[one.security, one.listing], one.shares, one.weight) for one in shown)
