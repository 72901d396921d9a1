"""Numbers, dates and foreign text as people read them. Pure text in, text out; escaping belongs to the channels."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "": "$"}
SCALES = ((Decimal("1e12"), "T"), (Decimal("1e9"), "B"), (Decimal("1e6"), "M"), (Decimal("1e3"), "K"))
BARS = "▁▂▃▄▅▆▇█"
GAP = "·"
UNKNOWN = "–"
MINUS = "−"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def clean(text: str, limit: int = 300) -> str:
    """Foreign text as one line of at most `limit` characters, without control, direction or invisible marks."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    line = " ".join("".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")).split())
    return shorten(line, limit)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; what was cut shows as an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def money(amount: Decimal | None, currency: str = "USD") -> str:
    """`$16.3M`, `−$820K`, `CHF 1.2B`; a dash when unknown."""
    if amount is None:
        return UNKNOWN
    code = currency.upper()
    return f"{MINUS if amount < 0 else ''}{SIGNS.get(code, f'{code} ')}{_scaled(abs(amount))}"


def _scaled(amount: Decimal) -> str:
    """One decimal below ten thousand of a unit; 999,960 is 1.0M and never 1000.0K."""
    for unit, letter in SCALES:
        scaled = (amount / unit).quantize(Decimal("0.1"), ROUND_HALF_UP)
        if scaled >= 1 and amount >= unit * Decimal("0.9995"):
            return f"{scaled:,}{letter}"
    return f"{amount.quantize(Decimal(1), ROUND_HALF_UP):,}"


def quantity(shares: Decimal | None, *, signed: bool = False) -> str:
    """`99,090`, `0.12345678`, with `signed` `+99,090` or `−5`; a dash when unknown."""
    if shares is None:
        return UNKNOWN
    text = f"{abs(shares):,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return (MINUS if shares < 0 else "+" if signed and shares > 0 else "") + text


def percent(points: Decimal | None) -> str:
    """`0.75 %` from percent points; small weights keep a digit that says something."""
    if points is None:
        return UNKNOWN
    rounded = points.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return "<0.01 %" if 0 < points < Decimal("0.005") else f"{rounded} %".replace("-", MINUS)


def day(value: date) -> str:
    """`3 Sep 2021`, whatever the locale."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def plural(count: int, noun: str) -> str:
    """`1 file`, `3 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def sparkline(amounts: Sequence[Decimal | None], width: int = 40) -> str:
    """One bar per point, or per bucket when there are more than `width`; `GAP` where no file covers it.

    Nothing held is the lowest bar, anything held at least the second. A bucket shows its largest
    amount; the last point always stands alone, so that the line ends with what is held now.
    """
    if not amounts:
        return ""
    points = _buckets(amounts, width)
    top = max((point for point in points if point is not None), default=Decimal(0))
    return "".join(_bar(point, top) for point in points)


def _buckets(amounts: Sequence[Decimal | None], width: int) -> list[Decimal | None]:
    body, last = amounts[:-1], amounts[-1]
    count = min(len(body), width - 1)
    edges = [len(body) * i // count for i in range(count + 1)] if count else [0]
    return [*(_largest(body[a:b]) for a, b in pairwise(edges)), last]


def _largest(amounts: Sequence[Decimal | None]) -> Decimal | None:
    return max((amount for amount in amounts if amount is not None), default=None)


def _bar(amount: Decimal | None, top: Decimal) -> str:
    if amount is None:
        return GAP
    if amount <= 0:
        return BARS[0]
    return BARS[max(1, int(amount / top * (len(BARS) - 1)))]
