"""What is printed at the end: one line for every comparison, or the same as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from monitor.cli.output import aligned
from tests.bench.harness import Cost

HEAD = (
    "work", "lines", "raw MB", "ours s", "CPU s", "MiB", "db MB",
    "peer", "s", "CPU s", "MiB", "ours/peer", "CPU/CPU",
    "limit", "s", "CPU s", "ours/limit", "CPU/CPU", "bar", "holds",
)  # fmt: skip
SHORT = 60
NUMERIC = [name not in ("work", "peer", "limit", "bar", "holds") for name in HEAD]


@dataclass(frozen=True)
class Row:
    """Our cost of some work beside that of a peer and of the machine's limit; a text is why there is no cost.

    `holds` is None where no bar is set or something was not measured. `raw` are the bytes of the files.
    """

    work: str
    ours: Cost | str
    raw: int = 0
    peer: str = ""
    theirs: Cost | str | None = None
    limit: str = ""
    least: Cost | str | None = None
    bar: str = ""
    holds: bool | None = None


def ratio(one: Cost | str | None, other: Cost | str | None, by: str = "seconds") -> float | None:
    """How many times as long, line by line, the first takes; None when one was not measured."""
    if not isinstance(one, Cost) or not isinstance(other, Cost) or not other.per_row(by):
        return None
    return one.per_row(by) / other.per_row(by)


def text(rows: Iterable[Row], notes: Sequence[str] = ()) -> str:
    """The table for people, with what must be known to read it below."""
    lines = [_line(row) for row in rows]
    return aligned(HEAD, lines, NUMERIC) + "".join(f"{note}\n" for note in (*notes, load()))


def as_json(rows: Iterable[Row], notes: Sequence[str] = ()) -> str:
    """The same for programs."""
    found = []
    for row in rows:
        one: dict[str, Any] = asdict(row)
        one["ours_to_peer"], one["ours_to_limit"] = ratio(row.ours, row.theirs), ratio(row.ours, row.least)
        found.append(one)
    return json.dumps({"rows": found, "notes": [*notes, load()]}, indent=1) + "\n"


def load() -> str:
    """How busy the machine is: what wall times are worth."""
    one, five, _ = os.getloadavg()
    busy = f"load at the end {one:.1f}, of five minutes {five:.1f}"
    return f"{os.cpu_count()} cores; {busy}: CPU ratios bear a load better than the others."


def _line(row: Row) -> list[str]:
    ours, bound = row.ours, row.ours if isinstance(row.ours, Cost) else None
    return [
        row.work,
        f"{bound.rows:,}" if bound and bound.rows else "",
        f"{row.raw / 1e6:.1f}" if row.raw else "",
        *(_cost(ours) if isinstance(ours, Cost) else [str(ours), "", ""]),
        f"{bound.bytes / 1e6:.1f}" if bound and bound.bytes else "",
        *_other(row.peer, row.theirs, memory=True),
        _times(ratio(ours, row.theirs)),
        _times(ratio(ours, row.theirs, "cpu")),
        *_other(row.limit, row.least, memory=False),
        _times(ratio(ours, row.least)),
        _times(ratio(ours, row.least, "cpu")),
        row.bar,
        {True: "yes", False: "NO", None: ""}[row.holds],
    ]


def _cost(cost: Cost) -> list[str]:
    return [f"{cost.seconds:.2f}", f"{cost.cpu:.2f}", f"{cost.peak / 2**20:.0f}"]


def _other(name: str, cost: Cost | str | None, *, memory: bool) -> list[str]:
    width = 3 if memory else 2
    if not isinstance(cost, Cost):
        return [f"{name}: {_short(cost)}" if cost else name or "–", *[""] * width]
    return [name, *_cost(cost)[:width]]


def _short(reason: str) -> str:
    """The first words of why something was not measured; all of them are on standard error."""
    return reason if len(reason) <= SHORT else reason[:SHORT].rpartition(" ")[0] + " …"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
