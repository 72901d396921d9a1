"""P5: mutated real files through the public reading path, in processes of their own that watch time and memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from monitor.core import identity
from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.read import fund_of, read_file
from monitor.sources.spec import Source
from tests.accuracy.folder import Folder, source_for
from tests.reliability.children import ROOT
from tests.reliability.mutations import bombs, mutated
from tests.reliability.report import Result, trying
from tests.reliability.stage import Stage

REAL = ROOT.parent / "shared" / "data"
LOOK_ALIKES = ROOT / "tests" / "sources" / "files"
SECONDS, MIB = 5.0, 256.0  # of processor time: what else the machine does is not counted
HANGS = 120.0  # seconds after which reading one file is ended
SHORT, FULL = 1_500, 100_000
LARGEST = 300_000  # bytes: what every file is begun from; the bombs are the large ones


@dataclass(frozen=True, slots=True)
class Sample:
    """A real file and the source that reads it."""

    source: str
    path: Path


@dataclass
class Tally:
    """What came of some files."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    uncaught: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    seconds: float = 0.0
    mib: float = 0.0

    def add(self, other: Tally) -> None:
        """Counts another's files, too."""
        self.files += other.files
        self.outcomes += other.outcomes
        self.uncaught += other.uncaught
        self.over += other.over
        self.seconds, self.mib = max(self.seconds, other.seconds), max(self.mib, other.mib)


class TooSlow(BaseException):
    """The time for one file is over; no handler of errors may catch it."""


def run(stage: Stage) -> Iterator[Result]:
    """One line for mutated files and one for files made to hurt."""
    found = samples(REAL) if REAL.is_dir() else look_alikes()
    where = "real files" if REAL.is_dir() else "look-alikes (../shared/data is not here)"
    wanted = FULL if stage.full else SHORT
    with trying("P5", f"mutated {where}, no exception, ≤ {SECONDS:.0f} s, ≤ {MIB:.0f} MiB") as result:
        _report(result, everything(found, wanted, stage.seed))
    yield result
    with trying("P5", "bombs: zip, XML, endless lines") as result, _pool(1) as pool:
        _report(result, pool.submit(hurt).result(timeout=600))
    yield result


def _report(result: Result, tally: Tally) -> None:
    result.cases = tally.files
    result.failures += [*tally.uncaught[:20], *tally.over[:20]]
    counts = ", ".join(f"{name} {count:,}" for name, count in tally.outcomes.most_common(8))
    result.notes.append(f"{tally.files:,} files: {counts}; at most {tally.seconds:.1f} s and {tally.mib:.0f} MiB each")
    result.numbers |= {"uncaught": len(tally.uncaught), "most seconds": tally.seconds, "most MiB": tally.mib}


def samples(root: Path) -> list[Sample]:
    """Real files of every source that reads some, a few of each series."""
    folder, sources = Folder(root), registry.load()
    ark = [one.path for one in folder.raw()]
    found = [Sample("ark", path) for path in [*ark[:: max(1, len(ark) // 40)], *(one.path for one in folder.bad())]]
    for series in folder.series():
        source = source_for(sources, series.files, series.name)
        if source is not None:
            found += [Sample(source.id, path) for path in series.files[:: max(1, len(series.files) // 4)]]
    return [one for one in found if one.path.stat().st_size <= LARGEST] + look_alikes()


def look_alikes() -> list[Sample]:
    """The invented files in the real shapes."""
    paths = sorted(path for path in LOOK_ALIKES.glob("*/*") if not path.name.endswith((".csv.json", ".json.json")))
    known = registry.load()
    return [Sample(path.parent.name, path) for path in paths if path.parent.name in known and path.suffix != ".toml"]


def everything(found: Sequence[Sample], wanted: int, seed: int) -> Tally:
    """`wanted` mutated files in two processes."""
    tally, part = Tally(), max(50, min(1000, wanted // 8))
    with _pool(2) as pool:
        jobs = [pool.submit(some, found, part, seed * 1_000_003 + at) for at in range(-(-wanted // part))]
        for job in jobs:
            tally.add(job.result(timeout=3600))
    return tally


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def some(found: Sequence[Sample], count: int, seed: int) -> Tally:
    """`count` files, one after the other."""
    random, tally, sources = Random(seed), Tally(), registry.load()
    bodies: dict[Path, bytes] = {}
    few = random.sample(found, min(len(found), 60))
    # A workbook is read by a process of its own, which takes a fifth of a second: few of them are enough.
    text = [one for one in few if one.path.suffix not in (".xlsx", ".xls")]
    for number in range(count):
        sample = random.choice(few if number % 50 == 0 else text)
        body = bodies.setdefault(sample.path, sample.path.read_bytes())
        name = f"seed {seed} number {number} from {sample.source} {sample.path.name}"
        _one(tally, sources[sample.source], mutated(random, body), str(sample.path), name)
    return tally


def hurt() -> Tally:
    """Every bomb, read as every shape of source would read it."""
    tally, sources = Tally(), registry.load()
    text = (LOOK_ALIKES / "ark" / "ARKK_2021-02-08.csv").read_bytes()
    book = next((LOOK_ALIKES / "spdr").glob("*.xlsx")).read_bytes()
    for name, body in bombs(text, book).items():
        for source in ("ark", "spdr", "samsungactive"):
            _one(tally, sources[source], body, "ARKK.csv", f"{name} read as {source}")
    return tally


def _one(tally: Tally, source: Source, body: bytes, place: str, name: str) -> None:
    """Reads one file as the daemon does, and notes how that went."""
    before = _start_watch()
    start = _worked()
    signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, HANGS)
    try:
        outcome = _read(source, body, place)
    except TooSlow:
        outcome = "too slow"
        tally.over.append(f"{name}: not read in {HANGS:.0f} s")
    except Exception:  # noqa: BLE001 - what must never happen is what is counted
        outcome = "uncaught"
        tally.uncaught.append(f"{name}: {traceback.format_exc(limit=-3)}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seconds, mib = _worked() - start, _watched(before)
    tally.files += 1
    tally.outcomes[outcome] += 1
    tally.seconds, tally.mib = max(tally.seconds, seconds), max(tally.mib, mib)
    if seconds > SECONDS or mib > MIB:
        tally.over.append(f"{name}: {seconds:.1f} s, {mib:.0f} MiB ({outcome})")


def _read(source: Source, body: bytes, place: str) -> str:
    try:
        file = read_file(source, body, name=place)
        ticker = fund_of(source, file, place)
        identity.positions_of(ticker, file.lines, file.net_assets)
        repr(file)
    except ParseError as error:
        str(error)
        return error.code
    return "read"


def _too_slow(_number: int, _frame: object) -> None:
    raise TooSlow


def _worked() -> float:
    """Seconds of processor time, of this process and of the children it waited for."""
    return sum(os.times()[:4])


def _start_watch() -> tuple[float, float]:
    """What this process has, whose high-water mark is set back to it, and the most a child ever had; MiB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS"), _largest_child()


def _watched(before: tuple[float, float]) -> float:
    """MiB more than before at the highest, or of a child, when that was the largest so far."""
    child = _largest_child()
    return max(_status("VmHWM") - before[0], child if child > before[1] else 0.0)


def _largest_child() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0
