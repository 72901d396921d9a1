"""The documented SQL views over HTTP: an endpoint each, its columns as filters by equality."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import WithJsonSchema

from monitor.asking.plain import plain
from monitor.asking.question import Column, Parameter, Sort, Want
from monitor.core.errors import UsageError
from monitor.store.viewing import view_page
from monitor.store.views import VIEWS, View
from monitor.store.whole_views import find_view
from monitor.web.api import forms, schema
from monitor.web.api.envelope import USUAL, Envelope, Page, described, reply
from monitor.web.api.questions import PAGING, Limit, Offset, given
from monitor.web.problems import Problem
from monitor.web.reading import Reading


def add(router: APIRouter) -> None:
    """Puts every view at /views/v_NAME (also without its v_), and with the suffix of a form."""
    for view in VIEWS:
        columns, says = columns_of(view), {one.name: one.says for one in view.columns}
        answers = schema.responses(view.name, columns, [described(one, says[one.name]) for one in columns])
        for column in columns:  # a view does not say the types of its columns
            rows = answers[200]["content"]["application/json"]["schema"]["properties"]["rows"]["items"]
            rows["properties"][column.name] = {"description": says[column.name]}
        router.add_api_route(
            f"/views/{view.name}",
            endpoint(view),
            operation_id=view.name,
            summary=view.says,
            description='Filters by equality; an empty value asks for null. Exact dates: "2021-09-03".',
            responses=answers,
            response_class=Response,
            tags=["views"],
        )

    router.add_api_route("/views/{name}", other, include_in_schema=False)


def other(request: Request, name: str, limit: Limit = USUAL, offset: Offset = 0) -> Response:
    """A view called without its v_, or with a suffix."""
    bare, _, suffix = name.partition(".")
    try:
        view = find_view(bare)
    except UsageError as error:
        raise Problem(404, str(error)) from None
    return answered(request, view, Page(limit, offset), suffix or None)


def endpoint(view: View) -> Callable[..., Response]:
    """The function FastAPI makes an endpoint of."""

    def run(request: Request, limit: int, offset: int, **_given: Any) -> Response:
        return answered(request, view, Page(limit, offset), None)

    kind = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 300})]
    filters = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kind, Query(description=one.says)],
        )
        for one in view.columns
    ]
    request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    run.__signature__ = inspect.Signature([request, *filters, *PAGING])  # type: ignore[attr-defined]
    run.__name__ = view.name
    run.__doc__ = view.says
    return run


def columns_of(view: View) -> tuple[Column, ...]:
    """The columns of a view; their types are those of the database."""
    return tuple(Column(one.name, (one.name,), Sort.TEXT) for one in view.columns)


def answered(request: Request, view: View, page: Page, suffix: str | None) -> Response:
    """One page of the view."""
    shape = forms.wanted(request.headers.get("accept", ""), suffix)
    history: Reading = request.app.state.history
    known = [Parameter(one.name, Want.TEXT, one.says) for one in view.columns]
    asked = given(request, known, ("limit", "offset"))
    equal = {name: value for name, value in asked.items() if isinstance(value, str)}
    with history.connection() as conn:
        rows, more = view_page(conn, view, equal, page.limit, page.offset)
    names = [one.name for one in view.columns]
    records = [dict(zip(names, (plain(value) for value in row), strict=True)) for row in rows]
    total = None if more or (page.offset and not rows) else page.offset + len(rows)
    says = {one.name: one.says for one in view.columns}
    found = Envelope(view.name, equal, columns_of(view), records, page, total, more, says=says)
    return reply(request, found, shape, history.today())
