"""What a database holds, by meaning: facts and everything derived, free of row numbers, clocks and ports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from monitor.store.engine import Engine, reading
from tests.history.facts import derived

FACTS = {
    "archive": "SELECT sha256, size FROM archive",
    "snapshot": """SELECT f.ticker, n.as_of, n.sha256, n.arrival, n.lines, n.positions, n.value, n.unread
        FROM snapshot n JOIN fund f ON f.id = n.fund""",
    "holding": """SELECT f.ticker, n.sha256, s.key, h.shares, h.value, h.weight FROM holding h
        JOIN fund f ON f.id = h.fund JOIN security s ON s.id = h.security
        JOIN snapshot n ON n.fund = h.fund AND n.id = h.snapshot""",
    "taken": """SELECT DISTINCT f.ticker, t.outcome, t.sha256 FROM "fetch" t JOIN fund f ON f.id = t.fund
        WHERE t.outcome IN ('new', 'refused')""",
    "refusal": "SELECT sha256, code FROM refusal",
}
PORT = re.compile(r"127\.0\.0\.1:\d+")

State = Mapping[str, list[str]]


def state(engine: Engine) -> State:
    """Facts and what follows from them, each row as text."""
    with reading(engine) as conn:
        facts = {table: conn.exec_driver_sql(query).all() for table, query in FACTS.items()}
    found = {table: _texts(tuple(row) for row in rows) for table, rows in facts.items()}
    return found | {table: _texts(rows) for table, rows in derived(engine).items()}


def _texts(rows: Iterable[object]) -> list[str]:
    return sorted(PORT.sub("127.0.0.1", repr(row)) for row in rows)


def promised(engine: Engine) -> dict[str, str]:
    """Every promise, in the order they were made, and what became of it."""
    with reading(engine) as conn:
        return {row.key: row.state for row in conn.exec_driver_sql("SELECT key, state FROM delivery ORDER BY id")}


def differences(one: State, other: State) -> list[str]:
    """In which tables two states differ, and by how much."""
    found = []
    for table in sorted(one.keys() | other.keys()):
        left, right = one.get(table, []), other.get(table, [])
        if left != right:
            odd = sorted(set(left) ^ set(right)) or ["the same rows, other numbers of them"]
            found.append(f"{table}: {len(left)} rows and {len(right)}, for instance {odd[0][:300]}")
    return found
