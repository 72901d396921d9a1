"""The files of a folder, day by day."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path


def by_day(data: Path) -> list[list[str]]:
    """The files of each day, oldest first: the day is the first ten letters of a file's name."""
    days: dict[str, list[str]] = defaultdict(list)
    for path in sorted(data.rglob("*.csv")):
        days[path.name[:10]].append(str(path))
    return [days[day] for day in sorted(days)]
