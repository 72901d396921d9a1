"""Finds one security exchanged for another: mergers, unregistered shares that are registered, spin-offs received.

Nothing here is a link: a conversion says that a line which left and a line which grew belong together, so that
neither is told as sold or bought. Measured on the reference history: of 24 lines of 0.25 % and more that left in
one step, 15 met a line of 0.85 to 1.15 times their value that day; the four mergers among them (LGVW, AONE, ZY,
SLGC) have 0.9 to 1.11 new shares for one old, the other eleven pairs were trades at ratios of 0.2 to 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from monitor.core.flows import Flow, Label
from monitor.core.identity import name_similarity
from monitor.core.model import AssetClass, Position
from monitor.core.values import quick

CLIFF = Decimal("0.25")  # percent of the fund that leaves in one step
LEAST_SHARES = 1000  # fewer agree by chance: 19 times in 330 lists of one creation unit
ALIKE = 0.85  # names of one issuer
_CANCEL = 0.005  # how far two counts of one issuer may miss each other
_CANCEL_RIGHT = 0.02  # and when one is unregistered: it takes no part in creations, the flow misses it
_FUND_WORDS = frozenset(("ETF", "FUND", "TRUST"))  # GBTC and BITO on 2023-12-28 were two trades
_MOST_PARTS = 20  # a spin-off gives one new share for up to so many old ones


class ConversionRule(StrEnum):
    """Why two lines belong together."""

    OFFSETTING = "offsetting counts of one issuer"
    ONE_RATIO = "one ratio in several funds"
    SIMILAR = "similar count and value"


@quick(frozen=True, slots=True)
class Leg:
    """A line whose share count the flow does not explain. `before` is times the flow factor (0: new), `after` 0
    when it is gone, `value` in the file's currency of what came or went, `weight` in percent before."""

    root: str
    position: Position
    before: float
    after: float
    value: float
    weight: Decimal

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Conversion:
    """In `fund`, `arriving` grew as `leaving` shrank: `ratio` new shares for one old one. `certain`: the counts of
    one issuer cancel, nothing was bought or sold."""

    fund: str
    leaving: Leg
    arriving: Leg
    ratio: float
    rule: ConversionRule

    @property
    def certain(self) -> bool:
        return self.rule is ConversionRule.OFFSETTING


def legs(
    before: Mapping[str, Position],
    after: Mapping[str, Position],
    splits: Mapping[str, Fraction],
    flow: Flow,
    labels: Mapping[str, Label],
) -> list[Leg]:
    """The lines of one fund that are new, gone or changed beyond the flow, positions by root; cash has none."""
    found = []
    for root in sorted(before.keys() | after.keys()):
        old, new = before.get(root), after.get(root)
        if labels.get(root, Label.ACTIVE) is not Label.ACTIVE:
            continue
        leg = _leg(root, old, new, float(splits.get(root, 1)) * flow.factor)
        if leg is not None:
            found.append(leg)
    return found


def _leg(root: str, old: Position | None, new: Position | None, factor: float) -> Leg | None:
    printed = new or old
    if printed is None or printed.asset_class is AssetClass.CASH:
        return None
    held = float(old.shares or 0) * factor if old is not None else 0.0
    count = float(new.shares or 0) if new is not None else 0.0
    source = new if new is not None and new.shares else old
    if source is None or not source.shares or source.value is None or held == count:
        return None
    price = float(source.value) / float(source.shares)
    weight = old.weight if old is not None and old.weight is not None else Decimal(0)
    return Leg(root, printed, held, count, abs(count - held) * price, weight)


def find(by_fund: Mapping[str, Sequence[Leg]]) -> list[Conversion]:
    """The conversions of one day over all funds of an issuer, each line used once a fund, the surest first."""
    pairs = [pair for fund in sorted(by_fund) for pair in _pairs(fund, by_fund[fund])]
    found = [_conversion(*pair, ConversionRule.OFFSETTING) for pair in pairs if _offset(*pair[1:])]
    similar = [pair for pair in pairs if _is_cliff(pair[1]) and _same_value(*pair[1:]) and not _funds(*pair[1:])]
    found += [_conversion(*pair, ConversionRule.ONE_RATIO) for pair in similar if _repeats(pair, similar)]
    found += [_conversion(*pair, ConversionRule.SIMILAR) for pair in similar if 0.8 <= _ratio(*pair[1:]) <= 1.25]
    return _each_once(found)


def _pairs(fund: str, legs: Sequence[Leg]) -> Iterator[tuple[str, Leg, Leg]]:
    """Each line of a fund that leaves with each that arrives."""
    arriving = [leg for leg in legs if leg.change > 0]
    if arriving:
        yield from ((fund, one, other) for one in legs if one.change < 0 for other in arriving)


def _each_once(found: Iterable[Conversion]) -> list[Conversion]:
    kept: list[Conversion] = []
    taken: set[tuple[str, str]] = set()
    for one in found:
        ends = {(one.fund, one.leaving.root), (one.fund, one.arriving.root)}
        if not ends & taken:
            taken |= ends
            kept.append(one)
    return sorted(kept, key=lambda c: (c.fund, c.leaving.root))


def _conversion(fund: str, leaving: Leg, arriving: Leg, rule: ConversionRule) -> Conversion:
    return Conversion(fund, leaving, arriving, _ratio(leaving, arriving), rule)


def _ratio(leaving: Leg, arriving: Leg) -> float:
    return arriving.change / -leaving.change


def _offset(leaving: Leg, arriving: Leg) -> bool:
    """Two lines of one issuer whose counts cancel: unregistered Archer shares that were registered."""
    unregistered = leaving.position.asset_class is AssetClass.RIGHT
    allowed = _CANCEL_RIGHT if unregistered else _CANCEL
    if abs(_ratio(leaving, arriving) - 1) > allowed or -leaving.change < 100:
        return False
    return name_similarity(leaving.position.name, arriving.position.name) >= ALIKE


def _is_cliff(leaving: Leg) -> bool:
    large = leaving.weight >= CLIFF and leaving.before >= LEAST_SHARES
    return leaving.after == 0 and large and leaving.position.asset_class is AssetClass.EQUITY


def _same_value(leaving: Leg, arriving: Leg) -> bool:
    return 0.85 * leaving.value <= arriving.value <= 1.15 * leaving.value


def _funds(leaving: Leg, arriving: Leg) -> bool:
    words = {*leaving.position.name.upper().split(), *arriving.position.name.upper().split()}
    return arriving.position.asset_class is not AssetClass.EQUITY or bool(words & _FUND_WORDS)


def _repeats(pair: tuple[str, Leg, Leg], pairs: Iterable[tuple[str, Leg, Leg]]) -> bool:
    """The same two lines at the same ratio in another fund."""
    fund, leaving, arriving = pair
    return any(
        other != fund
        and (one.root, two.root) == (leaving.root, arriving.root)
        and abs(_ratio(one, two) / _ratio(leaving, arriving) - 1) <= 0.002
        for other, one, two in pairs
    )


@dataclass(frozen=True, slots=True)
class SpinOff:
    """A new line that holders of `parent` were given: one share for `parts` old ones."""

    root: str
    parent: str
    parts: int
    price: float  # what is left of the parent's price


def spin_offs(before: Mapping[str, Position], after: Mapping[str, Position]) -> list[SpinOff]:
    """New lines that are a whole part of an unchanged line whose price fell by about their worth.

    GE HealthCare in PRNT, 2023-01-05: 9,483 shares for 28,449 of GE, whose price fell by 17 %. The name must say
    when-issued, or be like the parent's: counts alone agree by chance.
    """
    found = []
    for root in sorted(after.keys() - before.keys()):
        given = after[root]
        if given.asset_class is AssetClass.CASH or not given.shares or not given.value or given.shares < 100:
            continue
        parents = (_spin_off(root, given, key, before[key], after.get(key)) for key in sorted(before))
        found += [one for one in parents if one is not None][:1]
    return found


def _spin_off(root: str, given: Position, key: str, old: Position, new: Position | None) -> SpinOff | None:
    if new is None or not old.shares or old.shares != new.shares or not old.value or not new.value or not given.shares:
        return None
    parts = round(old.shares / given.shares)
    price = float(new.value / old.value)
    if not 1 <= parts <= _MOST_PARTS or abs(given.shares * parts - old.shares) >= parts or price > 0.97:
        return None
    lost = float(old.value - new.value)
    if not given.value or not 0.4 * lost <= float(given.value) <= 2.5 * lost:
        return None
    named = name_similarity(old.name, given.name) >= 0.5 or _is_when_issued(given)
    return SpinOff(root, key, parts, price) if named else None


def _is_when_issued(position: Position) -> bool:
    words = f"{position.name} {position.ticker}".upper()
    return any(mark in words for mark in ("W/I", "W-I", "-WI", " WI", "WHEN ISSUED", "WHEN-ISSUED"))
