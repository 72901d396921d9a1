"""P9, P10, P13, P14, P16: promises that tests elsewhere in the suite try; they are run here and counted."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

from tests.reliability.children import ROOT
from tests.reliability.report import Result, trying
from tests.reliability.stage import Stage

ELSEWHERE = {
    "P9": ("no trade for what is none", ("tests/core/test_splits.py", "tests/scenarios/test_stories.py")),
    "P10": ("first since, never overstated", ("tests/core/test_claims.py", "tests/core/test_claims_table.py")),
    "P14": ("change of time and clocks", ("tests/core/test_watching.py",)),
    "P13": (
        "blind: told once, and its end once",
        (
            "tests/core/test_blindness.py",
            "tests/test_blindness.py",
        ),
    ),
    "P16": ("upgrades, backup and restore", ("tests/store/test_migrations.py", "tests/store/test_upkeep.py")),
}


def run(_stage: Stage) -> Iterator[Result]:
    """A line for each."""
    for promise, (what, files) in ELSEWHERE.items():
        with trying(promise, f"{what}: {', '.join(file.rpartition('/')[2] for file in files)}") as result:
            command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *files]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
            passed = re.search(r"(\d+) passed", done.stdout)
            result.case(what, faults=[done.stdout[-2000:]] if done.returncode else [])
            result.cases = int(passed[1]) if passed else 0
        yield result
