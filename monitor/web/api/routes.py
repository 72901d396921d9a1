"""The API, wired: the questions, the documented views, evidence and records, and the index of it all."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from monitor.asking.plain import json_line
from monitor.asking.question import Question
from monitor.asking.registry import QUESTIONS, find
from monitor.core.errors import UsageError
from monitor.store.views import VIEWS
from monitor.web.api import questions, records, schema, views
from monitor.web.problems import Problem

PREFIX = "/api/v1"


def made(asked: Sequence[Question] = QUESTIONS) -> APIRouter:
    """The router of version 1."""
    router = APIRouter(prefix=PREFIX)
    index = _index(asked)

    @router.get("", tags=["about"], operation_id="index", responses=schema.object_responses("The list.", index))
    def everything(request: Request) -> Response:
        """What can be asked: the questions with their parameters, the views, and where the rest is."""
        return Response(json_line(index), media_type="application/json")

    questions.add(router, asked, "questions")
    records.add(router)
    views.add(router)

    @router.get("/{name}", include_in_schema=False)
    def unknown(name: str) -> Response:
        """Says what was probably meant."""
        try:
            meant = find(name.partition(".")[0])
        except UsageError as error:
            raise Problem(404, str(error)) from None
        raise Problem(404, f"There is no {name!r}; the question is at {PREFIX}/{meant.slug}.")

    return router


def _index(asked: Sequence[Question]) -> dict[str, object]:
    return {
        "openapi": "/api/openapi.json",
        "questions": [
            {
                "question": one.slug,
                "about": one.about,
                "numbers": list(one.numbers),
                "href": f"{PREFIX}/{one.slug}",
                "parameters": [
                    {"name": p.name, "about": p.about, "required": p.required, "example": p.example}
                    for p in one.parameters
                ],
            }
            for one in asked
        ],
        "records": [f"{PREFIX}/{name}" for name in records.NAMES],
        "views": [{"view": one.name, "about": one.says, "href": f"{PREFIX}/views/{one.name}"} for one in VIEWS],
        "feeds": "/feeds",
    }
