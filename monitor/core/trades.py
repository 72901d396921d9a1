"""What one fund actively bought and sold between two consecutive files, line by line, its own flows removed.

A trade here is a line whose share count the flow does not explain, or one that is new or gone: what is left
when creations, redemptions and splits are taken out. Measured against 8,906 notified trades such lines are
right in 0.983 of all cases and miss 0.012. Nothing is worded, scored or stored here; crumbs count like any
other line, because they were bought or sold, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from monitor.core import flows
from monitor.core.baskets import factor_of
from monitor.core.flows import LONGEST_FLOW, Flow
from monitor.core.model import Position
from monitor.core.spells import TRACKED
from monitor.core.values import quick


class TradeLabel(StrEnum):
    """Why a line is listed: what people mean by a trade, and two sorts of change whose size says nothing."""

    ACTIVE = "ACTIVE"  # held in both files, and the flow does not explain the change
    NEW = "NEW"  # not listed in the older file
    GONE = "GONE"  # not listed in the newer file
    PENDING = "PENDING"  # an exact ratio at an unmoved price: a split or a trade, the next file decides
    SPLIT = "SPLIT"  # it was pending, and the price followed
    UNDONE = "UNDONE"  # it was pending, and the count went back
    EXCHANGED = "EXCHANGED"  # merged, converted or received: one line left as another grew
    REBALANCE = "REBALANCE"  # the fund re-sized most of its lines: no flow can be told from trades


TRADED = (TradeLabel.ACTIVE, TradeLabel.NEW, TradeLabel.GONE)


@quick(frozen=True, slots=True)
class Files:
    """Two consecutive accepted files of one fund, positions by root key.

    `splits` are the factors (new shares per old one) between the two files by root, `exchanged` the roots
    that were neither bought nor sold, `outside` those that creation baskets leave out, `gap` the sessions from one
    file to the other.
    """

    before: Mapping[str, Position]
    after: Mapping[str, Position]
    splits: Mapping[str, Fraction]
    exchanged: Collection[str]
    outside: Collection[str]
    gap: int
    flow: Flow
    labels: Mapping[str, flows.Label]


@quick(frozen=True, slots=True)
class Trade:
    """One line that was traded, or may have been.

    `position` is how the newer file prints it (the older one when it is gone). `before` is split-adjusted by `split`.
    `active` shares and their `value` in the file's currency are None where no size may be claimed, and share counts
    where the file prints weights only. `outside`: the fund's flow was not taken out of this line.
    """

    root: str
    position: Position
    label: TradeLabel
    before: Decimal | None
    after: Decimal | None
    split: Fraction
    active: Decimal | None
    value: Decimal | None
    outside: bool = False


def active_shares(before: Decimal, after: Decimal, factor: float) -> Decimal:
    """after − f · before, whole when both counts are whole; `before` is split-adjusted."""
    active = after - Decimal(repr(factor)) * before
    whole = after == after.to_integral_value() and before == before.to_integral_value()
    return active.quantize(Decimal(1)) if whole else active


def trades(files: Files) -> list[Trade]:
    """Every line that is active, new, gone or pending between the two files, by root."""
    found = []
    for root in sorted(files.before.keys() | files.after.keys()):
        old, new = _held(files.before.get(root)), _held(files.after.get(root))
        if old is not None and new is not None:
            label = _label(files, root)
            if label is not None:
                found.append(_changed(files, root, (old, new), label))
        elif old is not None:
            found.append(_gone(files, root, old))
        elif new is not None:
            found.append(_new(files, root, new))
    return [replace(one, label=TradeLabel.EXCHANGED) if one.root in files.exchanged else one for one in found]


def _held(position: Position | None) -> Position | None:
    """The position when it is one we follow and holds anything; cash and its like are not traded."""
    if position is None or position.asset_class not in TRACKED or position.shares == 0:
        return None
    return position


def _label(files: Files, root: str) -> TradeLabel | None:
    """The label of a line in both files; None when nothing was traded, or nothing can be known across a long gap."""
    label = files.labels.get(root)
    if label is flows.Label.PENDING:
        return TradeLabel.PENDING
    if files.gap > LONGEST_FLOW or label is not flows.Label.ACTIVE:
        return None
    return TradeLabel.REBALANCE if files.flow.is_rebalance else TradeLabel.ACTIVE


def _changed(files: Files, root: str, lines: tuple[Position, Position], label: TradeLabel) -> Trade:
    old, new = lines
    split = files.splits.get(root, Fraction(1))
    before, after = _times(old.shares, split), new.shares
    if label is not TradeLabel.ACTIVE or before is None or after is None:
        return Trade(root, new, label, before, after, split, None, None)
    factor = factor_of(root, files.flow, files.outside)
    active = active_shares(before, after, factor)
    value = active * new.value / after if new.value is not None else None
    return Trade(root, new, label, before, after, split, active, value, factor != files.flow.factor)


def _new(files: Files, root: str, new: Position) -> Trade:
    active, value = (new.shares, new.value) if files.gap <= LONGEST_FLOW else (None, None)
    return Trade(root, new, TradeLabel.NEW, Decimal(0), new.shares, Fraction(1), active, value)


def _gone(files: Files, root: str, old: Position) -> Trade:
    near = files.gap <= LONGEST_FLOW
    split = files.splits.get(root, Fraction(1))
    before = _times(old.shares, split)
    active = -before if near and before is not None else None
    value = -old.value if near and old.value is not None else None
    return Trade(root, old, TradeLabel.GONE, before, Decimal(0), split, active, value)


def _times(shares: Decimal | None, split: Fraction) -> Decimal | None:
    return None if shares is None else shares * split.numerator / split.denominator
