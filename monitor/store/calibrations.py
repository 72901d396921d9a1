"""What calibrating needs and leaves behind: the priced lines of a fund's files, and each check that was made.

Nothing here decides what a price proves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import and_, func, insert, select

from monitor.core.calibration import Aliases, Outcome, Priced, implied
from monitor.core.identity import ticker_root
from monitor.core.model import AssetClass, Convention, Standing
from monitor.store import schema as t
from monitor.store.codec import (
    date_of_day,
    day_of,
    decode_shares,
    decode_value,
    instant_text,
    maybe_date,
    maybe_instant,
    parse_instant,
)
from monitor.store.engine import Connection
from monitor.store.partitions import dated


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a fund's convention: what the prices of its files between two dates said."""

    fund: int
    at: datetime
    first: date | None
    last: date | None
    found: Convention
    configured: Convention
    outcome: Outcome
    files: int
    compared: int
    prices: str  # where the closes came from


def priced_files(conn: Connection, fund: int, since: date | None = None) -> Iterator[tuple[date | None, Priced]]:
    """The fund's accepted files, oldest first, each with its session and the implied prices of its liquid lines."""
    at, held = t.standing.c, t.holding.c
    query = (
        select(at.as_of, at.pos_session, t.snapshot.c.shares_exp, held.security, held.shares, held.value)
        .add_columns(t.listing.c.ticker)
        .join(t.snapshot, and_(t.snapshot.c.fund == at.fund, t.snapshot.c.id == at.snapshot))
        .join(t.holding, and_(held.fund == at.fund, held.snapshot == at.snapshot))
        .join(t.listing, t.listing.c.id == held.listing)
        .where(at.fund == fund, at.standing == str(Standing.ACCEPTED))
        .where(t.listing.c.asset_class == str(AssetClass.EQUITY))
        .order_by(at.as_of, held.security)
    )
    if since is not None:
        query = query.where(at.as_of >= day_of(since), dated(held.snapshot, since, None))
    codes = identifiers(conn, fund)
    for (as_of, session), rows in groupby(conn.execute(query), key=lambda row: (row.as_of, row.pos_session)):
        lines = []
        for row in rows:
            root = ticker_root(row.ticker)
            aliases: Aliases = (*codes.get(row.security, ()), *([f"ticker:{root}"] if root else []))
            line = implied(aliases, decode_shares(row.shares, row.shares_exp), decode_value(row.value))
            lines += [line] if line is not None else []
        yield maybe_date(session), Priced(date_of_day(as_of), tuple(lines))


def identifiers(conn: Connection, fund: int) -> dict[int, Aliases]:
    """What every security the fund has listed is known by in other funds, too."""
    known = t.identifier.c
    query = (
        select(t.security.c.id, t.security.c.key, known.scheme, known.value)
        .join(t.sighting, t.sighting.c.security == t.security.c.id)
        .outerjoin(t.identifier, known.security == t.security.c.id)
        .where(t.sighting.c.fund == fund)
        .order_by(t.security.c.id, known.scheme, known.value)
    )
    found: dict[int, Aliases] = {}
    for security, key, scheme, value in conn.execute(query):
        said = f"{scheme}:{value}" if scheme else key if key.startswith("venue:") else None
        found[security] = (*found.get(security, ()), *([said] if said else []))
    return found


def add_check(conn: Connection, check: Check) -> None:
    """Records one look."""
    values = {
        "fund": check.fund,
        "at": instant_text(check.at),
        "first": None if check.first is None else day_of(check.first),
        "last": None if check.last is None else day_of(check.last),
        "found": check.found.value,
        "configured": check.configured.value,
        "outcome": check.outcome.value,
        "files": check.files,
        "compared": check.compared,
        "prices": check.prices,
    }
    conn.execute(insert(t.calibration), [values])


def outcomes(conn: Connection, fund: int) -> list[Outcome]:
    """What the looks at a fund gave, oldest first."""
    table = t.calibration.c
    query = select(table.outcome).where(table.fund == fund).order_by(table.id)
    return [Outcome(text) for text in conn.execute(query).scalars()]


def last_look(conn: Connection, fund: int) -> datetime | None:
    """When the fund's convention was looked at last."""
    table = t.calibration.c
    found = conn.execute(select(func.max(table.at)).where(table.fund == fund)).scalar()
    return maybe_instant(found)


def last_checks(conn: Connection) -> list[Check]:
    """The newest look at each fund."""
    table = t.calibration.c
    newest = select(func.max(table.id)).group_by(table.fund)
    return [
        Check(
            row.fund,
            parse_instant(row.at),
            maybe_date(row.first),
            maybe_date(row.last),
            Convention(row.found),
            Convention(row.configured),
            Outcome(row.outcome),
            row.files,
            row.compared,
            row.prices,
        )
        for row in conn.execute(select(t.calibration).where(table.id.in_(newest)).order_by(table.fund))
    ]
