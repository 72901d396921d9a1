"""The usual tracker script, a fair one: each file into a frame, appended with to_sql, merged with the fund's last day.

`python tracker.py FILES FOLDER`. SQLite with an index on fund and day, one connection, the day's files one commit.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from tests.bench.peers.days import by_day

COLUMNS = ["date", "fund", "company", "ticker", "cusip", "shares", "value", "weight"]
KEPT = ["fund", "day", "security", "company", "ticker", "shares", "value", "weight"]


TABLES = (
    "CREATE TABLE IF NOT EXISTS holding (fund TEXT, day TEXT, security TEXT, company TEXT, ticker TEXT, shares REAL, "
    "value REAL, weight REAL)",
    "CREATE TABLE IF NOT EXISTS event (fund TEXT, day TEXT, security TEXT, shares REAL, shares_old REAL)",
    "CREATE INDEX IF NOT EXISTS ix ON holding (fund, day)",
)


def read(file: str) -> pd.DataFrame:
    """One file's holdings with numbers and dates."""
    try:
        frame = pd.read_csv(file, names=COLUMNS, header=0, dtype=str, keep_default_na=False, on_bad_lines="skip")
    except pd.errors.ParserError:  # without shares: another form
        return pd.DataFrame(columns=KEPT)
    frame = frame[(frame["fund"] != "") & frame["date"].str.contains("/", regex=False)].copy()
    for name in ("shares", "value", "weight"):
        frame[name] = pd.to_numeric(frame[name].str.replace(r"[$,%]", "", regex=True), errors="coerce")
    frame["day"] = pd.to_datetime(frame["date"], format="%m/%d/%Y").dt.strftime("%Y-%m-%d")
    frame["security"] = frame["cusip"].where(frame["cusip"] != "", frame["company"])
    return frame[KEPT].dropna(subset=["shares"]).drop_duplicates("security")


def compare(conn: Connection, frame: pd.DataFrame) -> pd.DataFrame | None:
    """What is new, gone or changed since the fund's last day; None for its first."""
    fund, day = frame["fund"].iloc[0], frame["day"].iloc[0]
    last = conn.execute(
        text("SELECT max(day) FROM holding WHERE fund = :f AND day < :d"), {"f": fund, "d": day}
    ).scalar()
    if last is None:
        return None
    query = text("SELECT security, shares FROM holding WHERE fund = :f AND day = :d")
    before = pd.read_sql(query, conn, params={"f": fund, "d": last})
    both = frame[["security", "shares"]].merge(before, on="security", how="outer", suffixes=("", "_old"))
    both = both[both["shares"].fillna(-1) != both["shares_old"].fillna(-1)]
    return both.assign(fund=fund, day=day)


def main() -> None:
    """Every day in turn, on the database in the folder if there is one."""
    data, database = Path(sys.argv[1]), Path(sys.argv[2]) / "tracker.db"
    engine = create_engine(f"sqlite:///{database}")
    spent = []
    with engine.begin() as conn:
        conn.execute(text("PRAGMA journal_mode = WAL"))
        for statement in TABLES:
            conn.execute(text(statement))
    for files in by_day(data):
        began = time.process_time()
        with engine.begin() as conn:
            for file in files:
                frame = read(file)
                if frame.empty:
                    continue
                events = compare(conn, frame)
                frame.to_sql("holding", conn, if_exists="append", index=False)
                if events is not None:
                    events.to_sql("event", conn, if_exists="append", index=False)
        spent.append(time.process_time() - began)
    with engine.connect() as conn:
        lines = conn.execute(text("SELECT count(*) FROM holding")).scalar()
        events = conn.execute(text("SELECT count(*) FROM event")).scalar()
    done = {"lines": lines, "events": events, "bytes": database.stat().st_size, "days": spent}
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
