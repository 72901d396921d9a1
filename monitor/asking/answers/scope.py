"""Which funds a question is about. Nothing is answered here."""

from __future__ import annotations

from monitor.asking.arguments import Asked
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import FundRef


def funds_asked(conn: Connection, asked: Asked) -> list[FundRef]:
    """The fund that was named, else all (of the issuer), by issuer and ticker."""
    fund = asked.fund()
    return [fund] if fund is not None else queries.funds_known(conn, asked.text("issuer"))
