"""The web service as a whole: pages, the API under /api/v1, feeds, static files, health. It wires, no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from monitor import __version__
from monitor.web import feeds, login, pages, problems, vital
from monitor.web.api import openapi, routes
from monitor.web.guard import Guard
from monitor.web.reading import Reading
from monitor.web.replying import Replying
from monitor.web.sessions import Sessions, Tries
from monitor.web.vital import Vital

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

    from monitor.app import App
    from monitor.web.server import Site

STATIC = Path(__file__).parent / "static"
THREADS = 8  # questions answered at the same time; fewer than the database has connections for us


class Static(StaticFiles):
    """Our files. Their addresses hold a hash of the content (`rendering.static`): such a one is kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file."""
        found = await super().get_response(path, scope)
        if scope["query_string"] and found.status_code == 200:
            found.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return found


def build(app: App, site: Site | None = None) -> FastAPI:
    """The service for one configuration; `uvicorn` runs it. `site` answers for health where a daemon has one."""
    history = Reading(app)

    @asynccontextmanager
    async def lifespan(_service: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        history.close()

    service = FastAPI(
        title="holdings-monitor",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    service.state.app, service.state.history, service.state.tries = app, history, Tries()
    service.state.vital = Vital(app, history, site)
    service.include_router(routes.made())
    service.include_router(feeds.router)
    service.include_router(vital.router)
    service.include_router(login.router)
    service.include_router(pages.router)
    service.mount("/static", Static(directory=STATIC), name="static")
    problems.install(service)
    openapi.install(service, app.config.web.url)
    service.add_middleware(Replying)
    service.add_middleware(Guard, settings=app.config.web, sessions=Sessions(app.config.web))  # added last, outermost
    return service
