"""One browser and one site per worker, one town per run."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from monitor.app import App
from monitor.web import reading
from tests.browser import chromium, town
from tests.browser.looking import Visitor, folder_of_pictures, serving


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """A machine that does much else may take longer for an answer than people would wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "SECONDS", 120.0)
        yield


@pytest.fixture(scope="session")
def town_database(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The database file of the town, built by the worker that comes first. Nobody writes to it."""
    from tests.browser.building import build

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "town"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            build(folder)
            (folder / "done").touch()
    return folder / "holdings.db"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this worker."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.FLAGS))
        yield started
        started.close()


Town = Callable[..., App]


@pytest.fixture(scope="session")
def own_town(town_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Gives a program with a copy of the town's database, and more lines of configuration where wanted."""

    def copied(more: str = "") -> App:
        folder = tmp_path_factory.mktemp("town")
        shutil.copyfile(town_database, folder / "holdings.db")
        return town.program(folder, more)

    return copied


@pytest.fixture(scope="session")
def site(own_town: Town) -> Iterator[str]:
    """The address of the site that everybody on this machine may read."""
    with serving(own_town()) as base:
        yield base


@pytest.fixture
def visitor(
    browser: Browser, site: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitor]:
    """Who looks at the site; fails the test for anything a page may not do."""
    pictures = folder_of_pictures(tmp_path_factory.getbasetemp() / "pictures")
    found = Visitor(browser, site, pictures, request.node.name)
    yield found
    found.close()
