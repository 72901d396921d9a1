"""What a back-fill need not ask for: the days we have of a fund, the addresses that have answered, the bodies known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from monitor.store import schema as t
from monitor.store.codec import date_of_day, instant_text, parse_instant
from monitor.store.engine import Connection
from monitor.store.save import UNTIMED

ANSWERED = ("new", "heartbeat", "absent")  # outcomes after which an address of the past is not asked again


@dataclass(frozen=True, slots=True)
class Have:
    """What is stored of one fund: the dates of its files and of its schedules, the hashes of all their bodies, those
    (`timed`) of which we know that somebody had them at some time, and of every address of the past that answered
    whether it had something, and when that was."""

    days: frozenset[date] = frozenset()
    schedules: frozenset[date] = frozenset()
    bodies: frozenset[str] = frozenset()
    timed: frozenset[str] = frozenset()
    answered: dict[str, tuple[bool, datetime]] | None = None

    def answer(self, place: str) -> tuple[bool, datetime] | None:
        """Whether `place` had something when it was last asked, and when that was; None: it never answered."""
        return (self.answered or {}).get(place)


def have(conn: Connection, issuer: str, ticker: str) -> Have:
    """What is stored of a fund; nothing when it is new."""
    wanted = select(t.fund.c.id).join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
    fund = conn.execute(wanted.where(t.issuer.c.code == issuer, t.fund.c.ticker == ticker)).scalar()
    if fund is None:
        return Have()
    table = t.snapshot.c
    files = conn.execute(select(table.as_of, table.sha256, table.rank).where(table.fund == fund)).all()
    lists = conn.execute(select(t.schedule.c.as_of, t.schedule.c.sha256).where(t.schedule.c.fund == fund)).all()
    return Have(
        frozenset(date_of_day(row.as_of) for row in files),
        frozenset(date_of_day(row.as_of) for row in lists),
        frozenset(row.sha256 for row in (*files, *lists)),
        frozenset(row.sha256 for row in files if not row.rank.startswith(UNTIMED)),
        _answered(conn, fund),
    )


def asked(conn: Connection, issuer: str, ticker: str, at: datetime, places: Sequence[str]) -> dict[str, str]:
    """What became of those of these addresses of a fund that the run which began at `at` has asked already."""
    table = t.fetch.c
    fund = select(t.fund.c.id).join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
    fund = fund.where(t.issuer.c.code == issuer, t.fund.c.ticker == ticker)
    query = select(table.place, table.outcome).where(
        table.fund.in_(fund), table.at == instant_text(at), table.arrival == "history", table.place.in_(places)
    )
    return {row.place: row.outcome for row in conn.execute(query)}


def _answered(conn: Connection, fund: int) -> dict[str, tuple[bool, datetime]]:
    table = t.fetch.c
    query = select(table.place, table.outcome, table.at).where(
        table.fund == fund, table.arrival == "history", table.outcome.in_(ANSWERED)
    )
    return {
        row.place: (row.outcome != "absent", parse_instant(row.at)) for row in conn.execute(query.order_by(table.id))
    }
