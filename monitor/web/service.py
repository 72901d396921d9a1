"""The web service as a whole: pages, the API under /api/v1, feeds, static files, health. It wires, no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from monitor import __version__
from monitor.web import api, pages
from monitor.web.reading import Reading

if TYPE_CHECKING:
    from monitor.app import App

STATIC = Path(__file__).parent / "static"


def build(app: App) -> FastAPI:
    """The service for one configuration; `uvicorn` runs it."""
    history = Reading(app)

    @asynccontextmanager
    async def lifespan(_service: FastAPI) -> AsyncIterator[None]:
        yield
        history.close()

    service = FastAPI(title="holdings-monitor", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    service.state.history = history
    service.include_router(api.router, prefix="/api/v1")
    service.include_router(pages.router)
    service.mount("/static", StaticFiles(directory=STATIC), name="static")
    return service
