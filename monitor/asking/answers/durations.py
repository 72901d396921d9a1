"""How long funds held their positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.asking.answers.scope import funds_asked
from monitor.asking.arguments import Asked
from monitor.core.model import Interval, SecurityRef
from monitor.core.survival import Lasted, quartiles, surviving
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import FileLine, FundRef, FundSpell
from monitor.store.sessions import days_of

LEFT = "left"


@dataclass(frozen=True, slots=True)
class HoldingPeriodRow:
    """One spell. While it is `open`, its length is that until the fund's latest file."""

    issuer: str
    fund: str
    security: SecurityRef
    opened: Interval
    closed: Interval | None
    open: bool
    censored: str
    sessions: int | None
    days: int | None
    first_file: date
    last_file: date | None
    exit_file: date | None


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """What is usual in one fund, or in all that were asked about where `fund` is None. Each spell is counted once as
    completed, still open, left-censored or of unknown length."""

    issuer: str | None
    fund: str | None
    funds: tuple[str, ...]
    spells: int
    completed: int
    still_open: int
    left_censored: int
    unmeasured: int
    quartile_first: Decimal | None
    median: Decimal | None
    quartile_third: Decimal | None
    km_first: Decimal | None
    km_median: Decimal | None
    km_third: Decimal | None
    first_file: date
    last_file: date


@dataclass(frozen=True, slots=True)
class _Measured:
    """A spell of `fund` and how long it lasted, both ends counted, up to the file `last`."""

    fund: FundRef
    spell: FundSpell
    sessions: int | None
    days: int | None
    last: date | None


def holding_periods(conn: Connection, asked: Asked) -> Sequence[HoldingPeriodRow]:
    """The spells by issuer and fund, the oldest first."""
    found = _measured(conn, asked)
    joined = queries.groups_by_fund(conn, {one.spell.security for one in found})
    named = queries.spell_names(conn, {(one.spell.fund, one.spell.security) for one in found}, joined)
    rows = [_row(one, named[one.spell.fund, one.spell.security]) for one in found]
    return sorted(rows, key=lambda row: (row.issuer, row.fund, row.first_file, row.security.name))


def _row(one: _Measured, called: SecurityRef) -> HoldingPeriodRow:
    return HoldingPeriodRow(
        one.fund.issuer,
        one.fund.ticker,
        called,
        one.spell.opened,
        one.spell.closed,
        one.spell.closed is None,
        one.spell.censored,
        one.sessions,
        one.days,
        one.spell.first_file,
        one.last,
        one.spell.exit_file,
    )


def _measured(conn: Connection, asked: Asked) -> list[_Measured]:
    """The spells of the funds asked about, by fund and date."""
    funds = {one.id: one for one in funds_asked(conn, asked)}
    latest = queries.latest_files(conn, list(funds.values()))
    calendars = {code: days_of(conn, code) for code in {one.calendar for one in funds.values()}}
    spells = queries.spells_of_funds(conn, list(funds.values()))
    return [_measure(funds[one.fund], one, latest, calendars[funds[one.fund].calendar]) for one in spells]


def _measure(fund: FundRef, one: FundSpell, latest: Mapping[int, FileLine], calendar: Sequence[int]) -> _Measured:
    file = latest.get(fund.id)
    if one.closed is not None:
        last, end = one.last_file, one.last_session
    else:
        last, end = (None, None) if file is None else (file.as_of, file.pos_session)
    start = one.opened.last
    days = None if start is None or end is None else max(0, (end - start).days + 1)
    return _Measured(fund, one, queries.count_sessions(calendar, start, end), days, last)


def holding_period_distribution(conn: Connection, asked: Asked) -> Sequence[DistributionRow]:
    """A row per fund, by issuer and fund, after one over all of them where they are several."""
    found = _measured(conn, asked)
    by_fund: dict[tuple[str, str], list[_Measured]] = {}
    for one in found:
        by_fund.setdefault((one.fund.issuer, one.fund.ticker), []).append(one)
    rows = [_usual(issuer, fund, (fund,), by_fund[issuer, fund]) for issuer, fund in sorted(by_fund)]
    if len(rows) < 2:
        return rows
    issuers = {issuer for issuer, _ in by_fund}
    whose = issuers.pop() if len(issuers) == 1 else None
    return [_usual(whose, None, tuple(sorted({fund for _, fund in by_fund})), found), *rows]


def _usual(issuer: str | None, fund: str | None, funds: tuple[str, ...], some: Sequence[_Measured]) -> DistributionRow:
    seen = [one for one in some if one.spell.censored != LEFT]
    known = [Lasted(one.sessions, one.spell.closed is not None) for one in seen if one.sessions is not None]
    ended = [one.length for one in known if one.ended]
    plain, estimated = quartiles(ended), surviving(known)
    return DistributionRow(
        issuer,
        fund,
        funds,
        len(some),
        len(ended),
        len(known) - len(ended),
        len(some) - len(seen),
        len(seen) - len(known),
        plain.first,
        plain.median,
        plain.third,
        estimated.first,
        estimated.median,
        estimated.third,
        min(one.spell.first_file for one in some),
        max(one.last or one.spell.first_file for one in some),
    )
