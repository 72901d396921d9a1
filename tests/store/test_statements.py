"""Statements that are compiled once: they find rows by keys and indexes, on both databases, and say what is missing."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from monitor.core.errors import StoreError
from monitor.store import (
    archive,
    derived,
    digests,
    facts,
    lines,
    names,
    operators,
    outside,
    past,
    presence,
    save,
    spells,
)
from monitor.store import schema as t
from monitor.store.engine import Engine, reading, transaction
from monitor.store.statements import Among, Statement

MODULES = (archive, derived, digests, facts, lines, names, operators, outside, past, presence, save, spells)
LISTS = ("securities", "numbers", "funds", "days", "keys", "hashes")
SMALL = ("facts._REFUSED", "past._ALL")  # tables of a few rows
CODES = Statement(select(t.issuer.c.code).where(Among(t.issuer.c.code, "codes")).order_by(t.issuer.c.code))


def statements(module: ModuleType) -> dict[str, Statement]:
    name = module.__name__.rpartition(".")[2]
    return {f"{name}.{key}": one for key, one in vars(module).items() if isinstance(one, Statement)}


HOT = {name: one for module in MODULES for name, one in statements(module).items()} | {
    f"lines.track of {count}": lines._tracking(count) for count in (1, 2)
}


@pytest.mark.parametrize("name", sorted(HOT.keys() - set(SMALL)))
def test_no_table_is_read_from_end_to_end(sqlite_engine: Engine, name: str) -> None:
    make: Any = sqlite.dialect
    compiled: Any = HOT[name]._element.compile(dialect=make(paramstyle="qmark"))
    given = compiled.construct_params(_check=False)
    values = tuple("[1, 2]" if one in LISTS else given[one] or 1 for one in compiled.positiontup)
    with reading(sqlite_engine) as conn:
        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)]
    assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step]


def test_a_list_of_any_length_is_one_value(engine: Engine) -> None:
    with transaction(engine) as conn:
        conn.execute(t.issuer.insert(), [{"code": f"house{n:04}", "name": "House"} for n in range(50)])
        wanted = [f"house{n:04}" for n in range(40, 3_000)]
        assert [row[0] for row in CODES.rows(conn, codes=wanted)] == wanted[:10]
        assert CODES.first(conn, codes=[]) is None


def test_what_is_missing_is_said(engine: Engine) -> None:
    one = Statement(select(t.issuer.c.id).where(t.issuer.c.code == bindparam("code")))
    with pytest.raises(StoreError, match="outside a transaction"), engine.connect() as conn:
        one.rows(conn, code="ark")
    with transaction(engine) as conn, pytest.raises(StoreError, match="'code' of a statement was not given"):
        one.rows(conn)
    with pytest.raises(DBAPIError), transaction(engine) as conn:
        add = Statement(t.issuer.insert().values(code=bindparam("code"), name=bindparam("name")))
        add.run(conn, code="ark", name=None)
