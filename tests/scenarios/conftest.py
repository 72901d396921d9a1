"""Databases that know the trading days of the stories."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.store.engine import Engine, open_engine
from tests.scenarios.stories import prepare


@pytest.fixture
def stage(engine: Engine) -> Engine:
    """An empty database with trading days; the test runs once on each kind."""
    prepare(engine)
    return engine


@pytest.fixture(scope="session")
def stage_file(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A SQLite file with trading days that others are copied from."""
    path = tmp_path_factory.mktemp("stage") / "stage.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    prepare(engine)
    engine.dispose()
    return path


@pytest.fixture
def fresh(tmp_path: Path, stage_file: Path) -> Iterator[Callable[[], Engine]]:
    """Makes as many empty SQLite databases with trading days as a test asks for."""
    opened: list[Engine] = []
    numbers = itertools.count()

    def make() -> Engine:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copyfile(stage_file, path)
        opened.append(open_engine(f"sqlite:///{path}"))
        return opened[-1]

    yield make
    for engine in opened:
        engine.dispose()


@pytest.fixture
def lite(fresh: Callable[[], Engine]) -> Engine:
    """One empty SQLite database with trading days, for stories that are not about the database."""
    return fresh()
