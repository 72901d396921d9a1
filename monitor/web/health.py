"""What `/healthz` says: whether the program works, and what needs attention. A restart must be able to help before
it says "down": a late issuer or a refused message is no reason to be restarted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from monitor.store import incidents, vitals
from monitor.store.migrate import current_of, head

if TYPE_CHECKING:
    from monitor.store.engine import Engine
    from monitor.store.workers import Tick

Word = Literal["ok", "attention", "down"]
NEEDED = ("watch", "deliver")  # ticks without which nothing is seen or told
SILENT = timedelta(minutes=5)  # a tick that has not begun for so long, and for ten of its intervals, is stuck
LONGEST = timedelta(hours=2)  # a tick that runs for so long hangs
OVERDUE = timedelta(minutes=5)  # a message due for so long needs attention
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Records:
    """What the database says: where we are blind, what waits, whether it is of our schema."""

    blind: tuple[incidents.IncidentRow, ...]
    waiting: int
    oldest: datetime | None
    dead: int
    current: bool


@dataclass(frozen=True, slots=True)
class Health:
    """One word, and the reasons for it as JSON."""

    status: Word
    details: dict[str, object]


def read(engine: Engine, now: datetime, seconds: float) -> Records:
    """The records, unless the database takes too long."""
    with vitals.reading_within(engine, seconds) as conn:
        blind = tuple(incidents.listing(conn))
        counts = vitals.backlog(conn, now)
        return Records(blind, counts.waiting, counts.oldest, counts.dead, current_of(conn) == head())


def judge(records: Records | str, ticks: Sequence[Tick], seconds: dict[str, float], now: datetime) -> Health:
    """The word. `records` is a sentence when the database did not answer; `seconds` are the intervals of ticks."""
    stuck = [one.name for one in ticks if one.name in NEEDED and is_stuck(one, seconds.get(one.name, 60.0), now)]
    failing = [one.name for one in ticks if one.failures]
    details: dict[str, object] = {"ticks": [_tick(one, now) for one in ticks], "stuck": stuck}
    if isinstance(records, str):
        return Health("down", {"status": "down", "reason": records, **details})
    old = records.oldest is not None and now - records.oldest > OVERDUE
    blind_now = any(one.kind != "closed" for one in records.blind)  # that a fund has closed asks for nothing
    attention = bool(blind_now or records.dead or old or failing)
    status: Word = "down" if stuck or not records.current else "attention" if attention else "ok"
    age = 0 if records.oldest is None else max(0, round((now - records.oldest).total_seconds()))
    blind = [
        {"name": one.name, "kind": one.kind, "since": one.opened_at, "headline": one.headline}
        for one in records.blind[:SHOWN]
    ]
    backlog = {"due": records.waiting, "oldest_seconds": age, "given_up": records.dead}
    return Health(status, {"status": status, "blind": blind, "backlog": backlog, **details})


def is_stuck(tick: Tick, seconds: float, now: datetime) -> bool:
    """Whether a tick hangs, or does not begin any more."""
    if tick.ended_at is None:
        return now - tick.started_at > LONGEST
    return now - tick.ended_at > max(SILENT, timedelta(seconds=10 * seconds))


def _tick(one: Tick, now: datetime) -> dict[str, object]:
    age = round((now - one.started_at).total_seconds(), 1)
    return {"name": one.name, "outcome": one.outcome, "age_seconds": age, "failures": one.failures}
