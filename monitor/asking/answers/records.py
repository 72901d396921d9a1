"""Whom we have files of, how far they reach, and what a text may mean."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.asking.arguments import Asked
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import CoverageRow, FundRow, IssuerRow, MatchRow


def issuers(conn: Connection, asked: Asked) -> Sequence[IssuerRow]:
    """Every issuer, by its code."""
    return queries.issuers(conn)


def funds(conn: Connection, asked: Asked) -> Sequence[FundRow]:
    """Every fund, by issuer and ticker."""
    return queries.funds(conn, asked.text("issuer"))


def coverage(conn: Connection, asked: Asked) -> Sequence[CoverageRow]:
    """The coverage of a fund, of an issuer's funds or of all."""
    fund, issuer = asked.fund(), asked.text("issuer")
    if fund is not None:
        return queries.coverage(conn, [fund])
    return queries.coverage(conn, None if issuer is None else queries.funds_known(conn, issuer))


def search(conn: Connection, asked: Asked) -> Sequence[MatchRow]:
    """What the text may mean."""
    text = asked.text("text")
    assert text is not None
    return queries.matches(conn, text, asked.count("limit") or 0)
