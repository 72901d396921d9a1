"""Two files of one fund side by side: what every step of a day asks of all their lines, looked at once.

Most lines of a day say nothing new: printed as before, shares in both files, and only the flow moved their count.
What is left is `touched`; the steps that look for changes need no other lines. Nothing is judged or worded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from decimal import Decimal
from fractions import Fraction

from monitor.core.contracts import CONTRACTS, NOTIONAL, net_value
from monitor.core.flows import Count, Label
from monitor.core.model import AssetClass, Position
from monitor.core.spells import SMALL
from monitor.core.values import quick

_FOREIGN = ("sedol:", "isin:")
_NONE = Decimal(0)
_MOVED = (Label.ACTIVE, Label.PENDING)


@quick(frozen=True, slots=True)
class Side:
    """One file, positions by root. `securities` lines are no cash and not of 0 shares, `identified` of them no
    contracts; `derivatives` lines are contracts. `worth` is the net value, `large` the roots held with a weight that
    is no crumb's. `counts` remembers share counts as floats, for the day after."""

    positions: Mapping[str, Position]
    securities: int
    identified: int
    derivatives: int
    worth: float
    large: frozenset[str]
    counts: dict[str, float] = field(default_factory=dict, compare=False)


@quick(frozen=True, slots=True)
class Sides:
    """Two files of a fund: roots that only one lists (`gone`, `come`), and of those in both the ones printed under
    another key, name, ticker, identifier or class (`relabelled`) and the ones that are not shares held long in both
    (`others`). `counts` are the share counts of all the rest."""

    before: Side
    after: Side
    gone: tuple[str, ...]
    come: tuple[str, ...]
    relabelled: tuple[str, ...]
    others: tuple[str, ...]
    counts: tuple[Count, ...]

    def touched(self, labels: Mapping[str, Label]) -> set[str]:
        """The roots of which a file may say something new, `labels` being those of the counts."""
        moved = [root for root, label in labels.items() if label in _MOVED]
        return {*self.gone, *self.come, *self.relabelled, *self.others, *moved}


def side(positions: Mapping[str, Position]) -> Side:
    """What is asked of one file again and again."""
    securities = identified = derivatives = 0
    worth, large = Decimal(0), []
    for root, line in positions.items():
        stated, shares, value, weight = line.asset_class, line.shares, line.value, line.weight
        is_listed = shares is None or bool(shares)
        if stated in CONTRACTS:
            derivatives += 1
            securities += is_listed
        elif stated is not AssetClass.CASH and is_listed:
            securities += 1
            identified += 1
        if value is not None and stated not in NOTIONAL:
            worth += value
        if is_listed and weight and (weight >= SMALL or -weight >= SMALL):
            large.append(root)
    net = worth if worth > 0 else net_value(positions.values())
    return Side(positions, securities, identified, derivatives, float(net), frozenset(large))


def of(before: Mapping[str, Position], after: Mapping[str, Position]) -> Sides:
    """Two files side by side of which nothing is known yet."""
    return beside(side(before), side(after))


def beside(before: Side, after: Side) -> Sides:
    """The two files side by side."""
    come, relabelled, others, counts = [], [], [], []
    older, newer = before.positions, after.positions
    known, kept = before.counts, after.counts  # to turn a decimal number into a float is dear
    for root, new in newer.items():
        old = older.get(root)
        if old is None:
            come.append(root)
            continue
        if (
            old.name != new.name
            or old.ticker != new.ticker
            or old.identifier != new.identifier
            or old.key != new.key
            or old.asset_class is not new.asset_class
        ):
            relabelled.append(root)
        held, shares = old.shares, new.shares
        if new.asset_class is AssetClass.EQUITY and held and shares and held > _NONE and shares > _NONE:
            was = known.get(root)
            if was is None:
                was = float(held)
            now = kept[root] = was if held == shares else float(shares)
            counts.append(Count(root, was, now, is_foreign(new)))
        else:
            others.append(root)
    gone = tuple(root for root in older if root not in newer)
    return Sides(before, after, gone, tuple(come), tuple(relabelled), tuple(others), tuple(counts))


def counts_of(
    before: Mapping[str, Position], after: Mapping[str, Position], factors: Mapping[str, Fraction]
) -> list[Count]:
    """The share counts of the lines in both files, the older ones times the day's split factors."""
    found = []
    for root, new in after.items():
        old = before.get(root)
        if old is None or new.asset_class is not AssetClass.EQUITY:
            continue
        if old.shares is None or new.shares is None or old.shares <= 0 or new.shares <= 0:
            continue
        factor = factors.get(root)
        held = float(old.shares) if factor is None else float(old.shares * factor.numerator / factor.denominator)
        found.append(Count(root, held, float(new.shares), is_foreign(new)))
    return found


def is_foreign(position: Position) -> bool:
    """Whether the line trades outside the US, where baskets are rounded to lots: its key is a SEDOL or ISIN."""
    return position.key.startswith(_FOREIGN)


def some(positions: Mapping[str, Position], roots: Iterable[str]) -> dict[str, Position]:
    """Those of the positions whose root is among `roots`."""
    return {root: positions[root] for root in roots if root in positions}
