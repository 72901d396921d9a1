"""The published files that answers rest on: where each lies and its hash. It does not read them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select

from monitor.core.model import Standing
from monitor.store.chunks import chunks
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection
from monitor.store.queries.names import funds_called
from monitor.store.schema import snapshot, standing

FEW = 5  # days of a fund: asked for together with other funds


@dataclass(frozen=True, slots=True)
class FileRef:
    """One accepted file: what it is dated, where it came from, since when we know it, and the SHA-256 of its bytes."""

    issuer: str
    fund: str
    as_of: date
    place: str
    sha256: str
    known_at: str


def files_of(conn: Connection, wanted: Collection[tuple[str | None, str, date]]) -> list[FileRef]:
    """The accepted files of these (issuer, fund, date), sorted so; those we have none of are left out. Without an
    issuer the files of every fund with that ticker are meant."""
    days: dict[tuple[str | None, str], set[int]] = {}
    for issuer, fund, day in wanted:
        days.setdefault((issuer, fund), set()).add(day_of(day))
    owners = {one.id: one for one in funds_called(conn, {fund for _, fund in days})}
    mine = {
        number: days.get((one.issuer, one.ticker), set()) | days.get((None, one.ticker), set())
        for number, one in owners.items()
    }
    query = (
        select(standing.c.fund, standing.c.as_of, snapshot.c.place, snapshot.c.sha256, snapshot.c.known_at)
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .where(standing.c.standing == str(Standing.ACCEPTED))
    )
    found = []
    for funds, some in _rectangles(mine):
        for row in conn.execute(query.where(standing.c.fund.in_(funds), standing.c.as_of.in_(some))):
            if row.as_of in mine[row.fund]:
                one, day = owners[row.fund], date_of_day(row.as_of)
                found.append(FileRef(one.issuer, one.ticker, day, row.place, row.sha256, row.known_at))
    return sorted(found, key=lambda one: (one.issuer, one.fund, one.as_of))


def _rectangles(mine: Mapping[int, set[int]]) -> Iterator[tuple[list[int], list[int]]]:
    """Funds and days in which all files lie that are asked for, and few others: funds with few days together."""
    few = {number: days for number, days in mine.items() if 0 < len(days) <= FEW}
    if few:
        for some in chunks({day for days in few.values() for day in days}):
            yield sorted(few), some
    for number, days in mine.items():
        if len(days) > FEW:
            for some in chunks(days):
                yield [number], some
