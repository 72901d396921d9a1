"""A line through time as a picture of the server's: for reading without JavaScript, on paper, and by its table. It
computes places on paper and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WIDTH, HEIGHT = 1000.0, 100.0
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Line:
    """The picture: SVG paths in a box of 1000 × 100, what the top of it stands for, and the years' places."""

    path: str
    area: str
    top: Decimal
    first: date
    last: date
    least: Decimal
    most: Decimal
    years: tuple[tuple[float, int], ...]


def drawn(points: Sequence[tuple[date, Decimal | None]]) -> Line | None:
    """The line through the points, oldest first, broken where a value is unknown; None for fewer than two."""
    known = [value for _, value in points if value is not None]
    if len(known) < 2:
        return None
    first, last, top = points[0][0], points[-1][0], _top(max(known))
    days = max(1, (last - first).days)
    at = [
        None if value is None else ((day - first).days / days * WIDTH, HEIGHT - float(value / top) * HEIGHT)
        for day, value in points
    ]
    runs: list[list[tuple[float, float]]] = [[]]
    for one in at:
        if one is None:
            runs.append([])
        else:
            runs[-1].append(one)
    runs = [run for run in runs if run]
    path = "".join("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in run) for run in runs)
    area = "".join(
        f"M{run[0][0]:.1f},{HEIGHT:g}L"
        + "L".join(f"{x:.1f},{y:.1f}" for x, y in run)
        + f"L{run[-1][0]:.1f},{HEIGHT:g}Z"
        for run in runs
    )
    return Line(path, area, top, first, last, min(known), max(known), _years(first, last))


def _top(most: Decimal) -> Decimal:
    """A round number not below `most`."""
    if most <= 0:
        return Decimal(1)
    scale = Decimal(10) ** most.adjusted()
    return next(step * scale for step in STEPS if step * scale >= most)


def _years(first: date, last: date) -> tuple[tuple[float, int], ...]:
    days = max(1, (last - first).days)
    return tuple(
        ((date(year, 1, 1) - first).days / days * WIDTH, year) for year in range(first.year + 1, last.year + 1)
    )
