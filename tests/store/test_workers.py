"""Daemons and their ticks as rows: who runs, who stopped, who was killed, and what each tick did last."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from monitor.core.politeness import Breaker
from monitor.store import queries, watch, workers
from monitor.store.engine import Engine, reading, transaction
from monitor.store.workers import Tick, Worker, is_gone, new_holder, register, report, started_at

NOW = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)


def known(engine: Engine) -> dict[str, Worker]:
    """The daemons by holder."""
    with reading(engine) as conn:
        return {one.holder: one for one in workers.workers(conn)}


def dead_holder() -> str:
    """The name of a process of this machine that ended without a word."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return new_holder().replace(f":{os.getpid()}:", f":{process.pid}:")


def test_a_holder_is_new_each_time_and_gone_only_when_its_process_is() -> None:
    mine = new_holder()
    assert mine != new_holder()
    assert len(mine) <= 64
    assert not is_gone(mine)
    assert is_gone(dead_holder())
    host, pid, life = dead_holder().split(":")
    for elsewhere in (f"other{host}:{pid}:{life}", f"{host}:{pid}:1{life}", f"{host}:x:{life}", host, ""):
        assert not is_gone(elsewhere)
    assert not is_gone(f"{host}:1:{life}")  # somebody else's process may not be signalled, but is there


def test_a_daemon_is_registered_seen_and_stopped(engine: Engine) -> None:
    register(engine, "a", "1.0", NOW)
    register(engine, "b", "1.0", NOW + timedelta(minutes=1))
    report(engine, "a", NOW + timedelta(minutes=2))
    report(engine, "b", NOW + timedelta(minutes=3), stopped=True)
    found = known(engine)
    assert list(found) == ["b", "a"]
    assert (found["a"].seen_at, found["a"].stopped_at) == (NOW + timedelta(minutes=2), None)
    assert found["b"].stopped_at == NOW + timedelta(minutes=3)
    with reading(engine) as conn:
        assert started_at(conn, "a") == NOW
        assert started_at(conn, "never") is None


def test_the_killed_are_marked_and_the_old_forgotten(engine: Engine) -> None:
    dead = dead_holder()
    register(engine, dead, "1.0", NOW)
    report(engine, dead, NOW + timedelta(minutes=1), [Tick("watch", dead, NOW, NOW, "ok", "", 1, 0)])
    register(engine, "a", "1.0", NOW + timedelta(hours=1))
    assert known(engine)[dead].stopped_at == NOW + timedelta(minutes=1)
    register(engine, "b", "1.0", NOW + timedelta(days=7, minutes=30))
    assert set(known(engine)) == {"a", "b"}
    with reading(engine) as conn:
        assert workers.ticks(conn) == []


def test_ticks_keep_their_last_run(engine: Engine) -> None:
    register(engine, "a", "1.0", NOW)
    running = Tick("watch", "a", NOW, None, "running", "", 1, 0)
    failed = Tick("watch", "a", NOW, NOW + timedelta(seconds=1), "failed", "x" * 5000, 2, 1)
    report(engine, "a", NOW, [running])
    with reading(engine) as conn:
        assert workers.ticks(conn) == [running]
    report(engine, "a", NOW, [failed, Tick("beat", "a", NOW, NOW, "ok", "", 3, 0)])
    with reading(engine) as conn:
        found = {one.name: one for one in workers.ticks(conn)}
    assert (found["watch"].outcome, found["watch"].failures, len(found["watch"].detail)) == ("failed", 1, 2000)
    assert found["beat"].runs == 3


def states(engine: Engine, now: datetime) -> list[tuple[str, str, str, int]]:
    """The rows of `status` about the running program."""
    with reading(engine) as conn:
        rows = queries.status(conn, now)
    return [(one.what, one.name, one.state, one.count) for one in rows if one.what in ("daemon", "tick", "issuer")]


def test_status_says_who_runs_what_fails_and_who_is_left_alone(engine: Engine) -> None:
    assert states(engine, NOW) == []
    register(engine, "a", "1.0", NOW)
    register(engine, "b", "1.0", NOW + timedelta(seconds=1))
    failed = Tick("watch", "a", NOW, NOW, "failed", "the disk is full", 9, 2)
    report(engine, "a", NOW, [failed, Tick("beat", "a", NOW, NOW, "ok", "", 9, 0)])
    with transaction(engine) as conn:
        watch.set_breaker(conn, "ark", Breaker(3, NOW + timedelta(minutes=1), "answered 503", NOW))
        watch.set_breaker(conn, "spdr", Breaker(0, NOW + timedelta(minutes=1), "answered 429", NOW))
        watch.set_breaker(conn, "fine", Breaker(0, None, "", NOW))
    name = f"{socket.gethostname()}:{os.getpid()}"
    both = [("daemon", name, "running", 1)] * 2
    servers = [("issuer", "ark", "open", 3), ("issuer", "spdr", "waiting", 0)]
    assert states(engine, NOW) == [*both, ("tick", "watch", "broken", 2), *servers]
    with reading(engine) as conn:
        assert queries.needs_attention(queries.status(conn, NOW))
    later = NOW + timedelta(minutes=6)
    assert states(engine, later) == [("daemon", name, "silent", 0), ("issuer", "ark", "open", 3)]
    for one in ("a", "b"):
        report(engine, one, later, stopped=True)
    assert states(engine, later)[0] == ("daemon", name, "stopped", 0)
    with reading(engine) as conn:
        assert not queries.needs_attention(queries.status(conn, later))
