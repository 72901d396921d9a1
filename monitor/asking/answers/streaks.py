"""What funds bought, or sold, file after file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from monitor.asking.answers.scope import funds_asked
from monitor.asking.arguments import Asked
from monitor.core.model import SecurityRef
from monitor.core.streaks import Streak
from monitor.core.streaks import streaks as runs_of
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import Dealings, FundRef, Groups, NextFile, SizedTrade
from monitor.store.queries.names import NOTHING_JOINED
from monitor.store.queries.portfolios import Split
from monitor.store.queries.tracks import added

BEFORE = timedelta(days=45)  # how far before the range to look for the beginning of a run; doubled where it is not


@dataclass(frozen=True, slots=True)
class StreakRow:
    """One run. The sessions are the earliest possible of its first trade and the latest of its last; `active_shares`
    are all it bought or sold, in shares of its last file, which still (or by then) lists `shares_after`."""

    issuer: str
    fund: str
    security: SecurityRef
    direction: str
    first_session: date | None
    last_session: date | None
    first_file: date
    last_file: date
    files: int
    active_shares: Decimal
    value: Decimal | None
    currency: str | None
    shares_after: Decimal | None
    running: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """A run with the trades that make it up, oldest first."""

    fund: int
    streak: Streak
    files: tuple[NextFile, ...]
    trades: tuple[SizedTrade, ...]
    running: bool


def streaks(conn: Connection, asked: Asked) -> Sequence[StreakRow]:
    """The runs, the latest first, then the longest."""
    funds = {one.id: one for one in funds_asked(conn, asked)}
    least, direction = asked.count("least") or 1, asked.text("direction")
    found = [
        one
        for one in _found(conn, list(funds.values()), asked)
        if one.streak.files >= least and direction in (None, _direction(one.streak))
    ]
    joined = queries.groups_by_fund(conn, {one.trades[-1].security for one in found})
    named = queries.refs_by_fund(
        conn, {(one.fund, one.trades[-1].security, one.trades[-1].listing) for one in found}, joined
    )
    splits = queries.splits_by_fund(conn, [funds[number] for number in sorted({one.fund for one in found})])
    rows = [_row(funds[one.fund], one, named, splits[one.fund]) for one in found]
    return sorted(
        rows,
        key=lambda row: (-row.last_file.toordinal(), -row.files, row.issuer, row.fund, row.security.name),
    )


def _direction(one: Streak) -> str:
    return "buy" if one.is_buy else "sell"


def _found(conn: Connection, funds: Sequence[FundRef], asked: Asked) -> list[_Run]:
    """The runs whose last session is `since` or later. Where one may have begun before what was read, more is read."""
    since, security = asked.day("since"), asked.security()
    found: list[_Run] = []
    back, seen = BEFORE, dict.fromkeys((one.id for one in funds), 0)
    todo = list(funds)
    while todo:
        start = None if since is None else since - back
        read = queries.dealings(conn, todo, start, asked.day("until"), None if security is None else security.ids)
        joined = queries.groups_by_fund(conn, {one.security for part in read.values() for one in part.trades})
        again = []
        for fund in todo:
            part = read[fund.id]
            runs = _runs(fund.id, part, joined.get(fund.id, NOTHING_JOINED), since)
            if start is not None and len(part.files) > seen[fund.id] and any(not one.streak.first for one in runs):
                again.append(fund)
            else:
                found += runs
            seen[fund.id] = len(part.files)
        todo, back = again, back * 2
    return found


def _runs(fund: int, read: Dealings, joined: Groups, since: date | None) -> list[_Run]:
    numbers = {file.id: at for at, file in enumerate(read.files)}
    gaps = [file.gap for file in read.files]
    by_root: dict[int, dict[int, list[SizedTrade]]] = {}
    for one in read.trades:
        by_root.setdefault(joined.root_of(one.security), {}).setdefault(numbers[one.snapshot], []).append(one)
    found = []
    for trades in by_root.values():
        for run in runs_of({at: _sign(some) for at, some in trades.items()}, gaps):
            if since is None or read.files[run.last].day >= since:
                some = tuple(one for at in range(run.first, run.last + 1) for one in trades[at])
                files = read.files[run.first : run.last + 1]
                found.append(_Run(fund, run, files, some, run.last == len(read.files) - 1))
    return found


def _sign(trades: Iterable[SizedTrade]) -> int:
    total = sum((one.active_shares for one in trades), Decimal(0))
    return (total > 0) - (total < 0)


def _row(
    fund: FundRef,
    run: _Run,
    named: Mapping[tuple[int, int, int], SecurityRef],
    splits: Callable[[int], Sequence[Split]],
) -> StreakRow:
    first, end, last = run.files[0], run.files[-1], run.trades[-1]
    dates = {file.id: file.as_of for file in run.files}
    known = splits(last.security)
    shares = [queries.adjusted(one.active_shares, known, dates[one.snapshot], end.as_of) for one in run.trades]
    currencies = {one.currency for one in run.trades}
    one_currency = len(currencies) == 1
    return StreakRow(
        fund.issuer,
        fund.ticker,
        named[fund.id, last.security, last.listing],
        _direction(run.streak),
        first.sessions.first or first.sessions.last,
        end.sessions.last,
        first.as_of,
        end.as_of,
        run.streak.files,
        sum((one for one in shares if one is not None), Decimal(0)),
        added(one.value for one in run.trades) if one_currency else None,
        last.currency if one_currency else None,
        added(one.shares_after for one in run.trades if one.snapshot == end.id),
        run.running,
    )
