"""Real files give the same rows in whatever order and however many runs they come, on either database."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.store.engine import Engine, open_engine
from tests.history import facts


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> list[Path]:
    """All files as published, in order of name."""
    return sorted((shared_data / "ark" / "raw").glob("*/*.csv"))


@pytest.fixture
def new_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes empty databases that know the trading days."""
    made: list[Engine] = []

    def make() -> Engine:
        path = tmp_path / f"{len(made)}.db"
        path.write_bytes(sqlite_template.read_bytes())
        made.append(facts.prepare(open_engine(f"sqlite:///{path}")))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.mark.parametrize(("stretch", "parts"), [("2021-0[8-9]", 4), ("2021-1[0-2]", 3), ("2022-0[5-7]", 5)])
def test_the_order_of_loading_does_not_matter(
    raw: list[Path], new_database: Callable[[], Engine], stretch: str, parts: int
) -> None:
    files = [path for path in raw if path.match(f"{stretch}-*.csv")]
    assert len(files) > 200
    ordered, shuffled = new_database(), new_database()
    facts.load(ordered, files)
    random.Random(parts).shuffle(files)
    size = len(files) // parts + 1
    for start in range(0, len(files), size):
        facts.load(shuffled, files[start : start + size])
    assert facts.derived(shuffled) == facts.derived(ordered)


def test_postgres_and_sqlite_hold_the_same(
    raw: list[Path], new_database: Callable[[], Engine], postgres_url: str
) -> None:
    files = [path for path in raw if path.match("2022-0[6-7]-*.csv") or path.match("2021-05-*.csv")]
    sqlite, postgres = new_database(), facts.prepare(open_engine(postgres_url))
    try:
        facts.load(sqlite, files)
        facts.load(postgres, files)
        assert facts.derived(postgres) == facts.derived(sqlite)
    finally:
        postgres.dispose()
