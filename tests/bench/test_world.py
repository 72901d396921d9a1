"""The bench of questions runs on a small invented world, whose rows the program's own checks find consistent."""

from __future__ import annotations

import random
from collections.abc import Iterator

from monitor.asking.registry import QUESTIONS
from monitor.store import upkeep
from monitor.store.engine import Engine
from tests.bench import questions, world

SMALL = world.Plan(funds=6, lines=12, days=4, deep_funds=2, deep_days=12, securities=60)


def test_every_question_is_asked_of_an_invented_world(engine: Engine) -> None:
    count = world.write(engine, SMALL)
    assert count == (4 * 4 + 2 * 12) * 12
    costs = list(questions.measure(engine, calls=3, seed=1))
    assert {one.question.name for one in costs} == {one.name for one in QUESTIONS}
    assert all(one.seconds for one in costs)
    answered = {one.question.name for one in costs if one.rows}
    assert {"holdings", "who_holds", "history", "changes", "trades", "search"} <= answered


def test_the_invented_world_is_the_same_for_the_same_seed() -> None:
    def names(seed: int) -> Iterator[str]:
        chance = random.Random(seed)
        fund = world.Fund(1, 1)
        yield from (world.ticker(world._drawn(fund, SMALL, chance)) for _ in range(5))

    assert list(names(1)) == list(names(1)) != list(names(2))


def test_the_database_finds_nothing_wrong_in_it(engine: Engine) -> None:
    world.write(engine, SMALL)
    found = [f"{one.table}: {one.text}" for one in upkeep.check(engine, lambda *_: None)]
    assert [one for one in found if not one.startswith("archive")] == []
