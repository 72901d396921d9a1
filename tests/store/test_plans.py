"""How PostgreSQL answers the main questions about two and a half years of lines: from the partitions of the days asked
about, by index, and from no others. The plans are those of statements that the questions themselves sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

import psycopg
import pytest
from sqlalchemy import Engine, LargeBinary, String, Table, text

from monitor.store import lines, partitions, past, queries, spells
from monitor.store import schema as t
from monitor.store.calibrations import priced_files
from monitor.store.codec import day_of
from monitor.store.compact import whole
from monitor.store.engine import Connection, open_engine, reading, transaction
from monitor.store.queries.changes import Wanted
from monitor.store.queries.search import FoundSecurity
from monitor.store.queries.trades import TradesWanted
from tests.postgres import PostgresServer, database_name

TODAY, FIRST, LAST = date(2026, 11, 27), date(2024, 11, 1), date(2026, 10, 30)
FUNDS, LINES, SECURITIES = 8, 120, 400
ONWARDS = "holding_2026_11"  # from here on there are partitions, and no lines yet
LOOKED_AT = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")


def insert_all(conn: Connection, table: Table, values: dict[str, str], source: str) -> None:
    """Rows made inside the database; columns that must be said and are not are empty or zero."""
    said = dict(values)
    for column in table.columns:
        if column.name not in said and not column.nullable:
            said[column.name] = "''" if isinstance(column.type, (String, LargeBinary)) else "0"
    names = ", ".join(f'"{name}"' for name in said)
    conn.execute(text(f'INSERT INTO "{table.name}" ({names}) SELECT {", ".join(said.values())} FROM {source}'))


def fill(conn: Connection) -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    partitions.make(conn, days, TODAY)
    day, fund = f"generate_series({day_of(FIRST)}, {day_of(LAST)}) day", f"generate_series(1, {FUNDS}) fund"
    files = f"{day}, {fund} WHERE day % 7 < 5"
    rows = f"{fund}, {day}, generate_series(0, {LINES - 1}) n WHERE day % 7 < 5"
    line = {"fund": "fund", "snapshot": "day * 256", "security": f"(fund * 50 + n) % {SECURITIES} + 1"}
    listed = line | {"listing": line["security"]}
    event_of = {"issuer": "1", "security": f"(day * 7 + fund) % {SECURITIES} + 1", "as_of": "day", "day": "day"}
    numbered = f"generate_series(1, {SECURITIES}) n"
    insert_all(conn, t.issuer, {"id": "1", "code": "'lantern'", "name": "'Lantern'"}, "(SELECT 1) one")
    insert_all(conn, t.fund, {"id": "fund", "issuer": "1", "ticker": "'LAN' || fund", "calendar": "'XNYS'"}, fund)
    insert_all(conn, t.archive, {"sha256": "'ab'", "size": "0"}, "(SELECT 1) one")
    insert_all(conn, t.security, {"id": "n", "key": "'local:' || n", "public": "'S' || n"}, numbered)
    named = {"id": "n", "security": "n", "name": "'Name ' || n", "ticker": "'T' || n", "asset_class": "'equity'"}
    insert_all(conn, t.listing, named, numbered)
    file = {"fund": "fund", "as_of": "day"}
    stamp = "'2026-11-01T00:00:00.000000Z'"
    stored = {"id": "day * 256", "sha256": "'ab'", "rank": "'0'", "known_at": stamp, "arrival": "'live'"}
    insert_all(conn, t.snapshot, file | stored | {"currency": "'USD'", "warnings": "'[]'"}, files)
    judged = {"snapshot": "day * 256", "day": "day", "standing": "'accepted'", "pos_session": "day"}
    insert_all(conn, t.standing, file | judged | {"reasons": "'[]'", "warnings": "'[]'"}, files)
    insert_all(conn, t.holding, listed | {"shares": "1000 + day % 50", "value": "100000", "weight": "25000"}, rows)
    session = {"session_from": "day", "session_to": "day"}
    insert_all(conn, t.flow, file | session | {"snapshot": "day * 256", "confidence": "'high'"}, files)
    traded = {"label": "'ACTIVE'", "split": "'1'", "active_shares": "'10'", "value": "1000"}
    insert_all(conn, t.trade, listed | traded, f"{rows} AND n % 10 = 0")
    for table, more in ((t.event, {"fund": "fund"}), (t.item, {})):
        said = {"id": "'X' || fund || '.' || day", "name": "'Name'", "rest": f"decode('{whole('{}').hex()}', 'hex')"}
        insert_all(conn, table, event_of | more | said, files)
    opened = {"opened_day": str(day_of(FIRST)), "first_file": str(day_of(FIRST)), "censored": "'left'"}
    held = f"{fund}, generate_series(0, {LINES - 1}) n"
    key = {"fund": "fund", "security": line["security"]}
    insert_all(conn, t.spell, key | opened, held)
    insert_all(conn, t.sighting, key | {"as_of": opened["first_file"], "day": opened["first_file"]}, held)


@pytest.fixture(scope="module")
def store(postgres_server: PostgresServer, postgres_template: str) -> Iterator[Engine]:
    name = database_name("plans")
    engine = open_engine(postgres_server.create(name, postgres_template))
    with transaction(engine) as conn:
        fill(conn)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE")
    yield engine
    engine.dispose()
    postgres_server.drop(name)


@dataclass(frozen=True)
class Looked:
    """A table that a plan reads: how, and whether it was reached when the statement ran."""

    table: str
    by: str
    reached: bool


def looks(plan: dict[str, Any]) -> Iterator[Looked]:
    if plan["Node Type"] in LOOKED_AT:
        yield Looked(plan["Relation Name"], plan["Node Type"], plan["Actual Loops"] > 0)
    for part in plan.get("Plans", ()):
        yield from looks(part)


class Noted(psycopg.Cursor[Any]):
    """A cursor that notes what it was asked: also by those who pass SQLAlchemy by."""

    sent: ClassVar[list[tuple[str, Any]]] = []

    def execute(self, query: Any, params: Any = None, **more: Any) -> Noted:
        self.sent.append((query, params))
        return super().execute(query, params, **more)


def asked(engine: Engine, question: Callable[[Connection], object]) -> list[Looked]:
    """What the statements of a question look at."""
    Noted.sent.clear()
    with reading(engine) as conn:
        driver: Any = conn.connection.driver_connection
        driver.cursor_factory = Noted
        try:
            assert question(conn), "nothing was found: nothing is tried"
        finally:
            driver.cursor_factory = psycopg.Cursor
        plans = [
            driver.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).fetchone()[0]
            for statement, parameters in Noted.sent
            if statement.lstrip().upper().startswith(("SELECT", "WITH"))
        ]
    return [look for plan in plans for look in looks(plan[0]["Plan"])]


def months(found: list[Looked], *, reached: bool = False) -> set[str]:
    """The partitions that appear in the plans, or those of them that were reached."""
    return {one.table for one in found if one.table.startswith("holding_") and (one.reached or not reached)}


def fund_of(conn: Connection) -> queries.FundRef:
    return queries.funds_known(conn)[3]


WHAT = FoundSecurity("T250", frozenset({250}), ("Name 250",))  # held by three funds
DAY = date(2025, 11, 13)
ONE_DAY: dict[str, Callable[[Connection], object]] = {
    "a portfolio on a date": lambda conn: queries.holdings(conn, fund_of(conn), DAY),
    "who holds": lambda conn: queries.who_holds(conn, WHAT, DAY),
    "what every fund holds": lambda conn: queries.lines_on(conn, queries.funds_known(conn), DAY),
    "positions of a file, deriving": lambda conn: lines.Securities(conn).positions(
        past.snapshot(conn, 4, day_of(DAY) * 256)
    ),
    "positions of several files, deriving": lambda conn: lines.Securities(conn).positions_of(
        past.snapshot(conn, fund, day_of(DAY) * 256) for fund in (2, 4, 7)
    ),
    "the file that lists it, deriving": lambda conn: lines.last_listing(conn, 4, list(range(201, 321)), DAY),
}
SINCE, UNTIL = date(2025, 10, 7), date(2025, 12, 19)
RANGES: dict[str, Callable[[Connection], object]] = {
    "a position through time": lambda conn: queries.position(conn, fund_of(conn), WHAT, SINCE, UNTIL),
    "a track, deriving": lambda conn: lines.track(conn, 4, [250], SINCE, UNTIL),
    "lines of files": lambda conn: queries.lines_of(
        conn, fund_of(conn), queries.accepted_files(conn, fund_of(conn), SINCE, UNTIL)
    ),
}
WHOLE: dict[str, Callable[[Connection], object]] = {
    "the spells of a security": lambda conn: queries.history(conn, WHAT),
    "all of a position": lambda conn: queries.position(conn, fund_of(conn), WHAT),
}


def scanned(found: list[Looked], *tables: str) -> set[str]:
    """Which of the tables are read as a whole. Months to come are empty: whoever reads all of them reads nothing."""
    whole = {one.table for one in found if one.by == "Seq Scan" and one.reached}
    return {one for one in whole if one.startswith(tables) and not ONWARDS <= one < "holding_a"}


@pytest.mark.parametrize("name", ONE_DAY)
def test_a_day_is_read_from_its_month(store: Engine, name: str) -> None:
    found = asked(store, ONE_DAY[name])
    assert months(found) == {"holding_2025_11"}
    assert not scanned(found, "holding")


@pytest.mark.parametrize("name", RANGES)
def test_a_range_is_read_from_its_months(store: Engine, name: str) -> None:
    found = asked(store, RANGES[name])
    assert months(found) == {"holding_2025_10", "holding_2025_11", "holding_2025_12"}
    assert not scanned(found, "holding")


@pytest.mark.parametrize("name", WHOLE)
def test_all_of_a_history_is_read_by_index(store: Engine, name: str) -> None:
    found = asked(store, WHOLE[name])
    assert {"holding_2024", "holding_2025_01", "holding_2026_10"} <= months(found, reached=True)
    assert not scanned(found, "holding")


OPENED: dict[str, Callable[[Connection], object]] = {
    "the newest files of funds": lambda conn: past.last_two(conn, [2, 4, 7], LAST),
    "sessions of a while": lambda conn: past.accepted_sessions(conn, [4], date(2026, 10, 1), LAST),
    "spells of a security": lambda conn: spells.spells_of(conn, [2, 4], [250], lines.Securities(conn), LAST),
}


@pytest.mark.parametrize("name", OPENED)
def test_books_are_opened_by_index(store: Engine, name: str) -> None:
    assert not scanned(asked(store, OPENED[name]), "holding", "snapshot", "standing", "spell")


def test_files_with_prices_are_read_from_their_months(store: Engine) -> None:
    found = asked(store, lambda conn: list(priced_files(conn, 4, date(2026, 9, 15))))
    with_rows = {one for one in months(found) if one <= "holding_2026_10"}
    assert with_rows == {"holding_2026_09", "holding_2026_10"}


def test_changes_and_trades_of_some_days_are_read_by_index(store: Engine) -> None:
    day, few = date(2025, 11, 3), date(2025, 11, 5)
    for wanted in (Wanted(since=day, until=few), Wanted(securities=frozenset({250})), Wanted(newest=5)):
        found = asked(store, partial(queries.changes, wanted=wanted))
        assert not scanned(found, "event", "item")
    mine = asked(store, lambda conn: queries.trades(conn, TradesWanted(since=day, until=few, fund=fund_of(conn))))
    assert not scanned(mine, "trade", "flow")
