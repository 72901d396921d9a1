"""`python -m tests.reliability`: breaks the program in every way we promise to survive, and prints a table.

The exit code is 0 when every promise that could be tried holds, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.postgres import running_postgres
from tests.reliability import blind, burst, days, faults, fuzz, kills, later, processes, references, report, trouble
from tests.reliability.children import Spawner, nursery
from tests.reliability.report import Result
from tests.reliability.stage import KINDS, Stage

Suite = Callable[[Stage], Iterator[Result]]
SUITES: dict[str, Suite] = {
    "P1": kills.run,
    "P1-later": later.run,
    "P3": faults.run,
    "P5": fuzz.run,
    "P15": burst.run,
    "P6": days.run,
    "P11": processes.run,
    "P12": trouble.run,
    "P13": blind.run,
    "P16": references.run,
    "P11-long": processes.long,
}
FULL_MINUTES = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries the promises; 0 when all hold."""
    asked = _asked(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reliability-")))
        launcher = Spawner() if asked.spawn else stack.enter_context(nursery())
        server = stack.enter_context(running_postgres())
        minutes = asked.minutes if asked.minutes is not None else FULL_MINUTES if asked.full else 0.5
        stage = Stage(folder, launcher, server, asked.full, minutes, asked.seed, tuple(asked.db or KINDS))
        stack.callback(stage.close)
        results = list(tried(stage, asked.only or list(SUITES)))
    sys.stdout.write("\n".join(report.printed(results)) + "\n")
    if asked.json is not None:
        asked.json.write_text(json.dumps(report.document(results), indent=1) + "\n", encoding="utf-8")
    return 0 if all(result.holds for result in results) else 1


def tried(stage: Stage, names: Sequence[str]) -> Iterator[Result]:
    """The results as they come, each said on the error output."""
    for name in names:
        for result in SUITES[name](stage):
            sys.stderr.write(f"{result.promise} {result.what}: {result.cases} cases, {result.word}\n")
            sys.stderr.writelines(f"    {line[:1000]}\n" for line in result.failures)
            yield result


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every variant, real pauses; takes hours")
    parser.add_argument("--only", action="append", choices=sorted(SUITES), metavar="P", help="only this; repeatable")
    parser.add_argument("--minutes", type=float, metavar="N", help="of the long runs (default 0.5, in full 60)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of everything random (default 1)")
    parser.add_argument("--db", action="append", choices=KINDS, help="only this database; default: both")
    parser.add_argument("--spawn", action="store_true", help="start each process from nothing instead of by fork")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the same as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
