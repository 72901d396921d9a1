"""How a run ended, and how that differs from the run in which nothing went wrong."""

from __future__ import annotations

from dataclasses import dataclass

from tests.reliability.report import Result
from tests.reliability.state import State, differences, state
from tests.reliability.visible import Visible, count
from tests.reliability.world import World

CANNOT_LOOK = ("mail", "hook")  # nobody can read back what these took


@dataclass(frozen=True)
class Ending:
    """How a run ended: the database by meaning, and what people see."""

    state: State
    seen: tuple[Visible, ...]


def ending(world: World) -> Ending:
    """As things stand now."""
    with world.database() as engine:
        return Ending(state(engine), tuple(world.visible()))


def compare(result: Result, name: str, wanted: Ending, found: Ending) -> None:
    """Counts what differs between the run that was never killed and this one."""
    expected = {(one.destination, one.key) for one in wanted.seen}
    for destination in sorted({one.destination for one in wanted.seen}):
        keys = [key for where, key in expected if where == destination]
        seen = [one for one in found.seen if one.destination == destination]
        counted = count(seen, keys)
        faults = [f"{destination} could have been asked, yet repeats {counted.marked}"] if counted.marked else []
        result.case(f"{name} {destination}", counted, faults if not destination.startswith(CANNOT_LOOK) else ())
    result.cases += 1 - len({one.destination for one in wanted.seen})  # one death is one case
    result.failures += [f"{name}: {line}" for line in differences(wanted.state, found.state)]
