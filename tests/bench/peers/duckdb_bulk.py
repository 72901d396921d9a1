"""All files at once into DuckDB, and naive SQL over them: what is new, gone or changed between a fund's two days.

`python duckdb_bulk.py FILES FOLDER`. No identities, no corrections, no gates, no spells.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

NAMES = ("date", "fund", "company", "ticker", "cusip", "shares", "value", "weight")
COLUMNS = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in NAMES) + "}"
READ = f"""
SELECT fund, strptime(date, '%m/%d/%Y')::DATE AS day, coalesce(nullif(cusip, ''), company) AS security,
       max(company) AS company, max(ticker) AS ticker,
       sum(try_cast(replace(shares, ',', '') AS DOUBLE)) AS shares,
       sum(try_cast(ltrim(replace(value, ',', ''), '$') AS DOUBLE)) AS value,
       sum(try_cast(rtrim(weight, '%') AS DOUBLE)) AS weight
FROM read_csv(?, columns = {COLUMNS}, header = true, auto_detect = false, delim = ',', quote = '"',
              null_padding = true, ignore_errors = true, strict_mode = false)
WHERE fund <> '' AND shares IS NOT NULL AND try_strptime(date, '%m/%d/%Y') IS NOT NULL
GROUP BY ALL
"""
EVENTS = """
CREATE TABLE event AS
WITH days AS (
    SELECT fund, day, lag(day) OVER (PARTITION BY fund ORDER BY day) AS before
    FROM (SELECT DISTINCT fund, day FROM holding)
),
pairs AS (
    SELECT h.fund, d.day, h.security, h.shares, NULL AS old
    FROM holding h JOIN days d USING (fund, day) WHERE d.before IS NOT NULL
    UNION ALL
    SELECT h.fund, d.day, h.security, NULL, h.shares
    FROM holding h JOIN days d ON d.fund = h.fund AND d.before = h.day
)
SELECT fund, day, security, max(old) AS old, max(shares) AS new,
       CASE WHEN max(old) IS NULL THEN 'new' WHEN max(shares) IS NULL THEN 'gone' ELSE 'changed' END AS kind
FROM pairs GROUP BY fund, day, security HAVING max(old) IS DISTINCT FROM max(shares)
"""


def main() -> None:
    """Loads, compares, counts."""
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    files = sorted(str(path) for path in data.rglob("*.csv"))
    database = folder / "bulk.duckdb"
    with duckdb.connect(str(database)) as db:
        db.execute(f"CREATE TABLE holding AS {READ}", [files])
        db.execute(EVENTS)
        ((lines,),) = db.execute("SELECT count(*) FROM holding").fetchall()
        kinds = dict(db.execute("SELECT kind, count(*) FROM event GROUP BY kind").fetchall())
    done = {"lines": lines, "events": kinds, "bytes": database.stat().st_size}
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
