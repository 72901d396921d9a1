"""What flows into a fund are worth, and how much of it is turned over. Unknown stays unknown; no dates here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

CENT = Decimal("0.01")
PLACES = Decimal("0.0001")


def flow_factor(measured: Decimal | None, before: Decimal | None, after: Decimal | None) -> Decimal | None:
    """By what creations and redemptions multiplied the fund: its own shares where both files print them, else as
    measured from its lines."""
    return after / before if before and after else measured


def flow_value(assets: Decimal | None, factor: Decimal | None) -> Decimal | None:
    """What came in (or went out, negative) by a flow that left the fund with `assets`, at the prices of that file."""
    if assets is None or not factor:
        return None
    return (assets - assets / factor).quantize(CENT)


def mean(values: Sequence[Decimal | None]) -> Decimal | None:
    """The mean of what is known; None of nothing."""
    known = [one for one in values if one is not None]
    return (sum(known, Decimal(0)) / len(known)).quantize(CENT) if known else None


def turnover(bought: Decimal, sold: Decimal, assets: Decimal | None) -> Decimal | None:
    """The smaller of what was bought and sold, in percent of mean assets."""
    return (100 * min(bought, sold) / assets).quantize(PLACES) if assets else None
