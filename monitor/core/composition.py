"""How much of a portfolio lies in few names, and how much two portfolios have in common. Weights are percent points."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
Weight = Decimal | None
PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Concentration:
    """`hhi` is the sum of squared weights (10,000: one name is all), `effective` how many equal positions would be as
    concentrated. All but the number of positions are None when the weight of one is unknown."""

    positions: int
    largest: Weight
    top10: Weight
    hhi: Weight
    effective: Weight


@dataclass(frozen=True, slots=True)
class Overlap:
    """`weight` is the sum over shared names of the smaller weight; None when one of them is unknown."""

    weight: Weight
    shared: int
    only_one: int
    only_other: int


def concentration(weights: Iterable[Weight]) -> Concentration:
    """The concentration of positions with these weights; short ones count by their size."""
    known = list(weights)
    sizes = sorted((abs(one) for one in known if one is not None), reverse=True)
    if not known or len(sizes) < len(known):
        return Concentration(len(known), None, None, None, None)
    squares = sum(one * one for one in sizes)
    effective = sum(sizes) ** 2 / squares if squares else None
    return Concentration(
        len(known),
        sizes[0],
        sum(sizes[:10], Decimal(0)),
        Decimal(squares).quantize(PLACES),
        None if effective is None else effective.quantize(PLACES),
    )


def common(one: Weight, other: Weight) -> Weight:
    """The part two weights have in common: the smaller one, nothing when one is long and the other short."""
    if one is None or other is None:
        return None
    return min(abs(one), abs(other)) if one * other > 0 else Decimal(0)


def overlap(one: Mapping[K, Weight], other: Mapping[K, Weight]) -> Overlap:
    """What two portfolios have in common, by what their positions are."""
    shared = one.keys() & other.keys()
    parts = [common(one[key], other[key]) for key in shared]
    known = [part for part in parts if part is not None]
    weight = sum(known, Decimal(0)) if len(known) == len(parts) else None
    return Overlap(weight, len(shared), len(one) - len(shared), len(other) - len(shared))
