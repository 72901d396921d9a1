"""What moved without a trade, and how positions ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.asking.answers.scope import funds_asked
from monitor.asking.arguments import Asked
from monitor.core.flows import LONGEST_FLOW
from monitor.core.model import Interval, SecurityRef
from monitor.core.sessions import Sessions
from monitor.core.winding import Run, last_run, usual
from monitor.store import queries
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection
from monitor.store.queries import Dealt, EndedSpell, FundRef, Groups, HeldLine, Step
from monitor.store.sessions import sessions

FOUR = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class WeightMoveRow:
    """One line whose weight moved between two files without a trade."""

    issuer: str
    fund: str
    as_of_before: date
    as_of: date
    pos_session: date | None
    security: SecurityRef
    weight_before: Decimal
    weight_after: Decimal
    moved: Decimal
    price_change: Decimal | None


@dataclass(frozen=True, slots=True)
class WindDownRow:
    """One position that was given up."""

    issuer: str
    fund: str
    security: SecurityRef
    peak_file: date | None
    peak_shares: Decimal | None
    first_sale: date | None
    closed: Interval
    exit_file: date
    sales: int
    from_peak: int | None
    from_sale: int | None


@dataclass(frozen=True, slots=True)
class WindDownAverageRow:
    """What is usual in one fund."""

    issuer: str
    fund: str
    exits: int
    median_from_peak: Decimal | None
    mean_from_peak: Decimal | None
    with_sales: int
    median_from_sale: Decimal | None
    mean_from_sale: Decimal | None
    first_exit_file: date
    last_exit_file: date


def weight_movers(conn: Connection, asked: Asked) -> Sequence[WeightMoveRow]:
    """The lines, the newest file first, then the largest move."""
    fund, least = asked.the_fund(), asked.number("least") or Decimal(0)
    pairs = [
        one for one in queries.steps(conn, fund, asked.day("since"), asked.day("until")) if one.gap <= LONGEST_FLOW
    ]
    files = {file.id: file for one in pairs for file in (one.before, one.after)}
    joined = queries.groups(conn, fund_id=fund.id)
    lines = _by_root(queries.lines_of(conn, fund, files.values()), joined)
    traded = {
        (file, joined.root_of(one)) for file, one in queries.traded_lines(conn, fund, [one.after.id for one in pairs])
    }
    moved = [
        (step, old, new)
        for step in pairs
        for root, old in sorted(lines.get(step.before.id, {}).items())
        if (new := lines.get(step.after.id, {}).get(root)) is not None
        and abs(_moved(old, new)) >= max(least, FOUR)
        and (step.after.id, root) not in traded
    ]
    named = queries.refs(conn, {(new.security, new.listing) for _, _, new in moved}, joined)
    splits = queries.splits_by_fund(conn, [fund])[fund.id]
    rows = []
    for step, old, new in moved:
        factor = queries.factor_between(splits(new.security), step.before.as_of, step.after.as_of)
        rows.append(_move(fund, step, old, new, named[new.security, new.listing], factor))
    return sorted(rows, key=lambda row: (-row.as_of.toordinal(), -abs(row.moved), row.security.name, row.security.id))


def _by_root(lines: Sequence[HeldLine], joined: Groups) -> dict[int, dict[int, HeldLine]]:
    """The line of each position, by file; positions of several lines in one file, whose weights would have to be
    added, and lines without a weight are left out."""
    found: dict[int, dict[int, HeldLine | None]] = {}
    for line in lines:
        file, root = found.setdefault(line.snapshot, {}), joined.root_of(line.security)
        file[root] = None if root in file else line
    return {
        file: {root: line for root, line in some.items() if line is not None and line.weight is not None}
        for file, some in found.items()
    }


def _moved(old: HeldLine, new: HeldLine) -> Decimal:
    assert old.weight is not None
    assert new.weight is not None
    return new.weight - old.weight


def _move(
    fund: FundRef, step: Step, old: HeldLine, new: HeldLine, called: SecurityRef, factor: Decimal
) -> WeightMoveRow:
    assert old.weight is not None
    assert new.weight is not None
    before, after = (None if not one.shares or one.value is None else one.value / one.shares for one in (old, new))
    change = None if not before or after is None else ((after * factor / before - 1) * 100).quantize(FOUR)
    return WeightMoveRow(
        fund.issuer,
        fund.ticker,
        step.before.as_of,
        step.after.as_of,
        step.after.pos_session,
        called,
        old.weight,
        new.weight,
        _moved(old, new),
        change,
    )


def wind_downs(conn: Connection, asked: Asked) -> Sequence[WindDownRow]:
    """The exits, the newest first."""
    funds = {one.id: one for one in funds_asked(conn, asked)}
    ended = queries.ended_spells(conn, list(funds.values()))
    joined = queries.groups_of_funds(conn, {one.fund for one in ended})
    listed = {number for one in ended for number in joined[one.fund].members([one.security])}
    runs = _runs(ended, queries.dealt(conn, joined, listed), joined)
    named = queries.spell_names(conn, {(one.fund, one.security) for one in ended}, joined)
    calendars = {code: Sessions(sessions(conn, code)) for code in {one.calendar for one in funds.values()}}
    rows = [
        _wind_down(funds[one.fund], one, run, named[one.fund, one.security], calendars[funds[one.fund].calendar])
        for one, run in zip(ended, runs, strict=True)
    ]
    return sorted(rows, key=lambda row: (-row.exit_file.toordinal(), row.issuer, row.fund, row.security.name))


def _runs(ended: Sequence[EndedSpell], dealt: Sequence[Dealt], joined: Mapping[int, Groups]) -> list[Run | None]:
    positions = [(one.fund, joined[one.fund].root_of(one.security)) for one in ended]
    by_position: dict[tuple[int, int], list[Dealt]] = {one: [] for one in positions}
    for trade in dealt:
        mine = joined.get(trade.fund)
        if mine is not None and (some := by_position.get((trade.fund, mine.root_of(trade.security)))) is not None:
            some.append(trade)
    return [
        last_run(
            (date_of_day(trade.session), trade.is_sale)
            for trade in by_position[position]
            if day_of(one.opened_file) < trade.as_of <= day_of(one.exit_file)
        )
        for one, position in zip(ended, positions, strict=True)
    ]


def _wind_down(fund: FundRef, one: EndedSpell, run: Run | None, called: SecurityRef, calendar: Sessions) -> WindDownRow:
    end = one.closed.last or one.exit_file
    return WindDownRow(
        fund.issuer,
        fund.ticker,
        called,
        one.peak_file,
        one.peak_shares,
        None if run is None else run.first,
        one.closed,
        one.exit_file,
        0 if run is None else run.sales,
        None if one.peak_session is None else max(0, len(calendar.between(one.peak_session, end)) - 1),
        None if run is None else len(calendar.between(run.first, end)),
    )


def wind_down_averages(conn: Connection, asked: Asked) -> Sequence[WindDownAverageRow]:
    """A row per fund that has given positions up, by issuer and fund."""
    by_fund: dict[tuple[str, str], list[WindDownRow]] = {}
    for one in wind_downs(conn, asked):
        by_fund.setdefault((one.issuer, one.fund), []).append(one)
    return [_average(issuer, fund, rows) for (issuer, fund), rows in sorted(by_fund.items())]


def _average(issuer: str, fund: str, rows: Sequence[WindDownRow]) -> WindDownAverageRow:
    sold = [one.from_sale for one in rows if one.from_sale is not None]
    peak = usual([one.from_peak for one in rows if one.from_peak is not None])
    sale = usual(sold)
    files = [one.exit_file for one in rows]
    return WindDownAverageRow(
        issuer,
        fund,
        len(rows),
        None if peak is None else peak[0],
        None if peak is None else peak[1],
        len(sold),
        None if sale is None else sale[0],
        None if sale is None else sale[1],
        min(files),
        max(files),
    )
