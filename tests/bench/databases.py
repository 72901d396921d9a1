"""The databases the contestants write: a SQLite file or a PostgreSQL of our own that keeps what it commits.

Tables are never named here: what a database holds is asked of its documented views and of the database itself.
"""

from __future__ import annotations

import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from monitor.store.readonly import ask
from tests.bench.harness import NotMeasured, cpu_of, descendants
from tests.postgres import DURABLE, PostgresServer, database_name, running_postgres

KINDS = ("sqlite", "postgres")
SECONDS = 600.0  # that counting may take


@dataclass(frozen=True)
class Place:
    """Where databases of one kind are made."""

    kind: str
    server: PostgresServer | None = None
    pid: int | None = None  # of the server, when it is ours

    def fresh(self, folder: Path, name: str = "monitor") -> str:
        """The address of a new, empty database: a file in the folder, or one of the server's."""
        if self.server is None:
            return f"sqlite:///{folder / name}.db"
        return self.server.create(database_name("bench"))

    def copied(self, url: str) -> str:
        """The address of a copy of one of the server's databases."""
        if self.server is None:
            raise ValueError("a SQLite file is copied as a file")
        name = database_name("bench")
        return self.server.create(name, template=url.rpartition("/")[2])

    def drop(self, url: str) -> None:
        """Removes a database of the server; a file goes with its folder."""
        if self.server is not None:
            self.server.drop(url.rpartition("/")[2])

    def cpu(self) -> float:
        """CPU seconds of the server so far, those of ended connections included; 0 where it is none of ours."""
        if self.pid is None:
            return 0.0
        return cpu_of(self.pid, waited=True) + sum(cpu_of(one, waited=False) for one in descendants(self.pid)[1:])


@contextmanager
def places(wanted: str, folder: Path) -> Iterator[list[Place]]:
    """The kinds asked for (`sqlite`, `postgres`, `both`); PostgreSQL keeps its data in the folder while this lasts.

    Raises NotMeasured when PostgreSQL is wanted and cannot be had.
    """
    sqlite = [Place("sqlite")] if wanted in ("sqlite", "both") else []
    if wanted == "sqlite":
        yield sqlite
        return
    folder.chmod(0o755)  # the server is another user where we are root
    open_to_all = all(one.stat().st_mode & stat.S_IXOTH for one in folder.parents)
    data = folder if open_to_all else Path(tempfile.gettempdir())
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgres(DURABLE, data))
        except RuntimeError as error:
            raise NotMeasured(f"no PostgreSQL: {error}") from error
        yield [*sqlite, Place("postgres", server, _pid(server))]


def _pid(server: PostgresServer) -> int | None:
    """The server's process where it runs on this machine."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    pid = int(str(row[0]).split("\n")[0]) if row else 0
    return pid if Path(f"/proc/{pid}").is_dir() else None


def size(url: str) -> int:
    """Bytes of the database: of the file and its log, or what PostgreSQL says."""
    if url.startswith("sqlite"):
        file = url.removeprefix("sqlite:///")
        return sum(one.stat().st_size for end in ("", "-wal") if (one := Path(file + end)).exists())
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


def counts(url: str) -> dict[str, int]:
    """What our program keeps: files, lines, events and items, as its views say, and bytes."""
    found = {"bytes": size(url)}
    asked = {
        "files": "SELECT count(*) FROM v_snapshots",
        "lines": "SELECT coalesce(sum(lines), 0) FROM v_snapshots",
        "events": "SELECT count(*) FROM v_events",
        "items": "SELECT count(*) FROM v_items",
    }
    for name, query in asked.items():
        ((value,),) = ask(url, query, seconds=SECONDS, limit=1).rows
        found[name] = int(str(value))
    return found


def checkpoint(url: str) -> None:
    """Moves SQLite's log into its file, so that the file alone is the database and can be copied."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
