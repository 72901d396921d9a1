"""P13: the operator hears once that we are blind and once that it is over; of a day without trading, nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from monitor.store.engine import reading
from monitor.store.workers import ticks
from tests.reliability.children import Child
from tests.reliability.issuer import BROKEN, NOT_FOUND
from tests.reliability.morning import QUIET, Morning
from tests.reliability.report import Result, trying
from tests.reliability.serving import Fault, wait_for
from tests.reliability.stage import Stage
from tests.reliability.world import PATIENCE, Story, World, evening, sessions

REST = '[alerts]\nmin_severity = "low"\ndigest = "never"\noperator_channels = ["log"]\n'
GOOD_FRIDAY = date(2026, 4, 3)
HOPS = 14  # within a quarter of a day everything that fails for good has been told


@dataclass(frozen=True, slots=True)
class Case:
    """Files that cannot be had for a while, and what the operator is to read: the beginning and the end."""

    name: str
    paths: tuple[str, ...]
    fault: Fault
    words: str


CASES = (
    Case("404 for one fund", ("/LANA.csv",), NOT_FOUND, "LANA"),
    Case("503 for all funds", ("/LANA.csv", "/LANB.csv"), BROKEN, "Lantern"),
)


def run(stage: Stage) -> Iterator[Result]:
    """One line per database: one fund's file is gone, the whole issuer is down, a holiday, a file that is late."""
    for kind in stage.kinds:
        with trying("P13", f"a file gone, an issuer down, a holiday, a late file, {kind}") as result:
            outages(stage, kind, result, CASES)
            _holiday(stage, kind, result)
        yield result


def outages(stage: Stage, kind: str, result: Result, cases: Sequence[Case]) -> None:
    """Each case from the same morning."""
    with stage.world(kind) as world:
        morning = Morning(stage, world, ("log",), rest=REST)
        for case in cases:
            _blind(morning, case, result)


def _blind(morning: Morning, case: Case, result: Result) -> None:
    """A beginning, nothing while it lasts, an end, nothing after it."""
    world = morning.again(QUIET)
    child = world.start("run")
    _hop(world, child, 1)
    faults = [f"told before anything was wrong: {told}"] if (told := _notices(world)) else []
    for path in case.paths:
        world.issuer.script_of(path).always(case.fault)
    _hop(world, child, HOPS, until=lambda: bool(_notices(world)))
    _hop(world, child, 3)
    begun = _notices(world)
    faults += _not_one("at the beginning", begun, case.words, child)
    for path in case.paths:
        world.issuer.script_of(path).always(None)
    _hop(world, child, HOPS, until=lambda: len(_notices(world)) > len(begun))
    _hop(world, child, 3)
    faults += _not_one("at the end", _notices(world)[len(begun) :], case.words, child)
    assert child.stop() == 0, child.last_words()
    result.case(case.name, faults=faults)


def _holiday(stage: Stage, kind: str, result: Result) -> None:
    """Good Friday and its weekend bring no file and no notice; the Monday whose file stays away brings one."""
    first = next(at for at, day in enumerate(sessions()) if day > GOOD_FRIDAY) - 1
    with stage.world(kind, Story(first=first)) as world:
        world.configure(("log",), rest=REST)
        for number in (first - 1, first):
            world.day(number)
            world.run("check")
        child = world.start("run")
        while world.clock() < evening(first + 1):
            _hop(world, child, 1, hours=8)
        told = _notices(world)
        result.case("a holiday", faults=[f"told of a day without trading: {told}"] if told else [])
        _hop(world, child, 8, until=lambda: bool(_notices(world)), hours=8)
        _hop(world, child, 2)
        late = _notices(world)[len(told) :]
        result.case("a late file", faults=_not_one("of a late file", late, "Lantern", child))
        assert child.stop() == 0, child.last_words()


def _not_one(when: str, told: list[str], words: str, child: Child) -> list[str]:
    """What is wrong when there is not exactly one notice, about the right thing."""
    if len(told) == 1 and words in told[0]:
        return []
    return [f"{len(told)} notices {when} instead of one about {words}: {told}\n{child.said()[-1500:]}"]


def _notices(world: World) -> list[str]:
    """The titles of what was told to operators."""
    file = world.folder / "alerts.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [one["title"] for one in map(json.loads, lines) if one["form"] == "notice"]


def _hop(
    world: World, child: Child, times: int, *, until: Callable[[], bool] = lambda: False, hours: float = 0.4
) -> None:
    """Lets time jump, each time until all has been asked, looked at and told; not further once `until` is so."""
    for _ in range(times):
        if until():
            return
        world.clock.forward(hours=hours)
        for name in ("watch", "look", "deliver"):  # each after the one before it
            _whole(world, child, name)


def _whole(world: World, child: Child, name: str) -> None:
    """Waits until a tick has begun and ended from now on."""
    since: datetime = world.clock() - timedelta(milliseconds=1)

    def ran() -> bool:
        assert not child.ended.is_set(), child.said()
        with reading(engine) as conn:
            return any(one.name == name and one.started_at >= since and one.ended_at is not None for one in ticks(conn))

    with world.database() as engine:
        wait_for(f"the tick {name}", ran, PATIENCE, every=0.02)
