"""What a text may mean, for people who search: funds, issuers and securities, the likeliest first. It decides nothing.

`search.find_security` settles on one security; here several are offered, with the reason for each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from monitor.store.chunks import chunks
from monitor.store.engine import Connection, begins
from monitor.store.queries.names import NOTHING_JOINED, joined_with, public_of
from monitor.store.queries.search import SCHEMES
from monitor.store.schema import fund, identifier, issuer, listing, security, sighting

SHORTEST = 2  # characters of a part of a name
WINDOW = 400  # printed names looked at, the shortest first: who searches sees a page of them at most


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One fund, issuer or security that a text may mean; `why` says by what it was found,
    `fund_count` how many funds have ever listed the security, or how many the issuer has."""

    what: str
    issuer: str | None
    fund: str | None
    security: str | None
    name: str
    ticker: str | None
    why: str
    fund_count: int


@dataclass(frozen=True, slots=True)
class _Hit:
    """An identity and how well it answers: 0 exactly, 1 by its whole name, 2 by a beginning, 3 by a part."""

    security: int
    rank: int
    why: str
    name: str = ""
    ticker: str = ""


def matches(conn: Connection, text: str, most: int) -> list[MatchRow]:
    """At most so many of what the text may mean: first what is called exactly so, then names that contain it."""
    wanted = " ".join(text.upper().split())
    if not wanted:
        return []
    ranked = [*_issuers(conn, wanted), *_funds(conn, wanted), *_securities(conn, wanted)]
    order = {"fund": 0, "security": 1, "issuer": 2}
    ranked.sort(key=lambda one: (one[0], order[one[1].what], -one[1].fund_count, one[1].name, one[1].security or ""))
    return [row for _, row in ranked[:most]]


def _rank(wanted: str, code: str, name: str) -> int:
    if code == wanted:
        return 0
    return 1 if name == wanted else 2 if code.startswith(wanted) else 3


def _why(rank: int, code: str, called: str, name: str) -> str:
    return f"{called} {code}" if rank in (0, 2) else f"name {name}"


def _issuers(conn: Connection, wanted: str) -> list[tuple[int, MatchRow]]:
    found = []
    for row in conn.execute(select(issuer.c.id, issuer.c.code, issuer.c.name)):
        code, name = row.code.upper(), row.name.upper()
        if code.startswith(wanted) or (len(wanted) >= SHORTEST and wanted in name):
            rank = _rank(wanted, code, name)
            count = conn.scalar(select(func.count()).select_from(fund).where(fund.c.issuer == row.id)) or 0
            why = _why(rank, row.code, "issuer", row.name)
            found.append((rank, MatchRow("issuer", row.code, None, None, row.name, None, why, count)))
    return found


def _funds(conn: Connection, wanted: str) -> list[tuple[int, MatchRow]]:
    ticker, name = func.upper(fund.c.ticker), func.upper(fund.c.name)
    like = [ticker.startswith(wanted, autoescape=True), func.upper(issuer.c.code + "/" + fund.c.ticker) == wanted]
    if len(wanted) >= SHORTEST:
        like.append(and_(*(name.contains(word, autoescape=True) for word in wanted.split())))
    query = (
        select(fund.c.ticker, fund.c.name, issuer.c.code)
        .join(issuer, issuer.c.id == fund.c.issuer)
        .where(or_(*like))
        .order_by(func.length(fund.c.ticker), fund.c.ticker, issuer.c.code)
        .limit(WINDOW)
    )
    found = []
    for row in conn.execute(query):
        whole = f"{row.code}/{row.ticker}".upper() == wanted
        rank = 0 if whole else _rank(wanted, row.ticker.upper(), row.name.upper())
        why = _why(rank, row.ticker, "fund", row.name)
        found.append((rank, MatchRow("fund", row.code, row.ticker, None, row.name, row.ticker, why, 1)))
    return found


def _securities(conn: Connection, wanted: str) -> list[tuple[int, MatchRow]]:
    hits = [*_by_code(conn, wanted), *_by_listing(conn, wanted)]
    ids = {one.security for one in hits}
    listed = _listed_by(conn, ids)
    joined = joined_with(conn, ids) if ids else NOTHING_JOINED
    best: dict[int, _Hit] = {}
    for one in sorted(hits, key=lambda one: (one.rank, one.security not in listed, one.name, one.security)):
        best.setdefault(joined.root_of(one.security), one)
    seen = dict.fromkeys(best, 0)  # in how many funds the most listed of its identities is
    for number in ids:
        root = joined.root_of(number)
        seen[root] = max(seen[root], listed.get(number, 0))
    if any(seen.values()):  # an id damaged in a file that was held back is no security
        best = {root: one for root, one in best.items() if seen[root]}
    return _named(conn, best, seen)


def _by_code(conn: Connection, wanted: str) -> list[_Hit]:
    """By public id, CUSIP, ISIN, SEDOL or FIGI; a US or Canadian ISIN also by the CUSIP inside it."""
    found = [_Hit(int(one), 0, f"id {wanted}") for one in conn.scalars(_public(wanted))]
    values = {wanted, wanted.zfill(9)} if len(wanted) in (7, 8) else {wanted}
    if len(wanted) == 12 and wanted[:2] in ("US", "CA"):
        values.add(wanted[2:11])
    query = select(identifier).where(identifier.c.scheme.in_(SCHEMES), identifier.c.value.in_(sorted(values)))
    return found + [_Hit(row.security, 0, f"{row.scheme.upper()} {row.value}") for row in conn.execute(query)]


def _public(wanted: str) -> Select[Any]:
    return select(security.c.id).where(security.c.public == wanted)


def _by_listing(conn: Connection, wanted: str) -> list[_Hit]:
    """By ticker, with or without the exchange code behind it, by the beginning of a ticker, by name or a part of it."""
    ticker, name = func.upper(listing.c.ticker), func.upper(listing.c.name)
    ways: list[ColumnElement[bool]] = [begins(conn, ticker, wanted)]
    if len(wanted) >= SHORTEST:
        ways.append(and_(*(name.contains(word, autoescape=True) for word in wanted.split())))
    return [hit for way in ways for hit in _hits(conn, wanted, way)]


def _hits(conn: Connection, wanted: str, way: ColumnElement[bool]) -> list[_Hit]:
    columns = (listing.c.security, listing.c.name, listing.c.ticker)
    query = select(*columns).where(way).order_by(func.length(listing.c.name), listing.c.name).limit(WINDOW)
    found = []
    for row in conn.execute(query):
        printed, root = row.ticker.upper(), row.ticker.upper().split(" ")[0]
        rank = _rank(wanted, root if root == wanted else printed, row.name.upper())
        found.append(_Hit(row.security, rank, _why(rank, row.ticker, "ticker", row.name), row.name, row.ticker))
    return found


def _listed_by(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """How many funds have ever listed each identity in an accepted file."""
    found: dict[int, int] = {}
    query = select(sighting.c.security, func.count()).group_by(sighting.c.security)
    for some in chunks(ids):
        found |= {int(one): int(count) for one, count in conn.execute(query.where(sighting.c.security.in_(some)))}
    return found


def _named(conn: Connection, best: dict[int, _Hit], seen: dict[int, int]) -> list[tuple[int, MatchRow]]:
    public = public_of(conn, best)
    bare = [one.security for one in best.values() if not one.name]
    printed = _printed(conn, bare)
    rows = []
    for root, one in best.items():
        name, ticker = (one.name, one.ticker) if one.name else printed.get(one.security, ("", ""))
        row = MatchRow("security", None, None, public[root], name, ticker or None, one.why, seen[root])
        rows.append((one.rank, row))
    return rows


def _printed(conn: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """How identities found by a code were printed last."""
    found: dict[int, tuple[str, str]] = {}
    for some in chunks(ids):
        rows = conn.execute(select(listing).where(listing.c.security.in_(some)).order_by(listing.c.id))
        found |= {row.security: (row.name, row.ticker) for row in rows}
    return found
