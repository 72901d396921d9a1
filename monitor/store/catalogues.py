"""Keeps the funds that issuers list, and finds one by its ticker or by words of its name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, insert, or_, select

from monitor.store.codec import instant_text, parse_instant
from monitor.store.engine import Connection
from monitor.store.ledger import catalogue as table


@dataclass(frozen=True, slots=True)
class Listed:
    """A fund that an issuer lists. `keys` are what its addresses call it, `seen_at` is when the list was read."""

    issuer: str
    ticker: str
    name: str
    keys: Mapping[str, str]
    page: str
    seen_at: datetime


def replace(
    conn: Connection, issuer: str, found: Iterable[tuple[str, str, Mapping[str, str], str]], at: datetime
) -> int:
    """Makes ticker, name, keys and page of each of `found` what the issuer lists; returns how many these are."""
    rows = [
        {
            "issuer": issuer,
            "ticker": ticker,
            "name": name,
            "keys": json.dumps(dict(keys), sort_keys=True),
            "page": page,
            "seen_at": instant_text(at),
        }
        for ticker, name, keys, page in found
    ]
    conn.execute(delete(table).where(table.c.issuer == issuer))
    if rows:
        conn.execute(insert(table), rows)
    return len(rows)


def find(conn: Connection, ticker: str, issuer: str | None = None) -> list[Listed]:
    """Every listed fund of exactly this ticker, by issuer."""
    wanted = table.c.ticker == ticker.upper()
    return _read(conn, and_(wanted, table.c.issuer == issuer) if issuer else wanted)


def search(conn: Connection, words: Sequence[str], limit: int) -> list[Listed]:
    """Listed funds whose ticker begins with the first word, or whose name holds all words; at most `limit`."""
    if not words:
        return []
    folded = [word.upper() for word in words]
    named = and_(*(func.upper(table.c.name).contains(word, autoescape=True) for word in folded))
    ticker = table.c.ticker.startswith(folded[0], autoescape=True)
    return _read(conn, or_(named, ticker) if len(words) == 1 else named, limit)


def _read(conn: Connection, where: object, limit: int = 1000) -> list[Listed]:
    query = select(table).where(where).order_by(table.c.ticker, table.c.issuer).limit(limit)  # type: ignore[arg-type]
    return [
        Listed(row.issuer, row.ticker, row.name, json.loads(row.keys), row.page, parse_instant(row.seen_at))
        for row in conn.execute(query)
    ]
