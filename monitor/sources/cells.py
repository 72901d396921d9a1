"""Turns the text of one cell into a number or a date, on purpose and in one place.

It never guesses: what is not clearly a number in the expected form raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from monitor.sources.forms import DateFormat

BLANK = frozenset({"", "-", "--", "\u2013", "\u2014", "n/a"})
# Nearly every cell is one of these; the signs are those the unit allows.
_PLAIN = {
    unit: re.compile(rf"{dollar}(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?{percent}", re.ASCII).fullmatch
    for unit, dollar, percent in (("", "", ""), ("$", r"\$?", ""), ("%", "", "%?"), ("$%", r"\$?", "%?"))
}
# So are the cells of nearly every column: by their shapes, all digits 0, of which a column has few, or each with its
# line end. They have no more digits than arithmetic keeps, and one below zero is not "-0", which `number` reads as 0.
_TO_ZERO = str.maketrans("123456789", "000000000")
_SHAPE = {
    unit: re.compile(rf"(?:{dollar}(?:0{{1,3}}(?:,000){{1,4}}|0{{1,15}})(?:\.0{{1,12}})?{percent})?").fullmatch
    for unit, dollar, percent in (("", "", ""), ("$", r"\$?", ""), ("%", "", "%?"), ("$%", r"\$?", "%?"))
}
_COLUMN = {
    unit: re.compile(
        rf"(?:(?:(?:-(?=[^\n]*[1-9]))?{dollar}(?:\d{{1,3}}(?:,\d{{3}}){{1,4}}|\d{{1,15}})(?:\.\d{{1,12}})?{percent})?\n)*+",
        re.ASCII,
    ).fullmatch
    for unit, dollar, percent in (("", "", ""), ("$", r"\$?", ""), ("%", "", "%?"), ("$%", r"\$?", "%?"))
}
LONGEST = 40  # characters; no count or amount needs more, and thousands of digits would slow all that follows
_NUMBER = re.compile(r"([-+]?)(\$?)([-+]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?(%?)", re.ASCII)
_APOSTROPHES = re.compile(r"-?\d{1,3}(?:['\u2019]\d{3})+(?:\.\d+)?", re.ASCII)  # thousands in Switzerland
_MARKED = re.compile(r"-?\d{1,3}(?P<between>[.,'\u2019])\d{3}(?:(?P=between)\d{3})*(?P<mark>[.,])\d{1,10}", re.ASCII)
_SWAPPED = str.maketrans(".,", ",.")
_GUARD = re.compile(r'="([^"]*)"')  # a spreadsheet's way to keep text as text
_MONEY = re.compile(r"(?:\([A-Z]{3}\)|[A-Z]{2,3}) *\$? *(?=[-+(\d])")  # TWD -721.00, (TWD) $ 1,000, NT$1,000
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


def with_point(cell: str) -> str:
    """A number with decimal comma and points between thousands, 1.234,50, the other way round."""
    return cell if "'" in cell or "\u2019" in cell else cell.translate(_SWAPPED)  # 1'234.50 is Swiss


def decimal_mark(cell: str) -> str:
    """The decimal mark of a number that can be read in one way only, `1.234,50` or `1'234.50`; "" for all others."""
    found = _MARKED.fullmatch(cell.strip().strip("$%"))
    return found["mark"] if found and found["mark"] != found["between"] else ""


def number(cell: str, unit: str = "") -> Decimal | None:
    """The number in `cell`, None when nothing is printed. `unit` lists the signs allowed: "", "$", "%" or "$%".

    Thousands commas must stand every three digits, so a decimal comma is refused and not misread.
    NaN, infinities, exponents and underscores are no numbers. Raises ValueError.
    """
    if len(cell) <= LONGEST and _PLAIN[unit](cell):
        return Decimal(cell.replace(",", "").strip("$%"))
    return _odd_number(cell, unit)


ODD = Decimal("NaN")  # stands for a cell that is no number


def numbers(cells: Sequence[str], unit: str = "") -> list[Decimal | None]:
    """As `number` for each of the cells, ODD where it is none; a column of usual ones in one go."""
    text = "\n".join(cells)
    if _are_usual(text, unit) and text.count("\n") == len(cells) - 1:
        found = text.replace(",", "").replace("$", "").replace("%", "").split("\n")
        return [Decimal(one) if one else None for one in found] if "" in found else list(map(Decimal, found))
    return [_number_or_odd(cell, unit) for cell in cells]


def _are_usual(text: str, unit: str) -> bool:
    """Whether each line of `text` is a number like most, or empty."""
    if "-" in text:
        return _COLUMN[unit](text + "\n") is not None
    return all(len(one) <= LONGEST and _is_shape(one, unit) for one in {*text.translate(_TO_ZERO).split("\n")})


@lru_cache(maxsize=4096)
def _is_shape(text: str, unit: str) -> bool:
    return _SHAPE[unit](text) is not None


def _number_or_odd(cell: str, unit: str) -> Decimal | None:
    try:
        return number(cell, unit)
    except ValueError:
        return ODD


def _odd_number(cell: str, unit: str) -> Decimal | None:
    text = cell.replace("\u2212", "-").replace("\u00a0", " ").strip()
    if text.casefold() in BLANK:
        return None
    if len(text) > LONGEST:
        raise ValueError(cell[:LONGEST])
    if "$" in unit and (money := _MONEY.match(text)):
        text = text[money.end() :]
    if text[:2] == "$(" and "$" in unit:
        text = text[1:]
    if _APOSTROPHES.fullmatch(text):
        text = text.replace("'", "").replace("\u2019", "")
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


_TINY = re.compile(r"-?\d(?:\.\d{1,20})?[eE]-\d{1,2}", re.ASCII)  # how programs print 0.00001


@lru_cache(maxsize=32768)  # a percentage with two decimals takes few values: most cells were seen before
def percentage(cell: str, unit: str = "%") -> Decimal | None:
    """As `number`; a weight may also be printed as 1e-05. (A share count or an identifier may not: 4.37E+104.)"""
    return Decimal(cell.strip()) if _TINY.fullmatch(cell.strip()) else number(cell, unit)


def percentages(cells: Sequence[str]) -> list[Decimal | None]:
    """As `percentage` with "%" for each of the cells, ODD where it is none."""
    try:
        return [percentage(cell, "%") for cell in cells]
    except ValueError:
        return [_percentage_or_odd(cell) for cell in cells]


def _percentage_or_odd(cell: str) -> Decimal | None:
    try:
        return percentage(cell, "%")
    except ValueError:
        return ODD


_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}  # noqa: SIM905
_MONTHS |= {"m\u00e4r": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12}  # in German, where they differ
_EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet
_TIME = re.compile(r"(?:T| )\d{1,2}:\d{2}.{0,20}", re.ASCII)
_DAY = {
    DateFormat.MDY: r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})",
    DateFormat.MDY_DASHED: r"(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<y>\d{4})",
    DateFormat.MDY_SHORT: r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<short>\d{2})",
    DateFormat.DMY: r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})",
    DateFormat.ISO: r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
    DateFormat.YMD: r"(?P<y>\d{4})(?P<sep>[/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})",
    DateFormat.COMPACT: r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    DateFormat.DMY_POINTS: r"(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>\d{4})",
    DateFormat.DAY_MONTH: r"(?P<d>\d{1,2})[-/ ](?P<m>[A-Za-z\u00c4\u00e4]{3})[-/ ](?P<y>\d{4})",
    DateFormat.DAY_MONTH_SHORT: r"(?P<d>\d{1,2})-(?P<m>[A-Za-z]{3})-(?P<short>\d{2})",
    DateFormat.DAY_MONTH_POINTS: (
        r"(?P<d>\d{1,2})\. ?(?P<m>\d{1,2}|[A-Za-z\u00c4\u00e4]{3})[A-Za-z]*\.? ?(?P<y>\d{4})"
    ),
    DateFormat.MONTH_DAY: r"(?P<m>[A-Za-z]{3})[a-z]*\.? (?P<d>\d{1,2}), ?(?P<y>\d{4})",
    DateFormat.SERIAL: r"(?P<serial>[34567]\d{4})(?:\.0+)?",
    DateFormat.ROC: r"(?P<roc>\d{2,3})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
}
_FORMS = {form: re.compile(pattern, re.ASCII) for form, pattern in _DAY.items()}
_INSIDE = {form: re.compile(rf"(?<![0-9A-Za-z]){pattern}(?![0-9])", re.ASCII) for form, pattern in _DAY.items()}
_IN_NAME = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})([-_.]?)(?P<m>\d{2})\2(?P<d>\d{2})(?!\d)", re.ASCII),
    re.compile(r"(?<!\d)(?P<m>\d{2})([-_.]?)(?P<d>\d{2})\2(?P<y>(?:19|20)\d{2})(?!\d)", re.ASCII),
)


@lru_cache(maxsize=8192)
def day(cell: str, form: DateFormat) -> date | None:
    """The date in `cell` written in `form`, or None when it is not one. Years 1990 to 2100."""
    text = cell.strip()
    found = _FORMS[form].match(text[:LONGEST])
    if found is None or (found.end() < len(text) and not _TIME.fullmatch(text, found.end())):
        return None
    return _date(found)


def day_inside(text: str, form: DateFormat) -> date | None:
    """The first date written in `form` anywhere in `text`: "As of 18-Nov-2025"."""
    return next((d for found in _INSIDE[form].finditer(text[:200]) if (d := _date(found)) is not None), None)


def without_day(text: str, form: DateFormat) -> str:
    """`text` without the first date written in `form`; as it is when there is none."""
    return _INSIDE[form].sub("", text, count=1)


def day_in_name(name: str) -> date | None:
    """The date a file's name says, written from year to day (2026-03-26, 20260326, 2026_03_26) or in American order
    (03-26-2026, 03262026), or None when it says none or several."""
    found = {_date(match) for form in _IN_NAME for match in form.finditer(name[-200:])} - {None}
    return found.pop() if len(found) == 1 else None


def _date(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    if parts.get("serial"):
        return _EPOCH + timedelta(days=int(parts["serial"]))
    since = {"roc": 1911, "short": 2000, "y": 0}
    year = next(int(parts[key]) + start for key, start in since.items() if parts.get(key))
    month = int(parts["m"]) if parts["m"].isdigit() else _MONTHS.get(parts["m"].casefold(), 0)
    if not 1990 <= year <= 2100:
        return None
    try:
        return date(year, month, int(parts["d"]))
    except ValueError:
        return None
