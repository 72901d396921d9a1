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

from sqlalchemy import Row, and_, func, select

from monitor.core.flows import LEAST_LINES
from monitor.core.linking import Link
from monitor.core.model import Arrival, Interval, Kind
from monitor.core.splits import Pending, Split
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of, maybe_date, maybe_decimal, maybe_instant, parse_instant
from monitor.store.engine import Connection
from monitor.store.save import REVISIONS


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


def issuer(conn: Connection, code: str) -> tuple[int, date | None] | None:
    """The issuer's number and the first day that still has to be derived (None: nothing to do)."""
    row = conn.execute(select(t.issuer.c.id, t.issuer.c.derive_from).where(t.issuer.c.code == code)).first()
    return None if row is None else (row.id, maybe_date(row.derive_from))


def is_derivation_due(conn: Connection) -> bool:
    """Whether stored facts of some issuer have not been derived to the end: a run was cut off."""
    return conn.execute(select(t.issuer.c.id).where(t.issuer.c.derive_from.is_not(None)).limit(1)).first() is not None


def funds(conn: Connection, issuer_id: int) -> list[StoredFund]:
    """The issuer's stored funds by ticker."""
    table = t.fund.c
    query = select(table.id, table.ticker, table.kind, table.calendar).where(table.issuer == issuer_id)
    return [StoredFund(*row) for row in conn.execute(query.order_by(table.ticker))]


def _snapshot(row: Row[Any]) -> SnapshotRow:
    return SnapshotRow(
        row.fund,
        row.id,
        date_of_day(row.as_of),
        row.sha256,
        Arrival(row.arrival),
        parse_instant(row.known_at),
        row.rank,
        row.shares_exp,
        row.currency,
        row.lines,
        row.warnings,
        row.operator,
        maybe_instant(row.published_from),
        maybe_instant(row.published_to),
        maybe_decimal(row.outstanding),
        row.dated_by,
    )


def snapshots_since(conn: Connection, issuer_id: int, since: date) -> list[SnapshotRow]:
    """All snapshots of the issuer's funds dated `since` or later, by date, fund and rank."""
    table = t.snapshot.c
    query = select(t.snapshot).join(t.fund, t.fund.c.id == table.fund)
    query = query.where(t.fund.c.issuer == issuer_id, table.as_of >= day_of(since))
    return [_snapshot(row) for row in conn.execute(query.order_by(table.as_of, t.fund.c.ticker, table.rank))]


def snapshot(conn: Connection, fund: int, number: int) -> SnapshotRow:
    """One snapshot by its number."""
    table = t.snapshot.c
    return _snapshot(conn.execute(select(t.snapshot).where(table.fund == fund, table.id == number)).one())


def standings_before(conn: Connection, fund: int, before: date, limit: int) -> list[StandingRow]:
    """The newest accepted or quarantined snapshots of a fund dated before `before`, newest first."""
    table = t.standing.c
    query = select(table.snapshot, table.as_of, table.day, table.standing, table.pos_session, table.warnings).where(
        table.fund == fund, table.as_of < day_of(before), table.standing.in_(("accepted", "quarantined"))
    )
    rows = conn.execute(query.order_by(table.as_of.desc(), table.snapshot.desc()).limit(limit))
    return [
        StandingRow(
            r.snapshot,
            date_of_day(r.as_of),
            date_of_day(r.day),
            r.standing,
            maybe_date(r.pos_session),
            '"stale"' in r.warnings,
        )
        for r in rows
    ]


def settled_together(conn: Connection, fund_ids: Sequence[int], since: date) -> date:
    """The first day from which a derivation reaching back to `since` must start: a file settled only by a
    later one (quarantined, then redeemed or discarded) belongs to the day that settled it."""
    table = t.standing.c
    for fund in fund_ids:
        late = select(func.min(table.as_of)).where(
            table.fund == fund, table.as_of < day_of(since), table.day >= day_of(since)
        )
        found = conn.execute(late).scalar()
        if found is not None:
            since = min(since, date_of_day(found))
    return since


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


def accepted_sessions(conn: Connection, fund: int, before: date) -> list[date]:
    """The sessions covered by accepted files dated before `before`, ascending."""
    table = t.standing.c
    query = select(table.pos_session).where(
        table.fund == fund,
        table.as_of < day_of(before),
        table.standing == "accepted",
        table.pos_session.is_not(None),
    )
    return sorted(date_of_day(day) for (day,) in conn.execute(query))


def links(conn: Connection, issuer_id: int) -> list[tuple[date, Link]]:
    """All links of the issuer's funds, in the order they were decided."""
    earlier, later = t.security.alias("e"), t.security.alias("l")
    table = t.link.c
    query = (
        select(t.link, t.fund.c.ticker, earlier.c.key.label("earlier_key"), later.c.key.label("later_key"))
        .join(t.fund, t.fund.c.id == table.fund)
        .join(earlier, earlier.c.id == table.earlier)
        .join(later, later.c.id == table.later)
        .where(t.fund.c.issuer == issuer_id)
        .order_by(table.day, t.fund.c.ticker, earlier.c.key, later.c.key)
    )
    return [
        (
            date_of_day(r.day),
            Link(r.ticker, r.earlier_key, r.later_key, Kind(r.kind), r.rule, r.confidence, r.evidence),
        )
        for r in conn.execute(query)
    ]


def splits(conn: Connection, issuer_id: int) -> list[Split]:
    """All splits seen in the issuer's funds, by day and key."""
    table = t.split.c
    query = select(t.split, t.security.c.key).join(t.security, t.security.c.id == table.security)
    query = query.where(table.issuer == issuer_id).order_by(table.day, t.security.c.key, table.shown_by)
    return [_split(row) for row in conn.execute(query)]


def splits_of(conn: Connection, code: str, securities: Sequence[int]) -> list[Split]:
    """The splits of these securities seen in the funds of an issuer, by day and key."""
    table = t.split.c
    query = select(t.split, t.security.c.key).join(t.security, t.security.c.id == table.security)
    query = query.join(t.issuer, t.issuer.c.id == table.issuer)
    query = query.where(t.issuer.c.code == code, table.security.in_(securities))
    return [_split(row) for row in conn.execute(query.order_by(table.day, t.security.c.key, table.shown_by))]


def _split(row: Row[Any]) -> Split:
    day, settled = date_of_day(row.day), date_of_day(row.settled)
    own = None if settled == day else settled
    return Split(row.key, day, Fraction(row.factor), row.rule, row.evidence, row.shown_by, own)


def pending(conn: Connection, fund: int, as_of: date) -> list[Pending]:
    """The lines of the fund's file dated `as_of` that wait for the next file, by key."""
    table = t.pending.c
    query = select(t.pending, t.security.c.key).join(t.security, t.security.c.id == table.security)
    query = query.where(table.fund == fund, table.day == day_of(as_of)).order_by(t.security.c.key)
    return [
        Pending(
            r.key,
            as_of,
            Fraction(r.factor),
            r.previous,
            r.snapshot,
            Interval(maybe_date(r.session_from), maybe_date(r.session_to)),
        )
        for r in conn.execute(query)
    ]


def idle_pairs(conn: Connection, fund: int, before: date, limit: int) -> list[bool]:
    """Of the fund's last pairs of files dated before `before`, oldest first: whether no share count changed."""
    table = t.flow.c
    query = select(table.lines, table.unchanged).where(table.fund == fund, table.snapshot < day_of(before) * REVISIONS)
    rows = conn.execute(query.order_by(table.snapshot.desc()).limit(limit)).all()
    return [row.lines >= LEAST_LINES and row.unchanged == row.lines for row in reversed(rows)]


def first_sighting(conn: Connection, fund: int, securities: Sequence[int]) -> date | None:
    """The first accepted file of the fund that listed any of these securities."""
    table = t.sighting.c
    query = select(func.min(table.as_of)).where(table.fund == fund, table.security.in_(securities))
    return maybe_date(conn.execute(query).scalar())


def item_bodies(conn: Connection, issuer_id: int, since: date) -> Mapping[str, str]:
    """The stored items settled on `since` or later: id to JSON."""
    table = t.item.c
    query = select(table.id, table.body).where(table.issuer == issuer_id, table.day >= day_of(since))
    return {row.id: row.body for row in conn.execute(query)}


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
