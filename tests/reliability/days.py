"""P6, P7, P8, P14: wrong clocks, days of silence, files out of order, and corrections."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from tests.history.facts import documents
from tests.reliability.ending import Ending, ending
from tests.reliability.morning import NEWS
from tests.reliability.report import Result, trying
from tests.reliability.stage import Stage
from tests.reliability.state import State, differences
from tests.reliability.visible import count
from tests.reliability.world import Story, World, evening, sessions
from tests.scenarios import stories

LAST = 13
MISSED = range(3, 13)  # ten sessions
DERIVED = ("standing", "link", "split", "flow", "trade", "spell", "event")
DATED = Story(dated=True)


def run(stage: Stage) -> Iterator[Result]:
    """A line for each promise and database."""
    for kind in stage.kinds:
        for promise, what, check in (
            ("P6", "clock wrong by 3 days, change of time, year's end", _clocks),
            ("P7", "ten sessions missed, shuffled, one missing", _silence),
            ("P8", "a holding lost and regained within a day", _correction),
            ("P14", "the clock jumps back and on", _jumps),
        ):
            with trying(promise, f"{what}, {kind}") as result:
                check(stage, kind, result)
            yield result


def _of(state: State, tables: Sequence[str] = DERIVED) -> State:
    return {table: state[table] for table in tables}


# --- P6 -------------------------------------------------------------------------------------------


def _clocks(stage: Stage, kind: str, result: Result) -> None:
    turn = sum(day.year == 2026 for day in sessions()) - 3
    for first, shifts in ((0, (-72, 72, 3.5)), (turn, (0.5, 30))):  # half past midnight, and the next day's end
        wanted = _watched(stage, kind, first, 0)
        for hours in shifts if stage.full else shifts[:2]:
            found = _watched(stage, kind, first, hours)
            name = f"{kind} from {sessions()[first]}, {hours:+} h"
            result.case(name, faults=differences(_of(wanted), _of(found)))


def _watched(stage: Stage, kind: str, first: int, hours: float) -> State:
    with stage.world(kind, replace(DATED, first=first, dated=False)) as world:
        world.configure(("log",))
        for number in range(first, first + 6):
            world.day(number, hours=hours)
            world.run("check", codes=(0, 3))
        return ending(world).state


# --- P7 -------------------------------------------------------------------------------------------


def _silence(stage: Stage, kind: str, result: Result) -> None:
    wanted = _always(stage, kind, DATED)
    found = _away(stage, kind, DATED)
    lost = count(found.seen, {one.key for one in wanted.seen if one.key in {seen.key for seen in wanted.seen}})
    result.case(f"{kind} ten sessions missed", replace(lost, unexpected=()), _apart(wanted, found))
    only_last = _away(stage, kind, Story())
    wide = [one for one in only_last.state["event"] if _is_wide(one)]
    result.case(f"{kind} only the last file kept", faults=[] if wide else ["no event says between which sessions"])
    together = [(fund, number) for fund in DATED.funds for number in range(LAST + 1)]
    for name, files in (("shuffled", together), ("one missing", [one for one in together if one != ("LANA", 6)])):
        straight, mixed = list(files), list(files)
        Random(stage.seed).shuffle(mixed)
        one, other = _ingested(stage, kind, straight), _ingested(stage, kind, mixed)
        result.case(f"{kind} {name}", faults=differences(_of(one), _of(other)))


def _apart(wanted: Ending, found: Ending) -> list[str]:
    return differences(_of(wanted.state), _of(found.state))


def _is_wide(event: str) -> bool:
    _, _, rest = event.partition("'pos_session': {'from': '")
    return bool(rest) and rest[:10] != rest.partition("'to': '")[2][:10]


def _always(stage: Stage, kind: str, story: Story) -> Ending:
    with stage.world(kind, story) as world:
        world.configure(("slack", "log"))
        for number in range(LAST + 1):
            world.day(number)
            world.run("check")
        return ending(world)


def _away(stage: Stage, kind: str, story: Story) -> Ending:
    with stage.world(kind, story) as world:
        world.configure(("slack", "log"))
        for number in range(MISSED[0]):
            world.day(number)
            world.run("check")
        for number in MISSED:
            world.publish(number)
        world.day(LAST)
        child = world.start("run")
        world.settle(LAST)
        assert child.stop() == 0, child.last_words()
        return ending(world)


def _ingested(stage: Stage, kind: str, files: Sequence[tuple[str, int]]) -> State:
    with stage.world(kind) as world:
        world.configure(("log",))
        paths: list[str] = []
        for fund, number in files:
            path = world.folder / f"{len(paths):03}_{fund}_{sessions()[number]}.csv"
            path.write_bytes(world.story.body(fund, number))
            paths.append(str(path))
        world.clock.set(evening(LAST))
        world.run("ingest", "--source", "lantern", "--alert", *paths)
        return ending(world).state


# --- P8 -------------------------------------------------------------------------------------------


def _correction(stage: Stage, kind: str, result: Result) -> None:
    with stage.world(kind) as world:
        world.configure(("slack", "log"))
        for number in range(NEWS):
            world.day(number)
            world.run("check")
        whole = world.story.rows("LANA", NEWS)
        told = len(world.slack.posts)
        for hours, rows in ((0, whole), (1, whole[1:]), (2, whole)):
            world.day(NEWS, hours=hours)
            body = stories.file("LANA", sessions()[NEWS], rows, version=f".v{hours}")[1]
            world.issuer.publish("/LANA.csv", body + b"" if not hours else body)
            world.run("check", codes=(0, 3))
        world.day(NEWS + 1)
        world.run("check", codes=(0, 3))
        _no_trace(world, whole[0].name, told, result)


def _no_trace(world: World, name: str, told: int, result: Result) -> None:
    with world.database() as engine:
        left = [one for one in documents(engine, "event") if name in json.dumps(one)]
    faults = [f"remains: {one['kind']} of {name}" for one in left if one["kind"] in ("EXITED", "REENTERED", "ENTERED")]
    news = [post for post in world.slack.posts[told:] if name in post.text]
    faults += [f"not in the thread: {post.text[:80]}" for post in news[1:] if not post.thread]
    result.case(f"{name} lost and regained", count(world.visible()), faults)


# --- P14 ------------------------------------------------------------------------------------------


def _jumps(stage: Stage, kind: str, result: Result) -> None:
    def lived(jumps: bool) -> Ending:
        with stage.world(kind) as world:
            world.configure(("slack", "log"))
            child = world.start("run")
            for number in range(7):
                world.day(number)
                world.settle(number)
                if jumps:  # by summer and winter time, and by days
                    world.clock.forward(hours=(1, -1, -48, 24, -72, 2, 0)[number])
            assert child.stop() == 0, child.last_words()
            return ending(world)

    wanted, found = lived(False), lived(True)
    counted = count(found.seen, {one.key for one in wanted.seen})
    result.case(f"{kind} jumps", counted, _apart(wanted, found))
