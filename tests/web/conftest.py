"""The service over the invented story, as programs and browsers ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from monitor import cli
from monitor.app import App, configured, quiet, system_clock
from monitor.web import reading
from monitor.web.service import build
from tests.cli.look_alike import write_files

HERE = "http://127.0.0.1:8765"
Make = Callable[..., TestClient]


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """A machine that does much else may take longer for an answer than people would wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "SECONDS", 120.0)
        yield


@pytest.fixture(scope="session")
def look_alike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database that holds the story."""
    folder = tmp_path_factory.mktemp("look-alike")
    files = folder / "files"
    files.mkdir()
    assert cli.run(["ingest", str(write_files(files)), "--source", "ark", "--db", str(folder / "story.db")]) == 3
    return folder / "story.db"


def app_over(database: Path | str, **web: str) -> App:
    """The program over a database, with these keys of [web] as the environment would give them."""
    environ = {f"HOLDINGS_MONITOR_WEB__{name.upper()}": value for name, value in web.items()}
    app = configured(None, str(database), environ, system_clock, quiet)
    return replace(app)


@pytest.fixture
def client(look_alike: Path) -> Iterator[TestClient]:
    """Asks the service that only this machine reaches."""
    with TestClient(build(app_over(look_alike)), base_url=HERE) as found:
        yield found


@pytest.fixture
def make(look_alike: Path) -> Iterator[Make]:
    """Clients of services with other keys of [web]."""
    made: list[TestClient] = []

    def call(base: str = HERE, **web: str) -> TestClient:
        found = TestClient(build(app_over(look_alike, **web)), base_url=base, follow_redirects=False)
        found.__enter__()
        made.append(found)
        return found

    yield call
    for one in made:
        one.__exit__()
