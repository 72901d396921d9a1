"""The same questions as SQL with window functions over one table of text rows: in DuckDB, or in SQLite with indexes.

`python -m tests.bench.peers.asked FILES FOLDER duckdb|sqlite CALLS`; CALLS is a JSON file of titles and parameters.
Each statement is timed from execution to the last row, the median of three.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPEATS = 3
NAMES = ("fund", "day", "security", "company", "ticker", "shares", "value", "weight")
SPELLS = """
WITH day AS (
    SELECT fund, day, row_number() OVER (PARTITION BY fund ORDER BY day) AS n
    FROM (SELECT DISTINCT fund, day FROM holding WHERE fund IN (SELECT fund FROM holding WHERE security = ?)) one
),
mine AS (
    SELECT d.fund, d.day, d.n - row_number() OVER (PARTITION BY d.fund ORDER BY d.day) AS island
    FROM holding h JOIN day d ON d.fund = h.fund AND d.day = h.day WHERE h.security = ?
)
SELECT fund, min(day), max(day), count(*) FROM mine GROUP BY fund, island
"""
PORTFOLIO = """
SELECT * FROM holding WHERE fund = ? AND day = (SELECT max(day) FROM holding WHERE fund = ? AND day <= ?)
"""
EVENTS = """
WITH day AS (
    SELECT fund, day, lag(day) OVER (PARTITION BY fund ORDER BY day) AS before
    FROM (SELECT DISTINCT fund, day FROM holding WHERE day <= ? {fund}) one
),
pair AS (
    SELECT h.fund, d.day, h.security, h.shares AS new, NULL AS old FROM day d
    JOIN holding h ON h.fund = d.fund AND h.day = d.day WHERE d.day >= ? AND d.before IS NOT NULL
    UNION ALL
    SELECT h.fund, d.day, h.security, NULL, h.shares FROM day d
    JOIN holding h ON h.fund = d.fund AND h.day = d.before WHERE d.day >= ?
)
SELECT fund, day, security, max(old), max(new) FROM pair GROUP BY fund, day, security
HAVING max(old) IS NULL OR max(new) IS NULL
"""
WHO = """
SELECT h.* FROM holding h JOIN (SELECT fund, max(day) AS day FROM holding GROUP BY fund) last
ON last.fund = h.fund AND last.day = h.day WHERE h.security = ?
"""


def statement(title: str, given: dict[str, str]) -> tuple[str, list[str]]:
    """The SQL of a question and its parameters."""
    match title:
        case "spells of a security":
            return SPELLS, [given["identifier"]] * 2
        case "a portfolio on a date":
            return PORTFOLIO, [given["fund"], given["fund"], given["on"]]
        case "who holds a security":
            return WHO, [given["identifier"]]
    one = [given["fund"]] if "fund" in given else []
    return EVENTS.format(fund="AND fund = ?" if one else ""), [given["until"], *one, given["since"], given["since"]]


def rows(data: Path) -> Iterator[list[str]]:
    """The files' lines as text, the date as ISO, thousands and signs taken off."""
    for path in sorted(data.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for one in csv.reader(file):
                if len(one) == 8 and one[1] and one[0] != "date":
                    month, day, year = one[0].split("/")
                    numbers = [cell.replace(",", "").strip("$%") for cell in one[5:]]
                    yield [one[1], f"{year}-{month:0>2}-{day:0>2}", one[4] or one[2], one[2], one[3], *numbers]


def loaded(kind: str, data: Path, folder: Path) -> Any:
    """A connection to a database with one table of text rows; SQLite gets the indexes these questions want."""
    columns = ", ".join(f"{name} TEXT" for name in NAMES)
    if kind == "sqlite":
        connection = sqlite3.connect(folder / "rows.db")
        connection.execute(f"CREATE TABLE holding ({columns})")
        connection.executemany(f"INSERT INTO holding VALUES ({', '.join('?' * 8)})", rows(data))
        connection.execute("CREATE INDEX one ON holding (fund, day, security)")
        connection.execute("CREATE INDEX two ON holding (security, fund, day)")
        connection.execute("ANALYZE")
        connection.commit()
        return connection
    import duckdb

    flat = folder / "rows.csv"
    with flat.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows(data))
    database = duckdb.connect(str(folder / "rows.duckdb"))
    database.execute(f"CREATE TABLE holding ({columns})")
    database.execute("INSERT INTO holding SELECT * FROM read_csv(?, header = false, all_varchar = true)", [str(flat)])
    return database


def main() -> None:
    """Loads, asks, and prints the milliseconds of each call."""
    data, folder, kind, calls = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    connection = loaded(kind, data, folder)
    done = []
    for title, given in json.loads(calls.read_text()):
        sql, parameters = statement(title, given)
        spent = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            found = connection.execute(sql, parameters).fetchall()
            spent.append(time.perf_counter() - began)
        done.append({"title": title, "ms": sorted(spent)[REPEATS // 2] * 1000, "rows": len(found)})
    sys.stdout.write(json.dumps({"calls": done}) + "\n")


if __name__ == "__main__":
    main()
