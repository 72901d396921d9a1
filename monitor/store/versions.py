"""Which version of a day's file has which hash, of the funds of an issuer. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import bindparam, select

from monitor.store import schema as t
from monitor.store.codec import REVISIONS
from monitor.store.engine import Connection
from monitor.store.statements import Among, Statement

KEPT = 256  # days whose versions are remembered at a time

Known = tuple[int, int, str]  # fund, number of the version among all of its files, hash

# The versions of one date: by the numbers that carry it, which the key finds; by the date all of a fund would be read.
_OF_DAY = Statement(
    select(t.snapshot.c.fund, t.snapshot.c.id, t.snapshot.c.sha256).where(
        Among(t.snapshot.c.fund, "funds"), t.snapshot.c.id.between(bindparam("first"), bindparam("last"))
    )
)
_FUNDS = Statement(select(t.fund.c.id, t.fund.c.ticker).where(t.fund.c.issuer == bindparam("issuer")))


class Versions:
    """The versions of an issuer's files: asked of the database day by day."""

    def __init__(self, conn: Connection, issuer: int) -> None:
        self._conn = conn
        self._tickers: dict[int, str] = dict(_FUNDS.rows(conn, issuer=issuer))
        self._days: dict[int, dict[tuple[str, str], int]] = {}
        self._given: dict[int, list[Known]] = {}
        self._since: int | None = None

    def give(self, since: int, known: Iterable[Known]) -> None:
        """From the day `since` on these are all versions there are, ordered by day: the database is not asked."""
        self._since, self._days = since, {}
        self._given = {day: list(some) for day, some in groupby(known, key=lambda one: one[1] // REVISIONS)}

    def version(self, fund: str, day: int, sha256: str) -> int | None:
        """The number of a file among those of its date; None when it is none of them."""
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= KEPT:
                self._days.clear()
            first = day * REVISIONS
            known = self._days[day] = {
                (self._tickers[number], found): version - first for number, version, found in self._of(day, first)
            }
        return known.get((fund, sha256))

    def _of(self, day: int, first: int) -> Iterable[Known]:
        if self._since is not None and day >= self._since:
            return self._given.get(day, ())
        found: Iterable[Known] = _OF_DAY.rows(
            self._conn, funds=list(self._tickers), first=first, last=first + REVISIONS - 1
        )
        return found
