"""The daemon itself: its ticks and what is recorded of them, how it ends, the dead-man's switch, trouble said once."""

from __future__ import annotations

import io
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select

from monitor.app import App, configured, quiet, system_clock
from monitor.core.errors import ConfigError, StoreError
from monitor.daemon import Daemon
from monitor.daemon.ticks import LONGEST_RUN, Board, Task
from monitor.demo.issuer import LoopbackIssuer, serving
from monitor.store import schema as t
from monitor.store import workers
from monitor.store.engine import Engine, StoreUnavailable, is_postgres, reading
from monitor.store.workers import Tick, Worker
from tests.watched import SESSIONS, Clock, looks, program, publish

FAST = "tick_seconds = 0.1\ndeliver_seconds = 0.1\n"
SECRET = "a7f3-secret-check"


@pytest.fixture
def issuer() -> Iterator[LoopbackIssuer]:
    with serving() as found:
        publish(found, "lantern", "LANA", SESSIONS[0])
        yield found


@contextmanager
def running(app: App, engine: Engine) -> Iterator[Daemon]:
    """A daemon at work in this process, stopped at the end."""
    daemon = Daemon(app, io.StringIO())
    thread = threading.Thread(target=daemon.watch, args=[engine, app.channels(io.StringIO())])
    thread.start()
    try:
        yield daemon
    finally:
        daemon.stop()
        thread.join(120)
    assert not thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    """Returns once it is so, fails after two minutes."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def recorded(engine: Engine) -> tuple[list[Worker], dict[str, Tick]]:
    """The daemons, and the ticks by name."""
    with reading(engine) as conn:
        return workers.workers(conn), {one.name: one for one in workers.ticks(conn)}


def test_a_daemon_works_is_seen_and_says_goodbye(tmp_path: Path, engine: Engine, issuer: LoopbackIssuer) -> None:
    app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, daemon=FAST)
    with running(app, engine) as daemon:
        expected = {"watch", "deliver", "digest", "look", "recheck", "beat"} | (
            {"tend"} if is_postgres(engine) else set()
        )
        until(lambda: expected <= set(recorded(engine)[1]))
        until(lambda: recorded(engine)[1]["watch"].outcome == "ok")
        assert recorded(engine)[0][0].stopped_at is None
    (worker,), ticks = recorded(engine)
    assert (worker.holder, worker.stopped_at) == (daemon.holder, app.clock())
    assert {one.failures for one in ticks.values()} == {0}
    assert [outcome for _, outcome in looks(engine)] == ["new"]
    with reading(engine) as conn:
        assert set(conn.execute(select(t.lease.c.holder)).scalars()) == {""}


def runs(daemon: Daemon) -> int:
    """How often the daemon has looked for what is due."""
    return next((one.runs for one in daemon.board.ticks() if one.name == "watch"), 0)


def test_two_daemons_at_work_look_once(tmp_path: Path, engine: Engine, issuer: LoopbackIssuer) -> None:
    app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, daemon=FAST)
    with running(app, engine) as one, running(app, engine) as other:
        until(lambda: min(runs(one), runs(other)) > 5)
    assert [outcome for _, outcome in looks(engine)] == ["new"]


def test_a_fault_in_one_tick_is_recorded_and_the_daemon_lives_on(
    tmp_path: Path,
    engine: Engine,
    issuer: LoopbackIssuer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(self: App, engine: Engine) -> int:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(App, "digest", broken)
    app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, daemon=FAST)
    with running(app, engine) as daemon:
        until(lambda: recorded(engine)[1].get("digest", Tick("", "", app.clock(), None, "", "", 0, 0)).failures > 1)
        until(lambda: bool(looks(engine)))
        assert daemon.board.faults() == ["digest"]
    tick = recorded(engine)[1]["digest"]
    assert (tick.outcome, tick.detail) == ("failed", "ZeroDivisionError: a fault")
    assert [one.message for one in caplog.records if one.exc_info] == [
        "digest failed because of a fault in this program"
    ]


def test_ticks_go_on_when_the_clock_is_set(tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer) -> None:
    app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, daemon="tick_seconds = 3600\n")
    daemon = Daemon(app, io.StringIO())
    daemon.schedule(sqlite_engine, {})
    daemon.scheduler.start(paused=True)
    jobs = daemon.scheduler.get_jobs()
    for job in jobs:
        job.modify(next_run_time=job.next_run_time.replace(year=2100))  # the clock was set back
    daemon.retime()
    assert {job.next_run_time.year for job in daemon.scheduler.get_jobs()} != {2100}
    assert {type(job.trigger).__name__ for job in jobs} == {"IntervalTrigger"}
    assert {(job.misfire_grace_time, job.coalesce, job.max_instances) for job in jobs} == {(6 * 3600, True, 1)}
    daemon.scheduler.shutdown()


def test_what_is_due_is_looked_for_as_often_as_it_can_become_due(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer
) -> None:
    def seconds(daemon: str) -> dict[str, float]:
        app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, daemon=daemon)
        return {one.name: one.seconds for one in Daemon(app, io.StringIO()).tasks(sqlite_engine, {})}

    assert (seconds("")["watch"], seconds("")["look"], seconds("")["deliver"]) == (10, 60, 10)
    assert (seconds("interval_minutes = 0.05")["watch"], seconds("tight_minutes = 0.1")["look"]) == (3, 36)


# --- the board ------------------------------------------------------------------------------------


class Passing:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def board(passing: Passing) -> Board:
    return Board("h", Clock(), passing)


def raising(error: Exception | None) -> Task:
    """A tick that fails so."""

    def call() -> str:
        if error is not None:
            raise error
        return "fine"

    return Task("watch", 10, call)


def test_a_database_in_trouble_is_said_once_and_its_return_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    passing, away = Passing(), StoreUnavailable("The database x is locked.")
    found = board(passing)
    for _ in range(5):
        found.run(raising(away))
        found.run(Task("deliver", 10, raising(away).call))
        passing.seconds += 61
    assert {one.name: one.failures for one in found.ticks()} == {"watch": 5, "deliver": 5}
    found.run(raising(None))
    found.run(Task("deliver", 10, raising(None).call))
    assert [one.message for one in caplog.records] == [
        "The database x is locked. Nothing is lost; work goes on when it can be used again.",
        "the database can be used again",
    ]


def test_a_database_in_trouble_is_tried_less_and_less_often() -> None:
    passing = Passing()
    found, begun = board(passing), passing.seconds
    tried = []
    while passing.seconds < begun + 300:
        runs = sum(one.runs for one in found.ticks())
        found.run(raising(StoreUnavailable("locked")))
        if sum(one.runs for one in found.ticks()) > runs:
            tried.append(int(passing.seconds - begun))
        passing.seconds += 10
    assert tried == [0, 10, 30, 70, 130, 190, 250]


def test_a_seldom_tick_that_met_a_database_in_trouble_does_not_wait_for_its_turn(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: App, engine: Engine) -> object:
        raise StoreUnavailable("away")

    app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)})
    daemon, passing = Daemon(app, io.StringIO()), Passing()
    daemon.board.monotonic = passing
    daemon.schedule(sqlite_engine, {})
    daemon.scheduler.start(paused=True)
    job = daemon.scheduler.get_job("recheck")
    (task,) = job.args
    for waits in (10, 20, 40, 60, 60):
        with monkeypatch.context() as patch:
            patch.setattr(App, "recheck", away)
            daemon.board.run(task)
        job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        passing.seconds += waits - 1
        daemon.resume()
        assert job.next_run_time > datetime.now(UTC) + timedelta(minutes=30)
        passing.seconds += 1
        daemon.resume()
        assert job.next_run_time <= datetime.now(UTC)
    daemon.board.run(task)
    assert (daemon.board.faults(), daemon.board.rested()) == ([], [])
    daemon.scheduler.shutdown()


def test_the_same_trouble_is_said_once_and_another_one_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    found = board(Passing())
    for error in (StoreError("a"), StoreError("a"), StoreError("b"), None, None):
        found.run(raising(error))
    assert [one.message for one in caplog.records] == [
        "watch failed, the next tick tries again: a",
        "watch failed, the next tick tries again: b",
        "watch works again, after 3 in vain",
    ]
    (tick,) = found.ticks()
    assert (tick.outcome, tick.runs, tick.failures, tick.detail) == ("ok", 5, 0, "fine")


def test_a_tick_that_hangs_is_a_fault() -> None:
    passing = Passing()
    found = board(passing)
    seen = []

    def call() -> str:
        seen.append(found.faults())
        passing.seconds += LONGEST_RUN + 1
        seen.append(found.faults())
        return ""

    found.run(Task("watch", 10, call))
    assert seen == [[], ["watch"]]
    assert found.faults() == []


# --- the dead-man's switch ------------------------------------------------------------------------


def heart(url: str) -> str:
    return f'[heartbeat]\nurl = "{url}"\nevery_minutes = 0.002\n'


def test_the_switch_is_asked_while_all_is_well_and_not_while_a_tick_fails(
    tmp_path: Path,
    sqlite_engine: Engine,
    issuer: LoopbackIssuer,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    httpserver.expect_request(f"/{SECRET}").respond_with_data("", status=204)
    more = heart(httpserver.url_for(f"/{SECRET}"))
    app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, daemon=FAST, more=more)
    with running(app, sqlite_engine):
        until(lambda: len(httpserver.log) > 2)

    def broken(self: App, engine: Engine) -> int:
        raise StoreError("a fault")

    monkeypatch.setattr(App, "digest", broken)
    daemon = Daemon(app, io.StringIO())
    assert daemon.pulse() == "kept silent: the database was not written to"
    daemon.beat(sqlite_engine)
    assert daemon.pulse() == "heard"
    daemon.board.run(Task("digest", 1, lambda: str(app.digest(sqlite_engine))))
    assert daemon.pulse() == "kept silent: digest"


@pytest.mark.parametrize("status", [0, 404, 500])
def test_a_switch_that_does_not_hear_is_said_without_its_address(
    tmp_path: Path,
    sqlite_engine: Engine,
    issuer: LoopbackIssuer,
    httpserver: HTTPServer,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    httpserver.expect_request(f"/{SECRET}").respond_with_data("", status=status or 200)
    url = httpserver.url_for(f"/{SECRET}") if status else f"http://127.0.0.1:1/{SECRET}"
    app = program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, daemon=FAST, more=heart(url))
    with running(app, sqlite_engine):
        until(
            lambda: (
                recorded(sqlite_engine)[1].get("heartbeat", Tick("", "", app.clock(), None, "", "", 0, 0)).failures > 0
            )
        )
    said = " ".join(one.getMessage() for one in caplog.records if one.name.startswith("monitor"))
    assert "the dead-man's switch ([heartbeat])" in said
    assert SECRET not in said
    assert SECRET not in recorded(sqlite_engine)[1]["heartbeat"].detail


def test_a_switch_whose_address_cannot_be_read_is_refused_at_the_start(tmp_path: Path, issuer: LoopbackIssuer) -> None:
    program(tmp_path, issuer.url, Clock(), {"lantern": ("LANA",)}, more='[heartbeat]\nurl_file = "not-there"\n')
    app = configured(tmp_path / "monitor.toml", None, {}, system_clock, quiet)
    with pytest.raises(ConfigError, match="heartbeat"):
        Daemon(app, io.StringIO()).run()
    assert not list(tmp_path.glob("*.db"))


# --- signals --------------------------------------------------------------------------------------


def test_a_second_signal_ends_at_once(tmp_path: Path, httpserver: HTTPServer) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hanging(request: object) -> object:
        from werkzeug import Response

        asked.set()
        go_on.wait(120)
        return Response("")

    httpserver.expect_request("/lantern/LANA.csv").respond_with_handler(hanging)  # type: ignore[arg-type]
    program(tmp_path, httpserver.url_for("").rstrip("/"), Clock(), {"lantern": ("LANA",)})
    command = [sys.executable, "-c", "from monitor.cli import main; main(['run'])"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        assert asked.wait(120)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        while "finishing what has begun" not in (line := process.stderr.readline()):
            assert line, "it ended"
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    finally:
        process.kill()
        go_on.set()
    assert process.returncode == 128 + signal.SIGTERM
