"""What a fund held on a day, and who holds a security."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.asking.arguments import Asked
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import Difference, Holding


def holdings(conn: Connection, asked: Asked) -> Sequence[Holding]:
    """The portfolio, the largest weight first. Raises NoFile when no file says what it held."""
    return queries.holdings(conn, asked.the_fund(), asked.day("on"), asked.instant("as_known"))


def who_holds(conn: Connection, asked: Asked) -> Sequence[Holding]:
    """The lines of the funds that hold it. Raises NoFile when no fund has a file by then."""
    return queries.who_holds(conn, asked.the_security(), asked.day("on"), asked.text("issuer"))


def difference(conn: Connection, asked: Asked) -> Sequence[Difference]:
    """The lines that differ."""
    before = asked.day("before")
    assert before is not None
    return queries.difference(conn, asked.the_fund(), before, asked.day("after"), asked.instant("as_known"))
