"""Reads what was stored about an issuer back into the core's values. One function per question, no state.

Decides nothing; every list comes out in an order that depends on what the rows mean, not on when they
were written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select, union_all

from monitor.core.errors import StoreError
from monitor.core.flows import LEAST_LINES
from monitor.core.linking import Link
from monitor.core.model import Arrival, Interval, Kind
from monitor.core.splits import Pending, Split
from monitor.store import schema as t
from monitor.store.codec import REVISIONS, date_of_day, day_of, maybe_date, maybe_decimal, maybe_instant, parse_instant
from monitor.store.documents import documents, stored
from monitor.store.engine import Connection
from monitor.store.statements import Among, Joined, Statement


@dataclass(frozen=True, slots=True)
class StoredFund:
    """A fund of the issuer: its number, ticker, kind and calendar."""

    id: int
    ticker: str
    kind: str
    calendar: str


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A stored snapshot without its positions."""

    fund: int
    id: int
    as_of: date
    sha256: str
    arrival: Arrival
    known_at: datetime
    rank: str
    shares_exp: int
    currency: str
    lines: int
    warnings: str
    operator: str | None
    published_from: datetime | None
    published_to: datetime | None
    outstanding: Decimal | None
    dated_by: str | None


@dataclass(frozen=True, slots=True)
class StandingRow:
    """What became of a snapshot: `stale` when it repeated the file before it."""

    snapshot: int
    as_of: date
    day: date
    standing: str
    pos_session: date | None
    stale: bool


_ISSUER = Statement(select(t.issuer.c.id, t.issuer.c.derive_from).where(t.issuer.c.code == bindparam("code")))


def issuer(conn: Connection, code: str) -> tuple[int, date | None] | None:
    """The issuer's number and the first day that still has to be derived (None: nothing to do)."""
    row = _ISSUER.first(conn, code=code)
    return None if row is None else (row[0], maybe_date(row[1]))


def is_derivation_due(conn: Connection) -> bool:
    """Whether stored facts of some issuer have not been derived to the end: a run was cut off."""
    return conn.execute(select(t.issuer.c.id).where(t.issuer.c.derive_from.is_not(None)).limit(1)).first() is not None


_FUNDS = Statement(
    select(t.fund.c.id, t.fund.c.ticker, t.fund.c.kind, t.fund.c.calendar)
    .where(t.fund.c.issuer == bindparam("issuer"))
    .order_by(t.fund.c.ticker)
)


def funds(conn: Connection, issuer_id: int) -> list[StoredFund]:
    """The issuer's stored funds by ticker."""
    return [StoredFund(*row) for row in _FUNDS.rows(conn, issuer=issuer_id)]


_SNAPSHOT = (
    t.snapshot.c.fund,
    t.snapshot.c.id,
    t.snapshot.c.as_of,
    t.snapshot.c.sha256,
    t.snapshot.c.arrival,
    t.snapshot.c.known_at,
    t.snapshot.c.rank,
    t.snapshot.c.shares_exp,
    t.snapshot.c.currency,
    t.snapshot.c.lines,
    t.snapshot.c.warnings,
    t.snapshot.c.operator,
    t.snapshot.c.published_from,
    t.snapshot.c.published_to,
    t.snapshot.c.outstanding,
    t.snapshot.c.dated_by,
)
_SINCE = Statement(
    select(*_SNAPSHOT)
    .join(t.fund, t.fund.c.id == t.snapshot.c.fund)
    .where(t.fund.c.issuer == bindparam("issuer"), t.snapshot.c.as_of >= bindparam("since"))
    .order_by(t.snapshot.c.as_of, t.fund.c.ticker, t.snapshot.c.rank)
)
_ONE_SNAPSHOT = Statement(
    select(*_SNAPSHOT).where(t.snapshot.c.fund == bindparam("fund"), t.snapshot.c.id == bindparam("number"))
)


def _snapshot(row: Sequence[Any]) -> SnapshotRow:
    fund, number, as_of, sha256, arrival, known_at, rank, exponent, currency, lines, warnings, operator, *rest = row
    published_from, published_to, outstanding, dated_by = rest
    return SnapshotRow(
        fund,
        number,
        date_of_day(as_of),
        sha256,
        Arrival(arrival),
        parse_instant(known_at),
        rank,
        exponent,
        currency,
        lines,
        warnings,
        operator,
        maybe_instant(published_from),
        maybe_instant(published_to),
        maybe_decimal(outstanding),
        dated_by,
    )


def snapshots_since(conn: Connection, issuer_id: int, since: date) -> list[SnapshotRow]:
    """All snapshots of the issuer's funds dated `since` or later, by date, fund and rank."""
    return [_snapshot(row) for row in _SINCE.rows(conn, issuer=issuer_id, since=day_of(since))]


def snapshot(conn: Connection, fund: int, number: int) -> SnapshotRow:
    """One snapshot by its number. Raises StoreError when there is none."""
    row = _ONE_SNAPSHOT.first(conn, fund=fund, number=number)
    if row is None:
        raise StoreError(f"There is no file number {number} of fund number {fund}.")
    return _snapshot(row)


_STANDING = (
    t.standing.c.snapshot,
    t.standing.c.as_of,
    t.standing.c.day,
    t.standing.c.standing,
    t.standing.c.pos_session,
    t.standing.c.warnings,
)
_STANDINGS = Statement(
    select(*_STANDING)
    .where(
        t.standing.c.fund == bindparam("fund"),
        t.standing.c.as_of < bindparam("before"),
        or_(t.standing.c.standing == "accepted", t.standing.c.standing == "quarantined"),
    )
    .order_by(t.standing.c.as_of.desc(), t.standing.c.snapshot.desc())
    .limit(bindparam("limit"))
)


def standings_before(conn: Connection, fund: int, before: date, limit: int) -> list[StandingRow]:
    """The newest accepted or quarantined snapshots of a fund dated before `before`, newest first."""
    return [_standing(row) for row in _STANDINGS.rows(conn, fund=fund, before=day_of(before), limit=limit)]


def _standing(row: Sequence[Any]) -> StandingRow:
    number, as_of, day, standing, session, warnings = row
    return StandingRow(
        number, date_of_day(as_of), date_of_day(day), standing, maybe_date(session), '"stale"' in warnings
    )


_placed = t.standing.alias("placed")


def _newest(skipped: int) -> Select[tuple[int, int]]:
    """Of each fund the number of its newest accepted or quarantined file but `skipped` dated before a day."""
    number = (
        select(_placed.c.snapshot)
        .where(
            _placed.c.fund == t.fund.c.id,
            _placed.c.as_of < bindparam("before"),
            or_(_placed.c.standing == "accepted", _placed.c.standing == "quarantined"),
        )
        .order_by(_placed.c.as_of.desc(), _placed.c.snapshot.desc())
        .limit(1)
        .offset(skipped)
    )
    return select(t.fund.c.id.label("fund"), number.scalar_subquery().label("number")).where(
        Among(t.fund.c.id, "funds")
    )


_newest_two = union_all(_newest(0), _newest(1)).subquery("newest")
_LAST_TWO = Statement(
    select(*_STANDING, *_SNAPSHOT)
    .select_from(_newest_two)
    .join(t.standing, and_(t.standing.c.fund == _newest_two.c.fund, t.standing.c.snapshot == _newest_two.c.number))
    .join(t.snapshot, and_(t.snapshot.c.fund == _newest_two.c.fund, t.snapshot.c.id == _newest_two.c.number))
    .order_by(t.standing.c.as_of.desc(), t.standing.c.snapshot.desc())
)


def last_two(conn: Connection, funds: Sequence[int], before: date) -> dict[int, list[tuple[StandingRow, SnapshotRow]]]:
    """As `standings_before`, of each of these funds the newest two, with the files."""
    found: dict[int, list[tuple[StandingRow, SnapshotRow]]] = {}
    for row in _LAST_TWO.rows(conn, funds=list(funds), before=day_of(before)):
        standing, file = _standing(row[: len(_STANDING)]), _snapshot(row[len(_STANDING) :])
        found.setdefault(file.fund, []).append((standing, file))
    return found


_ACCEPTED = Statement(
    select(t.standing.c.as_of)
    .where(
        t.standing.c.fund == bindparam("fund"),
        t.standing.c.as_of < bindparam("before"),
        t.standing.c.standing == "accepted",
    )
    .order_by(t.standing.c.as_of.desc())
    .limit(1)
    .offset(bindparam("skipped"))
)


def accepted_from(conn: Connection, fund: int, before: date, files: int) -> date:
    """The date of the first of the fund's last so many accepted files dated before `before`."""
    found = _ACCEPTED.first(conn, fund=fund, before=day_of(before), skipped=files - 1)
    return date.min if found is None else date_of_day(found[0])


_settled = t.standing.alias("settled")
# Every file before one that was accepted, and that no file since had to settle, was settled by that one at the latest.
_LAST_SETTLED = (
    select(_settled.c.as_of)
    .where(
        _settled.c.fund == t.fund.c.id,
        _settled.c.as_of < bindparam("since"),
        _settled.c.day < bindparam("since"),
        _settled.c.standing == "accepted",
    )
    .order_by(_settled.c.as_of.desc())
    .limit(1)
    .scalar_subquery()
    .correlate(t.fund)
)
_SETTLED_LATE = Statement(
    select(func.min(t.standing.c.as_of))
    .join(t.fund, t.fund.c.id == t.standing.c.fund)
    .where(
        t.fund.c.issuer == bindparam("issuer"),
        t.standing.c.as_of < bindparam("since"),
        t.standing.c.as_of > func.coalesce(_LAST_SETTLED, day_of(date.min)),
        t.standing.c.day >= bindparam("since"),
    )
)


def settled_together(conn: Connection, issuer_id: int, since: date) -> date:
    """The first day from which a derivation reaching back to `since` must start: a file settled only by a
    later one (quarantined, then redeemed or discarded) belongs to the day that settled it."""
    found = _SETTLED_LATE.first(conn, issuer=issuer_id, since=day_of(since))
    return since if found is None or found[0] is None else min(since, date_of_day(found[0]))


def verdicts(conn: Connection, issuer_id: int, since: date) -> dict[tuple[str, date, str], tuple[str, str, str]]:
    """What became of every snapshot dated `since` or later: (fund, as_of, sha256) to (standing, gate, words)."""
    table, snap = t.standing.c, t.snapshot.c
    query = (
        select(t.fund.c.ticker, table.as_of, snap.sha256, table.standing, table.reasons)
        .join(t.snapshot, and_(snap.fund == table.fund, snap.id == table.snapshot))
        .join(t.fund, t.fund.c.id == table.fund)
        .where(t.fund.c.issuer == issuer_id, table.as_of >= day_of(since))
    )
    found = {}
    for ticker, as_of, sha256, standing, reasons in conn.execute(query):
        why = json.loads(reasons)
        words = "; ".join(reason["text"] for reason in why)
        found[ticker, date_of_day(as_of), sha256] = (standing, why[0]["gate"] if why else "", words)
    return found


_SESSIONS = Statement(
    select(t.standing.c.fund, Joined(t.standing.c.pos_session))
    .where(
        Among(t.standing.c.fund, "funds"),
        t.standing.c.as_of >= bindparam("since"),
        t.standing.c.as_of < bindparam("before"),
        t.standing.c.standing == "accepted",
        t.standing.c.pos_session.is_not(None),
    )
    .group_by(t.standing.c.fund)
)


def accepted_sessions(conn: Connection, funds: Sequence[int], since: date, before: date) -> dict[int, list[date]]:
    """By fund the sessions covered by accepted files dated from `since` on and before `before`, ascending. No file
    covers a session after its own date."""
    found = _SESSIONS.rows(conn, funds=list(funds), since=day_of(since), before=day_of(before))
    return {fund: [date_of_day(day) for day in sorted(map(int, joined.split(",")))] for fund, joined in found}


_earlier, _later = t.security.alias("earlier_one"), t.security.alias("later_one")
_LINKS = Statement(
    select(t.link.c.day, t.fund.c.ticker, _earlier.c.key, _later.c.key)
    .add_columns(t.link.c.kind, t.link.c.rule, t.link.c.confidence, t.link.c.evidence)
    .join(t.fund, t.fund.c.id == t.link.c.fund)
    .join(_earlier, _earlier.c.id == t.link.c.earlier)
    .join(_later, _later.c.id == t.link.c.later)
    .where(t.fund.c.issuer == bindparam("issuer"), t.link.c.day < bindparam("before"))
    .order_by(t.link.c.day, t.fund.c.ticker, _earlier.c.key, _later.c.key)
)


def links(conn: Connection, issuer_id: int, before: date = date.max) -> list[tuple[date, Link]]:
    """The links of the issuer's funds that files dated before `before` gave, in the order they were decided."""
    return [
        (date_of_day(day), Link(ticker, earlier, later, Kind(kind), rule, confidence, evidence))
        for day, ticker, earlier, later, kind, rule, confidence, evidence in _LINKS.rows(
            conn, issuer=issuer_id, before=day_of(before)
        )
    ]


_split_c = t.split.c
_SPLIT = (
    select(t.security.c.key, _split_c.day, _split_c.settled, _split_c.factor)
    .add_columns(_split_c.rule, _split_c.evidence, _split_c.shown_by)
    .join(t.security, t.security.c.id == _split_c.security)
    .order_by(_split_c.day, t.security.c.key, _split_c.shown_by)
)
_SPLITS = Statement(_SPLIT.where(_split_c.issuer == bindparam("issuer"), _split_c.settled < bindparam("before")))
_SPLITS_OF = Statement(
    _SPLIT.join(t.issuer, t.issuer.c.id == _split_c.issuer).where(
        t.issuer.c.code == bindparam("code"), Among(_split_c.security, "securities")
    )
)


def splits(conn: Connection, issuer_id: int, before: date = date.max) -> list[Split]:
    """The splits that the files of the issuer's funds dated before `before` settled, by day and key."""
    return [_split(row) for row in _SPLITS.rows(conn, issuer=issuer_id, before=day_of(before))]


def splits_of(conn: Connection, code: str, securities: Sequence[int]) -> list[Split]:
    """The splits of these securities seen in the funds of an issuer, by day and key."""
    return [_split(row) for row in _SPLITS_OF.rows(conn, code=code, securities=list(securities))]


def _split(row: Sequence[Any]) -> Split:
    key, day, settled, factor, rule, evidence, shown_by = row
    own = None if settled == day else date_of_day(settled)
    return Split(key, date_of_day(day), Fraction(factor), rule, evidence, shown_by, own)


_PENDING = Statement(
    select(
        t.pending.c.fund,
        t.pending.c.day,
        t.security.c.key,
        t.pending.c.factor,
        t.pending.c.previous,
        t.pending.c.snapshot,
        t.pending.c.session_from,
        t.pending.c.session_to,
    )
    .join(t.security, t.security.c.id == t.pending.c.security)
    .where(Among(t.pending.c.fund, "funds"), Among(t.pending.c.day, "days"))
    .order_by(t.security.c.key)
)


def pending(conn: Connection, files: Mapping[int, date]) -> dict[int, list[Pending]]:
    """The lines that wait for the next file in these files, given by fund and date: by fund, then by key."""
    found: dict[int, list[Pending]] = {}
    days = sorted({day_of(as_of) for as_of in files.values()})
    for fund, day, key, factor, previous, number, first, last in _PENDING.rows(conn, funds=list(files), days=days):
        as_of, interval = date_of_day(day), Interval(maybe_date(first), maybe_date(last))
        if files[fund] == as_of:
            one = Pending(key, as_of, Fraction(factor), previous, number, interval)
            found.setdefault(fund, []).append(one)
    return found


_PAIRS = Statement(
    select(t.flow.c.lines, t.flow.c.unchanged)
    .where(t.flow.c.fund == bindparam("fund"), t.flow.c.snapshot < bindparam("before"))
    .order_by(t.flow.c.snapshot.desc())
    .limit(bindparam("limit"))
)


def idle_pairs(conn: Connection, fund: int, before: date, limit: int) -> list[bool]:
    """Of the fund's last pairs of files dated before `before`, oldest first: whether no share count changed."""
    rows = _PAIRS.rows(conn, fund=fund, before=day_of(before) * REVISIONS, limit=limit)
    return [lines >= LEAST_LINES and unchanged == lines for lines, unchanged in reversed(rows)]


_SIGHTING = Statement(
    select(func.min(t.sighting.c.as_of)).where(
        t.sighting.c.fund == bindparam("fund"),
        t.sighting.c.day < bindparam("before"),
        Among(t.sighting.c.security, "securities"),
    )
)


def first_sighting(conn: Connection, fund: int, securities: Sequence[int], before: date) -> date | None:
    """The first accepted file of the fund dated before `before` that listed any of these securities."""
    found = _SIGHTING.first(conn, fund=fund, securities=list(securities), before=day_of(before))
    return None if found is None else maybe_date(found[0])


_SEEN = Statement(
    select(t.sighting.c.security).where(
        t.sighting.c.fund == bindparam("fund"),
        t.sighting.c.day < bindparam("before"),
        Among(t.sighting.c.security, "securities"),
    )
)


def sighted(conn: Connection, fund: int, securities: Sequence[int], before: date) -> set[int]:
    """Those of the securities that an accepted file of the fund dated before `before` has listed."""
    rows = _SEEN.rows(conn, fund=fund, securities=list(securities), before=day_of(before))
    return {number for (number,) in rows}


def item_bodies(conn: Connection, issuer_id: int, since: date) -> Mapping[str, str]:
    """The stored items settled on `since` or later: id to JSON."""
    query = documents(t.item).where(t.item.c.issuer == issuer_id, t.item.c.day >= day_of(since))
    return {one.id: one.text for one in stored(conn, query)}


def file_of(conn: Connection, code: str, fund: str, as_of: date, sha256: str) -> tuple[date | None, str, str]:
    """Where a file came from: the session of its positions, its hash, its place."""
    snap, standing = t.snapshot.c, t.standing.c
    query = (
        select(standing.pos_session, snap.place)
        .join(t.fund, t.fund.c.id == snap.fund)
        .join(t.issuer, t.issuer.c.id == t.fund.c.issuer)
        .outerjoin(t.standing, and_(standing.fund == snap.fund, standing.snapshot == snap.id))
        .where(
            t.issuer.c.code == code,
            t.fund.c.ticker == fund,
            snap.as_of == day_of(as_of),
            snap.sha256 == sha256,
        )
    )
    row = conn.execute(query).one()
    return maybe_date(row.pos_session), sha256, row.place
