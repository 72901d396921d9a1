"""The evidence behind an answer (`why`), and records of the program itself: as the commands of the same names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from monitor.app import App
from monitor.asking.plain import json_line, record
from monitor.asking.question import columns_of
from monitor.asking.questions.running import MEANINGS, RECORDS
from monitor.core.errors import UsageError
from monitor.store import queries
from monitor.store.queries import StatusRow
from monitor.web.api import forms, questions, schema
from monitor.web.api.envelope import Envelope, Page, described, reply
from monitor.web.problems import Problem
from monitor.web.reading import Reading

NAMES = ("why/{id}", *(one.slug for one in RECORDS), "status")
STATUS = columns_of(StatusRow)
EXAMPLE = {"id": "I0123456789ABCDEF", "level": "item", "claim": "ARKK and ARKW opened a position in TESLA INC."}


def add(router: APIRouter) -> None:
    """Puts them below the API."""
    questions.add(router, RECORDS, "records")
    router.add_api_route(
        "/why/{id:path}",
        why,
        operation_id="why",
        responses=schema.object_responses("Lines as printed, files and hashes, flow, splits, score, sums.", EXAMPLE),
        response_class=Response,
        tags=["evidence"],
    )
    router.add_api_route(
        "/status",
        status,
        operation_id="status",
        responses=schema.responses("status", STATUS, [described(one, MEANINGS[one.name]) for one in STATUS]),
        response_class=Response,
        tags=["records"],
    )
    router.add_api_route("/status.{form}", status_in, include_in_schema=False)


Id = Annotated[
    str, Path(max_length=300, description="An event, item, file, refusal or message.", examples=["I0123456789ABCDEF"])
]


def why(request: Request, id: Id) -> Response:
    """The evidence behind an event, item, file, refusal or message, as other answers list it."""
    from monitor.why import why as explain

    app: App = request.app.state.app
    history: Reading = request.app.state.history
    with history.connection() as conn:
        try:
            answer = explain(conn, app.sources(), id)
        except UsageError as error:
            raise Problem(404, str(error)) from None
    return Response(json_line(record(answer)) + "\n", media_type="application/json")


def status(request: Request) -> Response:
    """How fresh the files are, where we are blind, and what is unfinished, quarantined or undelivered."""
    return _status(request, forms.wanted(request.headers.get("accept", "")))


def status_in(request: Request, form: str) -> Response:
    """The same in the form of the suffix."""
    return _status(request, forms.wanted("", form))


def _status(request: Request, shape: forms.Shape) -> Response:
    app: App = request.app.state.app
    history: Reading = request.app.state.history
    now = history.now()
    with history.connection() as conn:
        found = queries.status(conn, now, app.watched_funds(), app.expectations(conn, now))
    rows = [asdict(one) for one in found]
    page = Page(max(1, len(rows)))
    return reply(
        request,
        Envelope("status", {}, STATUS, rows, page, len(rows), more=False, says=MEANINGS),
        shape,
        history.today(),
    )
