"""The morning before the day with the news, to which every case returns: one loaded database, copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.reliability.stage import Stage
from tests.reliability.visible import Visible
from tests.reliability.world import CALM, World

QUIET = 3  # the last session before the news
NEWS = 4


@dataclass
class Morning:
    """What is there before: a world whose funds have been looked at for four sessions."""

    stage: Stage
    world: World
    channels: Sequence[str]
    rest: str = CALM
    daemon: str = ""
    url: str = ""
    _seen: list[Visible] = field(default_factory=list)
    _posts: int = 0
    _lines: bytes = b""

    def __post_init__(self) -> None:
        world = self.world
        self._configure()
        for number in range(QUIET + 1):
            world.day(number)
            world.run("check")
        self.url = world.url
        self._seen = world.ledger.seen()
        self._posts = len(world.slack.posts)
        lines = world.folder / "alerts.jsonl"
        self._lines = lines.read_bytes() if lines.exists() else b""

    def again(self, number: int = NEWS, speed: float = 1.0, *, remember: bool = False) -> World:
        """The world on the evening of a session with a fresh copy; with `remember` earlier messages are visible."""
        world = self.world
        world.url = self.stage.copy(self.url)
        self._configure()
        world.ledger.clear()
        for one in self._seen if remember else ():
            world.ledger.add(one)
        del world.slack.posts[self._posts :]
        (world.folder / "alerts.jsonl").write_bytes(self._lines if remember else b"")
        world.day(number, speed)
        return world

    def _configure(self) -> None:
        self.world.configure(self.channels, self.rest, daemon=self.daemon)
