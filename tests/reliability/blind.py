"""P13: the operator hears once that we are blind, once that it is over, and once for all funds of an issuer."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from monitor.store.engine import reading
from monitor.store.schema import fetch
from tests.reliability.issuer import BROKEN, NOT_FOUND
from tests.reliability.morning import QUIET, Morning
from tests.reliability.report import Result, trying
from tests.reliability.serving import Fault, wait_for
from tests.reliability.stage import Stage
from tests.reliability.visible import Visible
from tests.reliability.world import PATIENCE, World

REST = '[alerts]\nmin_severity = "low"\ndigest = "never"\noperator_channels = ["log"]\n'


def run(stage: Stage) -> Iterator[Result]:
    """One line per database: one fund's file is gone, then the whole issuer is down."""
    for kind in stage.kinds:
        with trying("P13", f"a file gone, an issuer down, and back, {kind}") as result, stage.world(kind) as world:
            morning = Morning(stage, world, ("slack", "log"), rest=REST)
            for name, paths, fault in (
                ("404 for one fund", ("/LANA.csv",), NOT_FOUND),
                ("503 for all funds", ("/LANA.csv", "/LANB.csv"), BROKEN),
            ):
                _story(morning, name, paths, fault, result)
        yield result


def _story(morning: Morning, name: str, paths: tuple[str, ...], fault: Fault, result: Result) -> None:
    world = morning.again(QUIET)
    child = world.start("run")
    wait_for("the daemon to begin", child.said, PATIENCE)
    for path in paths:
        world.issuer.script_of(path).always(fault)
    _looks(world, paths, 6)
    begun = wait_for(f"notice of: {name}", lambda: _notices(world), PATIENCE)
    for path in paths:
        world.issuer.script_of(path).always(None)
    _looks(world, paths, 2)
    wait_for(f"end of: {name}", lambda: len(_notices(world)) > len(begun), PATIENCE)
    _looks(world, paths, 3)
    assert child.stop() == 0, child.said()
    told = [one.text for one in _notices(world)]
    result.case(
        name, faults=[] if len(told) == 2 else [f"{len(told)} notices instead of a beginning and an end: {told}"]
    )


def _notices(world: World) -> list[Visible]:
    return [one for one in world.visible() if one.destination == "log" and one.key.startswith("N")]


def _looks(world: World, paths: tuple[str, ...], times: int) -> None:
    """Lets time pass until so many more looks have been recorded."""
    with world.database() as engine:

        def recorded() -> int:
            with reading(engine) as conn:
                return int(conn.execute(select(func.count()).select_from(fetch)).scalar_one())

        for _ in range(times):
            before = recorded()
            world.clock.forward(minutes=31)
            wait_for("a look", lambda before=before: recorded() > before, PATIENCE)  # type: ignore[misc]
