"""Presence facts: schedules of what a fund held, beside its issuer's daily files. Written once, never changed.

All functions expect to be inside a transaction. Nothing here decides what a schedule proves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, insert, select

from monitor.core.evidence import Listed, Origin, Presence, Schedule
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of, instant_text, maybe_date, maybe_decimal
from monitor.store.engine import Connection, bulk_insert
from monitor.store.statements import Among, Statement

_ROW = ("fund", "sha256", "key", "session", "state", "names", "ids", "shares", "value", "weight")


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """A schedule as lists show it: of which fund, what it says it is, where it came from, when it was known."""

    issuer: str
    fund: str
    source: str
    as_of: date
    pos_session: date
    complete: bool
    title: str
    lines: int
    place: str
    sha256: str
    known_at: str


def add(conn: Connection, fund: int, schedule: Schedule, *, title: str, place: str, at: datetime) -> bool:
    """Stores a schedule of a fund; False when the fund has it already. Its body is in the archive."""
    table = t.schedule.c
    known = select(table.sha256).where(table.fund == fund, table.sha256 == schedule.sha256)
    if conn.execute(known).first() is not None:
        return False
    values = {
        "fund": fund,
        "sha256": schedule.sha256,
        "source": schedule.origin.value,
        "as_of": day_of(schedule.as_of),
        "session": day_of(schedule.session),
        "complete": int(schedule.complete),
        "below": f"{schedule.below:f}",
        "rank": schedule.rank,
        "title": title,
        "place": place,
        "lines": len(schedule.lines),
        "known_at": instant_text(at),
    }
    conn.execute(insert(t.schedule), [values])
    bulk_insert(conn, t.presence, _ROW, (_row(fund, schedule, line) for line in schedule.lines))
    return True


def _row(fund: int, schedule: Schedule, line: Listed) -> tuple[object, ...]:
    state = Presence.HELD if line.shares is None or line.shares > 0 else Presence.NOT_LISTED
    names = json.dumps(line.names, ensure_ascii=False)
    quantities = (_text(line.shares), _text(line.value), _text(line.weight))
    session = day_of(schedule.session)
    return (fund, schedule.sha256, line.key, session, state.value, names, " ".join(line.ids), *quantities)


_WITH_ANY = Statement(select(t.schedule.c.fund).where(Among(t.schedule.c.fund, "funds")).distinct())


def scheduled(conn: Connection, funds: Sequence[int]) -> set[int]:
    """Those of the funds that have schedules: most have none."""
    return {fund for (fund,) in _WITH_ANY.rows(conn, funds=list(funds))}


def schedules(conn: Connection, fund: int) -> list[Schedule]:
    """All schedules of a fund, oldest first."""
    table, held = t.schedule.c, t.presence.c
    lines: dict[str, list[Listed]] = {}
    for row in conn.execute(select(t.presence).where(held.fund == fund).order_by(held.sha256, held.key)):
        one = Listed(
            row.key,
            tuple(row.ids.split()),
            tuple(json.loads(row.names)),
            maybe_decimal(row.shares),
            maybe_decimal(row.value),
            maybe_decimal(row.weight),
        )
        lines.setdefault(row.sha256, []).append(one)
    query = select(t.schedule).where(table.fund == fund).order_by(table.session, table.sha256)
    return [
        Schedule(
            date_of_day(row.session),
            date_of_day(row.as_of),
            Origin(row.source),
            row.sha256,
            bool(row.complete),
            row.rank,
            tuple(lines.get(row.sha256, ())),
            Decimal(row.below),
        )
        for row in conn.execute(query)
    ]


def owners(conn: Connection, sha256: str) -> list[str]:
    """The funds that have this document as a schedule."""
    query = select(t.fund.c.ticker).join(t.schedule, t.schedule.c.fund == t.fund.c.id)
    return list(conn.execute(query.where(t.schedule.c.sha256 == sha256).order_by(t.fund.c.ticker)).scalars())


def known_identities(conn: Connection, fund: int) -> frozenset[str]:
    """Every verified identifier the fund's accepted files have listed, `scheme:value`."""
    query = (
        select(t.identifier.c.scheme, t.identifier.c.value)
        .join(t.sighting, t.sighting.c.security == t.identifier.c.security)
        .where(t.sighting.c.fund == fund)
    )
    return frozenset(f"{scheme}:{value}" for scheme, value in conn.execute(query))


def exits_since(conn: Connection, fund: int, first: date, last: date) -> date | None:
    """The first exit file in [first, last] of the fund's closed spells."""
    table = t.spell.c
    query = select(func.min(table.exit_file)).where(
        table.fund == fund, table.exit_file >= day_of(first), table.exit_file <= day_of(last)
    )
    found = conn.execute(query).scalar()
    return maybe_date(found)


def stored(conn: Connection, fund: int | None = None) -> list[StoredSchedule]:
    """The schedules we have, by issuer, fund and session."""
    table = t.schedule.c
    query = (
        select(t.schedule, t.fund.c.ticker, t.issuer.c.code)
        .join(t.fund, t.fund.c.id == table.fund)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .order_by(t.issuer.c.code, t.fund.c.ticker, table.session, table.sha256)
    )
    if fund is not None:
        query = query.where(table.fund == fund)
    return [
        StoredSchedule(
            row.code,
            row.ticker,
            row.source,
            date_of_day(row.as_of),
            date_of_day(row.session),
            bool(row.complete),
            row.title,
            row.lines,
            row.place,
            row.sha256,
            row.known_at,
        )
        for row in conn.execute(query)
    ]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
