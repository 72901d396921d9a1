"""Invented holdings files in the real shape, for two funds over ten sessions, one of them bad.

What happens in ARKF: COIN enters with the file of 2022-01-06, SQ leaves with that of 2022-01-11. The file of
2022-01-14 lists three lines only and is held back.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

DAYS = [date(2022, 1, day) for day in (3, 4, 5, 6, 7, 10, 11, 12, 13)]
BAD_DAY = date(2022, 1, 14)
HOSTILE = '=HYPERLINK("http://example.org")'
HEADER = 'date,fund,company,ticker,cusip,shares,"market value ($)","weight (%)"'
NAMES = (
    "TESLA INC",
    "ROKU INC",
    "ZOOM VIDEO",
    "TELADOC INC",
    "UNITY SOFTWARE",
    "TWILIO INC",
    "SPOTIFY SA",
    "DRAFTKINGS INC",
)
TICKERS = ("TSLA", "ROKU", "ZM", "TDOC", "U", "TWLO", "SPOT", "DKNG UW")


def cusip(stem: str) -> str:
    """The eight characters with their check digit."""
    total = 0
    for place, char in enumerate(stem):
        value = (int(char) if char.isdigit() else ord(char) - 55) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return f"{stem}{-total % 10}"


BLOCK, COINBASE, ODD = cusip("8522341A"), cusip("19260Q1A"), cusip("99999X1A")


def lines(fund: str, day: date) -> list[tuple[str, str, str, int]]:
    """Name, ticker, CUSIP and shares of each line; every price is 10."""
    found = [
        (name, ticker, cusip(f"7777{at}A1B"), 1_000_000)
        for at, (name, ticker) in enumerate(zip(NAMES, TICKERS, strict=True))
    ]
    found[0] = (*found[0][:3], 1_000_000 + 1_000 * day.day)  # a file without any change would be called stale
    found.append((HOSTILE, "+ODD", ODD, 500_000))
    if fund == "ARKF" and day < date(2022, 1, 11):
        found.append(("BLOCK INC", "SQ", BLOCK, 800_000))
    if day >= date(2022, 1, 6) or fund == "ARKW":
        found.append(("COINBASE GLOBAL INC", "COIN", COINBASE, 600_000))
    return found[:3] if day == BAD_DAY else found


def body(fund: str, day: date) -> str:
    """The text of one file."""
    rows = lines(fund, day)
    total = sum(shares for *_, shares in rows)
    out = [HEADER]
    for name, ticker, identifier, shares in rows:
        quoted = name.replace('"', '""')
        weight = f"{shares * 100 / total:.2f}%"
        out.append(
            f'{day:%m/%d/%Y},{fund},"{quoted}",{ticker},{identifier},"{shares:,}","${shares * 10:,}.00",{weight}'
        )
    return "\n".join(out) + "\n"


def write_files(folder: Path) -> Path:
    """All files of the story, and a web page that is none."""
    for fund in ("ARKF", "ARKW"):
        for day in DAYS:
            (folder / f"{fund}_{day}.csv").write_text(body(fund, day), encoding="utf-8")
    (folder / f"ARKF_{BAD_DAY}.csv").write_text(body("ARKF", BAD_DAY), encoding="utf-8")
    (folder / "page.html").write_text("<html><title>Moved</title></html>", encoding="utf-8")
    return folder
