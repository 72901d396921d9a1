"""Exchange sessions as a value: counting and finding trading days. No calendar library, no clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from monitor.core.model import Convention, Interval


@dataclass(frozen=True, slots=True)
class Sessions:
    """The trading days of one exchange, ascending."""

    days: tuple[date, ...]

    def on_or_before(self, day: date) -> date | None:
        """The last session on or before `day`; None before the calendar begins."""
        found = bisect_right(self.days, day)
        return self.days[found - 1] if found else None

    def before(self, day: date) -> date | None:
        """The last session before `day`."""
        found = bisect_left(self.days, day)
        return self.days[found - 1] if found else None

    def after(self, day: date) -> date | None:
        """The first session after `day`; None where the calendar ends."""
        found = bisect_right(self.days, day)
        return self.days[found] if found < len(self.days) else None

    def is_session(self, day: date) -> bool:
        """Whether the exchange traded on `day`."""
        found = bisect_left(self.days, day)
        return found < len(self.days) and self.days[found] == day

    def distance(self, earlier: date, later: date) -> int:
        """Sessions after `earlier` up to and including `later`: 1 for consecutive sessions."""
        return bisect_right(self.days, later) - bisect_right(self.days, earlier)

    def between(self, first: date, last: date) -> Sequence[date]:
        """The sessions from `first` to `last`, both included."""
        return self.days[bisect_left(self.days, first) : bisect_right(self.days, last)]


def pos_session(sessions: Sessions, convention: Convention, as_of: date) -> date | None:
    """The session after whose close the quantities of a file dated `as_of` were true (None: unknown)."""
    match convention:
        case Convention.OPEN:
            return sessions.before(as_of)
        case Convention.CLOSE | Convention.CALENDAR | Convention.MONTH_END:
            return sessions.on_or_before(as_of)
        case Convention.UNKNOWN:
            return None
        case _:
            assert_never(convention)


def change_interval(sessions: Sessions, before: date | None, after: date | None) -> Interval:
    """The sessions in which a change between two positions can have happened: (before, after]."""
    if before is None or after is None:
        return Interval(None, after)
    first = sessions.after(before)
    return Interval(first if first is not None and first <= after else after, after)


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of sessions without an accepted file; `sessions` of them."""

    first: date
    last: date
    sessions: int


def gaps(sessions: Sessions, covered: Collection[date], first: date, last: date) -> list[Gap]:
    """The runs of sessions in [first, last] that are not in `covered`, in order."""
    found: list[Gap] = []
    run: list[date] = []
    for day in sessions.between(first, last):
        if day not in covered:
            run.append(day)
        elif run:
            found.append(Gap(run[0], run[-1], len(run)))
            run = []
    if run:
        found.append(Gap(run[0], run[-1], len(run)))
    return found
