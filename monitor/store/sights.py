"""What the records say about how well a fund is seen: its last looks, its newest files. Read only, decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select

from monitor.core.sight import Hole, Look, Seen
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of, instant_text, parse_instant
from monitor.store.engine import Connection

FILES = 12  # of the newest that are read: enough to count a few in a row


@dataclass(frozen=True, slots=True)
class FileRow:
    """One stored version of a fund's file and what became of it."""

    as_of: date
    known_at: datetime
    live: bool
    standing: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Files:
    """The newest files of a fund: the newest accepted one, and how many in a row are stale or held."""

    last: Seen | None
    stale: int
    quarantined: int
    newest: tuple[Seen, ...]  # accepted and fetched, newest first


def looks(conn: Connection, fund: int, limit: int) -> tuple[Look, ...]:
    """The last looks for the fund's file, newest first, one for each pass; local files are none."""
    table = t.fetch.c
    asked = and_(table.fund == fund, table.arrival == "live", table.place.like("http%"))
    query = select(table.at, table.outcome, table.status, table.detail).where(asked)
    rows = conn.execute(query.order_by(table.id.desc()).limit(limit))
    passes: dict[str, Look] = {}
    for row in rows:
        passes.setdefault(row.at, Look(parse_instant(row.at), row.outcome, row.status, row.detail or ""))
    return tuple(passes.values())


def files(conn: Connection, fund: int) -> Files:
    """The newest files of the fund."""
    rows = _newest(conn, fund)
    accepted = [row for row in rows if row.standing == "accepted"]
    seen = [Seen(row.as_of, row.known_at) for row in accepted]
    days = dict.fromkeys(row.as_of for row in rows if row.standing in ("accepted", "quarantined"))
    return Files(
        seen[0] if seen else None,
        _leading([row.stale and row.live for row in accepted]),
        _leading([_held([row for row in rows if row.as_of == day]) for day in days]),
        tuple(Seen(row.as_of, row.known_at) for row in accepted if row.live),
    )


def _newest(conn: Connection, fund: int) -> list[FileRow]:
    table, snap = t.standing.c, t.snapshot.c
    query = (
        select(table.as_of, table.standing, table.warnings, snap.known_at, snap.arrival)
        .join(t.snapshot, and_(snap.fund == table.fund, snap.id == table.snapshot))
        .where(table.fund == fund)
        .order_by(table.as_of.desc(), snap.rank.desc())
        .limit(FILES)
    )
    return [
        FileRow(
            date_of_day(row.as_of),
            parse_instant(row.known_at),
            row.arrival == "live",
            row.standing,
            '"stale"' in row.warnings,
        )
        for row in conn.execute(query)
    ]


def _held(rows: Sequence[FileRow]) -> bool:
    """Whether nothing of one date is believed and something that was fetched is held."""
    return all(row.standing != "accepted" for row in rows) and any(
        row.standing == "quarantined" and row.live for row in rows
    )


def _leading(values: Sequence[bool]) -> int:
    return next((at for at, value in enumerate(values) if not value), len(values))


def hole(conn: Connection, fund: int, newest: Sequence[Seen], days: Sequence[date]) -> Hole | None:
    """Those of `days`, between the fund's two newest fetched files, of which no version of any standing is stored."""
    if not days:
        return None
    table = t.snapshot.c
    query = select(table.as_of).where(table.fund == fund, table.as_of.in_([day_of(one) for one in days]))
    known = {date_of_day(number) for number in conn.execute(query).scalars()}
    missing = tuple(day for day in days if day not in known)
    return Hole(missing, newest[0]) if missing else None


def asked_since(conn: Connection, issuer: str, ticker: str | None, instant: datetime) -> bool:
    """Whether anybody has looked for the fund's file (without `ticker`: for one of the issuer's) since then."""
    query = select(t.fund.c.id).join(t.issuer, t.issuer.c.id == t.fund.c.issuer).join(t.fetch, _is_newest_look())
    query = query.where(t.issuer.c.code == issuer, t.fetch.c.at >= instant_text(instant))
    if ticker is not None:
        query = query.where(t.fund.c.ticker == ticker)
    return conn.execute(query.limit(1)).first() is not None


def _is_newest_look() -> ColumnElement[bool]:
    """Joins a fund's newest look to it: one step in an index, however many looks there were."""
    looks = t.fetch.alias("looks")
    mine = select(looks.c.id).where(looks.c.fund == t.fund.c.id, looks.c.arrival == "live")
    newest = mine.order_by(looks.c.id.desc()).limit(1).correlate(t.fund).scalar_subquery()
    return t.fetch.c.id == newest


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened in a while: funds looked at, files that came, changes they showed."""

    funds: int
    files: int
    events: int


def looked_at(conn: Connection, instant: datetime) -> int:
    """How many funds were looked at since `instant`."""
    newest = select(func.count()).select_from(t.fund.join(t.fetch, _is_newest_look()))
    return conn.execute(newest.where(t.fetch.c.at >= instant_text(instant))).scalar_one()


def since(conn: Connection, instant: datetime) -> Activity:
    """What happened since `instant`."""
    at = instant_text(instant)
    new = and_(t.snapshot.c.known_at >= at, t.snapshot.c.arrival == "live")
    came = select(func.count()).select_from(t.snapshot).where(new)
    days = select(t.snapshot.c.fund, t.snapshot.c.as_of).where(new).distinct().subquery()
    same = and_(t.event.c.fund == days.c.fund, t.event.c.as_of == days.c.as_of)
    changed = select(func.count()).select_from(t.event.join(days, same))
    return Activity(looked_at(conn, instant), *(conn.execute(query).scalar_one() for query in (came, changed)))
