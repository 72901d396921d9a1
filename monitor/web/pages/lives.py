"""What funds' files say of one security from first to last: the ground of its pictures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from monitor.core.model import SecurityRef
from monitor.store.engine import Connection
from monitor.store.queries import FoundSecurity, FundRef, PositionRow, SpellRow, funds_known, history, position
from monitor.web.pages.strips import Axis, Strip, axis, strip


@dataclass(frozen=True, slots=True)
class Life:
    """A security in one fund: a row per accepted file, and its spells."""

    fund: FundRef
    rows: tuple[PositionRow, ...]
    spells: tuple[SpellRow, ...]


@dataclass(frozen=True, slots=True)
class Called:
    """What it is called in files dated `first` … `last`, and by which funds."""

    security: SecurityRef
    first: date
    last: date
    funds: tuple[str, ...]


def lives(conn: Connection, what: FoundSecurity, issuer: str | None = None) -> list[Life]:
    """The funds that ever held it, those that hold it now first, then by their last day."""
    spells = history(conn, what, issuer=issuer)
    by_fund: dict[tuple[str, str], list[SpellRow]] = {}
    for one in spells:
        by_fund.setdefault((one.issuer, one.fund), []).append(one)
    found = []
    for fund in funds_known(conn, issuer):
        own = tuple(by_fund.get((fund.issuer, fund.ticker), ()))
        if own:
            rows = tuple(position(conn, fund, what))
            if rows:
                found.append(Life(fund, rows, own))
    return sorted(found, key=lambda one: (not _open(one), -_last_day(one).toordinal(), one.fund.ticker))


def picture(found: Sequence[Life]) -> tuple[Axis | None, list[Strip]]:
    """A strip per fund on one axis."""
    on = axis([one.rows for one in found])
    return on, [] if on is None else [strip(on, one.fund, one.rows, one.spells) for one in found]


def called(found: Sequence[Life]) -> list[Called]:
    """Names and identifiers as printed, each with its files, the oldest first."""
    seen: dict[SecurityRef, tuple[date, date, set[str]]] = {}
    for life in found:
        for row in life.rows:
            if row.listed:
                first, last, funds = seen.get(row.security, (row.as_of, row.as_of, set()))
                seen[row.security] = (min(first, row.as_of), max(last, row.as_of), funds | {life.fund.ticker})
    made = [Called(one, first, last, tuple(sorted(funds))) for one, (first, last, funds) in seen.items()]
    return sorted(made, key=lambda one: (one.first, one.last, one.security.name))


def _open(life: Life) -> bool:
    return any(one.closed is None for one in life.spells)


def _last_day(life: Life) -> date:
    return max((one.last_file or one.first_file for one in life.spells), default=date.min)
