"""Reads spells back into the core's values: which are open, and those of some securities as they were before a day.

Decides nothing; every list comes out in an order that depends on what the rows mean, not on when they were written.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, union_all

from monitor.core.model import Interval
from monitor.core.spells import Ending, Point, Spell
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of, maybe_date, maybe_decimal
from monitor.store.engine import Connection
from monitor.store.lines import Securities
from monitor.store.statements import Among, Joined, Statement


@dataclass(slots=True)
class StoredSpell:
    """A spell and where it is stored; `stored` is False until it has been written."""

    fund: int
    spell: Spell
    stored: bool = True
    changed: bool = False


_SpellRow = namedtuple("_SpellRow", [column.name for column in t.spell.columns])  # type: ignore[misc]
_spell_c = t.spell.c
_MINE = select(_spell_c.fund, Joined(_spell_c.security)).where(
    Among(_spell_c.fund, "funds"), _spell_c.opened_day < bindparam("before")
)
_OPEN = Statement(  # in two halves, each of which an index leads to: in a long history most spells have ended
    union_all(
        _MINE.where(_spell_c.closed_day.is_(None)).group_by(_spell_c.fund),
        _MINE.where(_spell_c.closed_day >= bindparam("before")).group_by(_spell_c.fund),
    )
)
_IN_FUND = Statement(
    select(t.spell).where(
        _spell_c.fund == bindparam("fund"),
        Among(_spell_c.security, "securities"),
        _spell_c.opened_day < bindparam("before"),
    )
)
_ANYWHERE = Statement(
    select(t.spell).where(Among(_spell_c.security, "securities"), _spell_c.opened_day < bindparam("before"))
)


def open_keys(conn: Connection, funds: Sequence[int], names: Securities, before: date) -> dict[int, list[str]]:
    """Of each of the funds the keys of the spells that were open just before the files of `before`, in order.

    A fund has hundreds, and of most nothing else is asked: the database answers with one text for each fund.
    """
    numbers: dict[int, list[int]] = {}
    for fund, joined in _OPEN.rows(conn, funds=list(funds), before=day_of(before)):
        numbers.setdefault(fund, []).extend(map(int, joined.split(",")))
    keys = names.keys(number for some in numbers.values() for number in some)
    return {fund: sorted([keys[number] for number in some]) for fund, some in numbers.items()}


def spells_of(
    conn: Connection, fund_ids: Sequence[int], securities: Sequence[int], names: Securities, before: date
) -> list[StoredSpell]:
    """The spells of these securities in these funds as they were just before the files of `before`, oldest first."""
    day, listed = day_of(before), list(securities)
    if len(fund_ids) == 1:
        rows = _IN_FUND.rows(conn, fund=fund_ids[0], securities=listed, before=day)
    else:
        rows = _ANYWHERE.rows(conn, securities=listed, before=day)
    mine = set(fund_ids)  # not asked of the database: it would read all spells of these funds
    found = (_spell(row, names, day) for row in rows if row[0] in mine)
    return sorted(found, key=lambda s: (s.spell.opened_day, s.fund, s.spell.security))


def _spell(values: tuple[Any, ...], names: Securities, before: int) -> StoredSpell:
    """A spell as it was before the files of a day."""
    row: Any = _SpellRow._make(values)
    ending = None
    if row.closed_day is not None and row.closed_day < before:
        ending = Ending(
            date_of_day(row.closed_day),
            date_of_day(row.exit_file),
            maybe_date(row.closed_to),
            _point(row.last_file, row.last_session, row.last_shares),
            _point(row.material_file, row.material_session, row.material_shares),
            _point(row.peak_file, None, row.peak_shares),
            maybe_decimal(row.exit_shares),
            row.files,
            Decimal(0),
            exit_from=maybe_date(row.closed_from),
        )
    gone = gone_day = None
    if ending is not None and row.last_line_day is not None and row.last_line_day < before:
        gone = _point(row.last_line_file, row.last_line_session, row.last_line_shares)
        gone_day = date_of_day(row.last_line_day)
    spell = Spell(
        names.key(row.security),
        date_of_day(row.opened_day),
        Interval(maybe_date(row.opened_from), maybe_date(row.opened_to)),
        date_of_day(row.first_file),
        maybe_decimal(row.entry_shares),
        row.censored == "left",
        ending,
        gone,
        gone_day,
    )
    return StoredSpell(row.fund, spell)


def _point(day: int, session: int | None, shares: str | None) -> Point:
    return Point(date_of_day(day), maybe_date(session), maybe_decimal(shares), None, None)
