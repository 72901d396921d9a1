"""P1, P2, P8: the process dies while it gathers a digest, and while it corrects what it told: the parent, the reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import func, select

from monitor.store.engine import Engine, reading
from monitor.store.schema import delivery, digest_entry, snapshot
from tests.reliability.app import KILLED
from tests.reliability.ending import Ending, compare, ending
from tests.reliability.report import Result, trying
from tests.reliability.serving import wait_for
from tests.reliability.slack import Post
from tests.reliability.stage import Stage
from tests.reliability.visible import Visible
from tests.reliability.world import CALM, PATIENCE, World, evening, sessions
from tests.scenarios import stories

CHANNELS = ("slack", "mail", "log", "hook")
NEWS = 4
GATHERED = '[blindness]\nenabled = false\n[[rules]]\nname = "all"\ndeliver = "daily"\n'
DIGEST_AT = ("mid-gather", "mid-promise", "before-commit", "after-commit", "after-claim", "before-send", "after-send")
THREAD_AT = ("mid-derive", "before-commit", "after-commit", "after-claim", "before-send", "after-edit", "after-send")


def run(stage: Stage) -> Iterator[Result]:
    """One line per database for digests, one for threads."""
    for kind in stage.kinds:
        with trying("P1", f"killed at every point of a digest, {kind}") as result:
            digest(stage, kind, result, points(DIGEST_AT, stage.full))
        yield result
        with trying("P1 P8", f"killed at every point of a correction, {kind}") as result:
            thread(stage, kind, result, points(THREAD_AT, stage.full))
        yield result


def points(of: Sequence[str], full: bool) -> list[str]:
    """Where to die; in full also at later passages."""
    return [f"{point}:{time}" for point in of for time in ((1, 2) if full else (1,))]


@dataclass
class Evening:
    """The evening of the news: all is told or waits for its digest. Every case returns to it."""

    stage: Stage
    world: World
    rest: str
    url: str = ""
    told: int = 0
    _seen: list[Visible] = field(default_factory=list)
    _posts: list[Post] = field(default_factory=list)
    _lines: bytes = b""

    def __post_init__(self) -> None:
        world = self.world
        world.configure(CHANNELS, self.rest)
        for number in range(NEWS + 1):
            world.day(number, hours=-1.5)  # before the digests of the day, which come at six
            world.run("check")
            if number == NEWS - 1:
                world.clock.forward(hours=2)
                world.run("check")
        self.url, self.told, self._seen = world.url, len(world.visible()), world.ledger.seen()
        self._posts = [copy(one) for one in world.slack.posts]
        log = world.folder / "alerts.jsonl"
        self._lines = log.read_bytes() if log.exists() else b""

    def play(self, die_at: str, told: Callable[[Engine], bool]) -> Ending | None:
        """What follows two hours later, with a death or without; None: there was nothing to die of."""
        self._restore()
        world = self.world
        world.clock.set(evening(NEWS) + timedelta(minutes=30))
        with world.database() as engine:
            if die_at and not self._killed(die_at, lambda: told(engine)):
                return None
            child = world.start("run")
            try:
                wait_for("all to be told", lambda: told(engine), PATIENCE)
            except AssertionError as error:
                raise AssertionError(f"{die_at}: {error}\n{child.said()}") from None
        assert child.stop() == 0, child.last_words()
        return ending(world)

    def _killed(self, die_at: str, told: Callable[[], bool]) -> bool:
        child = self.world.start("run", die_at=die_at)
        wait_for(f"{die_at} or the end", lambda: child.ended.is_set() or told(), PATIENCE)
        code = child.wait(5) if child.ended.wait(0.5) else child.stop()
        assert code == KILLED or not die_at.endswith(":1"), f"{die_at} was not reached ({code})\n{child.said()}"
        self.world.clock.forward(minutes=10)  # longer than any lease
        return code == KILLED

    def _restore(self) -> None:
        world = self.world
        world.url = self.stage.copy(self.url)
        world.configure(CHANNELS, self.rest)
        world.ledger.clear()
        for one in self._seen:
            world.ledger.add(one)
        world.slack.posts[:] = [copy(one) for one in self._posts]
        (world.folder / "alerts.jsonl").write_bytes(self._lines)


# --- a digest -------------------------------------------------------------------------------------


def digest(stage: Stage, kind: str, result: Result, deaths: Sequence[str]) -> None:
    """Each channel's digest is made and sent in spite of a death at each of these points."""
    with stage.world(kind) as world:
        base = Evening(stage, world, GATHERED)
        wanted = base.play("", _all_gathered)
        assert wanted is not None
        fresh = len(wanted.seen) - base.told
        assert fresh == len(CHANNELS), f"{fresh} digests"
        for point in deaths:
            found = base.play(point, _all_gathered)
            if found is not None:
                compare(result, f"{kind} digest {point}", wanted, found)


def _all_gathered(engine: Engine) -> bool:
    with reading(engine) as conn:
        waiting = select(func.count()).where(digest_entry.c.state == "waiting")
        return conn.execute(waiting).scalar_one() == 0 and _open(engine) == 0


def _open(engine: Engine) -> int:
    with reading(engine) as conn:
        query = select(func.count()).where(delivery.c.state.in_(("pending", "sending")))
        return int(conn.execute(query).scalar_one())


# --- a correction ---------------------------------------------------------------------------------


def thread(stage: Stage, kind: str, result: Result, deaths: Sequence[str]) -> None:
    """A file is published anew: the first message is edited, the reply follows once, whatever died in between."""
    with stage.world(kind) as world:
        base = Evening(stage, world, CALM)
        *old, changed, gone = world.story.rows("LANA", NEWS)
        rows = [*old, replace(changed, shares=changed.shares * 2)]
        body = stories.file("LANA", sessions()[NEWS], rows, version=".v1")[1]
        world.issuer.publish("/LANA.csv", body)
        wanted = base.play("", _all_corrected)
        assert wanted is not None
        shown = _conversation(world)
        replies = [one for one in world.slack.posts[len(base._posts) :] if one.thread]
        assert replies, f"no reply about {gone.name}"
        assert any(one.edits for one in world.slack.posts), f"nothing was edited about {gone.name}"
        for point in deaths:
            found = base.play(point, _all_corrected)
            if found is None:
                continue
            compare(result, f"{kind} correction {point}", wanted, found)
            if (now := _conversation(world)) != shown:
                result.failures.append(f"{kind} correction {point}: Slack shows {sorted(set(now) ^ set(shown))[:4]}")


def _all_corrected(engine: Engine) -> bool:
    day = (sessions()[NEWS] - date(1970, 1, 1)).days
    with reading(engine) as conn:
        files = conn.execute(select(func.count()).where(snapshot.c.as_of == day)).scalar_one()
    return files > 2 and _open(engine) == 0


def _conversation(world: World) -> list[tuple[str, str, bool]]:
    """What Slack shows in the end: keys, texts as edited, and what is a reply."""
    return sorted((one.key, one.text, bool(one.thread)) for one in world.slack.posts)
