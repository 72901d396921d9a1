"""`start`: how long `--help` takes, and what a daemon takes that has nothing to do."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from tests.bench.harness import Cost, compete, measured, module, ours
from tests.bench.table import Row

HELP_SECONDS, IDLE_MIB = 0.3, 150


def rows(given: argparse.Namespace, keep: Path) -> tuple[list[Row], list[str]]:
    """The two figures with their bars."""

    def helped(folder: Path) -> Cost:
        return measured(ours("--help"), cwd=folder)

    def bare(folder: Path) -> Cost:
        return measured([*ours()[:1], "-c", "pass"], cwd=folder)

    def idle(folder: Path) -> Cost:
        cost = measured(module("idle", str(given.seconds)), cwd=folder)
        return replace(cost, peak=int(cost.said["idle"]))

    costs = compete({"help": (helped, given.rounds), "bare": (bare, given.rounds), "idle": (idle, 1)}, keep)
    found = []
    if isinstance(one := costs["help"], Cost):
        bar = f"≤ {HELP_SECONDS:g} s: {one.seconds:.2f}"
        found.append(Row("--help", one, limit="python -c pass", least=costs["bare"], bar=bar, holds=one.seconds <= 0.3))
    if isinstance(one := costs["idle"], Cost):
        mib = one.peak / 2**20
        found.append(Row("idle daemon", one, bar=f"≤ {IDLE_MIB} MiB: {mib:.0f}", holds=mib <= IDLE_MIB))
    return found, [f"The daemon after {given.seconds:g} s; it used {_share(costs['idle'])} of a core in half of them."]


def _share(cost: Cost | str) -> str:
    return f"{cost.said['cpu_share']:.1%}" if isinstance(cost, Cost) else "–"
