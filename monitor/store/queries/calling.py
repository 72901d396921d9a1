"""What funds are called where no issuer is understood: by ticker, by issuer/ticker where two issuers use the same."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from monitor.core.identity import fund_name
from monitor.store.engine import Connection
from monitor.store.schema import fund


def shared_tickers(conn: Connection) -> frozenset[str]:
    """The tickers, in capitals, that funds of several issuers bear."""
    folded = func.upper(fund.c.ticker)
    query = select(folded).group_by(folded).having(func.count() > 1)
    return frozenset(str(one).upper() for one in conn.execute(query).scalars())


def called(issuer: str, ticker: str, shared: Collection[str]) -> str:
    """The fund's ticker, and its issuer's code before it where the ticker is one of `shared`."""
    return fund_name(issuer, ticker) if ticker.upper() in shared else ticker
