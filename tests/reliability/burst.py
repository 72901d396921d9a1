"""P3 and P15: two hundred, five hundred items at once: all of them, in order; or one digest that counts them right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import func, select

from monitor.store.engine import reading
from monitor.store.schema import delivery, digest_entry, item
from tests.reliability.morning import NEWS
from tests.reliability.report import Result, trying
from tests.reliability.serving import wait_for
from tests.reliability.stage import Stage
from tests.reliability.visible import count
from tests.reliability.world import CALM, PATIENCE, Story, World, is_settled
from tests.scenarios.stories import Row, cusip, portfolio

SHORT, FULL = 200, 500
FLOOD = CALM + "flood = 20\n"


@dataclass(frozen=True, slots=True)
class Many(Story):
    """A large fund that opens very many positions at once."""

    new: int = SHORT

    def rows(self, fund: str, number: int) -> list[Row]:
        """As many old lines as new ones, so that the file is believed."""
        kinds = [("BASEWORTH", "8", self.new)] + ([("NEWCOMER", "9", self.new)] if number >= NEWS else [])
        return portfolio(
            *(
                Row(f"{name} {at:03} CORP", f"{name[0]}{at:03}", cusip(f"{stem}{at:03}51A1"), 50_000 + 77 * at)
                for name, stem, many in kinds
                for at in range(many)
            )
        )


def run(stage: Stage) -> Iterator[Result]:
    """A burst without and with a limit; in full at Slack's real pace."""
    many = FULL if stage.full else SHORT
    for kind in stage.kinds:
        with trying("P3", f"a burst of {many} items, {kind}") as result:
            _burst(stage, kind, result, many)
        yield result
        with trying("P15", f"{many} new positions are one digest, {kind}") as result:
            _flood(stage, kind, result, many)
        yield result


def _opened(world: World, rest: str) -> None:
    world.configure(("slack", "log"), rest=rest)
    for number in range(NEWS - 2, NEWS):
        world.day(number)
        world.run("check")
    world.ledger.clear()
    world.day(NEWS)


def _burst(stage: Stage, kind: str, result: Result, many: int) -> None:
    with stage.world(kind, Many(("LANA",), new=many)) as world:
        _opened(world, CALM)
        if stage.full:
            settings = (world.folder / "monitor.toml").read_text(encoding="utf-8")
            (world.folder / "monitor.toml").write_text(settings.replace("pace = 0\n", "pace = 1\n"), encoding="utf-8")
            world.slack.pace = 0.9
        child = world.start("run")
        world.settle(NEWS, 120 + 2 * many)
        assert child.stop() == 0, child.last_words()
        with world.database() as engine, reading(engine) as conn:
            query = select(delivery.c.key).where(delivery.c.channel == "slack").order_by(delivery.c.id)
            keys = list(conn.execute(query).scalars())
        seen = world.ledger.seen("slack:Cslack")
        order = [one.key for one in seen]
        faults = [] if len(keys) >= many else [f"{len(keys)} messages for {many} items"]
        faults += [] if order == keys else ["out of order"]
        times = [post.at for post in world.slack.posts]
        if stage.full and (hasty := [b - a for a, b in pairwise(times) if b - a < 0.9]):
            faults.append(f"{len(hasty)} messages less than a second after another")
        result.case(kind, count(seen, keys), faults)
        result.cases = len(keys)


def _flood(stage: Stage, kind: str, result: Result, many: int) -> None:
    with stage.world(kind, Many(("LANA",), new=many)) as world:
        _opened(world, FLOOD)
        child = world.start("run")
        world.settle(NEWS)
        with world.database() as engine:
            wait_for("the digest", lambda: is_settled(engine, world.story, NEWS) and world.ledger.keys(), PATIENCE)
        assert child.stop() == 0, child.last_words()
        with world.database() as engine, reading(engine) as conn:
            items = conn.execute(select(func.count()).select_from(item)).scalar_one()
            entries = conn.execute(
                select(func.count()).select_from(digest_entry).where(digest_entry.c.channel == "slack")
            ).scalar_one()
            alone = conn.execute(
                select(func.count(func.distinct(delivery.c.item))).where(
                    delivery.c.channel == "slack", delivery.c.item.in_(select(item.c.id))
                )
            ).scalar_one()
        shown = world.ledger.seen("slack:Cslack")
        faults = [] if entries + alone == items else [f"{items} items, {entries} in digests and {alone} alone"]
        faults += [] if len(shown) <= 21 else [f"{len(shown)} messages in spite of a limit of 20"]
        result.case(kind, count(shown), faults)
        result.cases = many
