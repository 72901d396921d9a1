"""`ark`: a whole history, files on disk → committed events with everything on, beside peers and the machine's limit."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.bench import databases, files, rivals
from tests.bench.databases import Place
from tests.bench.harness import Cost, Failed, NotMeasured, Run, compete, measured, module, ours, say
from tests.bench.table import Row, ratio

SOME = 3  # codes: 0, and "something needs attention", as files of other forms are among them
BARS = {  # by peer: in words, and the most times as long as the peer we may take
    "duckdb": ("≤ 2.5 × DuckDB bulk", 2.5),
    "daily": ("faster than day by day", 1.0),
    "tracker": ("≥ 30 × faster", 1 / 30),
}


def rows(given: argparse.Namespace, keep: Path) -> tuple[list[Row], list[str]]:
    """The comparisons, and what must be known to read them."""
    days = files.history(given.data)
    all_files = files.limited(days, given.files)
    data = files.folder(all_files, keep / "files")
    raw = sum(file.stat().st_size for file in all_files)
    notes = [f"{len(all_files):,} files, {raw / 1e6:.1f} MB, of {len(days)} days" + _said(given.files)]
    found: list[Row] = []
    with databases.places(given.database, keep) as places:
        for place in places:
            found += _compared(given, place, data, raw, keep)
    return found, notes


def _said(limit: int | None) -> str:
    return f"; limited by --files {limit}" if limit else ""


def _compared(given: argparse.Namespace, place: Place, data: Path, raw: int, keep: Path) -> list[Row]:
    contestants: dict[str, tuple[Run, int]] = {"ours": (replay(place, data), given.rounds)}
    if given.workers > 1:
        contestants[f"ours, {given.workers} workers"] = (replay(place, data, given.workers), given.rounds)
    contestants |= {name: (run, given.rounds) for name, run in limits(place, data).items()}
    here = rivals.Environment(keep / "peers")
    peers = rivals.chosen(given.peers)
    small, few = data, 0
    if any(peer.slow for peer in peers):
        some = files.limited(files.history(data), None)[-given.slow_files :]
        small, few = files.folder(some, keep / f"few-{place.kind}"), len(some)
    for peer in peers:
        run = here.run(peer, small if peer.slow else data)
        contestants[peer.title] = (run, min(given.rounds, peer.runs or given.rounds))
    say(f"{place.kind}: {', '.join(contestants)}")
    costs = compete(contestants, keep)
    return _rows(
        costs,
        place.kind,
        raw,
        [(peer, few if peer.slow else 0) for peer in peers],
        given.workers,
        _counted(small, keep),
    )


def replay(place: Place, data: Path, workers: int = 1) -> Run:
    """Our program on a new database, with so many workers where the command takes them."""

    def run(folder: Path) -> Cost:
        url = place.fresh(folder)
        more = ["--workers", str(workers)] if workers > 1 else []
        command = ours("ingest", str(data), "--source", "ark", "--db", url, *more)
        try:
            cost = measured(command, cwd=folder, server=place.cpu, codes=(0, SOME))
            said = databases.counts(url)
        except Failed as error:
            if "needs Dask" in str(error):
                raise NotMeasured("not measured: workers need the extra `cluster`") from error
            raise
        finally:
            place.drop(url)
        return replace(cost, said=said)

    return run


def limits(place: Place, data: Path) -> dict[str, Run]:
    """Reading and tokenising, and that with storing the same integers."""

    def tokenise(folder: Path) -> Cost:
        return measured(module("limits", "tokenise", str(data)), cwd=folder)

    def store(folder: Path) -> Cost:
        url = place.fresh(folder, "limit")
        what, where = ("insert", url.removeprefix("sqlite:///")) if place.server is None else ("copy", url)
        cost = measured(module("limits", what, str(data), where), cwd=folder, server=place.cpu)
        place.drop(url)
        return cost

    return {"tokenise": tokenise, "tokenise + insert" if place.server is None else "tokenise + COPY": store}


def _counted(data: Path, keep: Path) -> int:
    return measured(module("limits", "tokenise", str(data)), cwd=keep).rows


def _rows(
    costs: Mapping[str, Cost | str],
    kind: str,
    raw: int,
    peers: list[tuple[rivals.Peer, int]],
    workers: int,
    few_lines: int,
) -> list[Row]:
    """One line for each peer, and one for each further limit and the workers."""
    whole = costs["tokenise"]
    lines = whole.rows if isinstance(whole, Cost) else 0
    mine = counted(costs["ours"], lines)
    name, work = next(one for one in costs if one.startswith("tokenise +")), f"ark, {kind}"
    least = counted(costs[name], lines)
    found = [Row(work, mine, raw, limit=name, least=least), Row(work, mine, raw, limit="tokenise", least=whole)]
    if workers > 1:
        many = counted(costs[f"ours, {workers} workers"], lines)
        times = ratio(many, mine)
        gain = 1 / times if times else 0.0
        words = f"one issuer is derived by one job: × {gain:.2f}"  # the bar is for several: see `workers`
        found.append(Row(f"{work}, {workers} workers", many, raw, "one process", mine, name, least, words))
    for peer, few in peers:
        theirs = counted(costs[peer.title], few_lines if few else lines)
        times, (words, most) = ratio(mine, theirs), BARS.get(peer.name, ("", None))
        title = peer.title + (f", last {few} files" if few else "")
        holds = times <= most if most is not None and times is not None else None
        found.append(Row(work, mine, raw, title, theirs, name, least, words, holds))
    return found


def counted(cost: Cost | str, lines: int) -> Cost | str:
    """A cost with the lines there are in the files, the same for all contestants."""
    return replace(cost, said={**cost.said, "rows": lines}) if isinstance(cost, Cost) else cost
