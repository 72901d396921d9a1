"""What a line's own cells or its file say of how its quantities are meant: its side, its class, thousands of money.

Everything here turns a printed line into the same line as others print it; whether to believe it is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from monitor.core.identity import ids_of
from monitor.core.model import AssetClass, Line
from monitor.sources.cells import normalise
from monitor.sources.forms import Document
from monitor.sources.preamble import Preamble

THOUSAND = Decimal(1000)
LONGEST = 60  # characters of a name that may say "total"
TOTAL = re.compile(
    r"(?:(?:grand|sub|fund|portfolio)[ -]?)?totals?:?(?: (?:net assets|investments|holdings|portfolio|fund|assets))?"
    r"|sum|summe|gesamt(?:summe)?|合計|總計|总计|합계",
)
RIGHTS = frozenset({"put", "call"})
SHORT = frozenset({"short", "s"})


def in_thousands(document: Document, preamble: Preamble) -> bool:
    """Whether the values of a file are in thousands: its announcement decides, where that is printed, else its date."""
    day = preamble.announced or preamble.as_of
    return document.thousands_until is not None and day is not None and day <= document.thousands_until


def in_units(line: Line, *, thousands: bool) -> Line:
    """A line with its value in whole money; cash that prints an amount but no quantity is so much money, and an option
    bears its right in its name."""
    if line.stated is AssetClass.OPTION and normalise(line.asset_class) in RIGHTS:
        line = replace(line, name=f"{line.name} {line.asset_class.upper()}")  # the name alone is that of the shares
    value = line.value * THOUSAND if thousands and line.value is not None else line.value
    if line.stated is AssetClass.CASH and not line.shares and value:
        return replace(line, value=value, shares=value)
    return replace(line, value=value) if thousands else line


def no_cash(line: Line) -> Line:
    """A line that is called cash but has an identifier and falls due is a bill: a bond."""
    called = line.stated is AssetClass.CASH and normalise(line.asset_class).startswith("cash")
    if called and line.maturity is not None and ids_of(line):
        return replace(line, stated=AssetClass.BOND)
    return line


def signed(line: Line, side: str) -> Line:
    """A line on the short side has fewer than no shares, whatever sign its issuer prints."""
    if line.shares is None or line.shares < 0 or normalise(side) not in SHORT:
        return line
    return replace(line, shares=-line.shares)


def is_total(name: str) -> bool:
    """Whether what stands for the name of a line only says that its row sums up others."""
    return len(name) <= LONGEST and TOTAL.fullmatch(normalise(name)) is not None


def class_of_type(known: Mapping[str, AssetClass], printed: str) -> AssetClass | None:
    """What a printed type means: as it stands, else by the beginning a source has written with a star behind."""
    text = normalise(printed)
    if (found := known.get(text)) is not None:
        return found
    return next((kind for name, kind in known.items() if name.endswith("*") and text.startswith(name[:-1])), None)
