"""Other issuers' daily files: how many are read and believed, and days on which many lines seem to come or go.

A day is a *mass day* when ten entries and exits or more, or a fifth of the lines, are told of one file; it is *false*
when half of them are undone within three files: a truncated, stale, garbled or rolled file, not the fund.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tests.accuracy import moves
from tests.accuracy.moves import Move
from tests.accuracy.report import Section, missing, none_of, table, wrapped
from tests.accuracy.told import IMMEDIATE, History

MANY = 10
PART = 0.2
LEGEND = (
    "ok: accepted; held: quarantined, then redeemed or discarded; in, out: entries and exits we tell; mass: days with"
    " many of them; false: of these undone soon; naive: entries and exits of a program that trusts every file; now:"
    " items told at once."
)
BAR = "mass false events in other issuers' series"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One series: how many files, the source that reads it, and what we said (None: nothing reads it)."""

    name: str
    files: int
    source: str | None
    history: History | None


@dataclass(frozen=True, slots=True)
class MassDay:
    """A file with many entries and exits."""

    as_of: date
    moves: int
    false: bool

    def __str__(self) -> str:
        return f"{self.as_of} ({self.moves}{', undone' if self.false else ''})"


def measure(loaded: Sequence[Loaded]) -> Section:
    """One row a series, and every mass day."""
    if not loaded:
        return missing("Other issuers' series", "issuers/series", BAR)
    section = Section("Other issuers' series")
    rows: list[tuple[object, ...]] = []
    said: list[str] = []
    false = 0
    for one in loaded:
        if one.history is None:
            rows.append((one.name, "none reads it", one.files, *[None] * (len(HEAD) - 3)))
            section.numbers[one.name] = {"source": None, "files": one.files}
            continue
        row, days, naive = _row(one, one.history)
        rows.append(row)
        false += sum(day.false for day in days)
        if days or naive:
            shown, other = (", ".join(map(str, some)) or "none" for some in (days, naive))
            said += wrapped(f"{one.name}: ours {shown}; naive {other}")
        section.numbers[one.name] = {
            "source": one.source,
            **dict(zip(HEAD[2:], row[2:], strict=True)),
            "mass": [[str(day.as_of), day.moves, day.false] for day in days],
            "naive mass": [[str(day.as_of), day.moves, day.false] for day in naive],
        }
    head = (
        "series",
        "source",
        "files",
        "ok",
        "held",
        "ref.",
        "in",
        "out",
        "mass",
        "false",
        "naive",
        "mass",
        "false",
        "now",
    )
    short = [(str(row[0]).rsplit("/", 1)[-1][:16], *row[1:]) for row in rows]
    section.lines = [*table(head, short), *wrapped(LEGEND), "Mass days (moves):", *said]
    readable = any(one.history is not None for one in loaded)
    section.bars = [none_of(BAR, false)] if readable else missing("", "", BAR).bars
    return section


HEAD = (
    *("series", "source", "files", "accepted", "held", "refused", "in", "out", "mass", "false"),
    *("naive", "naive mass", "naive false", "immediate"),
)


def _row(one: Loaded, history: History) -> tuple[tuple[object, ...], list[MassDay], list[MassDay]]:
    ours, naive = moves.ours(history), moves.naive(history)
    days, naive_days = _mass(history, ours), _mass(history, naive)
    accepted = sum(len(files) for files in history.files.values())
    held = sum(file.standing in ("quarantined", "discarded") for file in history.unused)
    told = sum(item.severity in IMMEDIATE for item in history.items)
    row = (
        one.name,
        one.source,
        one.files,
        accepted,
        held,
        len(history.refused),
        sum(move.came for move in ours),
        sum(not move.came for move in ours),
        len(days),
        sum(day.false for day in days),
        len(naive),
        len(naive_days),
        sum(day.false for day in naive_days),
        told,
    )
    return row, days, naive_days


def _mass(history: History, found: Iterable[Move]) -> list[MassDay]:
    by_day: dict[tuple[str, date], list[Move]] = defaultdict(list)
    for move in found:
        by_day[move.fund, move.as_of].append(move)
    days = []
    for (fund, as_of), some in sorted(by_day.items()):
        before = history.previous(fund, as_of)
        lines = len(history.held(before)) if before is not None else 0
        if len(some) >= MANY or (lines and len(some) >= PART * lines):
            days.append(MassDay(as_of, len(some), sum(move.false for move in some) >= len(some) / 2))
    return days
