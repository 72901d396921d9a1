"""One position through time."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.asking.arguments import Asked
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import PositionRow


def position(conn: Connection, asked: Asked) -> Sequence[PositionRow]:
    """What every file says of it, oldest first."""
    return queries.position(conn, asked.the_fund(), asked.the_security(), asked.day("since"), asked.day("until"))
