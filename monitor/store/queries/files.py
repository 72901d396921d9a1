"""The published files that answers rest on: where each lies and its hash. It does not read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select

from monitor.core.model import Standing
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection
from monitor.store.queries.names import chunks, funds_called
from monitor.store.schema import snapshot, standing


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
    found = []
    for owner in funds_called(conn, {fund for _, fund in days}):
        mine = days.get((owner.issuer, owner.ticker), set()) | days.get((None, owner.ticker), set())
        for some in chunks(mine):
            query = (
                select(standing.c.as_of, snapshot.c.place, snapshot.c.sha256, snapshot.c.known_at)
                .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
                .where(standing.c.fund == owner.id, standing.c.as_of.in_(some))
                .where(standing.c.standing == str(Standing.ACCEPTED))
            )
            found += [
                FileRef(owner.issuer, owner.ticker, date_of_day(row.as_of), row.place, row.sha256, row.known_at)
                for row in conn.execute(query)
            ]
    return sorted(found, key=lambda one: (one.issuer, one.fund, one.as_of))
