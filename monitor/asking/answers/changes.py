"""What changed, as it was derived: the stored JSON objects, chosen and never computed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from monitor.asking.arguments import Asked
from monitor.asking.plain import Record
from monitor.core.model import Evidence, Instants, Interval, Kind, SecurityRef, Severity
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import Change, IdentityRow, Level, SplitRow, Wanted

ENTRIES = (Kind.INITIATED, Kind.INITIATED_AT_ISSUER, Kind.RE_ENTERED)
RETURNS = (Kind.RE_ENTERED, Kind.RESUMED)


@dataclass(frozen=True, slots=True)
class GoneRow:
    """How long a position was gone; sessions and days count from the last material holding."""

    last_held: date | None
    last_material: date | None
    sessions: int | None
    days: int | None
    uncovered_sessions: int
    last_shares: Decimal | None
    last_file: date | None
    longest_gap: Interval | None
    longest_gap_sessions: int
    exit: Interval | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """The keys of a change. Rows are the stored JSON objects: nobody makes one of these."""

    id: str
    level: str
    kind: str
    issuer: str
    funds: tuple[str, ...]
    security: SecurityRef
    as_of: date
    pos_session: Interval
    published: Instants
    known_at: datetime
    shares_before: Decimal | None
    shares_after: Decimal | None
    active_shares: Decimal | None
    value: Decimal | None
    currency: str | None
    weight_before: Decimal | None
    weight_after: Decimal | None
    absence: GoneRow | None
    claim: str
    score: int
    severity: str
    confidence: str
    status: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class EventRow(ChangeRow):
    """A change of one fund."""

    fund: str


@dataclass(frozen=True, slots=True)
class ClaimRow(EventRow):
    """And what it rests on: interval, or schedule."""

    basis: str


def changes(conn: Connection, asked: Asked) -> Sequence[Annotated[Record, ChangeRow]]:
    """Events and items, oldest first."""
    wanted = _wanted(asked, tuple(Kind(one) for one in asked.texts("kind")), _level(asked.text("level")))
    wanted = replace(
        wanted,
        severities=tuple(Severity(one) for one in asked.texts("severity")),
        superseded=asked.flag("superseded"),
        newest=asked.count("limit"),
    )
    return queries.changes(conn, wanted)


def entries(conn: Connection, asked: Asked) -> Sequence[Annotated[Record, EventRow]]:
    """First material holdings and returns, oldest first."""
    return _events(conn, asked, ENTRIES)


def exits(conn: Connection, asked: Asked) -> Sequence[Annotated[Record, EventRow]]:
    """Exits, oldest first."""
    return _events(conn, asked, (Kind.EXITED,))


def re_entries(conn: Connection, asked: Asked) -> Sequence[Annotated[Record, EventRow]]:
    """Returns after at least so many sessions, oldest first."""
    least = asked.count("min_absence") or 0
    return [one for one in _events(conn, asked, RETURNS) if _sessions(one) >= least]


def issuer_firsts(conn: Connection, asked: Asked) -> Sequence[Annotated[Record, ChangeRow]]:
    """What was new to an issuer, oldest first."""
    return queries.changes(conn, _wanted(asked, (Kind.INITIATED_AT_ISSUER,), "item"))


def interval_claims(conn: Connection, asked: Asked) -> Sequence[Annotated[Record, ClaimRow]]:
    """Entries and exits known to an interval, oldest first."""
    return queries.interval_claims(conn, asked.fund(), asked.text("issuer"))


def identity_changes(conn: Connection, asked: Asked) -> Sequence[IdentityRow]:
    """What lines were called before and after, oldest first."""
    return queries.identity_changes(conn, _wanted(asked, (), "event"))


def splits(conn: Connection, asked: Asked) -> Sequence[SplitRow]:
    """Splits and successors, oldest first."""
    return queries.splits_applied(conn, _wanted(asked, (), "event"))


def _events(conn: Connection, asked: Asked, kinds: tuple[Kind, ...]) -> list[Record]:
    return [one | {"fund": _fund(one)} for one in queries.changes(conn, _wanted(asked, kinds, "event"))]


def _wanted(asked: Asked, kinds: tuple[Kind, ...], level: Level | None) -> Wanted:
    security = asked.security()
    return Wanted(
        asked.day("since"),
        asked.day("until"),
        asked.fund(),
        asked.text("issuer"),
        None if security is None else security.ids,
        kinds,
        level=level,
    )


def _level(text: str | None) -> Level | None:
    return None if text is None else "item" if text == "item" else "event"


def _fund(one: Change) -> object:
    funds = one["funds"]
    return funds[0] if isinstance(funds, list) and funds else None


def _sessions(one: Record) -> int:
    gone = one["absence"]
    sessions = gone.get("sessions") if isinstance(gone, dict) else None
    return sessions if isinstance(sessions, int) else -1
