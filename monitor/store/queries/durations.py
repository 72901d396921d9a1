"""All spells of whole funds, for how long positions last and what is left of them. It reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from monitor.core.model import Interval
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef
from monitor.store.schema import spell


@dataclass(frozen=True, slots=True)
class FundSpell:
    """One spell. `opened` and `closed` are sessions, `closed` and `exit_file` None while it is open; `last_file` is the
    last before the exit that listed the position, `last_session` its session; the peak is in shares of the exit file,
    and all three are known once the spell has ended."""

    fund: int
    security: int
    opened: Interval
    censored: str
    first_file: date
    closed: Interval | None
    exit_file: date | None
    last_file: date | None
    last_session: date | None
    peak_shares: Decimal | None


def spells_of_funds(conn: Connection, funds: Collection[FundRef]) -> list[FundSpell]:
    """Every spell of these funds, by fund and first file."""
    query = select(spell).where(spell.c.fund.in_(sorted(one.id for one in funds)))
    found = []
    for row in conn.execute(query.order_by(spell.c.fund, spell.c.first_file, spell.c.security)):
        ended = row.closed_day is not None
        found.append(
            FundSpell(
                row.fund,
                row.security,
                Interval(_day(row.opened_from), _day(row.opened_to)),
                row.censored,
                date_of_day(row.first_file),
                Interval(_day(row.closed_from), _day(row.closed_to)) if ended else None,
                date_of_day(row.exit_file or row.closed_day) if ended else None,
                _day(row.last_file),
                _day(row.last_session),
                None if row.peak_shares is None else Decimal(row.peak_shares),
            )
        )
    return found


def _day(value: int | None) -> date | None:
    return None if value is None else date_of_day(value)
