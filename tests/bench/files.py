"""The real ARK files, where they are at hand, and folders of some of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.bench.harness import PROJECT, NotMeasured, copied

ARK = PROJECT.parent / "shared" / "data" / "ark" / "raw"


def history(data: Path | None) -> dict[str, list[Path]]:
    """The files of each day, days and funds in order. Raises NotMeasured where there are none."""
    root = data or ARK
    days: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(root.rglob("*.csv")) if root.is_dir() else []:
        days[path.name[:10]].append(path)
    if not days:
        raise NotMeasured(f"no history of files FUND/DAY.csv: {root} is not here; say --data FOLDER")
    return {day: days[day] for day in sorted(days)}


def limited(days: dict[str, list[Path]], most: int | None) -> list[Path]:
    """The first so many files by day; all without a limit."""
    files = [file for day in days.values() for file in day]
    return files if most is None else files[:most]


def folder(files: Sequence[Path], target: Path) -> Path:
    """The files in a folder of their own, as FUND/DAY.csv."""
    return copied(files, files[0].parent.parent, target)
