"""Consecutive files of a fund, for what no trade explains, and trades within spells that have ended. It reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import and_, func, select

from monitor.core.model import Interval, SecurityRef, Standing
from monitor.core.trades import TRADED
from monitor.store.chunks import chunks
from monitor.store.codec import date_of_day, day_of, maybe_date, maybe_decimal
from monitor.store.engine import Connection
from monitor.store.queries.filed import FileLine, accepted_files
from monitor.store.queries.names import FundRef, Groups, refs_by_fund
from monitor.store.schema import flow, listing, spell, standing, trade


@dataclass(frozen=True, slots=True)
class Step:
    """Two consecutive accepted files of one fund, `gap` sessions apart."""

    before: FileLine
    after: FileLine
    sessions: Interval
    gap: int


@dataclass(frozen=True, slots=True)
class EndedSpell:
    """A spell that has ended; dates are of files, `closed` the sessions of the exit, `peak_session` that of the peak's
    file, or its date while that is unknown."""

    fund: int
    security: int
    opened_file: date
    peak_file: date | None
    peak_session: date | None
    peak_shares: Decimal | None
    exit_file: date
    closed: Interval


class Dealt(NamedTuple):
    """One active trade: the file that shows it, the last session it can have happened in (the file's date while that
    is unknown), both in days as the store counts, and its sign."""

    fund: int
    security: int
    as_of: int
    session: int
    is_sale: bool


def steps(conn: Connection, fund: FundRef, since: date | None = None, until: date | None = None) -> list[Step]:
    """The pairs of consecutive files of which the newer is dated in the range, oldest first."""
    files = {one.id: one for one in accepted_files(conn, fund, None, until)}
    query = select(flow.c.snapshot, flow.c.previous, flow.c.session_from, flow.c.session_to, flow.c.gap)
    query = query.where(flow.c.fund == fund.id).order_by(flow.c.as_of)
    if since is not None:
        query = query.where(flow.c.as_of >= day_of(since))
    return [
        Step(
            files[row.previous],
            files[row.snapshot],
            Interval(maybe_date(row.session_from), maybe_date(row.session_to)),
            row.gap,
        )
        for row in conn.execute(query)
        if row.snapshot in files and row.previous in files
    ]


def traded_lines(conn: Connection, fund: FundRef, files: Collection[int]) -> set[tuple[int, int]]:
    """(file, security) of every line of these files that any trade is recorded of."""
    query = select(trade.c.snapshot, trade.c.security).where(trade.c.fund == fund.id)
    found: set[tuple[int, int]] = set()
    for some in chunks(files):
        found |= {(row.snapshot, row.security) for row in conn.execute(query.where(trade.c.snapshot.in_(some)))}
    return found


def ended_spells(conn: Connection, funds: Collection[FundRef]) -> list[EndedSpell]:
    """Every spell of these funds that has ended, by fund, security and date."""
    of_peak = and_(standing.c.fund == spell.c.fund, standing.c.as_of == spell.c.peak_file)
    peak = select(func.max(standing.c.pos_session)).where(of_peak, standing.c.standing == str(Standing.ACCEPTED))
    query = select(spell, peak.scalar_subquery().label("peak_session")).where(
        spell.c.fund.in_(sorted(one.id for one in funds)),
        spell.c.closed_day.is_not(None),
        spell.c.exit_file.is_not(None),
    )
    return [
        EndedSpell(
            row.fund,
            row.security,
            date_of_day(row.first_file),
            maybe_date(row.peak_file),
            maybe_date(row.peak_file if row.peak_session is None else row.peak_session),
            maybe_decimal(row.peak_shares),
            date_of_day(row.exit_file),
            Interval(maybe_date(row.closed_from), maybe_date(row.closed_to)),
        )
        for row in conn.execute(query.order_by(spell.c.fund, spell.c.security, spell.c.opened_day))
    ]


def dealt(conn: Connection, funds: Collection[int], securities: Collection[int]) -> list[Dealt]:
    """The active trades of these securities in these funds that have a size, by fund, date and security."""
    same = and_(flow.c.fund == trade.c.fund, flow.c.snapshot == trade.c.snapshot)
    sign = func.substr(trade.c.active_shares, 1, 1)
    query = (
        select(trade.c.fund, trade.c.security, flow.c.as_of, func.coalesce(flow.c.session_to, flow.c.as_of), sign)
        .join(flow, same)
        .where(trade.c.fund.in_(sorted(funds)), trade.c.label.in_([str(one) for one in TRADED]))
        .where(trade.c.active_shares.is_not(None))
        .order_by(trade.c.fund, trade.c.snapshot, trade.c.security)
    )
    found = [
        Dealt(fund, security, as_of, session, start == "-")
        for some in chunks(securities)
        for fund, security, as_of, session, start in conn.execute(query.where(trade.c.security.in_(some))).all()
    ]
    return sorted(found, key=lambda one: (one.fund, one.as_of, one.security))


def spell_names(
    conn: Connection, spells: Collection[tuple[int, int]], joined: Mapping[int, Groups]
) -> dict[tuple[int, int], SecurityRef]:
    """What to call the security of each spell, by (fund, security): as it was printed last, in whatever fund."""
    table = listing.c
    query = select(table.security, func.max(table.id).label("number")).group_by(table.security)
    latest: dict[int, int] = {}
    for some in chunks({one for _, one in spells}):
        latest |= {row.security: row.number for row in conn.execute(query.where(table.security.in_(some)))}
    wanted = {(fund, one, latest[one]) for fund, one in spells}
    return {(fund, one): ref for (fund, one, _), ref in refs_by_fund(conn, wanted, joined).items()}
