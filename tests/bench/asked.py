"""What four questions cost at the database: `python -m tests.bench.asked DATABASE CALLS SEED`, a process of its own.

A question is asked once as the program asks it; the statements it sent are then sent again, alone, and timed from
execution to the last row fetched. What Python makes of the rows is not in it.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import event

from monitor.asking.answer import ask
from monitor.asking.registry import QUESTIONS
from monitor.store import readonly
from monitor.store.engine import Connection, open_engine, reading

REPEATS = 3  # of each call's statements; the median counts
WARM = 6  # times before: PostgreSQL prepares a statement that comes again
FILES = 12  # whose lines are asked for
NAMES = {one.name: one for one in QUESTIONS}
LATER = date(2100, 1, 1)
Sent = list[tuple[str, Any]]


def drawn(url: str, calls: int, seed: int) -> list[tuple[str, str, dict[str, str]]]:
    """What is asked: a title, the question and its parameters, drawn from what the documented views hold."""
    chance = random.Random(seed)
    files = [(str(fund), str(day)) for fund, day in _rows(url, "SELECT fund, as_of FROM v_snapshots ORDER BY 1, 2")]
    lines = _held(url, chance.sample(files, min(FILES, len(files))))
    found = []
    for _ in range(calls):
        fund, day = chance.choice(files)
        since = date.fromisoformat(chance.choice(files)[1])
        found += [
            ("spells of a security", "history", chance.choice(lines)),
            ("a portfolio on a date", "holdings", {"fund": fund, "on": day}),
            ("events of a week", "changes", {"since": str(since), "until": str(since + timedelta(6))}),
            (
                "events of a fund's quarter",
                "changes",
                {"fund": fund, "since": str(since), "until": str(since + timedelta(91))},
            ),
            ("who holds a security", "who_holds", chance.choice(lines)),
        ]
    return found


def _held(url: str, files: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """The securities of some files, with the identifiers printed there: those are for who knows no others."""
    some = " OR ".join(f"(fund = '{fund}' AND as_of = '{day}')" for fund, day in files)
    found = _rows(url, f"SELECT DISTINCT security, identifier FROM v_holdings WHERE {some} ORDER BY 1")
    return [{"security": str(one), "identifier": str(printed)} for one, printed in found if printed]


def _rows(url: str, query: str) -> Sequence[tuple[object, ...]]:
    return readonly.ask(url, query, seconds=600, limit=100_000).rows


def timed(conn: Connection, sent: Sent) -> float:
    """Seconds at the database for these statements, from execution to the last row."""
    cursor: Any = conn.connection.cursor()
    began = time.perf_counter()
    for statement, parameters in sent:
        cursor.execute(statement, parameters)
        cursor.fetchall()
    return time.perf_counter() - began


def measure(url: str, calls: int, seed: int) -> Iterator[dict[str, Any]]:
    """Each call: its title and parameters, the milliseconds, rows of the answer and statements."""
    engine = open_engine(url, read_only=True)
    sent: Sent = []
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append((given[2], given[3])))
    with reading(engine) as conn:
        for title, question, parameters in drawn(url, calls, seed):
            sent.clear()
            known = {name: value for name, value in parameters.items() if name != "identifier"}
            answer = ask(conn, NAMES[question], known, LATER)
            statements = list(sent)
            for _ in range(WARM if conn.dialect.name == "postgresql" else 0):
                timed(conn, statements)
            spent = sorted(timed(conn, statements) for _ in range(REPEATS))[REPEATS // 2]
            yield {
                "title": title,
                "parameters": parameters,
                "ms": spent * 1000,
                "rows": len(answer.rows),
                "statements": len(statements),
            }
    engine.dispose()


if __name__ == "__main__":
    done = list(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    sys.stdout.write(json.dumps({"calls": done}) + "\n")
