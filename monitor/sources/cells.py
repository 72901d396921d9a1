"""Turns the text of one cell into a number or a date, on purpose and in one place.

It never guesses: what is not clearly a number in the expected form raises ValueError.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from monitor.sources.spec import DateFormat

BLANK = frozenset({"", "-", "--", "\u2013", "\u2014", "n/a"})
# Nearly every cell is one of these; the signs are those the unit allows.
_PLAIN = {
    unit: re.compile(rf"{dollar}(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?{percent}", re.ASCII).fullmatch
    for unit, dollar, percent in (("", "", ""), ("$", r"\$?", ""), ("%", "", "%?"), ("$%", r"\$?", "%?"))
}
LONGEST = 40  # characters; no count or amount needs more, and thousands of digits would slow all that follows
_NUMBER = re.compile(r"([-+]?)(\$?)([-+]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?(%?)", re.ASCII)
_GUARD = re.compile(r'="([^"]*)"')  # a spreadsheet's way to keep text as text
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=1024)
def normalise(name: str) -> str:
    """A column name without case, outer space and repeated inner space."""
    return _SPACE.sub(" ", name).strip().casefold()


def plain_text(cell: str) -> str:
    """The text of a cell; "" for the marks that stand for "not printed". The ticker NA stays NA."""
    text = cell.strip()
    if len(text) > 3 and text[0] != "=":
        return text
    if text[:1] == "=" and (guarded := _GUARD.fullmatch(text)):
        text = guarded.group(1).strip()
    return "" if text.casefold() in BLANK else text


def number(cell: str, unit: str = "") -> Decimal | None:
    """The number in `cell`, None when nothing is printed. `unit` lists the signs allowed: "", "$", "%" or "$%".

    Thousands commas must stand every three digits, so a decimal comma is refused and not misread.
    NaN, infinities, exponents and underscores are no numbers. Raises ValueError.
    """
    if len(cell) <= LONGEST and _PLAIN[unit](cell):
        return Decimal(cell.replace(",", "").strip("$%"))
    return _odd_number(cell, unit)


def _odd_number(cell: str, unit: str) -> Decimal | None:
    text = cell.replace("\u2212", "-").replace("\u00a0", " ").strip()
    if text.casefold() in BLANK:
        return None
    if len(text) > LONGEST:
        raise ValueError(cell[:LONGEST])
    if text[:2] == "$(" and "$" in unit:
        text = text[1:]
    negative = text[0] == "(" and text[-1] == ")"
    found = _NUMBER.fullmatch(text[1:-1].strip() if negative else text)
    if found is None:
        raise ValueError(cell)
    before, dollar, inside, whole, fraction, percent = found.groups()
    digits = (whole or "") + (fraction or "")
    signs = before + inside
    if digits in ("", ".") or len(signs) + negative > 1 or (dollar + percent).strip(unit):
        raise ValueError(cell)
    value = Decimal(digits.replace(",", ""))
    return -value if negative or signs == "-" else value


# A percentage with two decimals takes few values: most cells were seen before.
percentage = lru_cache(maxsize=8192)(number)


@lru_cache(maxsize=8192)
def day(cell: str, form: DateFormat) -> date | None:
    """The date in `cell` written in `form`, or None when it is not one. Years 1990 to 2100."""
    parts = cell.strip().split("-" if form is DateFormat.ISO else "/")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    if form is DateFormat.MDY:
        month, dom, year = parts
    elif form is DateFormat.DMY:
        dom, month, year = parts
    else:
        year, month, dom = parts
    if len(year) != 4 or len(month) > 2 or len(dom) > 2 or not 1990 <= int(year) <= 2100:
        return None
    try:
        return date(int(year), int(month), int(dom))
    except ValueError:
        return None
