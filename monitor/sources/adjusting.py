"""What a line's own cells or its file say of how its quantities are meant: its side, its class, thousands of money.

Whether to believe it is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor.core.model import AssetClass
from monitor.sources.cells import normalise
from monitor.sources.forms import Document
from monitor.sources.preamble import Preamble

LONGEST = 60  # characters of a name that may say "total"
TOTAL = re.compile(
    r"(?:(?:grand|sub|fund|portfolio)[ -]?)?totals?:?(?: (?:net assets|investments|holdings|portfolio|fund|assets))?"
    r"|sum|summe|gesamt(?:summe)?|合計|總計|总计|합계",
)
_TOTALS = ("total", "sum", "gesamt", "合計", "總計", "总计", "合计")  # one of them is in all that `TOTAL` finds
RIGHTS = frozenset({"put", "call"})
SHORT = frozenset({"short", "s"})


def in_thousands(document: Document, preamble: Preamble) -> bool:
    """Whether the values of a file are in thousands: its announcement decides, where that is printed, else its date."""
    day = preamble.announced or preamble.as_of
    return document.thousands_until is not None and day is not None and day <= document.thousands_until


def is_short(side: str) -> bool:
    """Whether a cell says that a line is on the short side: fewer than no shares, whatever sign its issuer prints."""
    return normalise(side) in SHORT


def is_total(name: str) -> bool:
    """Whether what stands for the name of a line only says that its row sums up others."""
    if len(name) > LONGEST:
        return False
    text = name.casefold()
    return any(word in text for word in _TOTALS) and TOTAL.fullmatch(normalise(name)) is not None


def class_of_type(known: Mapping[str, AssetClass], printed: str) -> AssetClass | None:
    """What a printed type means: as it stands, else by the beginning a source has written with a star behind."""
    text = normalise(printed)
    if (found := known.get(text)) is not None:
        return found
    return next((kind for name, kind in known.items() if name.endswith("*") and text.startswith(name[:-1])), None)
