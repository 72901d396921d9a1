"""Invented values for the tests of the core: lines, positions, snapshots, scenes and a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitor.core.events import Scene
from monitor.core.flows import Flow
from monitor.core.model import (
    Absence,
    Arrival,
    AssetClass,
    Event,
    HoldingsFile,
    Interval,
    Kind,
    Line,
    Position,
    Snapshot,
)
from monitor.core.sessions import Sessions

D = Decimal
NOW = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
MONDAY = date(2026, 1, 5)


def weekdays(first: date, last: date) -> Sessions:
    """A calendar without holidays."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return Sessions(tuple(day for day in days if day.weekday() < 5))


CALENDAR = weekdays(date(2024, 1, 1), date(2027, 12, 31))


def day(number: int) -> date:
    """The session `number` sessions after Monday, 2026-01-05."""
    return CALENDAR.days[CALENDAR.days.index(MONDAY) + number]


def line(name: str = "QUILLON ROBOTICS INC", **changed: Any) -> Line:
    """A line of a file."""
    values: dict[str, Any] = {
        "row": 2,
        "ticker": "QLN",
        "identifier": "55501A105",
        "shares": D(1000),
        "value": D(100_000),
        "weight": D(1),
    } | changed
    return Line(name=name, **values)


def position(key: str = "cusip:55501A105", shares: object = 20_000, **changed: Any) -> Position:
    """A position; its weight is 1 % and its price 100 unless told otherwise."""
    amount = None if shares is None else D(str(shares))
    values: dict[str, Any] = {
        "name": "QUILLON ROBOTICS INC",
        "ticker": "QLN",
        "identifier": key.rpartition(":")[2],
        "asset_class": AssetClass.EQUITY,
        "value": None if amount is None else amount * 100,
        "weight": D(1),
        "ids": (key,),
    } | changed
    return Position(key=key, shares=amount, **values)


def by_key(*positions: Position) -> dict[str, Position]:
    return {p.key: p for p in positions}


def holdings(*lines: Line, **changed: Any) -> HoldingsFile:
    """A file with these lines."""
    values: dict[str, Any] = {"fund": "LANA", "as_of": MONDAY, "dates": (changed.get("as_of", MONDAY),)} | changed
    return HoldingsFile(lines=tuple(lines), **values)


def snapshot(number: int, *positions: Position, **changed: Any) -> Snapshot:
    """The fund's file of the session `number`."""
    values: dict[str, Any] = {
        "id": number,
        "fund": "LANA",
        "as_of": day(number),
        "pos_session": day(number),
        "known_at": NOW + timedelta(days=number),
        "arrival": Arrival.LIVE,
        "sha256": f"{number:064x}",
    } | changed
    return Snapshot(positions=tuple(positions), **values)


def scene(before: Mapping[str, Position], after: Mapping[str, Position], **changed: Any) -> Scene:
    """The files of the sessions 0 and 1 of LANA."""
    values: dict[str, Any] = {
        "issuer": "lantern",
        "fund": "LANA",
        "before": snapshot(0, *before.values()),
        "after": snapshot(1, *after.values()),
        "interval": Interval(day(1), day(1)),
        "gap": 1,
        "flow": Flow(1.0, 0, 1.0, True),
        "currency": "USD",
        "inception": None,
        "doubtful": False,
    } | changed
    return Scene(positions_before=before, positions_after=after, **values)


def absence(sessions: int | None = 30, **changed: Any) -> Absence:
    """A position gone for a while, all sessions with files."""
    values: dict[str, Any] = {
        "last_held": day(0),
        "last_material": day(0),
        "last_shares": D(15_000),
        "days": None if sessions is None else sessions * 7 // 5,
        "uncovered_sessions": 0,
        "longest_gap": None,
        "longest_gap_sessions": 0,
        "exit": Interval(day(1), day(1)),
        "last_file": day(0),
    } | changed
    return Absence(sessions=sessions, **values)


def event(kind: Kind = Kind.INITIATED, fund: str = "LANA", **changed: Any) -> Event:
    """An event of one fund on the session 1."""
    values: dict[str, Any] = {
        "key": f"E{fund}{kind.value}",
        "security": "cusip:55501A105",
        "as_of": day(1),
        "day": day(1),
        "pos_session": Interval(day(1), day(1)),
        "known_at": NOW,
        "arrival": Arrival.LIVE,
        "shares_before": D(0),
        "shares_after": D(20_000),
        "active_shares": D(20_000),
        "value": D(2_000_000),
        "currency": "USD",
        "weight_before": None,
        "weight_after": D(1),
        "absence": None,
        "confidence": "high",
        "claim": "what the files say",
    } | changed
    return Event(kind=kind, fund=fund, **values)


def plain(*values: Decimal | None) -> tuple[float | None, ...]:
    """Decimals as numbers that compare with what a test writes down."""
    return tuple(None if value is None else float(value) for value in values)
