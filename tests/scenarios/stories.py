"""The stage of the stories: an invented issuer, its files, its calendar, and what the database says afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, select

from monitor import pipeline
from monitor.core.model import Severity
from monitor.pipeline import AlertPlan, Outcome
from monitor.sources.loading import parse_source
from monitor.sources.spec import Source
from monitor.store import schema as t
from monitor.store.documents import documents, stored
from monitor.store.engine import Connection, Engine, transaction
from monitor.store.sessions import ensure_sessions

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
PLAN = AlertPlan(("console",), Severity.LOW)
FIRST = date(2026, 1, 5)  # a Monday

TOML = """
id = "lantern"
name = "Lantern"
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
sedol = ["sedol"]
[[formats]]
columns = ["date", "fund", "name", "ticker", "id", "shares", "value", "weight", "sedol"]
[[conventions]]
convention = "CLOSE"
"""
FUND = """
[[funds]]
ticker = "{ticker}"
name = "Lantern {ticker}"
kind = "{kind}"
urls = [{{ url = "https://lantern.example/{ticker}.csv" }}]
"""
RESOLUTION = """
[[resolutions]]
below = "0.005"
"""


def source(extra: str = "") -> Source:
    """The invented issuer: three active funds and one that follows an index."""
    funds = "".join(
        FUND.format(ticker=ticker, kind="index" if ticker == "LANX" else "active")
        for ticker in ("LANA", "LANB", "LANC", "LANX")
    )
    found, faults = parse_source(TOML + extra + funds, "lantern.toml")
    assert found is not None, faults
    return found


LANTERN = source()


def weekdays(_calendar: str, first: date, last: date) -> list[date]:
    """A calendar without holidays; it begins when the stories do."""
    first = max(first, date(2025, 12, 1))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def session(number: int) -> date:
    """The session `number` sessions after the first Monday of the stories."""
    return FIRST + timedelta(days=number // 5 * 7 + number % 5)


def prepare(engine: Engine) -> None:
    """Makes the trading days known."""
    with transaction(engine) as conn:
        ensure_sessions(conn, "XNYS", NOW.date(), weekdays)


# --- files ----------------------------------------------------------------------------------------


def cusip(stem: str) -> str:
    """The eight characters with their check digit."""
    total = 0
    for place, char in enumerate(stem):
        value = (int(char) if char.isdigit() else ord(char) - 55) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return f"{stem}{-total % 10}"


@dataclass(frozen=True)
class Row:
    """One line of a file. `price` in dollars."""

    name: str
    ticker: str
    identifier: str
    shares: int
    price: float = 100.0
    sedol: str = ""


NAMES = (
    "AMBERLY MILLS INC",
    "BRACKEN FOODS CORP",
    "CINDERWAY RAIL CO",
    "DOVETAIL OPTICS LTD",
    "EASTMERE SHIPPING PLC",
    "FERNHOLT ENERGY INC",
    "GALLOWAY GLASS CORP",
    "HOLLOWAY PAPER INC",
    "IRONBARK MINING LTD",
    "JUNIPERO WINES INC",
    "KESTREL AERO CORP",
    "LARKSPUR HEALTH INC",
)
BASE = {
    name: Row(name, name[:4], cusip(f"7{at:02}41A1B"), 100_000 + 7_919 * at, 80.0 + 3 * at)
    for at, name in enumerate(NAMES)
}
QUILL = Row("QUILLON ROBOTICS INC", "QLN", cusip("55501A10"), 20_000)
ROWAN = Row("ROWANBERRY FOODS CORP", "RWN", cusip("55502B20"), 30_000)
SWEEP = Row("GOLDWATER GOVT CASH FUND", "", "X9USDGOLD", 900_000, 1.0)


def portfolio(*rows: Row, scale: int = 1) -> list[Row]:
    """The twelve lines every fund holds, and `rows`."""
    return [*(replace(row, shares=row.shares * scale) for row in BASE.values()), *rows]


File = tuple[str, bytes]


def file(fund: str, number: int | date, rows: Sequence[Row], *, version: str = "", moved: bool = True) -> File:
    """The file of a fund for a session; prices move a little from day to day unless told otherwise."""
    day = number if isinstance(number, date) else session(number)
    drift = 1 + (day - FIRST).days * 0.0001 if moved else 1.0
    values = [row.shares * (row.price if row.price == 1.0 else round(row.price * drift, 4)) for row in rows]
    total = sum(values)
    out = ["date,fund,name,ticker,id,shares,value,weight,sedol"]
    for row, value in zip(rows, values, strict=True):
        cells = (
            row.name,
            row.ticker,
            row.identifier,
            row.shares,
            f"{value:.2f}",
            f"{100 * value / total:.4f}",
            row.sedol,
        )
        out.append(f"{day},{fund}," + ",".join(map(str, cells)))
    return f"{fund}_{day}{version}.csv", ("\n".join(out) + "\n").encode()


# --- the database ---------------------------------------------------------------------------------


def load(engine: Engine, files: Iterable[File], *, alert: bool = False, of: Source = LANTERN) -> Outcome:
    """Takes the files in, as history or as if they arrived live."""
    return pipeline.ingest(engine, of, files, now=NOW, alert=alert, plan=PLAN, progress=lambda text, count: None)


@dataclass(frozen=True)
class Change:
    """What an event or item says, in short: kind, who, of what, the file's date."""

    kind: str
    funds: str
    ticker: str | None
    as_of: date
    body: Mapping[str, Any]

    @property
    def short(self) -> tuple[str, str, str | None, date]:
        return self.kind, self.funds, self.ticker, self.as_of


def _changes(engine: Engine, table: Table) -> list[Change]:
    with transaction(engine) as conn:
        bodies = [json.loads(one.text) for one in stored(conn, documents(table))]
    found = [
        Change(b["kind"], "+".join(b["funds"]), b["security"]["ticker"], date.fromisoformat(b["as_of"]), b)
        for b in bodies
    ]
    return sorted(found, key=lambda c: (c.as_of, c.kind, c.funds, c.ticker or "", c.body["id"]))


def events(engine: Engine) -> list[Change]:
    """All events, oldest first."""
    return _changes(engine, t.event)


def items(engine: Engine) -> list[Change]:
    """All items, oldest first."""
    return _changes(engine, t.item)


def told(engine: Engine) -> list[tuple[str, str, str | None, int]]:
    """All events in short, the session by its number."""
    numbers = {session(n): n for n in range(200)}
    return [(c.kind, c.funds, c.ticker, numbers[c.as_of]) for c in events(engine)]


def standings(engine: Engine) -> list[tuple[str, int, str]]:
    """Fund, session number and standing of every snapshot."""
    numbers = {session(n): n for n in range(200)}
    return [(r["fund"], numbers[t_day(r["as_of"])], r["standing"]) for r in rows_of(engine, t.standing)]


def t_day(days: object) -> date:
    """The date behind a stored day number."""
    assert isinstance(days, int)
    return date(1970, 1, 1) + timedelta(days=days)


DERIVED = (t.standing, t.link, t.split, t.pending, t.outside, t.flow, t.trade, t.spell, t.sighting, t.event, t.item)


def derived(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every derived row by what it means: no number that depends on the order of arrival."""
    return {table.name: rows_of(engine, table) for table in DERIVED}


def rows_of(engine: Engine, table: Table) -> list[dict[str, Any]]:
    """The rows of a table with funds, securities and snapshots by name, in an order of their own."""
    with transaction(engine) as conn:
        names = _Names(conn)
        if table in (t.event, t.item):  # what is packed speaks of files by numbers
            rows = [names.read(one._asdict()) for one in stored(conn, documents(table))]
        else:
            rows = [names.read(dict(row)) for row in conn.execute(select(table)).mappings()]
    return sorted(rows, key=repr)


class _Names:
    def __init__(self, conn: Connection) -> None:
        self._funds = {row.id: row.ticker for row in conn.execute(select(t.fund))}
        self._keys = {row.id: row.key for row in conn.execute(select(t.security))}
        self._files = {(row.fund, row.id): row.sha256 for row in conn.execute(select(t.snapshot))}
        self._listings = {row.id: (row.name, row.ticker, row.identifier) for row in conn.execute(select(t.listing))}

    def read(self, row: dict[str, Any]) -> dict[str, Any]:
        for name in ("snapshot", "previous"):
            if name in row:
                row[name] = self._files[row["fund"], row[name]]
        if "listing" in row:
            row["listing"] = self._listings[row["listing"]]
        for name in ("security", "earlier", "later", "listed"):
            if row.get(name) is not None:
                row[name] = self._keys[row[name]]
        if "fund" in row:
            row["fund"] = self._funds[row["fund"]]
        return row
