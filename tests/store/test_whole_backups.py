"""A backup holds every table there is, those of the running program included: nothing is left to be remembered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, LargeBinary, SmallInteger, Table, insert, select
from sqlalchemy.sql.sqltypes import TypeEngine

from monitor.store import partitions, schema
from monitor.store.backup import backup, restore
from monitor.store.coded import Amount, Coded
from monitor.store.engine import Connection, Engine, open_engine, transaction

ROWS = 3
INTEGERS = (1, 2_147_483_647, 0)
TEXTS = ("é", "x", "0")


@pytest.fixture
def other(blank_url: str) -> Iterator[Engine]:
    """A blank database: the test runs once for each pair of kinds."""
    opened = open_engine(blank_url)
    yield opened
    opened.dispose()


def fill(conn: Connection, table: Table) -> None:
    """Rows with every column given, extremes included; every second one leaves out what may be unknown."""
    for number in range(ROWS):
        row = {column.name: _cell(conn, table, column, number) for column in table.columns}
        if number % 2:
            row = {name: value for name, value in row.items() if not table.c[name].nullable}
        conn.execute(insert(table), [row])


def _cell(conn: Connection, table: Table, column: Column[object], number: int) -> object:
    for key in column.foreign_keys:
        if key.column.table is table:  # to the first row
            return None if number == 0 else conn.execute(select(key.column).order_by(key.column)).scalars().first()
        return list(conn.execute(select(key.column).order_by(key.column)).scalars())[number]
    kind: TypeEngine[object] = column.type
    if isinstance(kind, Coded):
        return kind.words[number % len(kind.words)]
    if isinstance(kind, Amount):
        return (0.1, 2**53, -7)[number]
    if isinstance(kind, LargeBinary):
        return bytes(range(256)) * number
    if column.name in ("id", "day", "number") or (column.primary_key and isinstance(kind, Integer)):
        return number + 1
    if isinstance(kind, Integer):
        most = 12 if column.name.endswith("_exp") else 32_767 if isinstance(kind, SmallInteger) else INTEGERS[1]
        return min(most, INTEGERS[number])
    length = getattr(kind, "length", None) or 8
    return f"{TEXTS[number]}{number}"[:length] if column.primary_key or length > 1 else "x"


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as conn:
        return {
            table.name: sorted((tuple(row) for row in conn.execute(select(table))), key=repr)
            for table in schema.metadata.sorted_tables
        }


def test_every_row_of_every_table_comes_back_on_either_kind(engine: Engine, other: Engine, tmp_path: Path) -> None:
    with transaction(engine) as conn:
        partitions.make(conn, [date(1970, 1, 1)], date(1970, 1, 1))
        for table in schema.metadata.sorted_tables:
            fill(conn, table)
    before = contents(engine)
    assert {name: len(rows) for name, rows in before.items()} == dict.fromkeys(before, ROWS)
    assert {"lease", "worker", "tick", "incident", "delivery", "destination", "digest_entry", "mute"} <= set(before)
    backup(engine, tmp_path / "whole.zip")
    restore(other.url.render_as_string(hide_password=False), tmp_path / "whole.zip")
    assert contents(other) == before
    backup(other, tmp_path / "again.zip")
    with transaction(other) as conn:  # numbers go on after those that came back
        for name in ("delivery", "incident", "mute", "digest_entry", "fetch"):
            table = schema.metadata.tables[name]
            row = {c.name: _cell(conn, table, c, 2) for c in table.columns if c.name != "id"}
            row |= {"key": "new"} if name == "delivery" else {"item": "new"} if name == "digest_entry" else {}
            row |= {"subject": "new"} if name == "incident" else {}
            assert conn.execute(insert(table).returning(table.c.id), [row]).scalar() == ROWS + 1
