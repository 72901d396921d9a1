"""What funds held on a day, as we know it now or knew it then. It reads accepted files only and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Any

from sqlalchemy import Row, and_, or_, select

from monitor.core import splits as rules
from monitor.core.errors import NoFile, UsageError
from monitor.core.model import SecurityRef, Standing
from monitor.store import archived
from monitor.store.chunks import chunks
from monitor.store.codec import (
    date_of_day,
    day_of,
    decode_shares,
    decode_value,
    decode_weight,
    instant_text,
    maybe_date,
)
from monitor.store.engine import Connection
from monitor.store.queries.names import (
    NOTHING_JOINED,
    FundRef,
    Groups,
    funds_by_id,
    funds_known,
    groups,
    groups_by_fund,
    groups_by_issuer,
    issuer_number,
    refs,
    refs_by_fund,
)
from monitor.store.queries.reach import no_files, reach, whose
from monitor.store.queries.search import FoundSecurity
from monitor.store.schema import fund as fund_table
from monitor.store.schema import holding, sighting, snapshot, split, standing

Split = tuple[date, Fraction]  # the first file in new shares, and how many of these an old one is
WEIGHT_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class File:
    """One snapshot, chosen to speak for its fund; `exponent` scales its share counts."""

    fund: FundRef
    id: int
    as_of: date
    pos_session: date | None
    exponent: int
    value: int | None
    currency: str
    positions: int


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of a fund's portfolio, shares as published (None in a file of weights); weight in percent points."""

    fund: str
    issuer: str
    as_of: date
    pos_session: date | None
    security: SecurityRef
    shares: Decimal | None
    value: Decimal | None
    currency: str | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that differs between two files of a fund. `change` is free of splits: after − before × split;
    None where the files print weights only."""

    issuer: str
    fund: str
    as_of_before: date
    as_of_after: date
    security: SecurityRef
    shares_before: Decimal | None
    shares_after: Decimal | None
    split: Decimal
    change: Decimal | None
    value_before: Decimal | None
    value_after: Decimal | None
    weight_before: Decimal | None
    weight_after: Decimal | None


def file_on(conn: Connection, fund: FundRef, on: date | None = None, as_known: datetime | None = None) -> File | None:
    """The latest accepted file dated `on` or before; with `as_known` as it stood at that instant."""
    counted = [Standing.ACCEPTED] if as_known is None else [Standing.ACCEPTED, Standing.SUPERSEDED]
    query = (
        select(snapshot, standing.c.pos_session)
        .join(standing, and_(standing.c.fund == snapshot.c.fund, standing.c.snapshot == snapshot.c.id))
        .where(standing.c.fund == fund.id, standing.c.standing.in_([str(one) for one in counted]))
        .order_by(standing.c.as_of.desc())
    )
    if on is not None:
        query = query.where(standing.c.as_of <= day_of(on))
    if as_known is not None:
        query = query.where(snapshot.c.known_at <= instant_text(as_known))
    rows = conn.execute(query.limit(256)).all()  # more revisions of one as_of cannot be numbered
    if not rows:
        return None
    return _file(fund, max((row for row in rows if row.as_of == rows[0].as_of), key=_revision))


def _revision(row: Row[Any]) -> tuple[str, str]:
    """Which of two files of one date counts: the greater."""
    return row.rank, row.sha256


def _file(fund: FundRef, row: Row[Any]) -> File:
    pos = maybe_date(row.pos_session)
    return File(fund, row.id, date_of_day(row.as_of), pos, row.shares_exp, row.value, row.currency, row.positions)


def holdings(
    conn: Connection, fund: FundRef, on: date | None = None, as_known: datetime | None = None
) -> list[Holding]:
    """The fund's portfolio, largest weight first. Raises NoFile when no file says what it held."""
    file = _need_file(conn, fund, on, as_known)
    return sorted((line for _, line in _lines(conn, file, groups(conn, fund_id=fund.id))), key=_by_weight)


def difference(
    conn: Connection, fund: FundRef, before: date, after: date | None, as_known: datetime | None
) -> list[Difference]:
    """What differs between the fund's files of two days, the largest change in value first."""
    joined = groups(conn, fund_id=fund.id)
    try:
        files = [_need_file(conn, fund, day, as_known) for day in (before, after)]
    except NoFile as error:  # an unknown list does not differ from a known one: it is no empty answer
        raise UsageError(str(error)) from None
    if files[0].as_of > files[1].as_of:
        files.reverse()
    old, new = (_summed(_lines(conn, file, joined)) for file in files)
    splits = split_factors(conn, fund)
    found = []
    for root in old.keys() | new.keys():
        factor = factor_between(splits(root), files[0].as_of, files[1].as_of)
        found.append(_differing(files, old.get(root), new.get(root), factor))
    changed = [one for one in found if one.change or (one.change is None and one.weight_before != one.weight_after)]
    return sorted(changed, key=lambda one: (-_size(one), one.security.name, one.security.id))


def who_holds(
    conn: Connection, what: FoundSecurity, on: date | None = None, issuer: str | None = None
) -> list[Holding]:
    """Every fund whose latest accepted file (by `on`) lists the security, largest value first.

    Raises NoFile when no fund has a file by then: nobody knows what was held.
    """
    only = None if issuer is None else issuer_number(conn, issuer)
    files = latest_files(conn, funds_listing(conn, what.ids), on)
    files = [one for one in files if only in (None, one.fund.issuer_id) and not one.fund.has_closed(on)]
    if not files and not _any_file(conn, on, only):
        raise NoFile(no_files(whose(None, issuer), reach(conn, [one.id for one in funds_known(conn, issuer)]), on))
    found = _lines_of(conn, files, what.ids)
    return sorted(found, key=lambda one: (-(one.value or 0), one.issuer, one.fund, one.security.id))


def latest_files(conn: Connection, funds: Collection[int] | None = None, on: date | None = None) -> list[File]:
    """The latest accepted file of each of these funds (of all), dated `on` or before; sorted by issuer and fund."""
    other = standing.alias("other")
    last = (
        select(other.c.as_of)
        .where(other.c.fund == fund_table.c.id, other.c.standing == str(Standing.ACCEPTED))
        .order_by(other.c.as_of.desc())
        .limit(1)
    )
    if on is not None:
        last = last.where(other.c.as_of <= day_of(on))
    query = (
        select(snapshot, standing.c.pos_session)
        .select_from(fund_table)
        .join(standing, and_(standing.c.fund == fund_table.c.id, standing.c.as_of == last.scalar_subquery()))
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .where(standing.c.standing == str(Standing.ACCEPTED))
    )
    some = [None] if funds is None else list(chunks(funds))
    rows = [
        row for ids in some for row in conn.execute(query if ids is None else query.where(fund_table.c.id.in_(ids)))
    ]
    best: dict[int, Row[Any]] = {}
    for row in rows:
        seen = best.get(row.fund)
        best[row.fund] = row if seen is None else max(seen, row, key=_revision)
    owners = funds_by_id(conn, best)
    return sorted(
        (_file(owners[number], row) for number, row in best.items()),
        key=lambda one: (one.fund.issuer, one.fund.ticker),
    )


def funds_listing(conn: Connection, ids: Collection[int]) -> set[int]:
    """The funds of which an accepted file ever listed one of these identities."""
    query = select(sighting.c.fund).distinct()
    return {int(one) for some in chunks(ids) for one in conn.scalars(query.where(sighting.c.security.in_(some)))}


def _any_file(conn: Connection, on: date | None, issuer_id: int | None) -> bool:
    """Whether a fund that has not closed has an accepted file by then."""
    there = select(standing.c.fund).where(
        standing.c.fund == fund_table.c.id, standing.c.standing == str(Standing.ACCEPTED)
    )
    query = select(fund_table.c.id, fund_table.c.closed)
    if on is None:
        query = query.where(fund_table.c.closed.is_(None))
    else:
        there = there.where(standing.c.as_of <= day_of(on))
        query = query.where(or_(fund_table.c.closed.is_(None), fund_table.c.closed >= day_of(on)))
    if issuer_id is not None:
        query = query.where(fund_table.c.issuer == issuer_id)
    return conn.execute(query.where(there.exists()).limit(1)).first() is not None


def _lines_of(conn: Connection, files: Sequence[File], ids: Collection[int]) -> list[Holding]:
    """What these files list of some identities, under the names of each fund."""
    by_number = {(one.fund.id, one.id): one for one in files}
    archived.require(conn, {one.as_of for one in files})
    query = select(holding).where(holding.c.security.in_(sorted(ids)))
    rows = []
    for some in chunks({one.fund.id for one in files}):
        numbers = sorted({one.id for one in files})
        listed = conn.execute(query.where(holding.c.fund.in_(some), holding.c.snapshot.in_(numbers)))
        rows += [row for row in listed if (row.fund, row.snapshot) in by_number]
    named = refs_by_fund(conn, ((row.fund, row.security, row.listing) for row in rows), groups_by_fund(conn, ids))
    return [
        _holding(by_number[row.fund, row.snapshot], row, named[row.fund, row.security, row.listing]) for row in rows
    ]


def _need_file(conn: Connection, fund: FundRef, on: date | None, as_known: datetime | None) -> File:
    file = file_on(conn, fund, on, as_known)
    if file is None:
        raise NoFile(no_files(fund.ticker, reach(conn, [fund.id]), on, as_known))
    return file


def _lines(
    conn: Connection, file: File, joined: Groups, only: frozenset[int] | None = None
) -> list[tuple[int, Holding]]:
    """The lines of a file, each with the root of its identity."""
    archived.require(conn, [file.as_of])
    query = select(holding).where(holding.c.fund == file.fund.id, holding.c.snapshot == file.id)
    if only is None:
        rows = list(conn.execute(query))
    else:
        rows = [row for some in chunks(only) for row in conn.execute(query.where(holding.c.security.in_(some)))]
    named = refs(conn, [(row.security, row.listing) for row in rows], joined)
    return [(joined.root_of(row.security), _holding(file, row, named[row.security, row.listing])) for row in rows]


def _holding(file: File, row: Row[Any], security: SecurityRef) -> Holding:
    return Holding(
        file.fund.ticker,
        file.fund.issuer,
        file.as_of,
        file.pos_session,
        security,
        decode_shares(row.shares, file.exponent),
        decode_value(row.value),
        file.currency or None,
        weight_of(row.weight, row.value, file.value),
    )


def weight_of(printed: int | None, value: int | None, total: int | None) -> Decimal | None:
    """The weight as printed, else the line's share of the fund's value."""
    if printed is not None or value is None or not total:
        return decode_weight(printed)
    return (Decimal(value) * 100 / Decimal(total)).quantize(WEIGHT_PLACES)


def _by_weight(one: Holding) -> tuple[Decimal, Decimal, str, str, Decimal]:
    size = one.shares or Decimal(0)
    return (-(one.weight or Decimal(0)), -(one.value or Decimal(0)), one.security.name, one.security.id, size)


def _summed(lines: Iterable[tuple[int, Holding]]) -> dict[int, Holding]:
    """One line per position: identities that are joined count as one."""
    found: dict[int, Holding] = {}
    for root, line in sorted(lines, key=lambda pair: _by_weight(pair[1])):
        seen = found.get(root)
        found[root] = line if seen is None else _plus(seen, line)
    return found


def _plus(one: Holding, other: Holding) -> Holding:
    return Holding(
        one.fund,
        one.issuer,
        one.as_of,
        one.pos_session,
        one.security,
        _sum(one.shares, other.shares),
        _sum(one.value, other.value),
        one.currency,
        _sum(one.weight, other.weight),
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _differing(files: Sequence[File], old: Holding | None, new: Holding | None, factor: Decimal) -> Difference:
    known = new or old
    assert known is not None
    before, after = (Decimal(0) if side is None else side.shares for side in (old, new))
    return Difference(
        files[0].fund.issuer,
        files[0].fund.ticker,
        files[0].as_of,
        files[1].as_of,
        known.security,
        before,
        after,
        factor,
        None if before is None or after is None else after - before * factor,
        Decimal(0) if old is None else old.value,
        Decimal(0) if new is None else new.value,
        Decimal(0) if old is None else old.weight,
        Decimal(0) if new is None else new.weight,
    )


def _size(one: Difference) -> Decimal:
    """About what the change was worth, at the later price or else the earlier; of weights, their difference."""
    if one.change is None:
        return abs((one.weight_after or Decimal(0)) - (one.weight_before or Decimal(0)))
    if one.shares_after and one.value_after is not None:
        return abs(one.change * one.value_after / one.shares_after)
    if one.shares_before and one.value_before is not None:
        return abs(one.value_before)
    return abs(one.change) / 10**12  # no value known: after all others, still by size


def split_factors(conn: Connection, fund: FundRef) -> Callable[[int], list[Split]]:
    """The splits of a position, by any of its identities: the first file after each, and new shares per old."""
    return splits_by_fund(conn, [fund])[fund.id]


def splits_by_fund(
    conn: Connection, funds: Collection[FundRef], only: Collection[int] | None = None
) -> dict[int, Callable[[int], list[Split]]]:
    """As `split_factors`, for several funds; with `only` of these identities, which must be all of their positions."""
    issuers = {one.issuer_id for one in funds}
    joined = {one: groups(conn, issuer_id=one) for one in issuers} if only is None else groups_by_issuer(conn, only)
    known = _known_splits(conn, issuers, joined, only)
    return {
        one.id: _splits_in(one, known.get(one.issuer_id, {}), joined.get(one.issuer_id, NOTHING_JOINED))
        for one in funds
    }


def _known_splits(
    conn: Connection, issuers: Collection[int], joined: Mapping[int, Groups], only: Collection[int] | None
) -> dict[int, dict[int, list[rules.Split]]]:
    """The splits by issuer and root."""
    columns = (split.c.issuer, split.c.shown_by, split.c.day, split.c.security, split.c.factor)
    found: dict[int, dict[int, list[rules.Split]]] = {}
    for some in chunks(issuers):
        query = select(*columns).where(split.c.issuer.in_(some))
        if only is not None:
            query = query.where(split.c.security.in_(sorted(only)))
        for row in conn.execute(query):
            root = joined.get(row.issuer, NOTHING_JOINED).root_of(row.security)
            one = rules.Split("", date_of_day(row.day), Fraction(row.factor), "", "", row.shown_by)
            found.setdefault(row.issuer, {}).setdefault(root, []).append(one)
    return found


def _splits_in(fund: FundRef, known: Mapping[int, list[rules.Split]], joined: Groups) -> Callable[[int], list[Split]]:
    mine = {
        root: sorted({(s.day, s.factor) for s in rules.effective(some, fund.ticker)}) for root, some in known.items()
    }
    return lambda security: mine.get(joined.root_of(security), [])


def factor_between(splits: Iterable[Split], after: date, until: date) -> Decimal:
    """By what earlier share counts are multiplied to compare with later ones: splits in (after, until]."""
    factor = ratio_between(splits, after, until)
    return Decimal(factor.numerator) / Decimal(factor.denominator)


def ratio_between(splits: Iterable[Split], after: date, until: date) -> Fraction:
    """As `factor_between`, exact also for 1:3."""
    return prod((factor for day, factor in splits if after < day <= until), start=Fraction(1))
