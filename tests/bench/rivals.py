"""The environment the peers run in, made on demand from the package index, and how each of them is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.harness import Cost, NotMeasured, Run, measured, say

INSTALL_SECONDS = 600


@dataclass(frozen=True)
class Peer:
    """One way to do the same without us: its script, what it needs, and whether it takes too long for every file."""

    name: str
    title: str
    script: str
    needs: tuple[str, ...]
    slow: bool = False
    runs: int | None = None  # at most; a run of minutes is not repeated


PEERS = {
    one.name: one
    for one in (
        Peer("duckdb", "DuckDB bulk", "duckdb_bulk", ("duckdb",)),
        Peer("daily", "DuckDB day by day", "duckdb_daily", ("duckdb",), runs=1),
        Peer("tracker", "pandas + to_sql", "tracker", ("pandas", "sqlalchemy"), runs=1),
        Peer("git-history", "git-history", "git_history", ("git-history", "setuptools"), slow=True, runs=1),
        Peer("dbt", "dbt snapshot", "dbt_snapshot", ("dbt-duckdb", "dbt-core<1.12"), slow=True, runs=1),
    )
}


def chosen(given: str | None) -> list[Peer]:
    """The peers asked for: none, all of them (`all`), or those named, divided by commas. Raises ValueError."""
    if given is None:
        return []
    names = list(PEERS) if given == "all" else given.split(",")
    if unknown := sorted(set(names) - set(PEERS)):
        raise ValueError(f"no peer {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return [PEERS[name] for name in names]


class Environment:
    """Python environments of the peers below a folder: one for each set of needs, made when first wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[tuple[str, ...], Path | str] = {}

    def python(self, needs: tuple[str, ...]) -> Path:
        """The interpreter that has these packages. Raises NotMeasured when they cannot be had here."""
        if not needs:
            return Path(sys.executable)
        if needs not in self.made:
            self.made[needs] = self._make(needs)
        found = self.made[needs]
        if isinstance(found, str):
            raise NotMeasured(found)
        return found

    def _make(self, needs: Sequence[str]) -> Path | str:
        uv = shutil.which("uv")
        if uv is None:
            return "not measured: peers are installed by uv, which is not here"
        place = self.folder / "-".join(needs)
        python = place / "bin" / "python"
        say(f"installing {' '.join(needs)}")
        for command in (
            [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(place)],
            [uv, "pip", "install", "--quiet", "--python", str(python), *needs],
        ):
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
            except subprocess.TimeoutExpired:
                return f"not measured: installing {' '.join(needs)} took more than {INSTALL_SECONDS} s"
            if done.returncode:
                why = " ".join((done.stderr or done.stdout).split())[:200]
                return f"not measured: {' '.join(needs)} not installed, is the package index out of reach? {why}"
        return python

    def run(self, peer: Peer, data: Path, *more: str) -> Run:
        """How a peer works through a folder of files, its database in the empty folder it is given."""

        def run(folder: Path) -> Cost:
            python = self.python(peer.needs)
            path = {"PATH": f"{python.parent}:{os.environ.get('PATH', '')}"}
            script = f"tests.bench.peers.{peer.script}"
            command = [str(python), "-m", script, str(data), str(folder), *more]
            return measured(command, cwd=folder, env=path)

        return run
