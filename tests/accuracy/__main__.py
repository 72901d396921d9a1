"""`python -m tests.accuracy --data FOLDER`: loads the files, asks the questions, prints the table.

The exit code is 0 when every bar holds that could be measured, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import TypeVar

from monitor.sources import registry
from monitor.sources.spec import Source
from monitor.store.engine import open_engine
from tests.accuracy import (
    entries,
    history,
    loading,
    notified,
    order,
    refused,
    report,
    series,
    splits,
    verdicts,
    volume,
)
from tests.accuracy.folder import Folder, Published, Series, Span, source_for
from tests.accuracy.loading import Job
from tests.accuracy.report import SEEN, UNSEEN, Section, Thresholds
from tests.accuracy.told import History

T = TypeVar("T")
QUICK = 150  # file dates; from the beginning, because what is said rests on what came before
SEEDS = (11, 23, 37)
BATCHES = 3
LIVING = 30  # days: a fund whose last file is older than the newest by more is closed and told of no more


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the scoreboard; 0 when every bar holds that could be measured."""
    asked = _asked(arguments)
    folder = Folder(asked.data.resolve(), Span(asked.since, asked.until))
    if asked.quick:
        folder = folder.beginning(QUICK)
    with tempfile.TemporaryDirectory(prefix="accuracy-") as scratch:
        sections = run(folder, Path(scratch), asked, UNSEEN if asked.unseen else SEEN)
    sys.stdout.write("\n".join(report.printed(sections)) + "\n")
    if asked.json is not None:
        asked.json.write_text(json.dumps(report.document(sections), indent=1, default=str) + "\n", encoding="utf-8")
    return 0 if report.holds(sections) else 1


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="laid out as ../shared/data")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the same as JSON")
    parser.add_argument("--quick", action="store_true", help=f"only the first {QUICK} dates of ARK files")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="only ARK files dated so or later")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="only ARK files dated so or earlier")
    parser.add_argument("--fast", action="store_true", help="without the live replay and the random orders")
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite", help="postgres: load there, too")
    parser.add_argument("--unseen", action="store_true", help="the bars for data the program was not made on")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default 2)")
    return parser.parse_args(arguments)


def run(folder: Folder, scratch: Path, asked: argparse.Namespace, bars: Thresholds) -> list[Section]:
    """All sections, in order."""
    raw, sources = folder.raw(), registry.load()
    source = source_for(sources, tuple(one.path for one in raw), "ark") if raw else None
    with ProcessPoolExecutor(max_workers=asked.jobs) as pool:
        ark = _Ark(folder, raw, source, scratch, pool) if source is not None else None
        if ark is not None and not asked.fast:
            ark.replay()
        if ark is not None and asked.db == "postgres":
            ark.add_postgres()
        others = [_Series(folder, one, sources, scratch, pool) for one in folder.series()]
        found = [other.loaded() for other in others]
        told = [(one.name, one.history) for one in found if one.history is not None]
        if ark is None:
            sections = [report.missing("The ARK files", "ark/raw")]
            sections += _judged(folder, [history for _, history in told], bars)
            return [*sections, refused.events(told), series.measure(found)]
        whole, trades = ark.history(), folder.notified()
        told = [("ark", whole), *told]
        judged = _judged(folder, [history for _, history in told], bars)
        wrong = verdicts.contradicted(judged)
        return [
            *notified.measure(whole, trades, bars),
            *judged,
            splits.measure(whole, trades, wrong),
            entries.measure(whole, trades, wrong),
            refused.events(told),
            series.measure(found),
            ark.volume(whole),
            ark.order(),
        ]


def _judged(folder: Folder, histories: list[History], bars: Thresholds) -> list[Section]:
    return [verdicts.labels(folder, histories), verdicts.cases(folder, histories, bars)]


class _Series:
    """The load of one series, under way in another process."""

    def __init__(
        self, folder: Folder, one: Series, sources: Mapping[str, Source], scratch: Path, pool: ProcessPoolExecutor
    ):
        self.one = one
        self.source = source_for(sources, one.files, one.name)
        self.job = self.under_way = None
        if self.source is not None:
            place = scratch / f"{one.name.replace('/', '-')}.db"
            self.job = Job(self.source.id, folder.root, one.files, place, loading.template(self.source, scratch))
            self.under_way = pool.submit(loading.load, self.job)

    def loaded(self) -> series.Loaded:
        """What was said of it."""
        if self.source is None or self.job is None or self.under_way is None:
            return series.Loaded(self.one.name, len(self.one.files), None, None)
        _wait(self.one.name, self.under_way)
        return series.Loaded(
            self.one.name, len(self.one.files), self.source.id, history.read(open_engine(self.job.url))
        )


class _Ark:
    """The loads of the ARK files, under way in other processes."""

    def __init__(self, folder: Folder, raw: list[Published], source: Source, scratch: Path, pool: ProcessPoolExecutor):
        self.folder, self.source, self.scratch, self.pool = folder, source, scratch, pool
        paths = tuple(one.path for one in raw)
        bad = tuple(one.path for one in folder.bad())
        self.whole = self._job("whole", paths + bad)
        self.loaded = pool.submit(loading.load, self.whole)
        self.living, self.live_job = _living(raw), self._job("live", ())
        self.live: Future[None] | None = None
        self.others: dict[str, Future[loading.Digest]] = {}

    def replay(self) -> None:
        """The live replay and the random orders."""
        self.live = self.pool.submit(loading.live, self.live_job, self.living)
        for seed in SEEDS:
            job = self._job(f"order{seed}", self.whole.files)
            self.others[f"random order, seed {seed}"] = self.pool.submit(loading.shuffled, job, seed, BATCHES)

    def add_postgres(self) -> None:
        """One more load, on PostgreSQL."""
        job = self._job("postgres", self.whole.files)
        self.others["PostgreSQL"] = self.pool.submit(loading.on_postgres, job)

    def _job(self, name: str, files: tuple[Path, ...]) -> Job:
        template = loading.template(self.source, self.scratch)
        return Job(self.source.id, self.folder.root, files, self.scratch / f"{name}.db", template)

    def history(self) -> History:
        """What the whole load says."""
        _wait("the ARK files, all at once", self.loaded)
        self.again = self.pool.submit(loading.rebuilt, self.whole)
        return history.read(open_engine(self.whole.url))

    def volume(self, whole: History) -> Section:
        """Messages of the live replay; without one the items of the whole load."""
        if self.live is None:
            return volume.measure(whole, None)
        _wait("the ARK files, day by day as if live", self.live)
        engine = open_engine(self.live_job.url)
        return volume.measure(history.read(engine), history.messages(engine))

    def order(self) -> Section:
        """The other loads beside the whole one."""
        before, after = _wait("everything derived again", self.again)
        others = {name: _wait(name, one) for name, one in self.others.items()}
        return order.independence(before, {"rebuild": after, **others})


def _living(raw: Sequence[Published]) -> list[Published]:
    """The files of the funds that go on to the end."""
    last: dict[str, date] = {}
    for one in raw:
        if one.dated is not None:
            last[one.path.parent.name] = max(one.dated, last.get(one.path.parent.name, one.dated))
    end = max(last.values())
    return [one for one in raw if (end - last.get(one.path.parent.name, date.min)).days <= LIVING]


def _wait(what: str, under_way: Future[T]) -> T:
    start = time.monotonic()
    found = under_way.result()
    sys.stderr.write(f"{what}: done ({time.monotonic() - start:.0f} s waited)\n")
    return found


if __name__ == "__main__":
    raise SystemExit(main())
