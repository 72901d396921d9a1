"""How much of a company's shares positions are, and when they were more than so much. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

HUNDRED = Decimal(100)
PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Size:
    """One session: how many shares, in units of the count they are compared with, by how many funds."""

    session: date
    as_of: date
    shares: Decimal
    funds: int


@dataclass(frozen=True, slots=True)
class Above:
    """The sessions from the first to the last above the threshold, the largest size, and in how many it was above."""

    first: Size
    last: Size
    peak: Size
    percent: Decimal  # at the peak
    sessions: int


def one_a_session(sizes: Iterable[Size]) -> list[Size]:
    """The last size of each session, oldest first: a file dated on a holiday says again what the one before said.
    `sizes` are those of one fund, in order."""
    return list({one.session: one for one in sizes}.values())


def together(funds: Iterable[Sequence[Size]]) -> list[Size]:
    """The sum over funds, session by session, oldest first; each fund has one size a session at the most."""
    total: dict[date, Size] = {}
    for sizes in funds:
        for one in sizes:
            seen = total.get(one.session, Size(one.session, one.as_of, Decimal(0), 0))
            latest = max(seen.as_of, one.as_of)
            total[one.session] = Size(one.session, latest, seen.shares + one.shares, seen.funds + one.funds)
    return [total[session] for session in sorted(total)]


def above(sizes: Sequence[Size], outstanding: Decimal, percent: Decimal) -> Above | None:
    """When the sizes were more than `percent` of `outstanding`; None when never. `sizes` are sorted by session.
    Raises ValueError when `outstanding` is not above 0."""
    if outstanding <= 0:
        raise ValueError("the shares outstanding must be more than 0")
    found = [one for one in sizes if one.shares * HUNDRED > percent * outstanding]
    if not found:
        return None
    peak = max(found, key=lambda one: one.shares)
    return Above(found[0], found[-1], peak, (peak.shares * HUNDRED / outstanding).quantize(PLACES), len(found))
