"""How long positions took to be wound down: the last run of sales before an exit, and what is usual. Values in, values
out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import mean, median

PLACES = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Run:
    """The sales after the last purchase: the session of the first, and how many there are."""

    first: date
    sales: int


def last_run(trades: Iterable[tuple[date, bool]]) -> Run | None:
    """The last run of sales in one spell. `trades` are (session, whether it was a sale), oldest first; None when the
    spell did not end with a sale we know of."""
    run: list[date] = []
    for session, is_sale in trades:
        run = [*run, session] if is_sale else []
    return Run(run[0], len(run)) if run else None


def usual(lengths: Sequence[int]) -> tuple[Decimal, Decimal] | None:
    """Median and mean of the lengths; None of none."""
    if not lengths:
        return None
    return Decimal(str(median(lengths))), Decimal(str(mean(lengths))).quantize(PLACES)
