"""dbt snapshots on DuckDB: each day's files replace a table, and `dbt snapshot` keeps what changed in it.

`python -m tests.bench.peers.dbt_snapshot FILES FOLDER`. Loading is DuckDB's own; dbt is started once a day, as it is
meant to be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb

from tests.bench.peers.days import by_day
from tests.bench.peers.duckdb_bulk import READ

FILES = {
    "dbt_project.yml": "name: tracker\nversion: '1.0.0'\nprofile: tracker\nsnapshot-paths: [snapshots]\n",
    "profiles.yml": (
        "tracker:\n  target: here\n  outputs:\n    here: {type: duckdb, path: tracker.duckdb, threads: 2}\n"
    ),
    "snapshots/held.sql": (
        "{% snapshot held %}\n"
        "{{ config(target_schema='main', unique_key='id', strategy='check', check_cols=['shares'], "
        "hard_deletes='invalidate') }}\n"
        "select fund || ':' || security as id, * from main.today\n"
        "{% endsnapshot %}\n"
    ),
}


def main() -> None:
    """Every day in turn; the table of snapshots is what there is to ask in the end."""
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    database = folder / "tracker.duckdb"
    tool = Path(sys.executable).with_name("dbt")
    around = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "HOME": str(folder)}
    for files in by_day(data):
        with duckdb.connect(str(database)) as db:
            db.execute(f"CREATE OR REPLACE TABLE today AS {READ}", [files])
        command = [str(tool), "--quiet", "snapshot", "--profiles-dir", ".", "--no-use-colors"]
        subprocess.run(command, cwd=folder, env=around, check=True, stdout=sys.stderr)
    with duckdb.connect(str(database)) as db:
        ((versions,),) = db.execute("SELECT count(*) FROM held").fetchall()
    sys.stdout.write(json.dumps({"events": versions, "bytes": database.stat().st_size}) + "\n")


if __name__ == "__main__":
    main()
