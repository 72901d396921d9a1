"""Days sampled by week or month, and runs of neighbours. No clock, no calendar library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import TypeVar, assert_never

T = TypeVar("T")


class Every(StrEnum):
    """How often a figure is wanted: of every file, or of the last one of each week or month."""

    FILE = "file"
    WEEK = "week"
    MONTH = "month"


def period(day: date, every: Every) -> tuple[int, int, int]:
    """What days of one period have in common; ISO weeks begin on Monday."""
    match every:
        case Every.FILE:
            return day.year, day.month, day.day
        case Every.WEEK:
            return *day.isocalendar()[:2], 0
        case Every.MONTH:
            return day.year, day.month, 0
    assert_never(every)


def last_of_each(items: Iterable[T], day: Callable[[T], date], every: Every) -> list[T]:
    """The last item of each period, oldest first. `items` are in order of their days."""
    last: dict[tuple[int, int, int], T] = {}
    for one in items:
        last[period(day(one), every)] = one
    return list(last.values())


def runs(items: Sequence[T], wanted: Callable[[T], bool]) -> Iterator[list[T]]:
    """The unbroken runs of wanted items, in order."""
    for yes, some in groupby(items, wanted):
        if yes:
            yield list(some)
