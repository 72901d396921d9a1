"""Runs of files in which a line was traded in one direction, without a file between. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.core.flows import LONGEST_FLOW


@dataclass(frozen=True, slots=True)
class Streak:
    """The files number `first` to `last` of a fund, each of which shows a purchase (or each a sale)."""

    first: int
    last: int
    is_buy: bool

    @property
    def files(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


def streaks(signs: Mapping[int, int], gaps: Sequence[int]) -> list[Streak]:
    """The longest such runs, in order. `signs` are, by number of the file, above 0 for a purchase and below for a sale;
    `gaps` the sessions from the file before to each. A trade across more than `LONGEST_FLOW` belongs to none."""
    found: list[Streak] = []
    for at in sorted(signs):
        if not signs[at] or gaps[at] > LONGEST_FLOW:
            continue
        is_buy = signs[at] > 0
        if found and found[-1].last == at - 1 and found[-1].is_buy == is_buy:
            found[-1] = Streak(found[-1].first, at, is_buy)
        else:
            found.append(Streak(at, at, is_buy))
    return found
