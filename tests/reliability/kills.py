"""P1 and P2: the process dies at every point of a file's day, is started again, and nothing shows that it died."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reliability.app import KILLED, POINTS
from tests.reliability.ending import Ending, compare, ending
from tests.reliability.report import Result, trying
from tests.reliability.serving import wait_for
from tests.reliability.stage import Stage
from tests.reliability.world import PATIENCE, World, evening, is_settled

QUIET = 3  # sessions before the one with the news
NEWS = 4
CHANNELS = ("slack", "mail", "log", "hook")


def run(stage: Stage) -> Iterator[Result]:
    """One line per database."""
    for kind in stage.kinds:
        with trying("P1", f"killed at every point, {kind}") as result:
            _matrix(stage, kind, result)
        yield result


def _matrix(stage: Stage, kind: str, result: Result) -> None:
    with stage.world(kind) as world:
        world.configure(CHANNELS)
        for number in range(QUIET + 1):
            world.day(number)
            world.run("check")
        begun = Beginning(stage, world)
        wanted = begun.play("")
        assert wanted is not None
        for point in points(stage.full):
            found = begun.play(point)
            if found is not None:
                compare(result, f"{kind} {point}", wanted, found)


def points(full: bool) -> list[str]:
    """Where to die; in full also at later passages of the same point, else at the second sending: the mail's."""
    later = [f"{point}:{time}" for point in POINTS for time in (2, 3, 4)] if full else ["after-send:2"]
    return [f"{point}:1" for point in POINTS] + later


class Beginning:
    """The morning of the day with the news, to which every case returns."""

    def __init__(self, stage: Stage, world: World) -> None:
        self.stage, self.world = stage, world
        self.url = world.url
        self.posts = len(world.slack.posts)

    def play(self, die_at: str) -> Ending | None:
        """The day with the news, with a death or without; None: there was nothing to die of."""
        world = self.world
        self._restore()
        world.clock.set(evening(NEWS))
        if die_at:
            if not self._killed(die_at):
                return None
            world.clock.forward(minutes=10)  # longer than any lease
        child = world.start("run")
        world.settle(NEWS)
        assert child.stop() == 0, child.last_words()
        return ending(world)

    def _killed(self, die_at: str) -> bool:
        """Whether the process died where it should; false when a later passage never comes."""
        child = self.world.start("run", die_at=die_at)
        with self.world.database() as engine:
            settled = lambda: child.ended.is_set() or is_settled(engine, self.world.story, NEWS)  # noqa: E731
            wait_for(f"{die_at} or the end of the day", settled, PATIENCE)
        code = child.wait(5) if child.ended.wait(0.5) else child.stop()
        assert code == KILLED or not die_at.endswith(":1"), f"{die_at} was not reached ({code})\n{child.said()}"
        return code == KILLED

    def _restore(self) -> None:
        world = self.world
        world.url = self.stage.copy(self.url)
        world.configure(CHANNELS)
        world.publish(NEWS)
        world.ledger.clear()
        del world.slack.posts[self.posts :]
        (world.folder / "alerts.jsonl").write_text("", encoding="utf-8")
