"""What funds held on a day, as we know it now or knew it then. It reads accepted files only and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import and_, select

from monitor.core import splits as rules
from monitor.core.errors import UsageError
from monitor.core.model import SecurityRef, Standing
from monitor.store.codec import date_of_day, day_of, decode_shares, decode_value, decode_weight, instant_text
from monitor.store.engine import Connection
from monitor.store.queries.names import FundRef, Groups, chunks, funds_known, groups, refs
from monitor.store.queries.search import FoundSecurity
from monitor.store.schema import holding, snapshot, split, standing

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
    best = max((row for row in rows if row.as_of == rows[0].as_of), key=lambda row: (row.rank, row.sha256))
    pos = None if best.pos_session is None else date_of_day(best.pos_session)
    as_of = date_of_day(best.as_of)
    return File(fund, best.id, as_of, pos, best.shares_exp, best.value, best.currency)


def holdings(
    conn: Connection, fund: FundRef, on: date | None = None, as_known: datetime | None = None
) -> list[Holding]:
    """The fund's portfolio, largest weight first."""
    file = _need_file(conn, fund, on, as_known)
    return sorted((line for _, line in _lines(conn, file, groups(conn, fund_id=fund.id))), key=_by_weight)


def difference(
    conn: Connection, fund: FundRef, before: date, after: date | None, as_known: datetime | None
) -> list[Difference]:
    """What differs between the fund's files of two days, the largest change in value first."""
    joined = groups(conn, fund_id=fund.id)
    files = [_need_file(conn, fund, day, as_known) for day in (before, after)]
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

    Raises UsageError when no fund has a file by then: nobody knows what was held.
    """
    funds = [fund for fund in funds_known(conn, issuer) if not _has_closed(fund, on)]
    files = [file for fund in funds if (file := file_on(conn, fund, on)) is not None]
    if not files:
        when = f" dated {on} or before" if on else ""
        raise UsageError(f"No fund has an accepted file{when}. See: holdings-monitor coverage")
    found: list[Holding] = []
    for file in files:
        found += [line for _, line in _lines(conn, file, groups(conn, fund_id=file.fund.id), what.ids)]
    return sorted(found, key=lambda one: (-(one.value or 0), one.issuer, one.fund, one.security.id))


def _has_closed(fund: FundRef, on: date | None) -> bool:
    """A closed fund holds nothing after its last file; without a day, now is meant."""
    return fund.closed is not None and (on is None or on > fund.closed)


def _need_file(conn: Connection, fund: FundRef, on: date | None, as_known: datetime | None) -> File:
    file = file_on(conn, fund, on, as_known)
    if file is None:
        when = f" dated {on} or before" if on else ""
        known = f" known at {as_known:%Y-%m-%d %H:%M %Z}" if as_known else ""
        raise UsageError(
            f"{fund.ticker} has no accepted file{when}{known}. See: holdings-monitor coverage {fund.ticker}"
        )
    return file


def _lines(
    conn: Connection, file: File, joined: Groups, only: frozenset[int] | None = None
) -> list[tuple[int, Holding]]:
    """The lines of a file, each with the root of its identity."""
    query = select(holding).where(holding.c.fund == file.fund.id, holding.c.snapshot == file.id)
    if only is None:
        rows = list(conn.execute(query))
    else:
        rows = [row for some in chunks(only) for row in conn.execute(query.where(holding.c.security.in_(some)))]
    named = refs(conn, [(row.security, row.listing) for row in rows], joined)
    lines = []
    for row in rows:
        line = Holding(
            file.fund.ticker,
            file.fund.issuer,
            file.as_of,
            file.pos_session,
            named[row.security, row.listing],
            decode_shares(row.shares, file.exponent),
            decode_value(row.value),
            file.currency or None,
            weight_of(row.weight, row.value, file.value),
        )
        lines.append((joined.root_of(row.security), line))
    return lines


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
    joined = groups(conn, issuer_id=fund.issuer_id)
    query = select(split.c.shown_by, split.c.day, split.c.security, split.c.factor)
    found: dict[int, list[rules.Split]] = {}
    for row in conn.execute(query.where(split.c.issuer == fund.issuer_id)):
        known = found.setdefault(joined.root_of(row.security), [])
        known.append(rules.Split("", date_of_day(row.day), Fraction(row.factor), "", "", row.shown_by))
    mine = {
        root: sorted({(s.day, s.factor) for s in rules.effective(some, fund.ticker)}) for root, some in found.items()
    }
    return lambda security: mine.get(joined.root_of(security), [])


def factor_between(splits: Iterable[Split], after: date, until: date) -> Decimal:
    """By what earlier share counts are multiplied to compare with later ones: splits in (after, until]."""
    factor = Fraction(1)
    for day, one in splits:
        if after < day <= until:
            factor *= one
    return Decimal(factor.numerator) / Decimal(factor.denominator)
