"""How the tests look at a page: a browser that tells of every fault, a server on this machine, pictures, axe."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect

from monitor.app import App
from monitor.web.service import build

PATIENCE = 60_000  # milliseconds, of a machine that does much else
expect.set_options(timeout=PATIENCE)
WIDE, NARROW, A4 = (1440, 900), (390, 844), (794, 1123)
SERIOUS = ("serious", "critical")
PAINTED = "performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)[0] ?? null"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDEST = """() => [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(one => one.tagName + '.' + one.className).slice(0, 5)"""


@contextmanager
def serving(app: App) -> Iterator[str]:
    """The site of `app` on a free port of this machine; its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = uvicorn.Server(uvicorn.Config(build(app), log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, args=[[listening]], daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


@dataclass
class Faults:
    """What no page may do: ask anybody but this machine, complain on the console, break its own policy, throw."""

    base: str
    found: list[str] = field(default_factory=list)
    expected: tuple[int, ...] = ()  # statuses that a test wants to see

    def watch(self, context: BrowserContext) -> None:
        """From now on everything in `context` is noticed."""
        context.route(lambda url: True, self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.found.append(f"thrown: {error.error}"))
        context.on("response", self._answered)

    def _asked(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.scheme in ("data", "blob") or route.request.url.startswith(self.base + "/"):
            route.continue_()
        else:
            self.found.append(f"asked elsewhere: {route.request.url[:200]}")
            route.abort()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self._is_expected(message.text):
            self.found.append(f"console: {message.text[:300]}")

    def _is_expected(self, text: str) -> bool:
        status = re.search(r"responded with a status of (\d+)", text)
        return status is not None and int(status[1]) in self.expected

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.found.append(f"{response.status}: {response.url[:200]}")


@dataclass
class Visitor:
    """Opens pages, each in a context of its own; `close` fails when anything went wrong in one of them."""

    browser: Browser
    base: str
    pictures: Path
    name: str
    faults: Faults = field(init=False)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.faults = Faults(self.base)

    def context(self, size: tuple[int, int] = WIDE, scripts: bool = True, **more: Any) -> BrowserContext:
        """A browser nobody has used yet; `more` as Playwright takes it (color_scheme, extra_http_headers …)."""
        made = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts, locale="en-GB", **more
        )
        made.set_default_timeout(PATIENCE)
        self.faults.watch(made)
        self._contexts.append(made)
        return made

    def open(self, path: str, size: tuple[int, int] = WIDE, scripts: bool = True, **more: Any) -> Page:
        """The page at `path`, loaded."""
        page = self.context(size, scripts, **more).new_page()
        answer = page.goto(self.base + path, wait_until="load")
        assert answer is not None
        assert answer.ok or answer.status in self.faults.expected, (
            f"{answer.status} at {path}: {page.inner_text('body')}"
        )
        return page

    def picture(self, page: Page, name: str) -> None:
        """Keeps what the page looks like, the whole of it."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=self.pictures / f"{name}.png", full_page=True, animations="disabled")

    def close(self) -> None:
        """Ends all contexts and says what was wrong."""
        for one in self._contexts:
            one.close()
        assert not self.faults.found, "\n".join(dict.fromkeys(self.faults.found))


def folder_of_pictures(default: Path) -> Path:
    """Where pictures are kept: SCREENSHOTS, or pytest's folder."""
    return Path(os.environ.get("SCREENSHOTS") or default)


def barriers(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe calls serious or critical, by all of its rules or these, a line each."""
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules is not None:
        options["runOnly"] = rules
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def hangs_over(page: Page) -> str:
    """What makes the page scroll sideways; nothing when it does not."""
    pixels = page.evaluate(OVERFLOW)
    return f"{pixels} px: {page.evaluate(WIDEST)}" if pixels > 0 else ""
