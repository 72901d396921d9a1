"""A database in trouble while the daemon starts and while it ends: waited for, said, and nothing is lost by it."""

from __future__ import annotations

import io
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from monitor.app import App
from monitor.core.errors import StoreError
from monitor.daemon import Daemon
from monitor.daemon.opening import LONGEST_WAIT, opened
from monitor.demo.issuer import LoopbackIssuer, serving
from monitor.store import workers
from monitor.store.engine import Engine, StoreUnavailable, open_engine, reading, transaction
from monitor.store.migrate import current, head
from tests.breaking import Breaking, Gate, refusing
from tests.postgres import PostgresServer
from tests.reliability.serving import wait_for
from tests.watched import SESSIONS, Clock, looks, program, publish

PATIENCE = 90.0  # seconds until something that must happen has happened, on a busy machine
FAST = "tick_seconds = 0.1\ndeliver_seconds = 0.1\n"
LANTERN = {"lantern": ("LANA",)}
BACK = "the database can be used again"


@pytest.fixture
def issuer() -> Iterator[LoopbackIssuer]:
    with serving() as found:
        publish(found, "lantern", "LANA", SESSIONS[0])
        yield found


def program_on(url: str, folder: Path, issuer: str = "http://127.0.0.1:1", daemon: str = FAST) -> App:
    """The program with its database at `url`."""
    return program(folder, issuer, Clock(), LANTERN, database=url, daemon=daemon)


# --- opening --------------------------------------------------------------------------------------


def tried(app: App, breaking: Breaking, numbers: Iterator[int]) -> Engine:
    """The database, opened as a daemon does: each try breaks at the next of `numbers`, until one comes through."""

    def rest(_seconds: float) -> bool:
        breaking.again({next(numbers)})
        return False

    with breaking.trouble({next(numbers)}):
        engine = opened(app.open, rest)
    assert engine is not None
    return engine


def test_whatever_breaks_while_the_database_is_opened_it_is_tried_again(
    tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    breaking = Breaking(database_url)
    engine = tried(program_on(database_url, tmp_path), breaking, iter(range(1, 1000)))
    assert breaking.broken == list(range(1, len(breaking.broken) + 1))
    assert len(breaking.broken) == breaking.touches >= 4
    assert caplog.messages[-1] == BACK
    with transaction(engine):
        assert current(engine) == head()
    engine.dispose()


def test_tables_that_are_made_are_made_in_the_end_whatever_breaks(tmp_path: Path, blank_url: str) -> None:
    numbers = iter([*range(1, 12), *range(30, 10_000, 41)])
    breaking = Breaking(blank_url)
    engine = tried(program_on(blank_url, tmp_path), breaking, numbers)
    assert len(breaking.broken) > 12
    assert current(engine) == head()
    engine.dispose()


def test_it_waits_longer_and_longer_and_says_each_trouble_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    engine = open_engine("sqlite://")
    told = iter([*["x refuses."] * 9, *["x starts."] * 3, ""])
    waits: list[float] = []

    def opening() -> Engine:
        if words := next(told):
            raise StoreUnavailable(words)
        return engine

    def rest(seconds: float) -> bool:
        waits.append(seconds)
        return False

    assert opened(opening, rest) is engine
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, *[LONGEST_WAIT] * 5]
    more = " Nothing is lost; the watch begins when it can be used."
    assert caplog.messages == ["x refuses." + more, "x starts." + more, BACK]


def test_nobody_waits_who_is_told_to_stop() -> None:
    def away() -> Engine:
        raise StoreUnavailable("away")

    assert opened(away, lambda _: True) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("57P03", "the database system is starting up"),
        ("57P03", "the database system is not yet accepting connections"),
        ("53300", "sorry, too many clients already"),
        ("57P01", "terminating connection due to administrator command"),
    ],
)
def test_a_server_that_lets_nobody_in_for_now_is_waited_for(code: str, words: str) -> None:
    with refusing(code, words) as url, pytest.raises(StoreUnavailable, match=words) as caught:
        open_engine(url)
    assert caught.value.passing
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("28P01", 'password authentication failed for user "somebody"'),
        ("28000", 'role "somebody" does not exist'),
        ("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "somebody", database "monitor"'),
        ("28000", 'role "somebody" is not permitted to log in'),
        ("3D000", 'database "monitor" does not exist'),
        ("42501", 'permission denied for database "monitor"'),
    ],
)
def test_what_waiting_cannot_mend_is_not_waited_for(tmp_path: Path, code: str, words: str) -> None:
    def rest(_seconds: float) -> bool:
        raise AssertionError("it waits")

    with refusing(code, words) as url, pytest.raises(StoreUnavailable, match=words):
        opened(program_on(url, tmp_path).open, rest)


def test_a_broken_or_newer_database_is_not_waited_for(tmp_path: Path, database_url: str) -> None:
    engine = open_engine(database_url)
    with transaction(engine) as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    (tmp_path / "broken.db").write_text("fund,shares\n" * 500)
    for url, words in ((database_url, "newer version"), (f"sqlite:///{tmp_path}/broken.db", "is not a database")):
        with pytest.raises(StoreError, match=words):
            opened(program_on(url, tmp_path).open, lambda _: True)


# --- the process ----------------------------------------------------------------------------------


@contextmanager
def process(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`run` as a supervisor starts it, and the file that gets what it says; killed at the end."""
    said = folder / "said"
    command = [sys.executable, "-c", "from monitor.cli import main; main()", "run", *more]
    with said.open("w", encoding="utf-8") as output:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stderr=output, text=True)
    try:
        yield child, said
    finally:
        child.kill()
        child.wait()


def hears(child: subprocess.Popen[str], said: Path, words: str) -> None:
    """Waits until it has said so."""

    def heard() -> bool:
        assert child.poll() is None, said.read_text("utf-8")
        return words in said.read_text("utf-8")

    wait_for(words, heard, PATIENCE)


def test_a_server_that_comes_after_the_daemon_is_waited_for(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str, issuer: LoopbackIssuer
) -> None:
    gate = Gate(make_url(postgres_url).port or 5432)
    url = make_url(postgres_url).set(port=gate.port).render_as_string(hide_password=False)
    program_on(url, tmp_path, issuer.url)
    with process(tmp_path, "--db", url) as (child, said):
        hears(child, said, "Connection refused")
        gate.open()
        hears(child, said, BACK)
        hears(child, said, "watching as")
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0, said.read_text("utf-8")
    gate.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_that_waits_for_its_database_can_be_stopped(tmp_path: Path, number: int) -> None:
    with refusing("57P03", "the database system is starting up") as url:
        program_on(url, tmp_path)
        with process(tmp_path, "--db", url) as (child, said):
            hears(child, said, "the database system is starting up")
            child.send_signal(number)
            assert child.wait(PATIENCE) == 0, said.read_text("utf-8")
    assert "stopped before the watch began" in said.read_text("utf-8")


def test_a_daemon_whose_password_is_wrong_ends_at_once(tmp_path: Path) -> None:
    with refusing("28P01", 'password authentication failed for user "somebody"') as url:
        program_on(url, tmp_path)
        with process(tmp_path, "--db", url) as (child, said):
            assert child.wait(PATIENCE) == 1
    assert "password authentication failed" in said.read_text("utf-8")
    assert "s3cret" not in said.read_text("utf-8")


# --- the first ticks, and the end -----------------------------------------------------------------


@pytest.fixture
def beside(database_url: str) -> Iterator[Engine]:
    """The same database, for the test to look at."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_whatever_breaks_in_the_first_ticks_the_daemon_watches_and_says_goodbye(
    tmp_path: Path, database_url: str, beside: Engine, issuer: LoopbackIssuer
) -> None:
    app = program_on(database_url, tmp_path, issuer.url)
    breaking = Breaking(database_url, spared=beside)
    engine = app.open()
    daemon = Daemon(app, io.StringIO())
    thread = threading.Thread(target=daemon.watch, args=[engine, app.channels(io.StringIO())])
    try:
        with breaking.trouble({1, 2, 3, 5, 8, *range(13, 120, 9)}):
            thread.start()
            wait_for("all trouble to be over", lambda: breaking.touches > 150, PATIENCE)
        wait_for("the file", lambda: looks(beside), PATIENCE)
        wait_for("all to be well", lambda: set(daemon.board.faults()) <= {"recheck"}, PATIENCE)  # that rests longest
    finally:
        daemon.stop()
        thread.join(PATIENCE)
    assert len(breaking.broken) == 17
    with reading(beside) as conn:
        (worker,) = workers.workers(conn)
    assert worker.stopped_at is not None
    assert [outcome for _, outcome in looks(beside)] == ["new"]
    engine.dispose()


def test_whatever_breaks_at_the_end_it_is_recorded(tmp_path: Path, database_url: str, beside: Engine) -> None:
    app = program_on(database_url, tmp_path)
    breaking, engine = Breaking(database_url, spared=beside), app.open()
    for number in range(1, 100):
        daemon = Daemon(app, io.StringIO())
        daemon.beat(engine)
        with breaking.trouble({number}), suppress(StoreUnavailable):
            daemon._leave(engine)
        with reading(beside) as conn:
            ended = {one.holder: one.stopped_at for one in workers.workers(conn)}
        assert ended[daemon.holder] is not None
        if number not in breaking.broken:
            break
    assert number > 2
    engine.dispose()
