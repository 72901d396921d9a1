"""An endpoint per question, made of its description: parameters as on the command line, columns as the schema."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import WithJsonSchema

from monitor.asking.answer import ask, citations
from monitor.asking.emptiness import why_empty
from monitor.asking.question import Parameter, Question, Want
from monitor.asking.questions.running import MEANINGS
from monitor.core.errors import UsageError
from monitor.web.api import forms, schema
from monitor.web.api.envelope import FURTHEST, MOST, USUAL, Envelope, Page, described, reply
from monitor.web.problems import Problem
from monitor.web.reading import Reading

Endpoint = Callable[..., Response]
Given = dict[str, str | list[str]]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows of a page.", examples=[100])]
Offset = Annotated[int, Query(ge=0, le=FURTHEST, description="Rows before this page.", examples=[0])]


def add(router: APIRouter, questions: Iterable[Question], tag: str) -> None:
    """Puts every question at /SLUG, and at /SLUG.json, .jsonl, .csv and .parquet."""
    for question in questions:
        says = says_of(question)
        answers = schema.responses(
            question.slug, question.columns, [described(one, says.get(one.name)) for one in question.columns]
        )
        router.add_api_route(
            f"/{question.slug}",
            endpoint(question, suffixed=False),
            operation_id=question.name,
            name=question.name,
            summary=question.about,
            description=_description(question),
            responses=answers,
            response_class=Response,
            tags=[tag],
        )
        router.add_api_route(
            f"/{question.slug}.{{form}}", endpoint(question, suffixed=True), name=question.name, include_in_schema=False
        )


def endpoint(question: Question, *, suffixed: bool) -> Endpoint:
    """The function FastAPI makes an endpoint of."""

    def run(request: Request, **given: Any) -> Response:
        shape = forms.wanted(request.headers.get("accept", ""), given.get("form"))
        page = Page(given.get("limit", USUAL) if pages(question) else MOST, given["offset"])
        return answered(request, question, page, shape)

    found = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]
    if suffixed:
        found.append(inspect.Parameter("form", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, Path()]))
    found += [parameter(one) for one in question.parameters]
    found += [PAGING[0]] if pages(question) else []
    run.__signature__ = inspect.Signature([*found, PAGING[1]])  # type: ignore[attr-defined]
    run.__name__ = question.name
    run.__doc__ = question.about
    return run


def says_of(question: Question) -> Mapping[str, str]:
    """What its columns mean, where the vocabulary of answers says something else."""
    return MEANINGS if question.module == "running" else {}


def pages(question: Question) -> bool:
    """Whether `limit` is the size of a page; in some questions it is part of what is asked."""
    return all(one.name != "limit" for one in question.parameters)


def answered(request: Request, question: Question, page: Page, shape: forms.Shape) -> Response:
    """The answer to the question in the address."""
    history: Reading = request.app.state.history
    raw = given(request, question.parameters, ("limit", "offset") if pages(question) else ("offset",))
    with history.connection() as conn:
        answer = ask(conn, question, raw, history.today(), offset=page.offset, limit=page.limit)
        note = why_empty(conn, answer)
        files = citations(conn, answer) if shape is forms.Shape.JSON else []
    rows = answer.rows
    more = page.offset + len(rows) < answer.total
    found = Envelope(
        question.slug,
        answer.understood(),
        question.columns,
        rows,
        page,
        answer.total,
        more=bool(rows) and more,
        files=files,
        says=says_of(question),
        note=note,
    )
    return reply(request, found, shape, history.today())


def given(request: Request, parameters: Iterable[Parameter], also: Collection[str]) -> Given:
    """What the address gives, as the command line would hear it. Raises UsageError for a parameter said twice."""
    several = {one.name for one in parameters if one.want is Want.CHOICES}
    found: Given = {}
    for name in dict.fromkeys(request.query_params.keys()):
        values = request.query_params.getlist(name)
        if name in several:
            found[name] = values
        elif len(values) > 1:
            raise UsageError(f"{name} is given {len(values)} times; it takes one value.")
        elif name not in also:
            found[name] = values[0]
    return found


def parameter(one: Parameter) -> inspect.Parameter:
    """Text for the validator, so that a wrong value is answered in our words; typed in the description."""
    shown = schema.example(one)
    about = one.about if one.want is not Want.CHOICES else f"{one.about} Repeatable, or with commas between."
    query = Query(description=about, examples=None if shown is None else [shown])
    kind: Any = list[str] if one.want is Want.CHOICES else str
    written = Annotated[kind, WithJsonSchema(schema.parameter(one)), query]
    default: Any = inspect.Parameter.empty if one.required else None
    return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=written)


PAGING = (
    inspect.Parameter(
        "limit",
        inspect.Parameter.KEYWORD_ONLY,
        default=USUAL,
        annotation=Limit,
    ),
    inspect.Parameter(
        "offset",
        inspect.Parameter.KEYWORD_ONLY,
        default=0,
        annotation=Offset,
    ),
)


def _description(question: Question) -> str:
    command = question.own_command or question.slug
    said = [question.note, f"On the command line: `holdings-monitor {command}`."]
    if not pages(question):
        said.append(f"`limit` is part of the question; a page has {MOST:,} rows.")
    return "\n\n".join(one for one in said if one)


def unknown(kind: str, error: UsageError) -> Problem:
    """An address that names nothing we have."""
    return Problem(404, str(error) or f"There is no such {kind}.")
