"""*API*: what can be asked from elsewhere, made of the service's own OpenAPI description, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from monitor.asking.registry import QUESTIONS
from monitor.store.views import VIEWS
from monitor.web.pages.rendering import Page, render

router = APIRouter(route_class=Page)
PREFIX, FEEDS = "/api/v1/", "/feeds"
PAGING = ("limit", "offset")  # of every endpoint that pages: said once, not at each
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that may be asked."""

    name: str
    about: str
    required: bool
    example: str
    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address: what it answers, what may be asked, an address to try."""

    path: str
    name: str
    summary: str
    notes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    is_open: bool  # the path names nothing that would have to be filled in

    def address(self, form: str = "") -> str:
        """The address with the required parameters' examples; `form` as a suffix."""
        asked = {one.name: one.example for one in self.parameters if one.required and one.example}
        suffix = f".{form}" if form else ""
        return f"{self.path}{suffix}{'?' + urlencode(asked) if asked else ''}"

    def curl(self, base: str, token: bool) -> str:
        """The command that asks it, with the token where one is needed."""
        shown = '-H "Authorization: Bearer $TOKEN" ' if token else ""
        return f"curl {shown}{quote(base + self.address())}"


@router.get("/help")
def help_page(request: Request) -> Response:
    """The questions, the other records, the feeds, the views."""
    document = request.app.openapi()
    every = endpoints(document)
    questions = [one for one in every if _is_question(one)]
    shown = {
        "about": str(document.get("info", {}).get("description", "")).strip().split("\n\n"),
        "questions": questions,
        "others": [one for one in every if one.path.startswith(PREFIX) and one not in questions],
        "feeds": feeds(request.app),
        "views": VIEWS,
        "base": str(request.base_url).rstrip("/"),
        "token": request.app.state.history.app.config.web.token is not None,
        "openapi": request.app.openapi_url,
    }
    return render(request, "help.html", shown)


@router.get("/api")
def api(request: Request) -> Response:
    """The address people guess."""
    return RedirectResponse("/help", 303)


def endpoints(document: Tree) -> list[Endpoint]:
    """Every address that is read, in the order of the document."""
    found = []
    for path, ways in document.get("paths", {}).items():
        if "get" in ways:
            found.append(_endpoint(path, ways["get"]))
    return found


def _is_question(one: Endpoint) -> bool:
    return one.path.startswith(PREFIX) and one.is_open and "/" not in one.path.removeprefix(PREFIX)


def _examples(name: str) -> Mapping[str, str]:
    """What may be asked as an example, by parameter: of a question from its own description."""
    return {one.name: one.example for question in QUESTIONS if question.slug == name for one in question.parameters}


def _endpoint(path: str, way: Tree) -> Endpoint:
    examples = _examples(path.removeprefix(PREFIX))
    said = [line.strip() for line in str(way.get("description") or "").split("\n\n") if line.strip()]
    parameters = tuple(_parameter(one, examples) for one in way.get("parameters", ()) if one["name"] not in PAGING)
    return Endpoint(
        path,
        path.removeprefix(PREFIX).strip("/"),
        str(way.get("summary") or ""),
        tuple(one for one in said if one != way.get("summary")),
        parameters,
        "{" not in path,
    )


def _parameter(one: Tree, known: Mapping[str, str]) -> Parameter:
    schema = one.get("schema", {})
    inner = schema.get("items", schema)
    examples: Sequence[object] = schema.get("examples") or ([one["example"]] if "example" in one else [])
    choices = tuple(str(part) for part in inner.get("enum", ()))
    default = schema.get("default")
    return Parameter(
        str(one["name"]),
        str(one.get("description") or ""),
        bool(one.get("required")),
        _text(examples[0]) if examples else known.get(str(one["name"]), ""),
        choices,
        "" if default is None else _text(default),
    )


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def feeds(service: FastAPI) -> list[Endpoint]:
    """The feeds the service has, by its description."""
    return [one for one in endpoints(service.openapi()) if one.path.startswith(FEEDS)]
