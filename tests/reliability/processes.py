"""P11: several daemons on one database, killed and put to sleep, tell everything once."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from random import Random

from sqlalchemy.engine import make_url

from tests.reliability.children import Child
from tests.reliability.ending import Ending, compare, ending
from tests.reliability.report import Result, trying
from tests.reliability.serving import wait_for
from tests.reliability.stage import Stage
from tests.reliability.world import PATIENCE, World, sessions

CHANNELS = ("slack", "slack-2", "log")
SPEED = 30.0
DAEMON = "lease_seconds = 600\n"  # at that speed twenty seconds: who is only slow keeps what it has in hand
# Asleep here, a daemon keeps others waiting until it goes on: it is inside its transaction.
LOCKING = ("after-archive", "mid-derive", "before-commit")
ASLEEP_AT = ("after-download", "after-commit", "after-claim", "before-send", "after-send", *LOCKING)
NEWS = 4


def run(stage: Stage) -> Iterator[Result]:
    """Two and five daemons with random kills, and one asleep at each point, on each database."""
    for kind in stage.kinds:
        for daemons in (2, 5):
            with trying("P11", f"{daemons} daemons, random kills, {kind}") as result:
                crowd(stage, kind, daemons, result, days=12 if stage.full else 4)
            yield result
        with trying("P11", f"one of two asleep past its lease, {kind}") as result:
            asleep(stage, kind, result, ASLEEP_AT)
        yield result


def long(stage: Stage) -> Iterator[Result]:
    """Two daemons, day after day with random kills, for as many minutes as asked."""
    for kind in stage.kinds:
        minutes = stage.minutes / len(stage.kinds)
        with trying("P11", f"two daemons for {minutes:g} min, random kills, {kind}") as result:
            crowd(stage, kind, 2, result, days=len(sessions()) - 1, seconds=60 * minutes)
        yield result


# --- random kills ---------------------------------------------------------------------------------


def crowd(stage: Stage, kind: str, daemons: int, result: Result, *, days: int, seconds: float = float("inf")) -> None:
    """Session after session with `daemons` at work, one of which is killed now and then."""
    until = time.monotonic() + seconds
    with stage.world(kind) as world:
        world.configure(CHANNELS, daemon=DAEMON)
        several = Crowd(world, Random(stage.seed), daemons)
        last = 0
        for number in range(days + 1):
            if time.monotonic() > until:
                break
            several.live(number)
            last = number
        several.stop()
        found = ending(world)
    result.notes.append(f"{kind}, {daemons} daemons: {last + 1} sessions, {several.kills} kills")
    compare(result, f"{kind} {daemons} daemons", undisturbed(stage, kind, last), found)
    result.cases = several.kills


@dataclass
class Crowd:
    """Some daemons in one world."""

    world: World
    random: Random
    wanted: int
    alive: list[Child] = field(default_factory=list)
    kills: int = 0

    def live(self, number: int) -> None:
        """One session: its files come out, somebody may die, all is told in the end."""
        self.world.day(number, SPEED)
        self._fill()
        if number and self.random.random() < 0.8:
            self._kill_one(self.random.choice(("soon", "telling")), self.random.uniform(0.0, 1.0))
        self._fill()
        self.world.settle(number)

    def _kill_one(self, when: str, wait: float) -> None:
        """At a random moment: of the time, or once something of the day has been told."""
        told = len(self.world.ledger.keys())
        until = time.monotonic() + (3.0 if when == "telling" else wait)
        while time.monotonic() < until and not (when == "telling" and len(self.world.ledger.keys()) > told):
            time.sleep(0.002)
        victim = self.random.choice(self.alive)
        victim.kill()
        self.alive.remove(victim)
        self.kills += 1

    def _fill(self) -> None:
        for child in self.alive:
            assert not child.ended.is_set(), f"a daemon ended by itself with {child.code}:\n{child.said()}"
        while len(self.alive) < self.wanted:
            self.alive.append(self.world.start("run"))

    def stop(self) -> None:
        """All finish what they have begun."""
        for child in self.alive:
            assert child.stop() == 0, child.last_words()


def undisturbed(stage: Stage, kind: str, last: int) -> Ending:
    """The same sessions with one process at a time and nothing going wrong."""
    with stage.world(kind) as world:
        world.configure(CHANNELS)
        for number in range(last + 1):
            world.day(number)
            world.run("check")
        return ending(world)


# --- asleep ---------------------------------------------------------------------------------------


def asleep(stage: Stage, kind: str, result: Result, points: tuple[str, ...]) -> None:
    """At each point one daemon stops, another takes over, and the first goes on with what it had in hand."""
    wanted = undisturbed(stage, kind, NEWS + 2)
    with stage.world(kind) as world:
        world.configure(CHANNELS, daemon=DAEMON)
        for number in range(NEWS):
            world.day(number)
            world.run("check")
        begun, posts = world.url, len(world.slack.posts)
        told = world.ledger.seen()
        lines = (world.folder / "alerts.jsonl").read_bytes()
        for point in points:
            world.url = stage.copy(begun)
            world.configure(CHANNELS, daemon=DAEMON)
            world.ledger.clear()
            for one in told:
                world.ledger.add(one)
            del world.slack.posts[posts:]
            (world.folder / "alerts.jsonl").write_bytes(lines)
            _sleep_through(world, point)
            compare(result, f"{kind} asleep {point}", wanted, ending(world))


def _sleep_through(world: World, point: str) -> None:
    world.day(NEWS)
    sleeper = world.start("run", stop_at=point)
    wait_for(f"a daemon to fall asleep {point}", sleeper.is_stopped, PATIENCE)
    world.clock.forward(minutes=15)
    other = world.start("run")
    if point in LOCKING or _is_locked(world):
        wait_for("the other to begin", other.said, PATIENCE)
        sleeper.signal(signal.SIGCONT)
    for number in (NEWS, NEWS + 1):
        if number > NEWS:
            world.day(number)
        world.settle(number)
    sleeper.signal(signal.SIGCONT)
    world.day(NEWS + 2)
    world.settle(NEWS + 2)
    for child in (sleeper, other):
        assert child.stop() == 0, child.last_words()


def _is_locked(world: World) -> bool:
    """Whether another thread of the sleeper was just writing to SQLite, so that everybody waits for it."""
    address = make_url(world.url)
    if address.get_backend_name() != "sqlite":
        return False
    try:
        with closing(sqlite3.connect(str(address.database), isolation_level=None, timeout=1)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    return False
