"""`day`: one more day of every fund on the full history, and what the length of the history costs.

The last days are kept back. They come in one after the other in one process that is warm, as the daemon is, once on
the whole history before them and once on a few days of it: the same files, so only what lies behind them differs.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.bench import databases, files, rivals
from tests.bench.ark import SOME
from tests.bench.databases import Place
from tests.bench.harness import Cost, compete, measured, module, ours, say
from tests.bench.table import Row

WARM = 2  # days that come in before the ones that are measured
YOUNG = 12  # days behind the measured ones in the short history
FUNDS = 9
CONFIG = '[channels.told]\ntype = "file"\npath = "told.jsonl"\n'


def rows(given: argparse.Namespace, keep: Path) -> tuple[list[Row], list[str]]:
    """The two comparisons on each kind of database, and what must be known to read them."""
    days = files.history(given.data)
    names = list(days)[: _days_of(days, given.files)]
    last = names[-(given.days + WARM) :]
    before = names[: -len(last)]
    if not before:
        raise ValueError(f"{len(names)} days are too few to keep {len(last)} back: --days fewer, or --files more")
    funds = statistics.median(len(days[name]) for name in last)
    found: list[Row] = []
    with databases.places(given.database, keep) as places:
        for place in places:
            runs = {
                "old": _history(place, keep, [file for name in before for file in days[name]], "old"),
                "young": _history(place, keep, [file for name in before[-YOUNG:] for file in days[name]], "young"),
            }
            folders = [_day(keep, name, days[name]) for name in last]
            contestants = {name: (_taken(place, keep, copy, folders), given.rounds) for name, copy in runs.items()}
            costs = compete(contestants, keep)
            found += _rows(place.kind, costs, funds, len(before))
    found += _peers(given, keep, [days[name] for name in names], len(last))
    notes = [
        f"One day of {funds:g} funds, from files to committed events and promises, CPU past start-up; the bar is for "
        f"{FUNDS} funds, so × {FUNDS}/{funds:g}. Medians of {given.days} days and {given.rounds} runs; "
        "on PostgreSQL the server's own share is not in it."
    ]
    return found, notes


def _days_of(days: dict[str, list[Path]], most: int | None) -> int:
    if most is None:
        return len(days)
    total = 0
    for at, found in enumerate(days.values()):
        total += len(found)
        if total > most:
            return at
    return len(days)


def _history(place: Place, keep: Path, found: list[Path], name: str) -> Callable[[Path], str]:
    """Makes a database of these files once; the result copies it into an empty folder and says its address."""
    say(f"{place.kind}: a history of {len(found):,} files")
    home = keep / f"history-{place.kind}-{name}"
    data = files.folder(found, home / "ark")
    url = place.fresh(home, "history")
    measured(ours("ingest", str(data), "--source", "ark", "--db", url), cwd=home, codes=(0, SOME))
    if place.server is None:
        databases.checkpoint(url)

    def copy(folder: Path) -> str:
        if place.server is not None:
            return place.copied(url)
        shutil.copyfile(home / "history.db", folder / "history.db")
        return f"sqlite:///{folder / 'history.db'}"

    return copy


def _day(keep: Path, name: str, found: list[Path]) -> Path:
    target = keep / "days" / name
    if not target.exists():
        files.folder(found, target / "ark")
    return target


def _taken(place: Place, keep: Path, copy: Callable[[Path], str], folders: list[Path]) -> Callable[[Path], Cost]:
    """The days one after the other; the cost is that of the median day past the warm ones."""

    def run(folder: Path) -> Cost:
        url, config = copy(folder), folder / "monitor.toml"
        config.write_text(CONFIG, encoding="utf-8")
        command = module("daily", url, str(config), *map(str, folders), "--live")
        cost = measured(command, cwd=folder)
        place.drop(url)
        measured_days = cost.said["days"][WARM:]
        seconds = statistics.median(one["seconds"] for one in measured_days)
        cpu = statistics.median(one["cpu"] for one in measured_days)
        return replace(cost, seconds=seconds, cpu=cpu, said={**cost.said, "rows": 0})

    return run


def _rows(kind: str, costs: dict[str, Cost | str], funds: float, behind: int) -> list[Row]:
    old, young = costs["old"], costs["young"]
    assert isinstance(old, Cost)
    assert isinstance(young, Cost)
    scaled = old.cpu * FUNDS / funds * 1000
    first = Row(
        f"day on {behind} days, {kind}",
        old,
        bar=f"≤ 60 ms CPU for {FUNDS} funds: {scaled:.0f} ms",
        holds=scaled <= 60 if kind == "sqlite" else None,
    )
    times = old.cpu / young.cpu
    bar = f"last / first day ≤ 1.2: {times:.2f}"
    return [first, replace(first, peer=f"the same on {YOUNG} days", theirs=young, bar=bar, holds=times <= 1.2)]


def _peers(given: argparse.Namespace, keep: Path, days: list[list[Path]], last: int) -> list[Row]:
    """What the last days cost peers that work day by day, after all days before them."""
    here = rivals.Environment(keep / "peers")
    found = []
    wanted = [one for one in rivals.chosen(given.peers) if one.name in ("daily", "tracker")]
    data = files.folder([file for day in days for file in day], keep / "all") if wanted else keep
    for peer in wanted:
        (cost,) = compete({peer.title: (here.run(peer, data), 1)}, keep).values()
        if isinstance(cost, Cost):
            cpu = statistics.median(cost.said["days"][-last:][WARM:])
            cost = replace(cost, seconds=cpu, cpu=cpu)
        found.append(Row(f"day on {len(days) - last} days", "–", peer=f"{peer.title}, CPU", theirs=cost))
    return found
