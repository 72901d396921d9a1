"""Tells creations and redemptions from trades: one factor per fund and day, and a label per line.

For two consecutive files, f is the ratio of share counts that explains most lines; what it does not
explain may be active. Measured against 8,906 notified trades: precision 0.983, recall 0.988, where "any
change over 2 %" reaches 0.656 and 0.677. This module knows no dates and no names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Count:
    """Share counts of one line in two files, the older one split-adjusted."""

    key: str
    before: float
    after: float
    foreign: bool = False  # traded on a non-US venue: baskets are rounded to lots

    @property
    def ratio(self) -> float:
        return self.after / self.before


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
    labels = {c.key: _label(c, factor, units) for c in counts}
    _mark_groups([c for c in counts if labels[c.key] is Label.ACTIVE], labels)
    quiet = sum(label is not Label.ACTIVE for label in labels.values())
    return Flow(factor, units, quiet / len(counts), True), labels


def basis(counts: Sequence[Count]) -> list[Count]:
    """The lines whose share counts, added up, give the factor: f = Σafter / Σbefore. None when it is not measured."""
    return _best(counts) if len(counts) >= LEAST_LINES else []


def _factor(counts: Sequence[Count]) -> tuple[float, list[Count]]:
    """The ratio that explains most lines, refined to Σafter / Σbefore of the lines it explains."""
    best = _best(counts)
    factor = sum(c.after for c in best) / sum(c.before for c in best)  # the middle ratio explains its own line
    best = _explained(counts, factor) or best
    return (1.0 if abs(factor - 1) < _NO_FLOW else factor), best


def _best(counts: Sequence[Count]) -> list[Count]:
    """The most lines that one of the likely ratios explains."""
    ratios = sorted(c.ratio for c in counts)
    middle = len(ratios) // 2
    common = [ratio for ratio, _ in Counter(round(r, 5) for r in ratios).most_common(3)]
    guesses = dict.fromkeys([1.0, ratios[middle], *common, ratios[middle // 2], ratios[(middle + len(ratios)) // 2]])
    best: list[Count] = []
    for guess in guesses:
        explained = _explained(counts, guess)
        if len(explained) > len(best):
            best = explained
    return best


def _explained(counts: Sequence[Count], factor: float) -> list[Count]:
    return [c for c in counts if abs(c.after - factor * c.before) <= max(2.0, 3e-5 * c.before)]


def _units(deltas: Sequence[int]) -> int:
    """The largest n ≤ 600 dividing at least 90 % of the deltas (five or more of them); 0 when unknown.

    A divisor of 90 % of them divides one of the smallest tenth plus one, so only their divisors are tried.
    """
    if len(deltas) < 5:
        return 0
    sizes = sorted(abs(d) for d in deltas)
    needed = 0.9 * len(sizes)
    few = sizes[: len(sizes) // 10 + 1]
    tried = sorted({n for size in few for n in _divisors(size)}, reverse=True)
    return next((n for n in tried if sum(size % n == 0 for size in sizes) >= needed), 1)


def _divisors(size: int) -> list[int]:
    return [n for n in range(1, min(size, MOST_UNITS) + 1) if size % n == 0]


def _label(count: Count, factor: float, units: int) -> Label:
    delta = count.after - count.before
    if delta == 0:
        return Label.UNCHANGED
    if abs(count.after - factor * count.before) <= tolerance(count, factor, units):
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
    for one in rest:
        same = [c for c in rest if abs(c.after - one.ratio * c.before) <= max(2.0, 3e-5 * c.before)]
        tight = [c for c in same if c.before >= 1000]
        if len(tight) >= 3:
            for count in same:
                labels[count.key] = Label.GROUP
