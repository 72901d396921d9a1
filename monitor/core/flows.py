"""Tells creations and redemptions from trades: one factor per fund and day, and a label per line.

For two consecutive files, f is the ratio of share counts that explains most lines; what it does not
explain may be active. Measured against 8,906 notified trades: precision 0.983, recall 0.988, where "any
change over 2 %" reaches 0.656 and 0.677. This module knows no dates and no names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import ceil
from typing import NamedTuple

LONGEST_FLOW = 5  # sessions between two files up to which a flow factor still means something
LEAST_LINES = 8  # fewer common lines cannot tell a flow from trades
REBALANCE_BELOW = 0.5  # explained share: all 36 such days measured are quarterly re-sizings of index funds
LOW_CONFIDENCE_BELOW = 0.6
MOST_UNITS = 600
LAUNCH = 0.5  # |f - 1| from which single lines say little
_AGREED = 0.002  # |f / published f - 1| from which one of the two is wrong
_NO_FLOW = 2e-6  # |f - 1| below this is printing noise


class Label(StrEnum):
    """Why the share count of a line held in both files changed, or did not."""

    UNCHANGED = "UNCHANGED"
    FLOW = "FLOW"
    GROUP = "GROUP"
    ACTIVE = "ACTIVE"
    PENDING = "PENDING"  # a whole ratio at an unmoved price: the next file says whether it was a split


class Count(NamedTuple):
    """Share counts of one line in two files, the older one split-adjusted."""

    key: str
    before: float
    after: float
    foreign: bool = False  # traded on a non-US venue: baskets are rounded to lots

    @property
    def ratio(self) -> float:
        return self.after / self.before


Line = tuple[Count, float, float, float]  # with both counts, and how far it may stray


@dataclass(frozen=True, slots=True)
class Flow:
    """`factor` f, `units` n (net creation units, 0 when unknown), `explained` share of the lines in 0 … 1.

    `known` is False when too few lines were common; then the factor is 1 and explains nothing.
    """

    factor: float = 1.0
    units: int = 0
    explained: float = 0.0
    known: bool = False

    @property
    def is_rebalance(self) -> bool:
        """Most lines were re-sized: no single size change means anything."""
        return self.known and self.explained < REBALANCE_BELOW

    @property
    def is_doubtful(self) -> bool:
        """Little is explained, or nothing could be."""
        return not self.known or self.explained < LOW_CONFIDENCE_BELOW


def published(before: Decimal | None, after: Decimal | None) -> float | None:
    """The factor two printed numbers of the fund's own shares give; None where one is not printed."""
    return float(after / before) if before and after else None


def agrees(flow: Flow, factor: float | None) -> bool:
    """Whether a measured factor is the published one, within 0.2 %; nothing measured or published disagrees."""
    return not flow.known or factor is None or abs(flow.factor / factor - 1) < _AGREED


def measure(counts: Sequence[Count]) -> tuple[Flow, Mapping[str, Label]]:
    """The flow between two files and the label of every line in `counts` (each with before and after > 0)."""
    if len(counts) < LEAST_LINES:
        return Flow(), {c.key: Label.UNCHANGED if c.after == c.before else Label.ACTIVE for c in counts}
    factor, explained = _factor(counts)
    units = _units([round(c.after - c.before) for c in explained if c.after != c.before])
    labels = {c[0]: Label.UNCHANGED if c[1] == c[2] else _label(c, factor, units) for c in counts}
    active = [c for c in counts if labels[c.key] is Label.ACTIVE]
    _mark_groups(active, labels)
    quiet = len(labels) - sum(labels[c.key] is Label.ACTIVE for c in active)
    return Flow(factor, units, quiet / len(counts), True), labels


def basis(counts: Sequence[Count]) -> list[Count]:
    """The lines whose share counts, added up, give the factor: f = Σafter / Σbefore. None when it is not measured."""
    return _best(counts, _slack(counts)) if len(counts) >= LEAST_LINES else []


def _factor(counts: Sequence[Count]) -> tuple[float, list[Count]]:
    """The ratio that explains most lines, refined to Σafter / Σbefore of the lines it explains."""
    lines = _slack(counts)
    best = _best(counts, lines)
    factor = sum([c.after for c in best]) / sum([c.before for c in best])  # the middle ratio explains its own line
    best = _explained(lines, factor) or best
    return (1.0 if abs(factor - 1) < _NO_FLOW else factor), best


def _best(counts: Sequence[Count], lines: Sequence[Line]) -> list[Count]:
    """The most lines that one of the likely ratios explains."""
    best: list[Count] = []
    for guess in _guesses(counts):
        explained = _explained(lines, guess)
        if len(explained) > len(best):
            best = explained
        if len(best) == len(lines):
            break
    return best


def _guesses(counts: Sequence[Count]) -> Iterator[float]:
    """The likely ratios, the likeliest first: no flow, the middle one, the three commonest, the quartiles."""
    ratios = sorted([after / before for _, before, after, _ in counts])
    middle = len(ratios) // 2
    yield 1.0
    if ratios[middle] != 1.0:
        yield ratios[middle]
    common = [ratio for ratio, _ in Counter([round(r, 5) for r in ratios]).most_common(3)]
    last = [*common, ratios[middle // 2], ratios[(middle + len(ratios)) // 2]]
    yield from dict.fromkeys(guess for guess in last if guess not in (1.0, ratios[middle]))


def _slack(counts: Sequence[Count]) -> list[Line]:
    """The counts with how many shares a line may stray from a ratio that explains it: two, or 0.003 %."""
    return [(c, c[1], c[2], 2.0 if c[1] < 60_000 else max(2.0, 3e-5 * c[1])) for c in counts]


def _explained(lines: Sequence[Line], factor: float) -> list[Count]:
    return [count for count, before, after, slack in lines if abs(after - factor * before) <= slack]


def _units(deltas: Sequence[int]) -> int:
    """The largest n ≤ 600 dividing at least 90 % of the deltas (five or more of them); 0 when unknown.

    A divisor of 90 % of them divides one of the smallest tenth plus one, so only their divisors are tried.
    """
    if len(deltas) < 5:
        return 0
    sizes = sorted([abs(d) for d in deltas])
    few = sizes[: len(sizes) // 10 + 1]
    tried = sorted({n for size in few for n in _divisors(size)}, reverse=True)
    most = len(sizes) - ceil(0.9 * len(sizes))  # that need not be divided
    return next((n for n in tried if _divides(n, sizes, most)), 1)


def _divides(n: int, sizes: Sequence[int], most: int) -> bool:
    """Whether n divides all of the sizes but `most`."""
    missed = 0
    for size in sizes:
        if size % n:
            missed += 1
            if missed > most:
                return False
    return True


@lru_cache(maxsize=4096)
def _divisors(size: int) -> tuple[int, ...]:
    """The divisors up to 600, as products of its prime factors; of 0 none."""
    if size == 0:
        return ()
    found = [1]
    for prime in _PRIMES:
        power = prime
        grown = found
        while size % prime == 0 and power <= MOST_UNITS:
            grown = grown + [n * power for n in found if n * power <= MOST_UNITS]
            size //= prime
            power *= prime
        found = grown
        if size == 1:
            break
    return tuple(found)


_PRIMES = tuple(n for n in range(2, MOST_UNITS + 1) if all(n % d for d in range(2, int(n**0.5) + 1)))


def _label(count: Count, factor: float, units: int) -> Label:
    _, before, after, _ = count
    if after == before:
        return Label.UNCHANGED
    stray = abs(after - factor * before)
    if stray <= 2.0 or stray <= 1e-4 * before or stray <= tolerance(count, factor, units):  # never less is allowed
        return Label.FLOW
    return Label.ACTIVE


def tolerance(count: Count, factor: float, units: int) -> float:
    """How far, in shares, a basket line may stray from f: rounding per unit, whole lots abroad.

    When the flow changes a fund by half or more, as in its first days, baskets are made by hand: ARKX grew 15-fold
    on 2021-03-31 and 5-fold the day after, ten of its lines strayed by up to a fifth of that, and nothing was notified.
    """
    allowed = max(2.0, 1e-4 * count.before)
    allowed += units / 2 if units > 1 else 0.01 * abs(factor - 1) * count.before
    if abs(factor - 1) >= LAUNCH:
        allowed = max(allowed, 0.2 * abs(factor - 1) * count.before)
    if count.foreign:
        allowed = max(allowed, 0.1 * abs(factor - 1) * count.before)
        if round(count.after - count.before) % 100 == 0 and factor != 1.0:
            allowed += 100 * max(units, 1)
    return allowed


def _mark_groups(rest: Sequence[Count], labels: dict[str, Label]) -> None:
    """Three or more left-over lines with one ratio are a second basket (redemption-only), not trades."""
    if len(rest) < 3:
        return
    lines = _slack(rest)
    for one in rest:
        same = _explained(lines, one.ratio)
        if len(same) >= 3 and sum(c.before >= 1000 for c in same) >= 3:
            for count in same:
                labels[count.key] = Label.GROUP
