"""The one note a back-fill makes: what became longer, and that nobody was alerted of the past."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitor.notify.message import Message, notice
from monitor.store.filled import Have

NAMED = 5  # funds named in the headline
LISTED = 30


@dataclass(frozen=True, slots=True)
class Extended:
    """How a fund's history became longer."""

    name: str
    files: tuple[date, ...]
    schedules: tuple[date, ...]
    first: date | None
    resumed: bool = False  # by an earlier run, which was cut off before it could say so

    @property
    def sentence(self) -> str:
        """What was added, and since when there are files."""
        parts = [_counted(days, what) for days, what in ((self.files, "file"), (self.schedules, "schedule")) if days]
        since = f"; its files begin {self.first}" if self.first is not None else ""
        verb = "are there after a run that was cut off" if self.resumed else "added"
        return f"{self.name}: {' and '.join(parts)} {verb}{since}."


def extended(name: str, before: Have, after: Have) -> Extended | None:
    """What is there after and was not before; None when that is nothing."""
    files, schedules = sorted(after.days - before.days), sorted(after.schedules - before.schedules)
    if not files and not schedules:
        return None
    return Extended(name, tuple(files), tuple(schedules), min(after.days, default=None))


def note(found: Sequence[Extended], revised: int, way: str, now: datetime) -> Message:
    """The note for operators: quiet, and one for all funds of a run."""
    names = ", ".join(one.name.rpartition("/")[2] for one in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    key = hashlib.sha256(f"history {now.isoformat()} {names}".encode()).hexdigest()[:12]
    return notice(f"N{key}", f"History extended: {names}{more}", at=now, lines=lines(found, revised, way))


def lines(found: Iterable[Extended], revised: int, way: str) -> list[str]:
    """The sentences of the note."""
    told = [one.sentence for one in found]
    rest = [f"… and {len(told) - LISTED} more funds."] if len(told) > LISTED else []
    changed = f" {revised:,} earlier changes read differently now." if revised else ""
    return [
        *told[:LISTED],
        *rest,
        f"It came by way of `backfill --via {way}` and alerts nobody.{changed} What was told and no longer holds is"
        " corrected where it was told.",
    ]


def _counted(days: Sequence[date], what: str) -> str:
    span = f"dated {days[0]}" if len(days) == 1 else f"dated {days[0]} … {days[-1]}"
    return f"{len(days):,} {what}{'' if len(days) == 1 else 's'} ({span})"
