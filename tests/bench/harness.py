"""Runs one contestant as a process of its own and says what it cost: seconds, CPU with all children, peak memory.

It knows nothing about what is run. A contestant prints what it did as JSON in its last line; what it costs is
measured from outside, the same way for us, for peers and for limits. Contestants take turns, so that a busy machine
is busy for all of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LAUNCH = Path(__file__).with_name("launch.py")
PROJECT = Path(__file__).resolve().parents[2]
LOOK_SECONDS = 0.03  # between two looks at the memory of a process tree
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
OURS = "import sys; from monitor.cli import main; sys.exit(main())"


class NotMeasured(Exception):
    """A contestant could not be run here; the text says why. The table says so, too."""


class Failed(Exception):
    """A contestant ended with an error; the text holds its last words."""


@dataclass(frozen=True)
class Cost:
    """What one contestant cost: medians of `runs` runs, the peak (bytes) the largest. `said` is its own last line."""

    seconds: float
    cpu: float
    peak: int
    runs: int = 1
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Lines it says it worked on; 0 when it says nothing."""
        return int(self.said.get("rows", 0))

    @property
    def bytes(self) -> int:
        """Bytes its database takes afterwards; 0 when it keeps nothing."""
        return int(self.said.get("bytes", 0))

    def per_row(self, by: str = "seconds") -> float:
        """Seconds, or CPU seconds, for one line."""
        return float(getattr(self, by)) / max(1, self.rows)


Run = Callable[[Path], Cost]  # given an empty folder, which is removed afterwards


def median(costs: Sequence[Cost]) -> Cost:
    """Several runs of one contestant as one; what was said is that of the last run."""
    return Cost(
        statistics.median(one.seconds for one in costs),
        statistics.median(one.cpu for one in costs),
        max(one.peak for one in costs),
        len(costs),
        costs[-1].said,
    )


def compete(contestants: Mapping[str, tuple[Run, int]], keep: Path) -> dict[str, Cost | str]:
    """Every contestant's cost, or why there is none: each with so many runs, taking turns, each in an empty folder.

    Folders are made in `keep` and removed after each run.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    reasons: dict[str, str] = {}
    for turn in range(max((runs for _, runs in contestants.values()), default=0)):
        for name, (run, runs) in contestants.items():
            if turn >= runs or name in reasons:
                continue
            with tempfile.TemporaryDirectory(dir=keep) as folder:
                try:
                    costs[name].append(run(Path(folder)))
                except NotMeasured as error:
                    reasons[name] = str(error)
                    say(f"{name}: {error}")
                    continue
            say(f"{name}: {shown(costs[name][-1])}")
    return {
        name: reasons[name] if name in reasons else median(costs[name])
        for name in contestants
        if costs[name] or name in reasons
    }


def shown(cost: Cost) -> str:
    """A cost in a few words."""
    rate = f", {cost.rows / cost.seconds:,.0f} lines/s" if cost.rows and cost.seconds else ""
    return f"{cost.seconds:.2f} s, {cost.cpu:.2f} s CPU, {cost.peak / 2**20:.0f} MiB{rate}"


def say(text: str) -> None:
    """A line of progress, on standard error."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def ours(*arguments: str) -> list[str]:
    """The command line of the program under test, as this Python runs it."""
    return [sys.executable, "-c", OURS, *arguments]


def module(name: str, *arguments: str) -> list[str]:
    """The command line of a module of this package."""
    return [sys.executable, "-m", f"tests.bench.{name}", *arguments]


def measured(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    server: Callable[[], float] | None = None,
    codes: Sequence[int] = (0,),
) -> Cost:
    """What running the command cost. `server` tells the CPU seconds a database server has used so far: what it used
    meanwhile is added. Raises Failed with its last words when it ends with another code than `codes`."""
    around = {**os.environ, "PYTHONPATH": str(PROJECT), "NO_COLOR": "1", **(env or {})}
    around.pop("PYTHONDONTWRITEBYTECODE", None)  # no user compiles at each start what is installed
    before = server() if server else 0.0
    with tempfile.NamedTemporaryFile() as cost, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        launched = [sys.executable, "-I", "-S", str(LAUNCH), cost.name, *command]
        with (
            subprocess.Popen(
                launched, cwd=cwd, env=around, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            ) as process,
            _watched(process.pid) as seen,
        ):
            code = process.wait()
        told = cost.read().split()
        text, words = _text(out), _text(err)
    if code not in codes or not told:
        raise Failed(f"{' '.join(command[:6])} … ended with {code}: {(words or text).strip()[-2000:]}")
    seconds, used, peak = float(told[0]), float(told[1]), int(told[2])
    cpu = max(used, seen.cpu()) + (server() - before if server else 0.0)
    return Cost(seconds, cpu, max(peak, seen.peak), said=_said(text))


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode("utf-8", "replace"))


def _said(text: str) -> dict[str, Any]:
    last = text.strip().rpartition("\n")[2]
    with contextlib.suppress(ValueError):
        found = json.loads(last)
        if isinstance(found, dict):
            return found
    return {}


# --- a tree of processes --------------------------------------------------------------------------


@dataclass
class Seen:
    """The most memory (bytes) a process and its descendants had together, and the last CPU time seen of each."""

    peak: int = 0
    times: dict[int, float] = field(default_factory=dict)

    def cpu(self) -> float:
        """CPU seconds of all of them together, also of those nobody waited for."""
        return sum(self.times.values())


@contextlib.contextmanager
def _watched(pid: int) -> Iterator[Seen]:
    seen, done = Seen(), threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            tree = descendants(pid)[1:]  # without the launcher
            seen.times.update({one: cpu_of(one, waited=False) for one in tree})
            seen.peak = max(seen.peak, memory(tree))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def descendants(pid: int) -> list[int]:
    """The process and everything it started that still runs; empty where /proc does not exist."""
    found, at = [pid], 0
    while at < len(found):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += [int(one) for one in (task / "children").read_text().split()]
        at += 1
    return found


def cpu_of(pid: int, *, waited: bool) -> float:
    """CPU seconds of a process so far, with `waited` also of children that have ended; 0 when it is gone."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, parts[11:15] if waited else parts[11:13])) / TICKS


def memory(pids: Sequence[int]) -> int:
    """Bytes of several processes together; pages they share count once where there are several."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError, ValueError):
            if len(pids) == 1:
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
            else:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += next(int(one.split()[1]) * 1024 for one in lines if one.startswith("Pss:"))
    return total


def copied(files: Sequence[Path], root: Path, target: Path) -> Path:
    """A folder with these files only, laid out as below `root`."""
    for file in files:
        place = target / file.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return target
