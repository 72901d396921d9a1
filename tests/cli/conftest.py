"""The command line as people call it, and databases that hold the invented story."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor import cli
from tests.cli.look_alike import write_files
from tests.postgres import PostgresServer, database_name


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The answer, printed as JSON."""
        found: list[dict[str, Any]] = json.loads(self.out)
        return found


Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def clean_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of the machine reaches a test; relative names are in the test's own folder."""
    for name in [name for name in os.environ if name.startswith("HOLDINGS_MONITOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command through the real entrance."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = cli.run([str(one) for one in arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Result(code, printed.out, printed.err)

    return call


@pytest.fixture(scope="session")
def story_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the invented files."""
    return write_files(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="session")
def sqlite_story(tmp_path_factory: pytest.TempPathFactory, story_files: Path) -> Path:
    """A SQLite database that holds the story."""
    path = tmp_path_factory.mktemp("loaded") / "story.db"
    assert cli.run(["ingest", str(story_files), "--source", "ark", "--db", str(path)]) == 3
    return path


@pytest.fixture(scope="session")
def postgres_story(postgres_server: PostgresServer, story_files: Path) -> Iterator[str]:
    """The name of a PostgreSQL database that holds the story."""
    name = database_name("story")
    url = postgres_server.create(name)
    assert cli.run(["ingest", str(story_files), "--source", "ark", "--db", url]) == 3
    yield name
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def story(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> str:
    """The address of the story's database, for commands that only ask."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_story')}"
    return postgres_server.address(request.getfixturevalue("postgres_story"))


@pytest.fixture(params=["sqlite", "postgres"])
def own_story(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a copy of the story's database, for commands that change it."""
    if request.param == "sqlite":
        copy = tmp_path / "own.db"
        shutil.copyfile(request.getfixturevalue("sqlite_story"), copy)
        yield f"sqlite:///{copy}"
        return
    name = database_name("own")
    yield postgres_server.create(name, request.getfixturevalue("postgres_story"))
    postgres_server.drop(name)
