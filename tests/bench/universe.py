"""`universe`: the days of an invented world of funds, files on disk → committed events, one after the other.

Every day is written, taken in by each contestant in a process of its own on the database it has kept since the first
day, and removed. What a day costs is compared with what the machine allows and with DuckDB, and the last day with the
second.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench import databases, rivals
from tests.bench.databases import Place
from tests.bench.generator import Plan, arguments, session, sources
from tests.bench.harness import Cost, NotMeasured, measured, median, module, say, shown
from tests.bench.table import Row, ratio

FASTER, LIMIT, MIB, FLAT = 50_000, 3.0, 512, 0.1  # lines a second, × the limit, memory, last day and second
Days = dict[str, list[Cost]]


@dataclass(frozen=True)
class Contestant:
    """One way to take a day in: given its folder and the folder of its own that it keeps."""

    name: str
    run: Callable[[Path], Cost]
    place: Place | None = None  # of ours only
    limit: str = ""


def rows(given: argparse.Namespace, keep: Path) -> tuple[list[Row], list[str]]:
    """A line for each day, the bars, and what must be known to read them."""
    plan = plan_of(given)
    config = sources(plan, keep / "world")

    def of_place(place: Place) -> list[Contestant]:
        return ours_and_limit(place, keep, config, live=given.live, processes=given.processes)

    with databases.places(given.database, keep) as places:
        contestants = [one for place in places for one in of_place(place)]
        contestants += _peers(given, keep)
        raw, costs = _days(plan, given.days, contestants, keep)
    notes = [
        f"{plan.funds:,} funds × {plan.lines} lines of {plan.issuers} issuers, seed {plan.seed}; for each day "
        f"{'a new process' if given.processes == 1 else f'{given.processes} new processes'}, the start included; on "
        "PostgreSQL with the server's CPU, without its memory."
    ]
    mine = [one for one in contestants if one.place]
    notes += [_figures(one.name, costs[one.name]) for one in mine]
    return [row for one in mine for row in _rows(one, contestants, costs, raw)], notes


def _figures(name: str, days: list[Cost]) -> str:
    """What arithmetic begins with: CPU of a line past the start of a process, and bytes of a line of a further day."""
    later = days[1:] or days
    start = statistics.median(one.said["start"] for one in later)
    each = statistics.median((one.cpu - one.said["start"]) / one.rows for one in later)
    grown = (days[-1].bytes - days[0].bytes) / max(1, sum(one.rows for one in days[1:]))
    return (
        f"{name}: {each * 1e6:.0f} µs CPU a line past a start of {start:.1f} s; {grown:.0f} bytes a line from day 2 on."
    )


def plan_of(given: argparse.Namespace) -> Plan:
    """The world that was asked for."""
    return Plan(given.funds, given.lines, min(given.issuers, given.funds), given.securities, given.seed)


def ours_and_limit(
    place: Place, keep: Path, config: Path, *, live: bool = False, processes: int = 1
) -> list[Contestant]:
    """Our program on a database that it keeps, and the same integers in a table that is kept."""
    home = keep / f"universe-{place.kind}"
    home.mkdir(parents=True)
    url, least = place.fresh(home), place.fresh(home, "limit")
    what, where = ("insert", least.removeprefix("sqlite:///")) if place.server is None else ("copy", least)
    name = f"tokenise + {'insert' if place.server is None else 'COPY'}"

    def run(day: Path) -> Cost:
        command = module("daily", url, str(config), str(day), *(["--live"] if live else []), f"--processes={processes}")
        cost = measured(command, cwd=home, server=place.cpu)
        return replace(cost, said={**cost.said, "bytes": databases.size(url)})

    def store(day: Path) -> Cost:
        return measured(module("limits", what, str(day), where), cwd=home, server=place.cpu)

    side = f", {processes} side by side" if processes > 1 else ""
    return [Contestant(f"ours, {place.kind}{side}", run, place, name), Contestant(name, store)]


def _peers(given: argparse.Namespace, keep: Path) -> list[Contestant]:
    here = rivals.Environment(keep / "peers")
    found = []
    for peer in rivals.chosen(given.peers):
        if peer.name not in ("daily", "tracker"):
            say(f"{peer.title} is no peer of a day's work: left out")
            continue
        home = keep / f"universe-{peer.name}"
        home.mkdir(parents=True)
        found.append(Contestant(peer.title, _kept(here, peer, home)))
    return found


def _kept(here: rivals.Environment, peer: rivals.Peer, home: Path) -> Callable[[Path], Cost]:
    return lambda day: here.run(peer, day)(home)


def _days(plan: Plan, days: int, contestants: list[Contestant], keep: Path) -> tuple[int, Days]:
    """Bytes of the last day's files, and what each day cost each contestant; one that cannot run has no days."""
    costs: Days = {one.name: [] for one in contestants}
    absent: set[str] = set()
    for day in range(1, days + 1):
        folder = keep / "day"
        written = measured(module("generator", *arguments(plan, folder, day)), cwd=keep)
        say(f"day {day}, {session(day)}: {written.rows:,} lines, {int(written.said['raw']) / 1e6:.0f} MB")
        for one in contestants:
            if one.name in absent:
                continue
            try:
                cost = one.run(folder)
            except NotMeasured as reason:
                say(f"{one.name}: {reason}")
                absent.add(one.name)
                continue
            costs[one.name].append(replace(cost, said={**cost.said, "rows": written.rows}))
            say(f"  {one.name}: {shown(costs[one.name][-1])}")
        shutil.rmtree(folder)
    return int(written.said["raw"]), costs


def _rows(one: Contestant, contestants: list[Contestant], costs: Mapping[str, list[Cost]], raw: int) -> list[Row]:
    mine, least = costs[one.name], costs[one.limit]
    peers = [other for other in contestants if other.place is None and not other.name.startswith("tokenise")]
    first = peers[0].name if peers else ""
    found = [
        Row(f"day {at}, {one.name}", cost, raw, first, _at(costs, first, at), one.limit, least[at - 1])
        for at, cost in enumerate(mine, 1)
    ]
    usual, bound = median(mine[1:] or mine), median(least[1:] or least)
    rate, times = usual.rows / usual.seconds, ratio(usual, bound) or 0.0
    word = f"days 2–{len(mine)}, {one.name}"
    bars = [
        (f"≥ {FASTER:,} lines/s: {rate:,.0f} ({usual.rows / usual.cpu:,.0f} a CPU s)", rate >= FASTER),
        (f"≤ {LIMIT:g} × limit: {times:.1f}", times <= LIMIT),
        (f"≤ {MIB} MiB: {usual.peak / 2**20:.0f}", usual.peak <= MIB * 2**20),
    ]
    if len(mine) > 2:
        grown = mine[-1].per_row("cpu") / mine[1].per_row("cpu") - 1
        bars.append((f"day {len(mine)} = day 2 ± 10 % of CPU: {grown:+.0%}", abs(grown) <= FLAT))
    found += [Row(word, usual, raw, limit=one.limit, least=bound, bar=bar, holds=holds) for bar, holds in bars]
    for peer in peers:
        theirs = costs[peer.name][1:] or costs[peer.name]
        cost = median(theirs) if theirs else "not measured"
        found.append(Row(word, usual, raw, peer.name, cost, one.limit, bound))
    return found


def _at(costs: Mapping[str, list[Cost]], name: str, day: int) -> Cost | None:
    found = costs.get(name, [])
    return found[day - 1] if len(found) >= day else None


def load(plan: Plan, place: Place, days: int, keep: Path) -> tuple[str, int]:
    """The address of a database that has taken in so many days, and the bytes of the files."""
    home = keep / f"loaded-{place.kind}"
    config = sources(plan, home / "world")
    mine, _ = ours_and_limit(place, home, config)
    raw = 0
    for day in range(1, days + 1):
        folder = home / "day"
        raw += int(measured(module("generator", *arguments(plan, folder, day)), cwd=home).said["raw"])
        cost = mine.run(folder)
        say(f"day {day} of {plan.funds:,} funds, {place.kind}: {shown(cost)}")
        shutil.rmtree(folder)
    return str(cost.said["url"]), raw
