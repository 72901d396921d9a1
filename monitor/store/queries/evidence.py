"""What lists beside the daily files say, and which claims rest on them or on an interval. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, func, select

from monitor.core import evidence
from monitor.core.evidence import Fact, Presence, Who
from monitor.core.identity import is_verified
from monitor.core.model import Kind, Standing
from monitor.store import archived
from monitor.store.chunks import chunks
from monitor.store.codec import REVISIONS, date_of_day, day_of, decode_shares
from monitor.store.engine import Connection
from monitor.store.presence import StoredSchedule, stored
from monitor.store.presence import schedules as stored_schedules
from monitor.store.queries.changes import Change, Wanted, changes
from monitor.store.queries.names import FundRef, funds_by_id, issuer_code
from monitor.store.queries.search import FoundSecurity
from monitor.store.schema import holding, identifier, schedule, security, snapshot, standing

BOUNDED = (Kind.INITIATED, Kind.RE_ENTERED, Kind.RESUMED, Kind.EXITED)


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """What one list says of a security. `file_shares` is what the fund's daily file of that session lists, 0 when it
    does not list it, null without such a file; `note` says what is uncertain."""

    issuer: str
    fund: str
    pos_session: date
    state: str
    shares: Decimal | None
    value: Decimal | None
    weight: Decimal | None
    source: str
    as_of: date
    file_shares: Decimal | None
    note: str | None
    sha256: str


def schedules(conn: Connection, fund: FundRef | None = None, issuer: str | None = None) -> list[StoredSchedule]:
    """The lists we have beside the daily files."""
    found = stored(conn, fund.id if fund is not None else None)
    return [one for one in found if issuer is None or one.issuer == issuer]


def presence(
    conn: Connection, what: FoundSecurity, fund: FundRef | None = None, issuer: str | None = None
) -> list[PresenceRow]:
    """What every list says of a security, by fund and session."""
    having = set(conn.execute(select(schedule.c.fund).distinct()).scalars())
    if fund is not None:
        wanted = [fund] if fund.id in having else []
    else:
        code = None if issuer is None else issuer_code(conn, issuer)
        owners = funds_by_id(conn, having).values()
        wanted = sorted((one for one in owners if code in (None, one.issuer)), key=lambda one: (one.issuer, one.ticker))
    asked = who(conn, what)
    return [
        _row(conn, one, what, fact) for one in wanted for fact in evidence.facts(stored_schedules(conn, one.id), asked)
    ]


def who(conn: Connection, what: FoundSecurity) -> Who:
    """The identifiers and names of a security, as lists may print them."""
    keys: set[str] = set()
    for some in chunks(what.ids):
        keys |= set(conn.execute(select(security.c.key).where(security.c.id.in_(some))).scalars())
        rows = conn.execute(select(identifier).where(identifier.c.security.in_(some)))
        keys |= {f"{row.scheme}:{row.value}" for row in rows}
    return Who(frozenset(key for key in keys if is_verified(key)), what.names)


def _row(conn: Connection, fund: FundRef, what: FoundSecurity, fact: Fact) -> PresenceRow:
    listed = _in_file(conn, fund, what.ids, fact.session)
    return PresenceRow(
        fund.issuer,
        fund.ticker,
        fact.session,
        fact.state.value,
        fact.shares,
        fact.value,
        fact.weight,
        fact.schedule.origin.value,
        fact.schedule.as_of,
        listed,
        _note(fact, listed),
        fact.schedule.sha256,
    )


def _note(fact: Fact, listed: Decimal | None) -> str | None:
    words = []
    if fact.by_name:
        words.append("found by its name")
    if fact.state is Presence.BELOW_RESOLUTION:
        words.append(f"the list leaves out lines under {fact.schedule.below.normalize():f} %")
    if fact.state is Presence.UNKNOWN:
        words.append("only a line with a similar name" if fact.schedule.complete else "the list is not complete")
    if fact.state is Presence.HELD and listed == 0:
        words.append("the fund's own file of that session does not list it")
    return "; ".join(words) or None


def _in_file(conn: Connection, fund: FundRef, ids: Iterable[int], session: date) -> Decimal | None:
    """What the fund's accepted file of a session lists; 0 when it does not, None when there is no such file."""
    at = and_(standing.c.fund == fund.id, standing.c.pos_session == day_of(session))
    accepted = standing.c.standing == str(Standing.ACCEPTED)
    last = conn.execute(select(func.max(standing.c.snapshot)).where(at, accepted)).scalar()
    if last is None:
        return None
    archived.require(conn, [date_of_day(last // REVISIONS)])
    query = (
        select(holding.c.shares, snapshot.c.shares_exp)
        .join(snapshot, and_(snapshot.c.fund == holding.c.fund, snapshot.c.id == holding.c.snapshot))
        .where(holding.c.fund == fund.id, holding.c.snapshot == last, holding.c.security.in_(sorted(ids)))
    )
    rows = conn.execute(query).all()
    counts = [decode_shares(row.shares, row.shares_exp) for row in rows]
    known = [count for count in counts if count is not None]
    return sum(known, Decimal(0)) if len(known) == len(counts) else None


def interval_claims(conn: Connection, fund: FundRef | None = None, issuer: str | None = None) -> list[Change]:
    """The entries and exits of funds that files leave in several sessions, or that rest on a list beside them.

    Each is a change with its `fund` and its `basis`: "interval" when only files say it, else "schedule".
    """
    known = set(conn.execute(select(schedule.c.sha256)).scalars())
    found = []
    for one in changes(conn, Wanted(fund=fund, issuer=issuer, kinds=BOUNDED, level="event")):
        rests = {line.get("sha256") for line in _objects(one.get("evidence"))} & known
        between = one.get("pos_session")
        wide = isinstance(between, dict) and between.get("from") != between.get("to")
        if rests or wide:
            funds = one.get("funds")
            of = funds[0] if isinstance(funds, list) and funds else None
            found.append({**one, "fund": of, "basis": "schedule" if rests else "interval"})
    return found


def _objects(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
