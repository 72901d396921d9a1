"""How a page is made of a template, and what people see when something is wrong. It asks nothing of the database."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor import __version__
from monitor.core.errors import StoreError, UsageError
from monitor.web.pages.filters import FILTERS, URLS
from monitor.web.reading import Reading

FOLDER = Path(__file__).parent.parent
THEMES = ("light", "dark")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Cookie, HX-Request",
}


class Missing(UsageError):
    """What the address of a page names does not exist: answered with 404, other wrong questions with 400."""


@cache
def environment() -> Environment:
    """The templates. Everything is escaped; a name that was not given is an error, never an empty cell."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals.update(URLS)
    made.globals.update(static=static, version=__version__)
    return made


@cache
def static(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep it."""
    body = (FOLDER / "static" / name).read_bytes()
    return f"/static/{name}?{sha256(body).hexdigest()[:12]}"


def render(request: Request, template: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
    """A page, or a part of one. Every template may use `request`, `theme` and `part` (asked for by htmx)."""
    theme = request.cookies.get("theme", "")
    shared = {
        "request": request,
        "theme": theme if theme in THEMES else "",
        "part": request.headers.get("HX-Request") == "true",
        "here": request.url.path,
    }
    text = environment().get_template(template).render(shared | dict(values))
    return HTMLResponse(text, status, HEADERS)


def asked(request: Request, *names: str) -> dict[str, str]:
    """What the address asks, of these parameters; empty is not asked, as in a form that was not filled in."""
    return {name: request.query_params.get(name, "").strip() for name in names}


def reading(request: Request) -> Reading:
    """The history."""
    found: Reading = request.app.state.history
    return found


class Page(APIRoute):
    """A route of the site: what goes wrong is answered with a page that says what would be right."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with our errors as pages."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except (UsageError, StoreError) as error:
                return problem(request, error)

        return guarded


def problem(request: Request, error: Exception) -> HTMLResponse:
    """404 for what does not exist, 400 for what is not understood, 503 where the database does not answer."""
    status = 404 if isinstance(error, Missing) else 400 if isinstance(error, UsageError) else 503
    title = {404: "Not found", 400: "Not understood", 503: "The history does not answer"}[status]
    wanted = _wanted(request.path_params)
    return render(request, "problem.html", {"title": title, "message": str(error), "wanted": wanted}, status)


def _wanted(path: Mapping[str, object]) -> str:
    """The last thing the address names: what to search for."""
    texts = [str(value) for value in path.values()]
    return texts[-1][:120] if texts else ""
