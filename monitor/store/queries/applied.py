"""What identities, tickers, names and units of lines became: changes as printed, splits and successors as applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, Select, func, select

from monitor.core.model import Kind, SecurityRef, Standing
from monitor.store import archived
from monitor.store.chunks import chunks
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection
from monitor.store.queries.changes import Change, Wanted, changes
from monitor.store.queries.names import (
    NOTHING_JOINED,
    Groups,
    funds_by_id,
    funds_called,
    groups_by_fund,
    issuer_number,
    joined_with,
    public_of,
    refs,
    refs_by_fund,
)
from monitor.store.schema import event, holding, issuer, link, listing, security, sighting, split, standing

CHANGED = (Kind.IDENTIFIER_CHANGE, Kind.TICKER_CHANGED, Kind.RENAMED)


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One line whose identifier, ticker or name changed from one file of a fund to the next, as both printed it."""

    issuer: str
    fund: str
    as_of: date
    previous_file: date
    kind: str
    security: SecurityRef
    old_name: str | None
    new_name: str | None
    old_ticker: str | None
    new_ticker: str | None
    old_identifier: str | None
    new_identifier: str | None
    confidence: str
    claim: str


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One split (`kind` SPLIT) or successor as it is applied in files dated `as_of` and later. `fund` is None where it
    holds for all funds of the issuer; `funds` are those whose files showed it. `factor`: new shares for an old one."""

    issuer: str
    fund: str | None
    funds: tuple[str, ...]
    as_of: date
    kind: str
    security: SecurityRef
    earlier: str | None
    later: str | None
    factor: Decimal | None
    ratio: str | None
    rule: str
    confidence: str | None
    evidence: str


def identity_changes(conn: Connection, wanted: Wanted) -> list[IdentityRow]:
    """The changes of identifiers, tickers and names, oldest first, whether or not an event tells of them."""
    told = _told(conn, wanted)
    known = {(one.issuer, one.fund, one.as_of, one.security.id) for one in told if one.kind == CHANGED[0].value}
    linked = [one for one in _linked(conn, wanted) if (one.issuer, one.fund, one.as_of, one.security.id) not in known]
    return sorted([*told, *linked], key=lambda one: (one.as_of, one.issuer, one.fund, one.security.name, one.kind))


def _linked(conn: Connection, wanted: Wanted) -> list[IdentityRow]:
    """Identifiers that continue others: a link without an event is one that nobody needed to hear of."""
    rows = _links(conn, wanted, Kind.IDENTIFIER_CHANGE)
    owners = funds_by_id(conn, {row.fund for row in rows})
    rows = [row for row in rows if wanted.issuer in (None, owners[row.fund].issuer)]
    before = {(row.fund, row.day): _file_before(conn, row.fund, row.day) for row in rows}
    ids = {one for row in rows for one in (row.earlier, row.later)}
    days = {(row.fund, day) for row in rows for day in (before[row.fund, row.day], date_of_day(row.day))}
    lines, last = _printed(conn, days, ids), _last_listings(conn, ids)
    named = refs_by_fund(conn, ((row.fund, row.later, last[row.later]) for row in rows), groups_by_fund(conn, ids))
    found = []
    for row in rows:
        owner, previous, day = owners[row.fund], before[row.fund, row.day], date_of_day(row.day)
        old, new = lines.get((row.fund, previous, row.earlier)), lines.get((row.fund, day, row.later))
        called, names = named[row.fund, row.later, last[row.later]], _names(old, new)
        of = (owner.issuer, owner.ticker, day, previous)
        found.append(IdentityRow(*of, row.kind, called, *names, row.confidence, row.evidence))
    return found


def _file_before(conn: Connection, fund: int, day: int) -> date:
    """The date of the fund's accepted file before that of `day`; `day` itself where there is none."""
    query = (
        select(standing.c.as_of)
        .where(standing.c.fund == fund, standing.c.as_of < day, standing.c.standing == str(Standing.ACCEPTED))
        .order_by(standing.c.as_of.desc())
        .limit(1)
    )
    return date_of_day(conn.scalar(query) or day)


def _links(conn: Connection, wanted: Wanted, kind: Kind) -> list[Row[Any]]:
    query = select(link).where(link.c.kind == kind.value)
    if wanted.fund is not None:
        query = query.where(link.c.fund == wanted.fund.id)
    found = {
        tuple(row): row
        for column in (link.c.earlier, link.c.later)
        for one in _within(query, link.c.day, column, wanted)
        for row in conn.execute(one)
    }
    return list(found.values())


def _told(conn: Connection, wanted: Wanted) -> list[IdentityRow]:
    found = changes(conn, _of_events(wanted, CHANGED))
    owners = {(one.issuer, one.ticker): one for one in funds_called(conn, {_fund(one) for one in found})}
    numbers = _numbers(conn, {_security(one) for one in found})
    joined = groups_by_fund(conn, set(numbers.values()))
    asked = []
    for one in found:
        owner, as_of = owners[str(one["issuer"]), _fund(one)], date.fromisoformat(str(one["as_of"]))
        members = joined.get(owner.id, NOTHING_JOINED).members([numbers[_security(one)]])
        asked.append((one, owner.id, _previous(one, as_of), as_of, members))
    wanted_lines = {(fund, day) for _, fund, before, as_of, _ in asked for day in (before, as_of)}
    lines = _printed(conn, wanted_lines, {number for *_, members in asked for number in members})
    rows = []
    for one, fund, before, as_of, members in asked:
        old, new = (_first(lines, fund, day, members) for day in (before, as_of))
        rows.append(_identity(one, before, as_of, old, new))
    return rows


def _of_events(wanted: Wanted, kinds: tuple[Kind, ...]) -> Wanted:
    return Wanted(wanted.since, wanted.until, wanted.fund, wanted.issuer, wanted.securities, kinds, level="event")


def _fund(one: Change) -> str:
    funds = one["funds"]
    assert isinstance(funds, list)
    return str(funds[0])


def _security(one: Change) -> str:
    tree = one["security"]
    assert isinstance(tree, dict)
    return str(tree["id"])


def _previous(one: Change, as_of: date) -> date:
    """The date of the file before, which the change rests on, too."""
    lines = one["evidence"]
    days = [date.fromisoformat(str(line["as_of"])) for line in lines] if isinstance(lines, list) else []
    return min(days, default=as_of)


def _numbers(conn: Connection, public: Collection[str]) -> dict[str, int]:
    query = select(security.c.public, security.c.id)
    rows = (row for some in chunks(public) for row in conn.execute(query.where(security.c.public.in_(some))))
    return {str(name): int(number) for name, number in rows}


Printed = tuple[str, str, str]  # name, ticker, identifier


def _printed(
    conn: Connection, wanted: Collection[tuple[int, date]], ids: Collection[int]
) -> dict[tuple[int, date, int], Printed]:
    """How the accepted files of these funds and days print the lines, by fund, day and identity."""
    files: dict[tuple[int, int], date] = {}
    accepted = select(standing.c.fund, standing.c.snapshot, standing.c.as_of).where(
        standing.c.standing == str(Standing.ACCEPTED), standing.c.fund.in_(sorted({fund for fund, _ in wanted}))
    )
    for some in chunks({day_of(day) for _, day in wanted}):
        for fund, number, day in conn.execute(accepted.where(standing.c.as_of.in_(some))):
            if (fund, date_of_day(day)) in wanted:
                files[fund, number] = date_of_day(day)
    archived.require(conn, set(files.values()))
    query = (
        select(
            holding.c.fund,
            holding.c.snapshot,
            holding.c.security,
            listing.c.name,
            listing.c.ticker,
            listing.c.identifier,
        )
        .join(listing, listing.c.id == holding.c.listing)
        .where(holding.c.security.in_(sorted(ids)), holding.c.fund.in_(sorted({fund for fund, _ in files})))
    )
    found: dict[tuple[int, date, int], Printed] = {}
    for some in chunks({number for _, number in files}):
        for row in conn.execute(query.where(holding.c.snapshot.in_(some))):
            if (row.fund, row.snapshot) in files:
                key = (row.fund, files[row.fund, row.snapshot], row.security)
                found[key] = (row.name, row.ticker, row.identifier)
    return found


def _first(
    lines: Mapping[tuple[int, date, int], Printed], fund: int, day: date, members: Collection[int]
) -> Printed | None:
    return next((lines[fund, day, one] for one in sorted(members) if (fund, day, one) in lines), None)


def _identity(one: Change, before: date, as_of: date, old: Printed | None, new: Printed | None) -> IdentityRow:
    tree = one["security"]
    assert isinstance(tree, dict)
    return IdentityRow(
        str(one["issuer"]),
        _fund(one),
        as_of,
        before,
        str(one["kind"]),
        SecurityRef(**tree),
        *_names(old, new),
        str(one["confidence"]),
        str(one["claim"]),
    )


Names = tuple[str | None, str | None, str | None, str | None, str | None, str | None]


def _names(old: Printed | None, new: Printed | None) -> Names:
    """Old and new name, ticker, identifier."""
    then, now = old or ("", "", ""), new or ("", "", "")
    return then[0] or None, now[0] or None, then[1] or None, now[1] or None, then[2] or None, now[2] or None


def splits_applied(conn: Connection, wanted: Wanted) -> list[SplitRow]:
    """The splits and successors, by date, issuer and name."""
    found = [*_splits(conn, wanted), *_successors(conn, wanted)]
    return sorted(found, key=lambda one: (one.as_of, one.issuer, one.security.name, one.fund or "", one.kind))


def _splits(conn: Connection, wanted: Wanted) -> list[SplitRow]:
    query = select(split, issuer.c.code).join(issuer, issuer.c.id == split.c.issuer)
    if wanted.issuer is not None:
        query = query.where(split.c.issuer == issuer_number(conn, wanted.issuer))
    if wanted.fund is not None:
        query = query.where(split.c.issuer == wanted.fund.issuer_id, split.c.shown_by.in_(["", wanted.fund.ticker]))
    rows = [row for one in _within(query, split.c.day, split.c.security, wanted) for row in conn.execute(one)]
    ids = {int(row.security) for row in rows}
    if wanted.fund is not None:
        listed = _listed_in(conn, wanted.fund.id, ids)
        rows = [row for row in rows if row.security in listed]
    lines = _last_listings(conn, ids)
    found = []
    for owner in sorted({row.issuer for row in rows}):
        mine = [row for row in rows if row.issuer == owner]
        joined = joined_with(conn, {row.security for row in mine}, issuer_id=owner)
        named = refs(conn, ((row.security, lines[row.security]) for row in mine), joined)
        shown = _shown(conn, owner, mine, joined)
        found += [
            _split(
                row, named[row.security, lines[row.security]], shown.get((joined.root_of(row.security), row.day), ())
            )
            for row in mine
        ]
    return found


def _within(query: Select[Any], day: Any, securities: Any, wanted: Wanted) -> list[Select[Any]]:
    if wanted.since is not None:
        query = query.where(day >= day_of(wanted.since))
    if wanted.until is not None:
        query = query.where(day <= day_of(wanted.until))
    if wanted.securities is None:
        return [query]
    return [query.where(securities.in_(some)) for some in chunks(wanted.securities)]


def _listed_in(conn: Connection, fund: int, ids: Collection[int]) -> set[int]:
    query = select(sighting.c.security).where(sighting.c.fund == fund)
    return {int(one) for some in chunks(ids) for one in conn.scalars(query.where(sighting.c.security.in_(some)))}


def _last_listings(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """How each identity was first printed in its last form."""
    query = select(listing.c.security, func.max(listing.c.id)).group_by(listing.c.security)
    return {
        int(one): int(line)
        for some in chunks(ids)
        for one, line in conn.execute(query.where(listing.c.security.in_(some)))
    }


def _shown(
    conn: Connection, owner: int, rows: Iterable[Row[Any]], joined: Groups
) -> Mapping[tuple[int, int], tuple[str, ...]]:
    """The funds of which an event tells the split, by root and day."""
    days = {day for row in rows for day in (row.day, row.settled)}
    query = select(event.c.security, event.c.fund, event.c.as_of).where(
        event.c.issuer == owner, event.c.kind == Kind.SPLIT.value
    )
    found: dict[tuple[int, int], set[int]] = {}
    for some in chunks(days):
        for number, fund, day in conn.execute(query.where(event.c.as_of.in_(some))):
            found.setdefault((joined.root_of(number), day), set()).add(fund)
    names = funds_by_id(conn, {fund for funds in found.values() for fund in funds})
    return {key: tuple(sorted(names[fund].ticker for fund in funds)) for key, funds in found.items()}


def _split(row: Row[Any], called: SecurityRef, funds: tuple[str, ...]) -> SplitRow:
    factor = Fraction(row.factor)
    return SplitRow(
        row.code,
        row.shown_by or None,
        (row.shown_by,) if row.shown_by else funds,
        date_of_day(row.day),
        Kind.SPLIT.value,
        called,
        None,
        None,
        Decimal(factor.numerator) / Decimal(factor.denominator),
        row.factor,
        row.rule,
        None,
        row.evidence,
    )


def _successors(conn: Connection, wanted: Wanted) -> list[SplitRow]:
    rows = _links(conn, wanted, Kind.SUCCESSOR)
    owners = funds_by_id(conn, {row.fund for row in rows})
    ids = {one for row in rows for one in (row.earlier, row.later)}
    public, lines = public_of(conn, ids), _last_listings(conn, ids)
    named = refs_by_fund(conn, ((row.fund, row.later, lines[row.later]) for row in rows), groups_by_fund(conn, ids))
    return [
        SplitRow(
            owners[row.fund].issuer,
            owners[row.fund].ticker,
            (owners[row.fund].ticker,),
            date_of_day(row.day),
            row.kind,
            named[row.fund, row.later, lines[row.later]],
            public[row.earlier],
            public[row.later],
            None,
            None,
            row.rule,
            row.confidence,
            row.evidence,
        )
        for row in rows
        if wanted.issuer in (None, owners[row.fund].issuer)
    ]
