"""What the machine allows: reading and tokenising the files, and storing the same integers without a thought.

`python -m tests.bench.limits tokenise|insert|copy FOLDER [DATABASE]`, a process of its own, prints what it did as
JSON. It keeps nothing we promise: no names, no history, no events. Nothing of the program is imported.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

Integers = tuple[int, int, int, int, int, int, int]
TABLE = (
    "fund INTEGER, snapshot INTEGER, security INTEGER, listing INTEGER, shares {big}, value {big}, weight INTEGER, "
    "PRIMARY KEY (fund, snapshot, security)"
)
BATCH = 100  # files handed to the driver at once


def tokenised(folder: Path) -> Iterator[tuple[Path, list[list[str]]]]:
    """Every file with its cells, in the order of the names."""
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield path, list(csv.reader(file))


def lines(rows: Sequence[list[str]]) -> list[list[str]]:
    """The holdings among the rows: those as wide as the header that are not blank."""
    top = header(rows)
    wide = len(rows[top]) if rows else 0
    return [row for row in rows[top + 1 :] if len(row) == wide and (row[1] or row[0])]


def header(rows: Sequence[list[str]]) -> int:
    """Where the header stands: the first row that names shares or weights."""
    for at, row in enumerate(rows):
        if any(cell.lower().startswith(("shares", "weight")) for cell in row):
            return at
    return 0


def integers(folder: Path) -> Iterator[list[Integers]]:
    """The files' rows as the integers that are stored, each file's in key order."""
    funds: dict[str, int] = {}
    names: dict[str, int] = {}
    numbers: dict[tuple[str, int], int] = {}
    for path, rows in tokenised(folder):
        if not rows:
            continue
        named = [cell.lower().split("(")[0].strip() for cell in rows[header(rows)]]
        key, name = _at(named, "cusip", "isin"), _at(named, "company", "name", "security name")
        shares, value, weight = _at(named, "shares"), _at(named, "market value"), _at(named, "weight")
        fund = funds.setdefault(path.parent.name, len(funds))
        file = _file(path, numbers)
        found = [
            (
                fund,
                file,
                number := names.setdefault(row[key] or row[name], len(names)),
                number,
                _number(row[shares]) if shares >= 0 else 0,
                _number(row[value], 100),
                _number(row[weight], 10_000),
            )
            for row in lines(rows)
        ]
        yield sorted({one[2]: one for one in found}.values())


def _file(path: Path, numbers: dict[tuple[str, int], int]) -> int:
    """The number of a file among those of its fund, in the order of their days."""
    key = (path.parent.name, date.fromisoformat(path.name[:10]).toordinal())
    numbers[key] = numbers.get(key, -1) + 1
    return key[1] * 256 + numbers[key]


def _at(named: Sequence[str], *wanted: str) -> int:
    return next((named.index(one) for one in wanted if one in named), -1)


def _number(text: str, times: int = 1) -> int:
    try:
        return int(float(text.replace(",", "").strip("$%")) * times)
    except ValueError:
        return 0


def tokenise(folder: Path) -> dict[str, int]:
    """Reads and takes apart; nothing is kept."""
    count = size = files = 0
    for path, rows in tokenised(folder):
        count, size, files = count + len(lines(rows)), size + path.stat().st_size, files + 1
    return {"rows": count, "raw": size, "files": files}


def insert(folder: Path, database: str) -> dict[str, int]:
    """The same, and the integers into a table clustered by its key, as one transaction."""
    count = 0
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"CREATE TABLE IF NOT EXISTS holding ({TABLE.format(big='INTEGER')}) WITHOUT ROWID")
        connection.execute("BEGIN")
        for batch in _batches(folder):
            connection.executemany("INSERT OR REPLACE INTO holding VALUES (?, ?, ?, ?, ?, ?, ?)", batch)
            count += len(batch)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"rows": count, "bytes": Path(database).stat().st_size}


def copy(folder: Path, url: str) -> dict[str, int]:
    """The same into PostgreSQL, by binary COPY as one transaction."""
    import psycopg

    count = 0
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS holding ({TABLE.format(big='BIGINT')})")
        with cursor.copy("COPY holding FROM STDIN (FORMAT BINARY)") as stream:
            stream.set_types(["int4", "int4", "int4", "int4", "int8", "int8", "int4"])
            for batch in _batches(folder):
                for row in batch:
                    stream.write_row(row)
                count += len(batch)
        cursor.execute("SELECT pg_total_relation_size('holding')")
        size = cursor.fetchone()
    return {"rows": count, "bytes": int(size[0]) if size else 0}


def _batches(folder: Path) -> Iterator[list[Integers]]:
    batch: list[Integers] = []
    for at, rows in enumerate(integers(folder), 1):
        batch += rows
        if at % BATCH == 0:
            yield batch
            batch = []
    yield batch


if __name__ == "__main__":
    what, place = sys.argv[1], Path(sys.argv[2])
    done = {
        "tokenise": lambda: tokenise(place),
        "insert": lambda: insert(place, sys.argv[3]),
        "copy": lambda: copy(place, sys.argv[3]),
    }[what]()
    sys.stdout.write(json.dumps(done) + "\n")
