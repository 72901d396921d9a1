"""How long something usually lasts when some of it still goes on: the Kaplan-Meier estimate. Values in, values out.

What still lasts has lasted at least so long: to leave it out, or to count it as ended, would make everything look
shorter than it is. What began before the records is not for this module: its length is a lower bound of another kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

QUARTER, HALF, THREE_QUARTERS = Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)


@dataclass(frozen=True, slots=True)
class Lasted:
    """One length, and whether that was its end; otherwise it went on when we last looked."""

    length: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Quartiles:
    """The lengths a quarter, half and three quarters did not outlast; None where that cannot be said."""

    first: Decimal | None
    median: Decimal | None
    third: Decimal | None


def curve(lengths: Iterable[Lasted]) -> list[tuple[int, Fraction]]:
    """Which part lasts longer than each length at which something ended, ascending. What was still going on at that
    length counts as at risk there."""
    lengths = list(lengths)
    ends, looks = (Counter(one.length for one in lengths if one.ended is which) for which in (True, False))
    at_risk, part = len(lengths), Fraction(1)
    found = []
    for length in sorted(ends.keys() | looks.keys()):
        if ends[length]:
            part *= Fraction(at_risk - ends[length], at_risk)
            found.append((length, part))
        at_risk -= ends[length] + looks[length]
    return found


def surviving(lengths: Iterable[Lasted]) -> Quartiles:
    """The quartiles of the curve: the first length that no more than so many outlast; None where it does not fall so
    far."""
    steps = curve(lengths)

    def reached(left: Fraction) -> Decimal | None:
        return next((Decimal(length) for length, part in steps if part <= left), None)

    return Quartiles(reached(THREE_QUARTERS), reached(HALF), reached(QUARTER))


def quartiles(lengths: Sequence[int]) -> Quartiles:
    """The quartiles of lengths that have all ended, between two of them where they fall there; None of none."""
    ordered = sorted(lengths)
    return Quartiles(*(_quantile(ordered, part) for part in (QUARTER, HALF, THREE_QUARTERS)))


def _quantile(ordered: Sequence[int], part: Fraction) -> Decimal | None:
    if not ordered:
        return None
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    exact = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return Decimal(exact.numerator) / Decimal(exact.denominator)
