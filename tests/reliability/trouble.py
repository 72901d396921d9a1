"""P12: the database is locked, full, cut off or gone. The daemon pauses, says so, goes on; nothing is half-written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from monitor.store.engine import reading
from tests.postgres import running_postgres
from tests.reliability.children import Child
from tests.reliability.ending import Ending, compare, ending
from tests.reliability.morning import NEWS, QUIET, Morning
from tests.reliability.report import Result, trying
from tests.reliability.serving import wait_for
from tests.reliability.stage import Stage
from tests.reliability.world import PATIENCE, World

CHANNELS = ("slack", "log")
LOCKED_SHORT, LOCKED_FULL, ASLEEP = 3.0, 60.0, 40.0  # seconds
SAID = ("locked", "no room", "disk", "cannot do this", "could not be", "unavailable", "cannot be reached", "full")
LONG = 150.0  # our own waits for the database are part of what is tried


def run(stage: Stage) -> Iterator[Result]:
    """One line per database."""
    if "sqlite" in stage.kinds:
        locked = LOCKED_FULL if stage.full else LOCKED_SHORT
        with trying("P12", f"SQLite locked for {locked:.0f} s, limited in pages, on a full disk") as result:
            _sqlite(stage, result)
        yield result
    if "postgres" in stage.kinds:
        asleep = f", server asleep for {ASLEEP:.0f} s" if stage.full else ""
        with trying("P12", f"Postgres: all sessions ended, ten times{asleep}") as result:
            _postgres(stage, result)
        yield result


def _tell(world: World, trouble: Callable[[Child], None]) -> Ending:
    """The day with the news, with trouble in it."""
    child = world.start("run")
    trouble(child)
    world.settle(NEWS, LONG)
    assert child.stop(120) == 0, child.last_words()
    return ending(world)


def _nothing(_child: Child) -> None:
    """No trouble."""


# --- SQLite ---------------------------------------------------------------------------------------


def _sqlite(stage: Stage, result: Result) -> None:
    with stage.world("sqlite") as world:
        morning = Morning(stage, world, CHANNELS)
        wanted = _tell(morning.again(), _nothing)
        seconds = LOCKED_FULL if stage.full else LOCKED_SHORT
        compare(result, f"BEGIN EXCLUSIVE for {seconds:.0f} s", wanted, _tell(morning.again(), _locked(world, seconds)))
        compare(result, "max_page_count", wanted, _limited(morning, world, result))
        if os.geteuid() == 0 and (found := _small_disk(stage, morning, world, result)):
            compare(result, "a disk of 1 MiB", wanted, found)


def _locked(world: World, seconds: float) -> Callable[[Child], None]:
    def trouble(_child: Child) -> None:
        path = str(make_url(world.url).database)
        other = sqlite3.connect(path, isolation_level=None, timeout=30)
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        other.execute("ROLLBACK")
        other.close()

    return trouble


def _limited(morning: Morning, world: World, result: Result) -> Ending:
    """The file may not grow: SQLite says that the disk is full. Every connection of the daemon is limited."""
    morning.again()
    (world.folder / "full").touch()
    child = world.start("run")
    _says_so(child, result, "max_page_count")
    (world.folder / "full").unlink()
    world.clock.forward(hours=2)  # whatever it decided to wait
    world.settle(NEWS, LONG)
    assert child.stop(120) == 0, child.last_words()
    return ending(world)


def _small_disk(stage: Stage, morning: Morning, world: World, result: Result) -> Ending | None:
    """The database on a file system that is full, until it is given room."""
    place = stage.place()
    with _mounted(place) as mounted:
        if not mounted:
            result.notes.append("no disk of 1 MiB: mounting is not allowed here")
            return None
        morning.again(QUIET)
        target = place / "holdings.db"
        target.write_bytes(Path(str(make_url(world.url).database)).read_bytes())
        world.url = f"sqlite:///{target}"
        world.configure(CHANNELS)
        child = world.start("run")
        wait_for("the daemon to begin", child.said, PATIENCE)
        stuffing = place / "stuffing"
        with suppress(OSError), stuffing.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        world.day(NEWS)
        _says_so(child, result, "a full disk")
        subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
        stuffing.unlink()
        world.clock.forward(hours=2)
        world.settle(NEWS, LONG)
        assert child.stop(120) == 0, child.last_words()
        return ending(world)


@contextmanager
def _mounted(place: Path) -> Iterator[bool]:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(place)], check=False)


def _says_so(child: Child, result: Result, name: str) -> None:
    """Waits until the daemon has said what is wrong, and still runs."""
    try:
        wait_for(f"words about {name}", lambda: any(word in child.said().lower() for word in SAID), PATIENCE)
    except AssertionError as error:
        result.failures.append(f"{error}\n{child.said()}")
    if child.ended.is_set():
        result.failures.append(f"{name}: the daemon ended with {child.code}\n{child.said()}")


# --- Postgres -------------------------------------------------------------------------------------


def _postgres(stage: Stage, result: Result) -> None:
    with stage.world("postgres") as world:
        morning = Morning(stage, world, CHANNELS)
        wanted = _tell(morning.again(), _nothing)
        compare(result, "pg_terminate_backend, ten times", wanted, _tell(morning.again(), _terminated(world)))
    if stage.full:
        with running_postgres() as server:
            own = Stage(stage.place(), stage.launcher, server)
            with own.world("postgres") as world:
                morning = Morning(own, world, CHANNELS)
                wanted = _tell(morning.again(), _nothing)
                compare(result, f"server asleep for {ASLEEP:.0f} s", wanted, _tell(morning.again(), _asleep(world)))


def _terminated(world: World) -> Callable[[Child], None]:
    def trouble(child: Child) -> None:
        address = make_url(world.url)
        with psycopg.connect(address.set(database="postgres").render_as_string(False), autocommit=True) as connection:
            for _ in range(10):
                found = connection.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s",
                    (address.database,),
                )
                assert found.fetchone()
                assert not child.ended.wait(0.15), f"ended with {child.code}:\n{child.said()}"

    return trouble


def _asleep(world: World) -> Callable[[Child], None]:
    """Every session of the server is stopped and continued."""

    def trouble(child: Child) -> None:
        wait_for("the daemon to begin", child.said, PATIENCE)
        with world.database() as engine, reading(engine) as conn:
            pids = conn.exec_driver_sql("SELECT pid FROM pg_stat_activity").scalars().all()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(ASLEEP)
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    return trouble
