"""Where cases are tried: folders, databases of both kinds and their copies, how processes start, how much is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy.engine import make_url

from monitor.store.engine import open_engine
from monitor.store.migrate import upgrade
from tests.postgres import PostgresServer, database_name
from tests.reliability.children import Launcher
from tests.reliability.world import Story, World, world

KINDS = ("sqlite", "postgres")


@dataclass
class Stage:
    """What every case needs. `full`: every variant instead of a choice; `minutes`: of the long runs."""

    folder: Path
    launcher: Launcher
    postgres: PostgresServer
    full: bool = False
    minutes: float = 0.5
    seed: int = 1
    kinds: tuple[str, ...] = KINDS
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _made: list[str] = field(default_factory=list)

    def place(self) -> Path:
        """A new folder."""
        made = self.folder / str(next(self._numbers))
        made.mkdir(parents=True)
        return made

    def database(self, kind: str) -> str:
        """The address of a new, empty database with its tables."""
        if kind == "sqlite":
            url = f"sqlite:///{self.place() / 'holdings.db'}"
        else:
            url = self.postgres.create(self._name())
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        return url

    def copy(self, url: str) -> str:
        """The address of a copy of a database nobody uses."""
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            target = self.place() / "holdings.db"
            shutil.copyfile(str(address.database), target)
            return f"sqlite:///{target}"
        return self.postgres.create(self._name(), str(address.database))

    @contextmanager
    def world(self, kind: str, story: Story | None = None) -> Iterator[World]:
        """A world with an empty database of a kind."""
        with world(self.place(), self.database(kind), self.launcher, story) as made:
            yield made

    def close(self) -> None:
        """Removes its databases; the folders are the caller's."""
        for name in self._made:
            self.postgres.drop(name)

    def _name(self) -> str:
        self._made.append(database_name("reliability"))
        return self._made[-1]
