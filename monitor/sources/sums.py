"""Compares rows of sums with the lines above them, and takes printed names apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from monitor.core.model import Line
from monitor.sources.cells import number
from monitor.sources.forms import Column

NAME_LONGEST = 200  # characters of a name that is taken apart
SLACK, LEAST = Decimal("0.001"), Decimal("0.006")  # of the sum, and for each line: half of its last digit


def contradiction(cell: str, unit: str, scale: Decimal, amounts: Iterable[Decimal | None]) -> str:
    """What is wrong with the sum in a `cell`, in words; "" when nothing is printed or it is that of the amounts.

    What is printed times `scale` is in the unit of the amounts.
    """
    try:
        said = number(cell, unit)
    except ValueError:
        return ""
    known = [amount for amount in amounts if amount is not None]
    whole = sum(known, Decimal(0))
    if said is None or abs(whole - said * scale) <= abs(said * scale) * SLACK + LEAST * len(known):
        return ""
    return f"states a sum of {said * scale:,f}, but the lines above it make up {whole:,f}"


def taken_apart(line: Line, pattern: re.Pattern[str] | None) -> Line:
    """The line with what its printed name holds beside the name, by the groups of `pattern`."""
    found = pattern.fullmatch(line.name[:NAME_LONGEST]) if pattern is not None else None
    if found is None:
        return line
    parts = {column: text.strip() for column, text in found.groupdict().items() if text}
    return replace(
        line,
        name=parts.get(Column.NAME, line.name),
        ticker=parts.get(Column.TICKER, line.ticker),
        identifier=parts.get(Column.IDENTIFIER, line.identifier),
        isin=parts.get(Column.ISIN, line.isin),
    )
