"""DuckDB as somebody would run it every evening: append the day's files, compare with each fund's day before.

`python duckdb_daily.py FILES FOLDER`. One transaction a day; the CPU seconds of each day are printed, too.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

from tests.bench.peers.days import by_day
from tests.bench.peers.duckdb_bulk import READ

HOLDING = """
CREATE TABLE holding (fund VARCHAR, day DATE, security VARCHAR, company VARCHAR, ticker VARCHAR, shares DOUBLE,
    value DOUBLE, weight DOUBLE);
CREATE TABLE event (fund VARCHAR, day DATE, security VARCHAR, old DOUBLE, new DOUBLE, kind VARCHAR)"""
EVENTS = """
INSERT INTO event
WITH fresh AS (SELECT fund, max(day) AS day FROM today GROUP BY fund),
before AS (
    SELECT h.fund, max(h.day) AS day FROM holding h JOIN fresh f ON f.fund = h.fund AND h.day < f.day GROUP BY h.fund
),
old AS (SELECT h.* FROM holding h JOIN before b ON b.fund = h.fund AND b.day = h.day)
SELECT coalesce(n.fund, o.fund), f.day, coalesce(n.security, o.security), o.shares, n.shares,
       CASE WHEN o.security IS NULL THEN 'new' WHEN n.security IS NULL THEN 'gone' ELSE 'changed' END
FROM today n FULL JOIN old o ON o.fund = n.fund AND o.security = n.security
JOIN fresh f ON f.fund = coalesce(n.fund, o.fund) JOIN before b ON b.fund = f.fund
WHERE n.shares IS DISTINCT FROM o.shares
"""


def add(db: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """One evening: the day's files, what changed, and all of it kept."""
    db.execute("BEGIN")
    db.execute(f"CREATE OR REPLACE TEMP TABLE today AS {READ}", [files])
    db.execute(EVENTS)
    db.execute("INSERT INTO holding SELECT * FROM today")
    db.execute("COMMIT")


def main() -> None:
    """Every day in turn, on the database in the folder if there is one."""
    data, database = Path(sys.argv[1]), Path(sys.argv[2]) / "daily.duckdb"
    spent = []
    is_new = not database.exists()
    with duckdb.connect(str(database)) as db:
        if is_new:
            db.execute(HOLDING)
        for files in by_day(data):
            began = time.process_time()
            add(db, files)
            spent.append(time.process_time() - began)
        ((lines,),) = db.execute("SELECT count(*) FROM holding").fetchall()
        kinds = dict(db.execute("SELECT kind, count(*) FROM event GROUP BY kind").fetchall())
    done = {"lines": lines, "events": kinds, "bytes": database.stat().st_size, "days": spent}
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
