"""What a file says outside its table: as-of date, fund and totals from labelled cells above the header, or the
date from the file's name. It looks only for the labels its source names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from monitor.core.errors import ParseError
from monitor.sources.calendars import last_session
from monitor.sources.cells import day, day_in_name, day_inside, normalise, number, plain_text, with_point, without_day
from monitor.sources.forms import Column, DateFormat, DateFrom, Units
from monitor.sources.naming import base_name
from monitor.sources.spec import Source

TOTALS = (Column.FUND, Column.OUTSTANDING, Column.NET_ASSETS)
WHERE = {
    DateFrom.FILE: "the file",
    DateFrom.NAME: "the file's name",
    DateFrom.EITHER: "the file or its name",
    DateFrom.FETCHED: "the file, and neither its name nor anything else says when it was fetched",
}
LABEL_LENGTH = 200  # characters of a cell that are looked at
_SEPARATOR = re.compile(r"\s*[:：]\s*")
_AMOUNT = re.compile(r"(?:[A-Z]{2,3}|[A-Z]{0,3}\$|[€£¥])?\s*([-+]?[\d,]+(?:\.\d+)?)", re.ASCII)


_AROUND = " .,:;()[]（）：，。"
CLEAR = (DateFormat.ISO, DateFormat.MONTH_DAY, DateFormat.DAY_MONTH, DateFormat.YMD)
_DAYS = (Column.DATE, Column.ANNOUNCED)


@dataclass(frozen=True, slots=True)
class Preamble:
    """`as_of` is None where each row has its date; `dated_by` is `file`, `name` or `fetched`."""

    as_of: date | None = None
    dated_by: str = "file"
    fund: str = ""
    outstanding: Decimal | None = None
    net_assets: Decimal | None = None
    announced: date | None = None
    title: str = ""
    stated_lines: int | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is known of a file from outside: its `name` or address, when it was `fetched` if we asked for it, and what
    somebody `said` it is dated, which counts where the file itself prints no date."""

    name: str = ""
    fetched: datetime | None = None
    said: date | None = None


def preamble_of(
    above: list[list[str]], source: Source, units: Units, arrived: Arrived, *, dated_rows: bool
) -> Preamble:
    """What stands `above` the header, and the date in the name where the source says so.

    `dated_rows`: the table has a column of dates. Raises ParseError(code="as_of") when no date is found.
    """
    said = _labelled(above, source)
    as_of, dated_by = None, "file"
    if units.date_from is not DateFrom.NAME and Column.DATE in said:
        as_of = _day(said[Column.DATE], source, units)
        if as_of is None:
            raise _no_date(said[Column.DATE], source)
    elif not dated_rows or units.date_from is DateFrom.NAME:
        as_of, dated_by = _day_outside(source, units.date_from, arrived)
    fund, outstanding, net_assets = (said.get(column, "") for column in TOTALS)
    return Preamble(
        as_of,
        dated_by,
        fund.strip(),
        _amount(outstanding, comma=units.decimal_comma),
        _amount(net_assets, comma=units.decimal_comma),
        _day(said[Column.ANNOUNCED], source, units) if Column.ANNOUNCED in said else None,
        said.get(Column.TITLE, "").strip() or _title(above, source),
        _count(said.get(Column.TOTAL, "")),
    )


def _day_outside(source: Source, date_from: DateFrom, arrived: Arrived) -> tuple[date, str]:
    """The as-of date where the file prints none, and what it rests on."""
    if arrived.said is not None:
        return arrived.said, "said"
    named = day_in_name(base_name(arrived.name))
    if named is not None and date_from in (DateFrom.NAME, DateFrom.EITHER):
        return named, "name"
    known = named or arrived.fetched
    if date_from is DateFrom.FETCHED and known is not None:
        session = last_session(source.calendar, known)
        if session is not None:
            return session, "fetched"
    hint = "; --as-of says one" if date_from is not DateFrom.FILE else ""
    raise ParseError(f"no as-of date in {WHERE[date_from]}{hint}", code="as_of", column=Column.DATE)


def _no_date(printed: str, source: Source) -> ParseError:
    form = source.head.date_format
    words = f"date: {printed[:40]!r} is not a date ({form})"
    if not plain_text(printed):
        words = f"no date is printed where it should stand ({printed[:10]!r}): a list of no day"
    return ParseError(words, code="as_of", column=Column.DATE)


def _title(above: list[list[str]], source: Source) -> str:
    """The first cell of the row above the table that holds the fund's name, where it is no label; where a date stands
    there, of the next row."""
    row = source.head.title_row
    for cells in above[row - 1 : row + 1] if row else ():
        text = cells[0].strip()[:LABEL_LENGTH] if cells else ""
        if any(normalise(text) in labels for labels in source.head.labels.values()):
            return ""
        if text and all(day(text, form) is None for form in DateFormat):
            return text
    return ""


def _day(text: str, source: Source, units: Units) -> date | None:
    """The date in a text above the table, in the form of such texts or of the cells below, or in one that can mean no
    other day; a workbook's own date reads as an ISO date."""
    forms = (source.head.date_format, units.date_format, *CLEAR, *source.also_dates)
    return next((found for form in forms if (found := day_inside(text, form)) is not None), None)


def _labelled(above: list[list[str]], source: Source) -> dict[Column, str]:
    """The text in each named cell, and beside or behind each label the first of its kind that is not empty; a date may
    also stand anywhere in the text of its label (`2026/07/08 Net assets`, `Data as of 08/28/2026`)."""
    labels = {label: column for column, names in source.head.labels.items() for label in names}
    found: dict[Column, str] = {}
    for named, (row, place) in source.head.cells.items():
        if row <= len(above) and place <= len(above[row - 1]) and above[row - 1][place - 1].strip():
            found[named] = above[row - 1][place - 1][:LABEL_LENGTH]
    _matched(above, source, found)
    if not labels:
        return found
    for cells in above:
        for at, cell in enumerate(cells):
            text = cell[:LABEL_LENGTH].strip()
            label, _, behind = text.partition(_separator(text))
            column = labels.get(normalise(label))
            value = behind or (cells[at + 1] if at + 1 < len(cells) else "")
            if column is not None and value.strip():
                found.setdefault(column, value[:LABEL_LENGTH])
            elif column is None and any(map(str.isdigit, text)):
                form = next((f for f in (source.head.date_format, *CLEAR) if day_inside(text, f)), DateFormat.ISO)
                rest = normalise(without_day(text, form))
                column = labels.get(rest) or labels.get(rest.strip(_AROUND)) if len(rest) < len(text) else None
                said = text if column in _DAYS else value
                if column is not None and said.strip():
                    found.setdefault(column, said[:LABEL_LENGTH])
    return found


def _matched(above: list[list[str]], source: Source, found: dict[Column, str]) -> None:
    """What the patterns of the source find in the texts above the table, the first of each."""
    for column, pattern in source.head.patterns.items():
        texts = (cell[:LABEL_LENGTH] for cells in above for cell in cells if cell)
        hit = next((hit for text in texts if (hit := pattern.search(text)) is not None), None)
        if hit is not None and hit.group(1):
            found.setdefault(column, hit.group(1))


def _separator(text: str) -> str:
    found = _SEPARATOR.search(text)
    return found.group() if found else "\n"


def _count(text: str) -> int | None:
    """The number of holdings an issuer states; None when it is no number."""
    found = _amount(text)
    return int(found) if found is not None else None


def _amount(text: str, *, comma: bool = False) -> Decimal | None:
    """The number in `NTD 236,980,413,133` or `8,489,209,000`; None when there is none."""
    found = _AMOUNT.fullmatch((with_point(text) if comma else text).strip())
    try:
        return number(found.group(1)) if found else None
    except ValueError:
        return None
