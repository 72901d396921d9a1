"""`queries`: what four questions cost at the database, on a full history, beside SQL over plain rows."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from monitor.cli.output import aligned
from tests.bench import databases, files, rivals, universe
from tests.bench.ark import SOME
from tests.bench.databases import Place
from tests.bench.harness import NotMeasured, measured, module, ours, say
from tests.bench.table import load

BAR = 5.0  # milliseconds at the database
BARRED = ("spells of a security", "a portfolio on a date", "events of a week", "who holds a security")
HEAD = (
    "question", "on", "calls", "p50 ms", "p95 ms", "rows", "statements",
    "peer", "p50 ms", "ours/peer", "bar", "holds",
)  # fmt: skip
NUMERIC = [name not in ("question", "on", "peer", "bar", "holds") for name in HEAD]
PEERS = {  # what is asked in the place of us: the kind, and what it needs
    "duckdb": ("DuckDB, text rows", ("duckdb",)),
    "sqlite": ("SQLite, text rows", ()),
}
Calls = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Line:
    """One question on one database, beside one peer; milliseconds, medians of the calls."""

    question: str
    on: str
    calls: int
    p50: float
    p95: float
    rows: int
    statements: int
    peer: str = ""
    theirs: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the bar does; None where there is none, as with a fund's quarter."""
        return self.p50 <= BAR if self.question in BARRED else None


def report(given: argparse.Namespace, keep: Path) -> str:
    """The table, or the same as JSON."""
    found: list[Line] = []
    with databases.places(given.database, keep) as places:
        for place in places:
            found += [one for on, url, data in _works(given, place, keep) for one in _asked(given, on, url, data, keep)]
    if given.json:
        lines = [{**asdict(one), "holds": one.holds} for one in found]
        return json.dumps({"rows": lines, "notes": [load()]}, indent=1) + "\n"
    note = "Time of a question's statements from execution to the last row; what Python makes of them is not in it."
    return aligned(HEAD, [_cells(one) for one in found], NUMERIC) + f"{note}\n{load()}\n"


def _works(given: argparse.Namespace, place: Place, keep: Path) -> Iterator[tuple[str, str, Path | None]]:
    """What is asked: its name, its database and its files, where those are kept."""
    home = keep / f"queries-{place.kind}"
    home.mkdir()
    try:
        all_files = files.limited(files.history(given.data), given.files)
    except NotMeasured as reason:
        say(str(reason))
    else:
        data = keep / "files" if (keep / "files").exists() else files.folder(all_files, keep / "files")
        url = place.fresh(home)
        say(f"{place.kind}: {len(all_files):,} files of ARK")
        measured(ours("ingest", str(data), "--source", "ark", "--db", url), cwd=home, codes=(0, SOME))
        yield f"{len(all_files):,} ARK files, {place.kind}", url, data
    if given.days:
        plan = universe.plan_of(given)
        url, _ = universe.load(plan, place, given.days, keep)
        yield f"{given.days} days of {plan.funds:,} funds, {place.kind}", url, None


def _asked(given: argparse.Namespace, on: str, url: str, data: Path | None, keep: Path) -> Iterator[Line]:
    say(f"asking {on}")
    cost = measured(module("asked", url, str(given.calls), str(given.seed)), cwd=keep)
    mine: Calls = cost.said["calls"]
    peers = dict(_peers(given, data, mine, keep))
    for title in dict.fromkeys(one["title"] for one in mine):
        calls = [one for one in mine if one["title"] == title]
        times = sorted(one["ms"] for one in calls)
        line = Line(
            title,
            on,
            len(calls),
            statistics.median(times),
            times[int(0.95 * len(times))],
            max(one["rows"] for one in calls),
            max(one["statements"] for one in calls),
        )
        if not peers:
            yield line
        for name, theirs in peers.items():
            found = [one["ms"] for one in theirs if one["title"] == title]
            yield replace(line, peer=name, theirs=statistics.median(found) if found else None)


def _peers(given: argparse.Namespace, data: Path | None, mine: Calls, keep: Path) -> Iterator[tuple[str, Calls]]:
    """What the peers took for the same calls; with why one was not measured in its name."""
    if data is None or given.peers is None:
        return
    calls = keep / "calls.json"
    calls.write_text(json.dumps([(one["title"], one["parameters"]) for one in mine]))
    here = rivals.Environment(keep / "peers")
    for name in PEERS if given.peers == "all" else given.peers.split(","):
        if name not in PEERS:
            raise ValueError(f"no peer {name} of questions; there are {', '.join(PEERS)}")
        title, needs = PEERS[name]
        home = keep / f"asked-{name}"
        home.mkdir(exist_ok=True)
        try:
            cost = here.run(rivals.Peer(name, title, "asked", needs), data, name, str(calls))(home)
            yield title, cost.said["calls"]
        except NotMeasured as reason:
            say(str(reason))
            yield f"{title}: not measured", []
        for file in home.iterdir():
            file.unlink()


def _cells(one: Line) -> list[str]:
    return [
        one.question,
        one.on,
        str(one.calls),
        f"{one.p50:.2f}",
        f"{one.p95:.2f}",
        f"{one.rows:,}",
        str(one.statements),
        one.peer or "–",
        "" if one.theirs is None else f"{one.theirs:.2f}",
        "" if not one.theirs else f"{one.p50 / one.theirs:.2f}",
        f"≤ {BAR:g} ms" if one.holds is not None else "",
        {True: "yes", False: "NO", None: ""}[one.holds],
    ]
