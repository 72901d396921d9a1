"""git-history: each day's files are committed to a repository, then the tool reads every version of every file.

`python -m tests.bench.peers.git_history FILES FOLDER`. The tool comes with the environment, Git from the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.bench.peers.days import by_day

CONVERT = (
    "[{'security': row[4] or row[2], 'company': row[2], 'ticker': row[3], 'shares': row[5], 'value': row[6], "
    "'weight': row[7]} for row in list(csv.reader(content.decode('utf-8-sig').splitlines()))[1:] "
    "if len(row) == 8 and row[1]]"
)


def main() -> None:
    """Commits day by day, reads fund by fund, counts the versions found."""
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    repository, database = folder / "repository", folder / "history.db"
    around = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder)}
    for variable in ("AUTHOR", "COMMITTER"):
        around |= {f"GIT_{variable}_NAME": "tracker", f"GIT_{variable}_EMAIL": "tracker@example.org"}

    def git(*arguments: str, **more: str) -> None:
        subprocess.run(["git", "-C", str(repository), *arguments], env={**around, **more}, check=True)

    repository.mkdir()
    git("init", "--quiet", "--initial-branch=main")
    funds = set()
    for files in by_day(data):
        day = Path(files[0]).name[:10]
        for file in files:
            fund = Path(file).parent.name
            shutil.copyfile(file, repository / f"{fund}.csv")
            funds.add(fund)
        git("add", "--all")
        stamp = f"{day}T22:00:00"
        git("commit", "--quiet", "--allow-empty", "-m", day, GIT_AUTHOR_DATE=stamp, GIT_COMMITTER_DATE=stamp)
    tool = Path(sys.executable).with_name("git-history")
    for fund in sorted(funds):
        command = [str(tool), "file", str(database), f"{fund}.csv", "--repo", str(repository), "--namespace", fund]
        command += ["--id", "security", "--convert", CONVERT, "--import", "csv", "--ignore-duplicate-ids", "--silent"]
        subprocess.run(command, env=around, check=True, stdout=sys.stderr)
    connection = sqlite3.connect(database)
    versions = sum(connection.execute(f"SELECT count(*) FROM {fund}_version").fetchone()[0] for fund in funds)
    size = database.stat().st_size + sum(one.stat().st_size for one in repository.rglob("*") if one.is_file())
    sys.stdout.write(json.dumps({"events": versions, "bytes": size}) + "\n")


if __name__ == "__main__":
    main()
