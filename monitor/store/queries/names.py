"""How funds and securities are called: references, joined identities, printed names. It reads no quantities."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from sqlalchemy import ColumnElement, func, or_, select

from monitor.core.errors import UsageError
from monitor.core.model import SecurityRef
from monitor.store.chunks import chunks
from monitor.store.codec import maybe_date
from monitor.store.engine import Connection
from monitor.store.schema import fund, identifier, issuer, link, listing, security


@dataclass(frozen=True, slots=True)
class FundRef:
    """A fund we have heard of; `id` and `issuer_id` are the store's own numbers."""

    id: int
    issuer_id: int
    issuer: str
    ticker: str
    name: str
    kind: str
    calendar: str
    closed: date | None

    def has_closed(self, on: date | None) -> bool:
        """A closed fund holds nothing after its last file; without a day, now is meant."""
        return self.closed is not None and (on is None or on > self.closed)


@dataclass(frozen=True, slots=True)
class Groups:
    """Identities that are one position over time. `root` leads from a later identity to the earliest one."""

    root: Mapping[int, int]

    def root_of(self, security_id: int) -> int:
        """The earliest identity of the position; itself when nothing is linked."""
        return self.root.get(security_id, security_id)

    def members(self, ids: Collection[int]) -> frozenset[int]:
        """These identities and all that are linked with them."""
        roots = {self.root_of(one) for one in ids}
        return frozenset(ids) | roots | {one for one, root in self.root.items() if root in roots}


NOTHING_JOINED = Groups({})


def funds_known(conn: Connection, issuer_code: str | None = None) -> list[FundRef]:
    """Every fund in the database (of one issuer), sorted by issuer and ticker."""
    return _funds(conn) if issuer_code is None else _funds(conn, issuer.c.id == issuer_number(conn, issuer_code))


def funds_by_id(conn: Connection, ids: Collection[int]) -> dict[int, FundRef]:
    """These funds by the store's own numbers."""
    return {one.id: one for some in chunks(ids) for one in _funds(conn, fund.c.id.in_(some))}


def funds_called(conn: Connection, tickers: Collection[str]) -> list[FundRef]:
    """The funds with these tickers, of all issuers."""
    return [one for some in chunks(tickers) for one in _funds(conn, fund.c.ticker.in_(some))]


def closed_funds(conn: Connection, tickers: Collection[str]) -> set[tuple[str, str]]:
    """Issuer and ticker of those of these funds that have closed."""
    return {(one.issuer, one.ticker) for one in funds_called(conn, tickers) if one.closed is not None}


def _funds(conn: Connection, *where: ColumnElement[bool]) -> list[FundRef]:
    query = select(fund, issuer.c.code.label("issuer_code")).join(issuer, fund.c.issuer == issuer.c.id).where(*where)
    found = [
        FundRef(
            row.id,
            row.issuer,
            row.issuer_code,
            row.ticker,
            row.name,
            row.kind,
            row.calendar,
            maybe_date(row.closed),
        )
        for row in conn.execute(query)
    ]
    return sorted(found, key=lambda one: (one.issuer, one.ticker))


def issuer_number(conn: Connection, code: str) -> int:
    """The store's number of the issuer called `code`."""
    known = {row.code: int(row.id) for row in conn.execute(select(issuer.c.code, issuer.c.id))}
    for name, number in known.items():
        if name.lower() == code.lower():
            return number
    raise UsageError(f"No issuer {code!r} in this database. {_known('issuer', code, known)}")


def issuer_code(conn: Connection, text: str) -> str:
    """The code of the issuer called `text`, as it is written in the database."""
    number = issuer_number(conn, text)
    return str(conn.execute(select(issuer.c.code).where(issuer.c.id == number)).scalar_one())


def issuer_name(conn: Connection, code: str) -> str:
    """What the issuer with this code is called."""
    return str(conn.execute(select(issuer.c.name).where(issuer.c.id == issuer_number(conn, code))).scalar_one())


def find_fund(conn: Connection, text: str, issuer_code: str | None = None) -> FundRef:
    """The fund called `text`: a ticker, or issuer/ticker where two issuers use the same one."""
    wanted = text.strip().upper()
    found = _funds_named(conn, wanted)
    if issuer_code is not None:
        found = [one for one in found if one.issuer.lower() == issuer_code.lower()]
    if not found:
        known = funds_known(conn)
        raise UsageError(f"No fund {text!r} in this database. {_known('fund', text, [one.ticker for one in known])}")
    if len(found) > 1:
        choices = ", ".join(f"{one.issuer}/{one.ticker}" for one in found)
        raise UsageError(f"Several issuers have a fund {text!r}. Say which one: {choices}")
    return found[0]


def _funds_named(conn: Connection, wanted: str) -> list[FundRef]:
    """The funds with this ticker or issuer/ticker; a database folds plain letters only, Python the others, too."""
    if not wanted.isascii():
        return [
            one for one in funds_known(conn) if wanted in (one.ticker.upper(), f"{one.issuer}/{one.ticker}".upper())
        ]
    ticker = func.upper(fund.c.ticker) == wanted
    return _funds(conn, or_(ticker, func.upper(issuer.c.code + "/" + fund.c.ticker) == wanted))


def _known(what: str, text: str, names: Iterable[str]) -> str:
    """A hint: close names, else a few of those that exist, else how to get some."""
    names = sorted(names)
    if not names:
        return f"There is no {what} yet: load files with `ingest`, or fetch with `check`."
    by_fold = {name.lower(): name for name in names}
    close = [by_fold[one] for one in get_close_matches(text.lower(), list(by_fold), 3, 0.5)]
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}"


def groups(conn: Connection, *, fund_id: int | None = None, issuer_id: int | None = None) -> Groups:
    """How identities are joined by the links of one fund, of one issuer's funds, or of all."""
    query = select(link.c.earlier, link.c.later).distinct()
    if fund_id is not None:
        query = query.where(link.c.fund == fund_id)
    if issuer_id is not None:
        query = query.join(fund, link.c.fund == fund.c.id).where(fund.c.issuer == issuer_id)
    pairs = [(int(row.earlier), int(row.later)) for row in conn.execute(query)]
    return Groups(_roots(pairs, public_of(conn, {one for pair in pairs for one in pair})))


def groups_of_funds(conn: Connection, funds: Collection[int]) -> Mapping[int, Groups]:
    """As `groups` of one fund, for each of these."""
    query = select(link.c.fund, link.c.earlier, link.c.later).distinct()
    pairs: dict[int, list[tuple[int, int]]] = {one: [] for one in funds}
    for some in chunks(funds):
        for owner, earlier, later in conn.execute(query.where(link.c.fund.in_(some))):
            pairs[owner].append((earlier, later))
    public = public_of(conn, {one for mine in pairs.values() for pair in mine for one in pair})
    return {owner: Groups(_roots(mine, public)) for owner, mine in pairs.items()}


def joined_with(
    conn: Connection, ids: Collection[int], *, fund_id: int | None = None, issuer_id: int | None = None
) -> Groups:
    """As `groups`, for these identities and what is linked with them, in work that grows with their number alone."""
    pairs = {pair for pair, _ in links_with(conn, ids, fund_id=fund_id, issuer_id=issuer_id)}
    return Groups(_roots(sorted(pairs), public_of(conn, {one for pair in pairs for one in pair})))


def links_with(
    conn: Connection, ids: Collection[int], *, fund_id: int | None = None, issuer_id: int | None = None
) -> set[tuple[tuple[int, int], int]]:
    """The links between these identities and others, and those of the others, and so on: (earlier, later) and fund."""
    query = select(link.c.earlier, link.c.later, link.c.fund)
    if fund_id is not None:
        query = query.where(link.c.fund == fund_id)
    if issuer_id is not None:
        query = query.join(fund, link.c.fund == fund.c.id).where(fund.c.issuer == issuer_id)
    found: set[tuple[tuple[int, int], int]] = set()
    seen: set[int] = set()
    todo = set(ids)
    while todo:
        for some in chunks(todo):
            for column in (link.c.earlier, link.c.later):
                rows = conn.execute(query.where(column.in_(some)))
                found |= {((int(row.earlier), int(row.later)), int(row.fund)) for row in rows}
        seen |= todo
        todo = {one for pair, _ in found for one in pair} - seen
    return found


def groups_by_fund(conn: Connection, ids: Collection[int]) -> Mapping[int, Groups]:
    """As `joined_with` of one fund, for every fund that links any of them; in the others nothing is linked."""
    by_fund: dict[int, set[tuple[int, int]]] = {}
    for pair, owner in links_with(conn, ids):
        by_fund.setdefault(owner, set()).add(pair)
    public = public_of(conn, {one for pairs in by_fund.values() for pair in pairs for one in pair})
    return {owner: Groups(_roots(sorted(pairs), public)) for owner, pairs in by_fund.items()}


def _roots(pairs: Sequence[tuple[int, int]], public: Mapping[int, str]) -> dict[int, int]:
    """Each linked identity's root: the one that continues no other (by public id where there are several)."""
    parent: dict[int, int] = {}

    def top(one: int) -> int:
        while parent.get(one, one) != one:
            one = parent[one]
        return one

    for earlier, later in pairs:
        parent[top(later)] = top(earlier)
    clusters: dict[int, set[int]] = {}
    for one in {one for pair in pairs for one in pair}:
        clusters.setdefault(top(one), set()).add(one)
    continuing = {later for _, later in pairs}
    roots: dict[int, int] = {}
    for cluster in clusters.values():
        first = min(cluster - continuing or cluster, key=lambda one: public[one])
        roots |= dict.fromkeys(cluster, first)
    return roots


def keys_of(conn: Connection, ids: Collection[int]) -> list[str]:
    """The keys under which these identities are known."""
    found: list[str] = []
    for some in chunks(ids):
        found += conn.execute(select(security.c.key).where(security.c.id.in_(some)).order_by(security.c.key)).scalars()
    return found


def groups_by_issuer(conn: Connection, ids: Collection[int]) -> Mapping[int, Groups]:
    """As `joined_with` of one issuer, for every issuer of which a fund links any of them."""
    found = links_with(conn, ids)
    owners = funds_by_id(conn, {owner for _, owner in found})
    by_issuer: dict[int, set[tuple[int, int]]] = {}
    for pair, owner in found:
        by_issuer.setdefault(owners[owner].issuer_id, set()).add(pair)
    public = public_of(conn, {one for pairs in by_issuer.values() for pair in pairs for one in pair})
    return {owner: Groups(_roots(sorted(pairs), public)) for owner, pairs in by_issuer.items()}


def keys_by_id(conn: Connection, ids: Collection[int]) -> dict[int, str]:
    """The key of each of these identities: `cusip:…`, `local:issuer/FUND:…`."""
    query = select(security.c.id, security.c.key)
    return {row.id: row.key for some in chunks(ids) for row in conn.execute(query.where(security.c.id.in_(some)))}


def public_roots(conn: Connection, ids: Iterable[int], joined: Groups) -> dict[int, str]:
    """The public id of the position each identity belongs to."""
    wanted = set(ids)
    public = public_of(conn, {joined.root_of(one) for one in wanted})
    return {one: public[joined.root_of(one)] for one in wanted}


def public_of(conn: Connection, ids: Collection[int]) -> dict[int, str]:
    """The public ids of these identities."""
    found: dict[int, str] = {}
    for some in chunks(ids):
        for row in conn.execute(select(security.c.id, security.c.public).where(security.c.id.in_(some))):
            found[row.id] = row.public
    return found


def refs(conn: Connection, wanted: Iterable[tuple[int, int]], joined: Groups) -> dict[tuple[int, int], SecurityRef]:
    """What to call each (security, listing): the id of its root, names and identifiers as that line printed them."""
    found = refs_by_fund(conn, ((0, *pair) for pair in wanted), {0: joined})
    return {(one, line): ref for (_, one, line), ref in found.items()}


def refs_by_fund(
    conn: Connection, wanted: Iterable[tuple[int, int, int]], joined: Mapping[int, Groups]
) -> dict[tuple[int, int, int], SecurityRef]:
    """As `refs`, of (fund, security, listing): what is one position may differ from fund to fund."""
    lines = set(wanted)
    roots = {(owner, one): joined.get(owner, NOTHING_JOINED).root_of(one) for owner, one, _ in lines}
    public = public_of(conn, {one for _, one in roots} | set(roots.values()))
    printed = _listings(conn, {line for *_, line in lines})
    codes = _identifiers(conn, {one for _, one in roots})
    named: dict[tuple[int, int, int], SecurityRef] = {}
    for owner, one, line in lines:
        name, ticker = printed[line]
        key = public[roots[owner, one]]
        named[owner, one, line] = SecurityRef(key, name, ticker or None, **codes.get(one, {}))
    return named


def _listings(conn: Connection, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for some in chunks(ids):
        query = select(listing.c.id, listing.c.name, listing.c.ticker).where(listing.c.id.in_(some))
        found |= {row.id: (row.name, row.ticker) for row in conn.execute(query)}
    return found


def _identifiers(conn: Connection, ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Verified identifiers by scheme; where a scheme has several, the one the identity is keyed on."""
    found: dict[int, dict[str, str]] = {}
    for some in chunks(ids):
        query = (
            select(identifier, security.c.key)
            .join(security, identifier.c.security == security.c.id)
            .where(identifier.c.security.in_(some))
        )
        rows = sorted(conn.execute(query), key=lambda row: (row.key != f"{row.scheme}:{row.value}", row.value))
        for row in rows:
            if row.scheme in ("cusip", "isin", "sedol", "figi"):
                found.setdefault(row.security, {}).setdefault(row.scheme, row.value)
    return found
