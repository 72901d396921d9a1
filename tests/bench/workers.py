"""`workers`: what worker processes bring – a back-fill of several issuers and a rebuild, by one process and by several.

The commands as people give them, with all of their start and end. One issuer alone stands below, without a bar: its
files are read side by side, but derived as one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.bench import databases, generator, universe
from tests.bench.databases import Place
from tests.bench.generator import Plan
from tests.bench.harness import PROJECT, Cost, Failed, NotMeasured, Run, compete, measured, module, ours, say
from tests.bench.table import Row, ratio

BAR = 1.7
RULE = """
[backfill]
url = "{base}/{{t}}/{{date:YYYY-MM-DD}}.csv"
first = {first}
"""
SERVER = '\n[issuers.{code}]\nbase_url = "{url}"\nallow_private = true\nmin_interval = 0\n'
AT = "2026-03-31T12:00:00Z"


def rows(given: argparse.Namespace, keep: Path) -> tuple[list[Row], list[str]]:
    """One line for each work, with the bar where there is one, and what must be known to read them."""
    plan = universe.plan_of(given)
    data = keep / "files"
    for day in range(1, given.days + 1):
        written = measured(module("generator", *generator.arguments(plan, data, day)), cwd=keep)
    raw = int(written.said["raw"]) * given.days
    found: list[Row] = []
    with (
        served(data, 0) as url,
        served(data, given.delay) as far,
        databases.places(given.database, keep) as places,
    ):
        configs = [_configured(plan, keep / f"world{at}", one) for at, one in enumerate((url, far))]
        for place in places:
            works = _works(plan, place, data, configs, given, keep)
            for name, (one, many, bar) in works.items():
                say(f"{name}, {place.kind}")
                both = {"one process": (one, given.rounds), f"{given.workers} workers": (many, given.rounds)}
                found.append(_row(f"{name}, {place.kind}", list(compete(both, keep).values()), raw, bar))
    return found, [
        f"{plan.issuers} issuers, {plan.funds} funds × {plan.lines} lines × {given.days} days, seed {plan.seed}. Each "
        "command from its start to its end; the server is not in the CPU. Only issuers are derived side by side: "
        "one issuer has no bar.",
    ]


def _works(
    plan: Plan, place: Place, data: Path, configs: list[Path], given: argparse.Namespace, keep: Path
) -> dict[str, tuple[Run, Run, float | None]]:
    """Each work by one process and by several, and how many times as fast several must be."""
    code = plan.issuer(1)
    funds = [f"{plan.issuer(one)}/F{one:05}" for one in range(1, plan.funds + 1)]
    fill = ["backfill", *funds, "--via", "issuer", "--to", str(generator.session(given.days)), "--at", AT]
    ingest = ["ingest", str(data / code), "--source", code]
    filled = keep / f"filled-{place.kind}"
    filled.mkdir()
    template = place.fresh(filled, "filled")
    measured([*ours(*fill), "--config", str(configs[0]), "--db", template], cwd=filled)

    def copy(folder: Path) -> str:
        if place.server is not None:
            return place.copied(template)
        databases.checkpoint(template)
        shutil.copyfile(filled / "filled.db", folder / "monitor.db")
        return f"sqlite:///{folder / 'monitor.db'}"

    def both(
        command: list[str], begin: Callable[[Path], str], bar: float | None = None, config: Path = configs[0]
    ) -> tuple[Run, Run, float | None]:
        more = ["--workers", str(given.workers)]
        return _run(command, place, config, begin), _run([*command, *more], place, config, begin), bar

    return {
        f"back-fill of {plan.issuers} issuers": both(fill, place.fresh, BAR),
        f"each answer after {given.delay:g} s": both(fill, place.fresh, BAR, configs[1]),
        f"rebuild of {plan.issuers} issuers": both(["db", "rebuild"], copy),
        "files of one issuer": both(ingest, place.fresh),
    }


def _run(command: list[str], place: Place, config: Path, begin: Callable[[Path], str]) -> Run:
    def run(folder: Path) -> Cost:
        url = begin(folder)
        try:
            cost = measured([*ours(*command), "--config", str(config), "--db", url], cwd=folder, server=place.cpu)
            return replace(cost, said=databases.counts(url))
        except Failed as error:
            if "needs Dask" in str(error):
                raise NotMeasured("workers need the extra `cluster`") from error
            raise
        finally:
            place.drop(url)

    return run


def _row(work: str, costs: list[Cost | str], raw: int, bar: float | None) -> Row:
    one, many = (
        replace(cost, said={**cost.said, "rows": cost.said["lines"]}) if isinstance(cost, Cost) else cost
        for cost in costs
    )
    times = ratio(one, many)
    words = f"× {times:.2f}" if times else ""
    if bar is None or times is None:
        return Row(work, many, raw, "one process", one, bar=words)
    same = isinstance(one, Cost) and isinstance(many, Cost) and one.rows == many.rows  # nothing lost, nothing doubled
    return Row(work, many, raw, "one process", one, bar=f"≥ {bar:g} ×: {times:.2f}", holds=times >= bar and same)


def _configured(plan: Plan, world: Path, url: str) -> Path:
    """The configuration of the world, whose issuers are all asked at this address."""
    config = generator.sources(plan, world)
    with config.open("a", encoding="utf-8") as out:
        for one in sorted((world / "sources").iterdir()):
            out.write(SERVER.format(code=one.stem, url=url))
            rule = RULE.format(base=f"https://{one.stem}.example/{one.stem}", first=generator.FIRST)
            one.write_text(one.read_text("ascii") + rule, "ascii")
    return config


@contextmanager
def served(data: Path, delay: float) -> Iterator[str]:
    """The address of a server of these files, a process of its own, which answers after `delay` seconds."""
    command = [sys.executable, "-m", "tests.bench.served", str(data), str(delay)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
