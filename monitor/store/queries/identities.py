"""One identity at a time: what it is called, how long, where it was linked, what operators said. It reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text

from monitor.core.errors import UsageError
from monitor.store import schema as t
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef, funds_known
from monitor.store.queries.search import FoundSecurity, readings


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity as published: the store's number, our public id, its key and class, and how it was printed last."""

    number: int
    id: str
    key: str
    asset_class: str
    name: str
    ticker: str | None


@dataclass(frozen=True, slots=True)
class Validity:
    """One name, ticker or identifier of an identity in a fund, with the dates of the first and last file that has it.
    `reused`: another security of the fund had it, too; `conflict`: at the same time."""

    fund: str
    identity: str
    kind: str
    value: str
    valid_from: date
    valid_to: date
    confidence: str
    reused: bool
    conflict: bool


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link in one fund: since files dated `day` `later` continues `earlier`."""

    issuer: str
    fund: str
    day: date
    earlier: str
    later: str
    kind: str
    rule: str
    confidence: str
    evidence: str


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One split: `factor` new shares for an old one in files dated `day` and later; `fund` is None for all funds of
    the issuer but those that showed it on a day of their own."""

    issuer: str
    fund: str | None
    day: date
    identity: str
    factor: str
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class WordRow:
    """What an operator said, when, and why; `fund` is None for all funds of the issuer."""

    issuer: str
    fund: str | None
    verb: str
    earlier: str
    later: str
    day: date
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class SecurityRecord:
    """All that is known of what a security is called and was called."""

    identities: tuple[Identity, ...]
    names: tuple[Validity, ...]
    links: tuple[LinkRow, ...]
    splits: tuple[SplitRow, ...]
    operator: tuple[WordRow, ...]


def find_identities(conn: Connection, said: str) -> list[Identity]:
    """The identities that `said` means, the surest reading alone, not those joined with them."""
    wanted = said.strip()
    for ids in readings(conn, wanted) if wanted.isprintable() and wanted else ():
        if ids:
            return identities(conn, ids)
    raise UsageError(f"No security {said!r} in this database. See: holdings-monitor securities show NAME")


def identities(conn: Connection, numbers: Collection[int]) -> list[Identity]:
    """These identities, by key."""
    table, line = t.security.c, t.listing.c
    printed: dict[int, tuple[str, str, str]] = {}
    for row in conn.execute(select(t.listing).where(line.security.in_(sorted(numbers))).order_by(line.name)):
        printed.setdefault(row.security, (row.asset_class, row.name, row.ticker))
    found = [
        Identity(row.id, row.public, row.key, *_called(printed.get(row.id)))
        for row in conn.execute(select(t.security).where(table.id.in_(sorted(numbers))))
    ]
    return sorted(found, key=lambda one: one.key)


def _called(printed: tuple[str, str, str] | None) -> tuple[str, str, str | None]:
    asset_class, name, ticker = printed or ("", "", "")
    return asset_class, name, ticker or None


def record_of(conn: Connection, what: FoundSecurity) -> SecurityRecord:
    """Everything about the identities of a security."""
    known = identities(conn, what.ids)
    return SecurityRecord(
        tuple(known),
        tuple(_validities(conn, {one.id for one in known})),
        tuple(links_between(conn, what.ids, what.ids)),
        tuple(_splits(conn, what.ids)),
        tuple(_words(conn, what.ids)),
    )


def _validities(conn: Connection, public: Collection[str]) -> list[Validity]:
    query = text(
        "SELECT fund, identity, kind, value, valid_from, valid_to, confidence, reused, conflict FROM v_identifiers"
    )
    found = [
        Validity(
            row.fund,
            row.identity,
            row.kind,
            row.value,
            _date(row.valid_from),
            _date(row.valid_to),
            row.confidence,
            bool(row.reused),
            bool(row.conflict),
        )
        for row in conn.execute(query)
        if row.identity in public
    ]
    return sorted(found, key=lambda one: (one.kind, one.valid_from, one.value, one.fund))


def _date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def links_between(
    conn: Connection, earlier: Collection[int], later: Collection[int], fund: FundRef | None = None
) -> list[LinkRow]:
    """The links from one of these identities to one of those (in one fund), oldest first."""
    a, b, table = t.security.alias("a"), t.security.alias("b"), t.link.c
    query = (
        select(t.link, t.fund.c.ticker, t.issuer.c.code, a.c.public.label("old"), b.c.public.label("new"))
        .join(t.fund, t.fund.c.id == table.fund)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .join(a, a.c.id == table.earlier)
        .join(b, b.c.id == table.later)
        .where(table.earlier.in_(sorted(earlier)), table.later.in_(sorted(later)))
    )
    if fund is not None:
        query = query.where(table.fund == fund.id)
    found = [
        LinkRow(r.code, r.ticker, date_of_day(r.day), r.old, r.new, r.kind, r.rule, r.confidence, r.evidence)
        for r in conn.execute(query)
    ]
    return sorted(found, key=lambda one: (one.day, one.fund, one.earlier, one.later))


def _splits(conn: Connection, numbers: Collection[int]) -> list[SplitRow]:
    table = t.split.c
    query = (
        select(t.split, t.issuer.c.code, t.security.c.public)
        .join(t.issuer, t.issuer.c.id == table.issuer)
        .join(t.security, t.security.c.id == table.security)
        .where(table.security.in_(sorted(numbers)))
    )
    found = {
        SplitRow(r.code, r.shown_by or None, date_of_day(r.day), r.public, r.factor, r.rule, r.evidence)
        for r in conn.execute(query)
    }
    return sorted(found, key=lambda one: (one.day, one.issuer, one.fund or "", one.identity))


def _words(conn: Connection, numbers: Collection[int]) -> list[WordRow]:
    a, b, table = t.security.alias("a"), t.security.alias("b"), t.operator_link.c
    query = (
        select(t.operator_link, t.fund.c.ticker, t.issuer.c.code, a.c.public.label("old"), b.c.public.label("new"))
        .join(t.issuer, t.issuer.c.id == table.issuer)
        .outerjoin(t.fund, t.fund.c.id == table.fund)
        .join(a, a.c.id == table.earlier)
        .join(b, b.c.id == table.later)
        .where(table.earlier.in_(sorted(numbers)) | table.later.in_(sorted(numbers)))
        .order_by(table.id)
    )
    return [
        WordRow(r.code, r.ticker, r.verb, r.old, r.new, date_of_day(r.day), r.at, r.note) for r in conn.execute(query)
    ]


def first_listed(conn: Connection, number: int, fund: FundRef | None = None) -> dict[FundRef, date]:
    """The first file of each fund (or of one) that listed the identity."""
    owners = {one.id: one for one in funds_known(conn)}
    table = t.sighting.c
    rows = conn.execute(select(table.fund, table.as_of).where(table.security == number))
    found = {owners[row.fund]: date_of_day(row.as_of) for row in rows}
    return found if fund is None else {one: day for one, day in found.items() if one.id == fund.id}
