"""A few names for the shell to complete, read without the query library, whose import alone takes too long.

It must stay that way: plain drivers, three statements, a limit on time and rows, and never a write.
"""

from __future__ import annotations

import sqlite3
import time
from urllib.parse import quote

MOST = 60  # names offered
STEPS = 1_000  # SQLite instructions between two looks at the clock
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./-_")

# A name that begins so lies between the text and the text with a last character added: an index finds it.
ASK = {
    "fund": "SELECT DISTINCT ticker FROM fund WHERE upper(ticker) >= {0} AND upper(ticker) < {1} ORDER BY ticker "
    "LIMIT {2}",
    "issuer": "SELECT code FROM issuer WHERE lower(code) >= {0} AND lower(code) < {1} ORDER BY code LIMIT {2}",
    "security": "SELECT DISTINCT ticker FROM listing WHERE ticker >= {0} AND ticker < {1} ORDER BY ticker LIMIT {2}",
}
WITH_ISSUER = (
    "SELECT i.code || '/' || f.ticker FROM fund f JOIN issuer i ON i.id = f.issuer WHERE i.code = {0} "
    "AND upper(f.ticker) >= {1} AND upper(f.ticker) < {2} ORDER BY f.ticker LIMIT {3}"
)


def names(url: str, what: str, begin: str, seconds: float) -> list[str]:
    """Funds, issuers or securities (their tickers) that begin so; whatever goes wrong is raised."""
    issuer, slash, rest = begin.partition("/")
    folded = begin.lower() if what == "issuer" else (rest if slash else begin).upper()
    statement, values = ASK[what], [folded, folded + "\U0010ffff", MOST]
    if slash and what == "fund":
        statement, values = WITH_ISSUER, [issuer.lower(), *values]
    read = _postgres if url.startswith("postgresql") else _sqlite
    return [one for one in read(url, statement, values, seconds) if one and PLAIN.issuperset(one)]


def _sqlite(url: str, statement: str, values: list[object], seconds: float) -> list[str]:
    path = url.removeprefix("sqlite:///").split("?")[0]
    until = time.monotonic() + seconds
    conn = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=seconds / 2)
    try:
        conn.set_progress_handler(lambda: time.monotonic() > until, STEPS)
        return [row[0] for row in conn.execute(statement.format(*"????"), values)]
    finally:
        conn.close()


def _postgres(url: str, statement: str, values: list[object], seconds: float) -> list[str]:
    import psycopg

    address = url.replace("postgresql+psycopg:", "postgresql:")
    options = f"-c statement_timeout={int(seconds * 1000)} -c default_transaction_read_only=on"
    with psycopg.connect(address, connect_timeout=2, options=options) as conn:
        text = statement.format(*["%s"] * 4).encode()
        return [row[0] for row in conn.execute(text, values)]
