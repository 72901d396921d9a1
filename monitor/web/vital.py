"""/healthz, /readyz and /metrics of the service: the answers are those of `server.Site`, whoever serves them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from threading import Lock

from fastapi import APIRouter, Request
from fastapi.responses import Response

from monitor.app import App
from monitor.core.errors import StoreError
from monitor.web.permits import role_of
from monitor.web.reading import Reading
from monitor.web.server import JSON, TEXT, Answer, Site
from monitor.web.sessions import Role

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Vital:
    """Makes the site when the database is first there: a page starts before its database does."""

    app: App
    history: Reading
    site: Site | None = None
    _lock: Lock = field(default_factory=Lock)

    def answer(self, path: str, trusted: bool) -> Answer:
        """As `Site.answer`; without a database the words why."""
        try:
            return self._site().answer(path, trusted)
        except StoreError as error:
            tree = {"status": "down"} | ({"reason": str(error)} if trusted else {})
            kind, body = (JSON, json.dumps(tree)) if path == "/healthz" else (TEXT, "not ready\n")
            return Answer(503, kind, body.encode())

    def _site(self) -> Site:
        with self._lock:
            if self.site is None:
                self.site = Site(self.app, self.history.engine(), lambda: ())
            return self.site


@router.get("/healthz")
@router.get("/readyz")
@router.get("/metrics")
def vital(request: Request) -> Response:
    """How it is; details for who may read."""
    asked: Vital = request.app.state.vital
    found = asked.answer(request.url.path, role_of(request) is not Role.NOBODY)
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Bearer"} if found.status == 401 else {})
    return Response(found.body, found.status, headers, media_type=found.kind)
