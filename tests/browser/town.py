"""The history the browser tests look at: two invented issuers, six funds, half a year of files with every oddity.

Lantern A bought Quillon, sold it, and came back after fifty sessions, Lantern B a file later. Rowanberry split ten to
one. Fernholt changed its name. Lantern C was silent for two weeks, its last file is half a file and is held; an N-PORT
schedule speaks of the silence. Some names are hostile. Deliveries were sent, refused, corrected, and are waiting.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from monitor.app import App, configured, quiet
from tests.scenarios.stories import BASE, File, Row, cusip, session

LAST = 120  # number of the last session
NOW = datetime.combine(session(LAST), datetime.min.time(), UTC) + timedelta(hours=21)
TOKEN = "operator-of-the-town-0123456789"

FUNDS = {
    "lantern": ("LANA", "LANB", "LANC", "LANX"),
    "harbour": ("HARB", "HARG"),
}
TOML = """
id = "{id}"
name = "{name}"
shape = "delimited"
currency = "USD"
calendar = "XNYS"
weight_unit = "percent"
date_format = "YYYY-MM-DD"
[columns]
required = ["date", "name", "shares"]
date = ["date"]
fund = ["fund"]
name = ["name"]
ticker = ["ticker"]
identifier = ["id"]
shares = ["shares"]
value = ["value"]
weight = ["weight"]
[[formats]]
columns = ["date", "fund", "name", "ticker", "id", "shares", "value", "weight"]
[[conventions]]
convention = "CLOSE"
"""
FUND = """
[[funds]]
ticker = "{ticker}"
name = '{name}'
kind = "{kind}"
urls = [{{ url = "https://{id}.example/{ticker}.csv" }}]
"""
CONFIG = """
{watch}
[channels.desk]
type = "file"
path = "desk.jsonl"
[channels.mail]
type = "file"
path = "mail.jsonl"
"""
NAMES = {
    "LANA": "Lantern Active Growth",
    "LANB": 'Lantern <b>Bold</b> & "Sons" Fund',
    "LANC": "Lantern Consumer",
    "LANX": "Lantern 100 Index",
    "HARB": "Harbour Balanced",
    "HARG": "Harbour Global",
}

QUILL = Row("QUILLON ROBOTICS INC", "QLN", cusip("55501A10"), 40_000)
ROWAN = Row("ROWANBERRY FOODS CORP", "RWN", cusip("55502B20"), 9_000, 900.0)
TAMAR = Row("TAMARISK WATER LTD", "TAM", cusip("55503C30"), 30_000)
UMBER = Row("UMBERLINE DEVICES INC", "UMB", cusip("55504D40"), 25_000)
VANTA = Row("VANTAGE ORCHARD BANCORP", "VNOB", cusip("55505E50"), 60_000)
HOSTILE = (
    Row("<script>document.title='owned'</script>", "<b>X</b>", cusip("66601A10"), 12_000),
    Row('=HYPERLINK("http://example.org","gain")', "=CMD", cusip("66602B20"), 13_000),
    Row("<!channel> EVERYBODY & CO", "@HERE", cusip("66603C30"), 14_000),
    Row("\u202eDESREVER GROUP\u202c HOLDINGS", "RTL", cusip("66604D40"), 15_000),
    Row("LONGWINDED " * 370 + "PLC", "LONG", cusip("66605E50"), 16_000),
)
DAMAGED = session(70)  # LANB: three lines only, made good by the next file
SILENT = range(40, 50)  # LANC: no file
LATE = 116  # LANA: number of the session whose file came late


def sources(folder: Path) -> None:
    """Writes the descriptions of the two issuers."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, funds in FUNDS.items():
        text = TOML.format(id=name, name=name.title())
        for ticker in funds:
            kind = "index" if ticker == "LANX" else "active"
            text += FUND.format(id=name, ticker=ticker, name=NAMES[ticker], kind=kind)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def program(folder: Path, more: str = "", database: str | None = None) -> App:
    """The program that watches the town, its clock in the evening of the last session."""
    sources(folder / "issuers")
    watch = "".join(f'[[watch]]\nissuer = "{one}"\n' for one in FUNDS)
    (folder / "monitor.toml").write_text(CONFIG.format(watch=watch) + more, encoding="utf-8")
    return configured(folder / "monitor.toml", database, {}, lambda: NOW, quiet)


# --- files ----------------------------------------------------------------------------------------


def portfolios(ticker: str) -> Iterator[tuple[int, list[Row]]]:
    """What the fund lists in each of its files, by the number of their session."""
    random = Random(ticker)
    units = 0
    for number in range(LAST + 1):
        units += random.choice((0, 0, 0, 1, 2, -1))
        if ticker == "LANC" and number in SILENT:
            continue
        rows = _rows(ticker, number, units)
        yield number, rows[:3] if ticker == "LANB" and session(number) == DAMAGED else rows


def files(ticker: str) -> Iterator[tuple[int, File]]:
    """The fund's files by the number of their session."""
    for number, rows in portfolios(ticker):
        yield number, file(ticker, number, rows)


def _rows(ticker: str, number: int, units: int) -> list[Row]:
    scale = {"LANA": 3, "LANB": 2, "LANC": 1, "LANX": 5, "HARB": 1, "HARG": 2}[ticker]
    held = [*BASE.values(), *_story(ticker, number)]
    held = [replace(row, shares=row.shares * scale + units * max(1, row.shares * scale // 2000)) for row in held]
    return [_told(ticker, number, row) for row in held]


def _story(ticker: str, number: int) -> list[Row]:
    found = [ROWAN if number < 60 else replace(ROWAN, shares=90_000, price=90.0)]
    if ticker == "LANA" and (10 <= number < 30 or number >= 80):
        found.append(QUILL)
    if ticker == "LANB" and number >= 81:
        found.append(QUILL)
    if ticker == "LANC":
        found += [TAMAR] if number < 117 else []
        found += [UMBER] if 20 <= number < 105 else []
    if ticker == "HARB" and number >= 115:
        found.append(VANTA)
    return [*found, *(HOSTILE if ticker in ("LANB", "HARG") and number >= 5 else ())]


def _told(ticker: str, number: int, row: Row) -> Row:
    """A line as this file prints it: renamed, or bought and sold again and again."""
    if row.ticker == "FERN" and number >= 55:
        row = replace(row, name="FERNHOLT POWER & LIGHT INC", ticker="FPL")
    if ticker == "LANA" and row.ticker == "AMBE" and number >= 100:
        row = replace(row, shares=row.shares + 4_000 * (number - 99))
    if ticker == "LANB" and row.ticker == "KEST" and number >= 90:
        row = replace(row, shares=row.shares - 6_000 * min(number - 89, 12))
    if ticker == "HARG" and row.ticker == "IRON" and number % 25 == 24:
        row = replace(row, shares=row.shares + 9_000)
    return row


def file(ticker: str, number: int, rows: Sequence[Row], version: str = "") -> File:
    """The file as the issuer would print it."""
    drift = 1 + 0.05 * ((number * 37 % 11) - 5) / 5 * 0.2 + number * 0.001
    prices = [round(row.price * (drift + 0.002 * (at * 7 % 5)), 4) for at, row in enumerate(rows)]
    values = [row.shares * price for row, price in zip(rows, prices, strict=True)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", "fund", "name", "ticker", "id", "shares", "value", "weight"])
    for row, value in zip(rows, values, strict=True):
        figures = (row.shares, f"{value:.2f}", f"{100 * value / sum(values):.4f}")
        writer.writerow([session(number), ticker, row.name, row.ticker, row.identifier, *figures])
    return f"{ticker}_{session(number)}{version}.csv", out.getvalue().encode()
