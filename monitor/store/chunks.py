"""Portions of values that fit one statement. No SQL here."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeVar

MANY = 5_000  # values in one IN list: far below what either database takes
V = TypeVar("V", int, str)


def chunks(values: Collection[V]) -> Iterator[list[V]]:
    """The values, sorted, in lists that fit one statement."""
    ordered = sorted(values)
    for start in range(0, len(ordered), MANY):
        yield ordered[start : start + MANY]
