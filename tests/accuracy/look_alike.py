"""An invented folder in the layout of the real one: two funds, forty sessions, and what is true about them.

NIMB is bought once, HOAK leaves and comes back after thirty sessions, CRAG splits 4:1, TIDE changes its identifier,
and on other days the fund only grows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from monitor.core.identity import cusip_is_valid
from monitor.sources.calendars import sessions_between

FUNDS = ("ARKF", "ARKW")
FIRST, LAST = date(2021, 6, 1), date(2021, 8, 10)
HEADER = 'date,fund,company,ticker,cusip,shares,"market value($)",weight(%)'
NAMES = {
    "NIMB": "NIMBUS ROBOTICS INC",
    "HOAK": "HOLLOW OAK GENOMICS INC",
    "CRAG": "CRAGSIDE SYSTEMS INC",
    "TIDE": "TIDEWATER SOFTWARE INC",
    "FERN": "FERNDALE PAYMENTS INC",
    "GLIM": "GLIMMER DISPLAYS INC",
    "PLUM": "PLUMSTEAD BIO INC",
    "QUAR": "QUARRYMAN STEEL INC",
    "RIVE": "RIVERBEND MEDIA INC",
    "SABL": "SABLE OPTICS INC",
    "THRU": "THRUSH AVIATION INC",
    "UMBR": "UMBRAL NETWORKS INC",
}
BUY, LEAVE, RETURN, SPLIT, RENUMBER, GROW = 5, 3, 33, 20, 25, (10, 15)
BOUGHT = 7_300


@dataclass(frozen=True, slots=True)
class Days:
    """The file dates by what happens in them."""

    dates: tuple[date, ...]

    def file(self, number: int) -> str:
        """The date of a file."""
        return self.dates[number].isoformat()

    def session(self, number: int) -> str:
        """The trade session that file shows: the one before, as the publisher does since 2021-03-15."""
        return self.dates[number - 1].isoformat()


def write(root: Path) -> Days:
    """The files below `root`."""
    days = Days(tuple(sessions_between("XNYS", FIRST, LAST)))
    for fund in FUNDS:
        folder = root / "ark" / "raw" / fund
        folder.mkdir(parents=True)
        for number, day in enumerate(days.dates):
            (folder / f"{day}.csv").write_text(_file(fund, number, day), encoding="utf-8")
    bad = root / "ark" / "bad"
    bad.mkdir()
    (bad / f"{days.file(8)}_ARKF_page-not-found.html").write_text("<!DOCTYPE html><title>Page not found</title>\n")
    return days


def write_rows(path: Path, rows: Iterable[Mapping[str, object]], columns: str) -> None:
    """A CSV file with these columns; what a row does not have is empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns.split(), restval="")
        writer.writeheader()
        writer.writerows(rows)


def cusip(ticker: str, version: int = 0) -> str:
    """An invented identifier with a right check digit."""
    base = f"{100 + list(NAMES).index(ticker)}{version}{ticker}"[:8]
    return next(base + str(digit) for digit in range(10) if cusip_is_valid(base + str(digit)))


def _file(fund: str, number: int, day: date) -> str:
    held = {ticker: lot for ticker in NAMES if (lot := _held(fund, ticker, number))}
    total = sum(shares * price for shares, price in held.values())
    lines = [HEADER]
    for ticker, (shares, price) in held.items():
        worth = shares * price
        identifier = cusip(ticker, 1 if ticker == "TIDE" and number >= RENUMBER else 0)
        lines.append(
            f'{day.month}/{day.day}/{day.year},{fund},"{NAMES[ticker]}",{ticker},{identifier},'
            f"{shares}.00,{worth:.2f},{100 * worth / total:.2f}"
        )
    return "\n".join([*lines, ""])


def _held(fund: str, ticker: str, number: int) -> tuple[int, float] | None:
    """Shares and price of a line in the file of that number."""
    place = list(NAMES).index(ticker)
    units = 100 + (FUNDS.index(fund) * 20) + sum(4 for day in GROW if number >= day)
    basket = 911 + 37 * place  # shares a creation unit brings
    shares, price = units * basket, 40.0 + 3 * place + 0.1 * (number % 7)
    if ticker == "HOAK" and LEAVE <= number < RETURN:
        return None
    if ticker == "NIMB" and fund == "ARKF" and number >= BUY:
        shares += BOUGHT * units // 100 if number >= GROW[0] else BOUGHT
    if ticker == "CRAG" and number >= SPLIT:
        return shares * 4, price / 4
    return shares, price
