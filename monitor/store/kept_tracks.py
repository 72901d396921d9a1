"""What deriving still needs of archived lines: how much of a security each file listed, for spells that go on.

A spell that was open when its first months were archived will end one day, and its end tells of the whole of it: its
peak, its last material day. Its counts stay, packed, a tenth of what the lines took; everything else left with them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import zstandard
from sqlalchemy import and_, bindparam, delete, func, select

from monitor.core.model import Standing
from monitor.store import schema as t
from monitor.store.codec import REVISIONS
from monitor.store.engine import Connection, bulk_insert
from monitor.store.partitions import Span
from monitor.store.statements import Among, Statement

LEVEL = 9


class KeptLine(NamedTuple):
    """One line as it was stored: the number of its file, and what it listed."""

    snapshot: int
    security: int
    shares: int | None
    value: int | None
    weight: int | None


_OF = Statement(
    select(t.kept_track.c.first, t.kept_track.c.security, t.kept_track.c.points).where(
        t.kept_track.c.fund == bindparam("fund"), Among(t.kept_track.c.security, "securities")
    )
)


def lines(conn: Connection, fund: int, securities: Sequence[int]) -> dict[int, list[KeptLine]]:
    """What was kept of these securities in a fund, by the first day of the archived months."""
    found: dict[int, list[KeptLine]] = {}
    for first, security, points in _OF.rows(conn, fund=fund, securities=list(securities)):
        found.setdefault(first, []).extend(_unpacked(security, points))
    return found


class KeptFile(NamedTuple):
    """A kept line with its accepted file; `listing` names the security as the newest file that lists it does."""

    fund: int
    as_of: int
    pos_session: int | None
    shares: int | None
    shares_exp: int
    security: int
    listing: int


def filed(conn: Connection, funds: Collection[int], securities: Collection[int]) -> list[KeptFile]:
    """The kept lines of these securities in the accepted files of these funds."""
    found: list[KeptFile] = []
    named: dict[int, int] = {}
    for fund in funds:
        of_file: dict[int, list[KeptLine]] = {}
        for line in (line for some in lines(conn, fund, sorted(securities)).values() for line in some):
            of_file.setdefault(line.snapshot, []).append(line)
        if not of_file:
            continue
        named = named or newest_listings(conn, securities)
        for number, session, exponent in _accepted(conn, fund, min(of_file), max(of_file)):
            found += [
                KeptFile(fund, number // REVISIONS, session, line.shares, exponent, line.security, named[line.security])
                for line in of_file.get(number, ())
            ]
    return found


def _accepted(conn: Connection, fund: int, first: int, last: int) -> list[tuple[int, int | None, int]]:
    standing, snap = t.standing.c, t.snapshot.c
    query = (
        select(snap.id, standing.pos_session, snap.shares_exp)
        .join(t.standing, and_(standing.fund == snap.fund, standing.snapshot == snap.id))
        .where(snap.fund == fund, snap.id.between(first, last), standing.standing == str(Standing.ACCEPTED))
    )
    return [(number, session, exponent) for number, session, exponent in conn.execute(query)]


def newest_listings(conn: Connection, securities: Collection[int]) -> dict[int, int]:
    """How each security was printed last, by number."""
    table = t.listing.c
    query = select(table.security, func.max(table.id)).where(table.security.in_(sorted(securities)))
    return {security: listing for security, listing in conn.execute(query.group_by(table.security))}  # noqa: C416


def still_needed(conn: Connection, span: Span) -> dict[int, set[int]]:
    """By fund, the securities whose spells began before the end of the months, and end after it or not yet: under all
    identities that are joined with them."""
    spell = t.spell.c
    lasting = spell.closed_day.is_(None) | (spell.closed_day >= span.until)
    query = select(spell.fund, spell.security).where(spell.first_file < span.until, lasting)
    found: dict[int, set[int]] = {}
    for fund, security in conn.execute(query):
        found.setdefault(fund, set()).add(security)
    joined: dict[tuple[int, int], set[int]] = {}
    for fund, earlier, later in conn.execute(select(t.link.c.fund, t.link.c.earlier, t.link.c.later)):
        joined.setdefault((fund, earlier), set()).add(later)
        joined.setdefault((fund, later), set()).add(earlier)
    return {fund: set(_reached(joined, fund, some)) for fund, some in found.items()}


def _reached(joined: dict[tuple[int, int], set[int]], fund: int, some: Collection[int]) -> Iterator[int]:
    seen, ahead = set[int](), list(some)
    while ahead:
        one = ahead.pop()
        if one not in seen:
            seen.add(one)
            yield one
            ahead += joined.get((fund, one), ())


def keep(conn: Connection, span: Span, fund: int, of_fund: Iterable[KeptLine]) -> None:
    """Stores these lines of one fund and span."""
    by_security: dict[int, list[KeptLine]] = {}
    for line in of_fund:
        by_security.setdefault(line.security, []).append(line)
    rows = ((fund, security, span.first, _packed(some)) for security, some in sorted(by_security.items()))
    bulk_insert(conn, t.kept_track, ("fund", "security", "first", "points"), rows)


def forget(conn: Connection, span: Span) -> None:
    """The lines themselves are back."""
    conn.execute(delete(t.kept_track).where(t.kept_track.c.first == span.first))


def _packed(some: Sequence[KeptLine]) -> bytes:
    """Each count beside its like, as differences: what stays the same from file to file takes next to nothing."""
    ordered = sorted(some)
    columns = [_differences([line[at] for line in ordered]) for at in (0, 2, 3, 4)]
    return zstandard.compress(json.dumps(columns, separators=(",", ":")).encode(), LEVEL)


def _unpacked(security: int, points: bytes) -> Iterator[KeptLine]:
    columns = [_sums(one) for one in json.loads(zstandard.decompress(points))]
    for snapshot, shares, value, weight in zip(*columns, strict=True):
        assert snapshot is not None
        yield KeptLine(snapshot, security, shares, value, weight)


def _differences(values: Sequence[int | None]) -> list[int | None]:
    found: list[int | None] = []
    last = 0
    for one in values:
        found.append(None if one is None else one - last)
        last = last if one is None else one
    return found


def _sums(values: Sequence[int | None]) -> list[int | None]:
    found: list[int | None] = []
    last = 0
    for one in values:
        last = last if one is None else last + one
        found.append(None if one is None else last)
    return found
