"""What is answered when something cannot be: a problem (RFC 9457) to programs, a page to people.

Words are ours; what was asked is repeated only inside JSON or escaped.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from monitor.asking.registry import QUESTIONS
from monitor.core.errors import MonitorError, StoreError, UsageError

MEDIA = "application/problem+json"
PROGRAMS = ("/api", "/feeds", "/healthz", "/readyz", "/metrics", "/static")  # asked by programs, whatever they accept
AGAIN = "5"  # seconds after which a database that did not answer may be asked again
log = logging.getLogger("monitor.web")


class Problem(MonitorError):
    """An answer that is a problem; raise it anywhere below the service."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def is_for_people(request: Request) -> bool:
    """Whether a page is wanted: a browser asks for one of ours."""
    wanted = request.headers.get("accept", "")
    return not request.url.path.startswith(PROGRAMS) and ("text/html" in wanted or "HX-Request" in request.headers)


def answer(request: Request, problem: Problem) -> Response:
    """The problem as who asks can read it."""
    if is_for_people(request):
        return _page(request, problem)
    return Response(text_of(problem), problem.status, problem.headers, MEDIA)


def text_of(problem: Problem) -> str:
    """The problem as JSON."""
    title = HTTPStatus(problem.status).phrase
    tree = {"type": "about:blank", "title": title, "status": problem.status, "detail": problem.detail}
    return json.dumps(tree, ensure_ascii=False)


def of_error(error: Exception) -> Problem:
    """Any error as a problem. What nobody foresaw is logged, and answered without a word of it."""
    match error:
        case Problem():
            return error
        case HTTPException():
            return Problem(error.status_code, _worded(error), error.headers)
        case RequestValidationError():
            return Problem(400, "; ".join(_fault(dict(one)) for one in error.errors()))
        case UsageError():
            return Problem(400, str(error))
        case StoreError():
            log.warning("%s", error)
            return Problem(503, str(error), {"Retry-After": AGAIN})
        case MonitorError():
            return Problem(500, str(error))
    log.error("a request could not be answered because of a fault in this program", exc_info=error)
    return Problem(500, "This program has a fault, and could not answer. Its log says more.")


def install(service: FastAPI) -> None:
    """Lets the service answer so."""

    def handler(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError) and (words := _needs(request, error)):
            return answer(request, Problem(400, words))
        return answer(request, of_error(error))

    for kind in (HTTPException, RequestValidationError, MonitorError):
        service.add_exception_handler(kind, handler)


def _needs(request: Request, error: RequestValidationError) -> str:
    """What a question needs and was not given, as the command line says it; "": something else is wrong."""
    name = getattr(request.scope.get("route"), "name", "")
    parameters = {one.name: one for question in QUESTIONS if question.name == name for one in question.parameters}
    missing = [str(one["loc"][-1]) for one in error.errors() if one["type"] == "missing"]
    slug = name.replace("_", "-")
    return "; ".join(f"{slug} needs {one}: {parameters[one].about}" for one in missing if one in parameters)


def _worded(error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "There is nothing at this address. The API is listed at /api/v1, the feeds at /feeds."
        case 405:
            return "This address does not take this method."
    return str(error.detail)


def _fault(error: Mapping[str, object]) -> str:
    """One complaint of the validator, with the name of what it is about."""
    where = error.get("loc")
    name = str(where[-1]) if isinstance(where, tuple) and where else "the request"
    said = "is missing" if error.get("type") == "missing" else str(error.get("msg", "is not understood"))
    return f"{name}: {said}"


def _page(request: Request, problem: Problem) -> Response:
    from monitor.web.pages.rendering import render  # which knows how to answer its own problems by us

    title = HTTPStatus(problem.status).phrase.capitalize()
    page = render(request, "problem.html", {"title": title, "message": problem.detail, "wanted": ""}, problem.status)
    page.headers.update(problem.headers)
    return page
